//! Options.

use sheaf_ir::{Function, Type};

use super::{Primitive, Signature, error};
use crate::ErrorCode;
use crate::composite::{take_word, write_word};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match (call.function, call.arguments) {
        (Function::Some, [inner]) => {
            let inner = inner.clone();
            Some(Box::new(move |batch, _| {
                let mut bytes = Vec::new();
                batch.each(|lane| {
                    bytes.clear();
                    bytes.push(1);
                    write_word(&inner, batch.word(0, lane), batch.cx.interner, &mut bytes);
                    batch.intern(&bytes)
                })
            }))
        }
        (Function::None(_), []) => Some(Box::new(|batch, _| {
            let none = batch.intern(&[0]);
            vec![none; batch.width]
        })),
        (Function::IsSome, _) => Some(Box::new(|batch, _| {
            batch.each_symbol(|bytes| (bytes[0] == 1) as u64)
        })),
        (Function::Unwrap, [Type::Option(inner)]) => {
            let (inner, span) = ((**inner).clone(), call.span);
            Some(Box::new(move |batch, failures| {
                batch.try_each(failures, |lane| match batch.text(0, lane) {
                    [1, value @ ..] => Ok(take_word(
                        &inner,
                        batch.cx.types,
                        &mut { value },
                        batch.cx.interner,
                    )),
                    _ => Err(error(ErrorCode::Domain, span, "unwrap of None")),
                })
            }))
        }
        _ => None,
    }
}
