//! Equality, order, the lesser and greater of two, and negation of Bool.

use sheaf_ir::encoding::float_key;
use sheaf_ir::{Function, Type};

use super::{Batch, Primitive, Signature};
use crate::words::compare;

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let ty = call.arguments.first()?.clone();
    match call.function {
        // A value has one word: floats are canonical, and equal texts are one symbol.
        Function::Eq => Some(Box::new(|batch, _| batch.binary(|a, b| (a == b) as u64))),
        Function::Ne => Some(Box::new(|batch, _| batch.binary(|a, b| (a != b) as u64))),
        Function::Not => Some(Box::new(|batch, _| batch.unary(|a| (a == 0) as u64))),
        Function::Lt => Some(ordered(ty, Less, false)),
        Function::Le => Some(ordered(ty, Greater, true)),
        Function::Gt => Some(ordered(ty, Greater, false)),
        Function::Ge => Some(ordered(ty, Less, true)),
        Function::Least => Some(pick(ty, std::cmp::Ordering::is_le)),
        Function::Greatest => Some(pick(ty, std::cmp::Ordering::is_ge)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Side {
    Less,
    Greater,
}
use Side::{Greater, Less};

/// Whether `a` is on that side of `b`, or, if `negated`, whether it is not.
fn ordered(ty: Type, side: Side, negated: bool) -> Primitive {
    fn with(
        less: impl Fn(&Batch, bool) -> Vec<u64> + Send + Sync + 'static,
        swap: bool,
    ) -> Primitive {
        Box::new(move |batch, _| less(batch, swap))
    }
    let swap = matches!(side, Greater);
    let flip = negated as u64;
    match ty {
        Type::Float => with(
            move |batch, swap| {
                let key = |word| float_key(f64::from_bits(word));
                match swap {
                    false => batch.binary(|a, b| (key(a) < key(b)) as u64 ^ flip),
                    true => batch.binary(|a, b| (key(b) < key(a)) as u64 ^ flip),
                }
            },
            swap,
        ),
        ty if ty.is_inline() => with(
            move |batch, swap| match swap {
                false => batch.binary(|a, b| ((a as i64) < b as i64) as u64 ^ flip),
                true => batch.binary(|a, b| ((b as i64) < a as i64) as u64 ^ flip),
            },
            swap,
        ),
        _ => with(
            move |batch, swap| {
                batch.each(|lane| {
                    let (a, b) = (batch.word(0, lane), batch.word(1, lane));
                    let (a, b) = if swap { (b, a) } else { (a, b) };
                    let less = a != b && batch.cx.interner.get(a) < batch.cx.interner.get(b);
                    less as u64 ^ flip
                })
            },
            swap,
        ),
    }
}

fn pick(ty: Type, first: fn(std::cmp::Ordering) -> bool) -> Primitive {
    Box::new(move |batch, _| {
        batch.each(|lane| {
            let (a, b) = (batch.word(0, lane), batch.word(1, lane));
            if first(compare(a, b, &ty, batch.cx.interner)) {
                a
            } else {
                b
            }
        })
    })
}
