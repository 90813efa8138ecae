//! Windows of time.

use sheaf_ir::{Function, Span, Type};

use super::{Primitive, Signature, error, shown};
use crate::composite::write_end;
use crate::{ErrorCode, EvalError};
use sheaf_ir::encoding::encode_inline;

/// More windows over one moment than this are taken for a mistake.
const MAX_WINDOWS: i128 = 1_000_000;

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let span = call.span;
    match call.function {
        Function::Sliding => Some(Box::new(move |batch, failures| {
            let mut list = Vec::new();
            batch.try_each(failures, |lane| {
                list.clear();
                let [at, size, step] = [0, 1, 2].map(|i| batch.word(i, lane) as i64);
                sliding_starts(at, size, step, span, |start| {
                    list.push(1);
                    encode_inline(&Type::Time, start as u64, &mut list);
                })?;
                write_end(&mut list);
                Ok(batch.intern(&list))
            })
        })),
        Function::Tumbling => Some(Box::new(move |batch, failures| {
            batch.try_each(failures, |lane| {
                let [at, size] = [0, 1].map(|i| batch.word(i, lane) as i64);
                let call = || format!("tumbling({}, {})", time(at), duration(size));
                if size <= 0 {
                    let message = format!("{}: the size must be above zero", call());
                    return Err(error(ErrorCode::Domain, span, message));
                }
                let start = at.checked_sub(at.rem_euclid(size));
                start.map(|start| start as u64).ok_or_else(|| {
                    let message = format!("{} does not fit Time", call());
                    error(ErrorCode::Overflow, span, message)
                })
            })
        })),
        _ => None,
    }
}

/// Calls `f` with every multiple of `step` in `(at - size, at]`, ascending.
pub(crate) fn sliding_starts(
    at: i64,
    size: i64,
    step: i64,
    span: Span,
    mut f: impl FnMut(i64),
) -> Result<(), EvalError> {
    let fail = |code, why: &str| {
        let (at, size, step) = (time(at), duration(size), duration(step));
        let message = format!("sliding({at}, {size}, {step}) {why}");
        Err(error(code, span, message))
    };
    if size <= 0 || step <= 0 {
        return fail(ErrorCode::Domain, "needs a size and step above zero");
    }
    let (at, size, step) = (at as i128, size as i128, step as i128);
    let first = (at - size).div_euclid(step) + 1;
    let last = at.div_euclid(step);
    if last - first >= MAX_WINDOWS {
        return fail(ErrorCode::Domain, "gives more than 1000000 windows");
    }
    if first <= last && i64::try_from(first * step).is_err() {
        return fail(ErrorCode::Overflow, "does not fit Time");
    }
    // From the first on, starts are at most `at`.
    (first..=last).for_each(|k| f((k * step) as i64));
    Ok(())
}

fn time(micros: i64) -> String {
    shown(&Type::Time, micros as u64)
}

fn duration(micros: i64) -> String {
    shown(&Type::Duration, micros as u64)
}
