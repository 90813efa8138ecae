//! Tuples, records and enums.

use sheaf_ir::{Function, Nominal, Type};

use super::{Batch, Primitive, Signature, error};
use crate::ErrorCode;
use crate::composite::{Types, skip, take_variant, take_word, write_word};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match (call.function, call.arguments) {
        (Function::Record(_), parts) => Some(build(Vec::new(), parts)),
        (Function::Variant(_, index), parts) => {
            Some(build((*index as u16).to_be_bytes().to_vec(), parts))
        }
        (Function::Field(index), [ty]) => Some(field(ty.clone(), *index as usize)),
        (Function::IsVariant(index), _) => {
            let index = *index;
            Some(Box::new(move |batch, _| {
                batch.each_symbol(|mut bytes| (take_variant(&mut bytes) == index) as u64)
            }))
        }
        (Function::Payload(variant, part), [Type::Named(name)]) => {
            let (name, variant, part) = (name.clone(), *variant, *part as usize);
            let span = call.span;
            Some(Box::new(move |batch, failures| {
                let Some(Nominal::Enum(variants)) = batch.cx.types.get(&name) else {
                    unreachable!("the type was found when the call was compiled");
                };
                let payload = &variants[variant as usize].1;
                batch.try_each(failures, |lane| {
                    let mut bytes = batch.text(0, lane);
                    let found = take_variant(&mut bytes);
                    if found != variant {
                        let [found, wanted] = [found, variant].map(|v| &variants[v as usize].0);
                        let message = format!("the value is {found}, not {wanted}");
                        return Err(error(ErrorCode::Domain, span, message));
                    }
                    Ok(part_at(payload.iter(), part, bytes, batch))
                })
            }))
        }
        _ => None,
    }
}

/// Some leading bytes, then the parts.
fn build(head: Vec<u8>, parts: &[Type]) -> Primitive {
    let parts = parts.to_vec();
    Box::new(move |batch, _| {
        let mut bytes = Vec::new();
        batch.each(|lane| {
            bytes.clear();
            bytes.extend_from_slice(&head);
            for (i, ty) in parts.iter().enumerate() {
                write_word(ty, batch.word(i, lane), batch.cx.interner, &mut bytes);
            }
            batch.intern(&bytes)
        })
    })
}

fn field(ty: Type, index: usize) -> Primitive {
    Box::new(move |batch, _| {
        let types: Vec<&Type> = part_types(&ty, batch.cx.types);
        let mut last = None;
        batch.each(|lane| {
            let symbol = batch.word(0, lane);
            match last {
                Some((known, word)) if known == symbol => word,
                _ => {
                    let word = part_at(types.iter().copied(), index, batch.text(0, lane), batch);
                    last = Some((symbol, word));
                    word
                }
            }
        })
    })
}

fn part_types<'t>(ty: &'t Type, types: &'t Types) -> Vec<&'t Type> {
    match ty {
        Type::Tuple(parts) => parts.iter().collect(),
        Type::Named(name) => match types.get(name) {
            Some(Nominal::Record(fields)) => fields.iter().map(|f| &f.1).collect(),
            _ => unreachable!("the type was found when the call was compiled"),
        },
        _ => unreachable!("only tuples and records have fields"),
    }
}

/// The word of one of the parts that `bytes` holds one behind the other.
fn part_at<'t>(
    mut parts: impl Iterator<Item = &'t Type>,
    index: usize,
    mut bytes: &[u8],
    batch: &Batch,
) -> u64 {
    for ty in parts.by_ref().take(index) {
        skip(ty, batch.cx.types, &mut bytes);
    }
    let ty = parts
        .next()
        .expect("the part was found when the call was compiled");
    take_word(ty, batch.cx.types, &mut bytes, batch.cx.interner)
}
