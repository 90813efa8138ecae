//! Lists by position, and text and bytes by position as if they were lists.

use hashbrown::HashSet;
use sheaf_ir::encoding::encode_inline;
use sheaf_ir::{Function, Type};

use super::{Batch, Primitive, Signature, error, utf8};
use crate::ErrorCode;
use crate::composite::{Elements, take_part, write_element, write_end, write_text, write_word};

/// The longest list that `range` makes.
const MAX_RANGE: i128 = 10_000_000;

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let ty = call.arguments.first().cloned();
    match (call.function, call.arguments) {
        (Function::Chars, _) => Some(Box::new(|batch, _| {
            let (mut out, mut scalar) = (Vec::new(), [0; 4]);
            batch.each_symbol(|text| {
                out.clear();
                for c in utf8(text).chars() {
                    out.push(1);
                    write_text(c.encode_utf8(&mut scalar).as_bytes(), &mut out);
                }
                write_end(&mut out);
                batch.intern(&out)
            })
        })),
        (Function::Slice, [Type::String, ..]) => Some(Box::new(|batch, _| {
            batch.each(|lane| {
                let (start, end) = bounds(batch, lane);
                let text = utf8(batch.text(0, lane));
                batch.intern(slice_text(&text, start, end).as_bytes())
            })
        })),
        (Function::Slice, [Type::Bytes, ..]) => Some(Box::new(|batch, _| {
            batch.each(|lane| {
                let bytes = batch.text(0, lane);
                let (start, end) = bounds(batch, lane);
                let end = end.min(bytes.len());
                batch.intern(&bytes[start.min(end)..end])
            })
        })),
        (Function::Slice, _) => {
            let ty = ty?;
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each(|lane| {
                    let (start, end) = bounds(batch, lane);
                    out.clear();
                    Elements::new(&ty, batch.cx.types, batch.text(0, lane))
                        .take(end)
                        .skip(start)
                        .for_each(|element| write_element(element, &mut out));
                    write_end(&mut out);
                    batch.intern(&out)
                })
            }))
        }
        (Function::Find, [Type::String, _]) => Some(Box::new(|batch, _| {
            let mut out = Vec::new();
            batch.each(|lane| {
                let [text, part] = [0, 1].map(|i| utf8(batch.text(i, lane)));
                let found = text.find(&*part).map(|at| text[..at].chars().count());
                batch.option_of(&Type::Nat, found.map(|at| at as u64), &mut out)
            })
        })),
        (Function::Find, [_, needle]) => {
            let (ty, needle) = (ty?, needle.clone());
            Some(Box::new(move |batch, _| {
                let (mut wanted, mut out) = (Vec::new(), Vec::new());
                batch.each(|lane| {
                    wanted.clear();
                    write_word(&needle, batch.word(1, lane), batch.cx.interner, &mut wanted);
                    let mut elements = Elements::new(&ty, batch.cx.types, batch.text(0, lane));
                    let found = elements.position(|element| element == wanted);
                    batch.option_of(&Type::Nat, found.map(|at| at as u64), &mut out)
                })
            }))
        }
        (Function::Zip, [a, b]) => {
            let (a, b) = (a.clone(), b.clone());
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each(|lane| {
                    let types = batch.cx.types;
                    let left = Elements::new(&a, types, batch.text(0, lane));
                    let right = Elements::new(&b, types, batch.text(1, lane));
                    out.clear();
                    for (left, right) in left.zip(right) {
                        write_element(left, &mut out);
                        out.extend_from_slice(right);
                    }
                    write_end(&mut out);
                    batch.intern(&out)
                })
            }))
        }
        (Function::Distinct, _) => {
            let ty = ty?;
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each_symbol(|bytes| {
                    let mut seen = HashSet::new();
                    out.clear();
                    Elements::new(&ty, batch.cx.types, bytes)
                        .filter(|element| seen.insert(*element))
                        .for_each(|element| write_element(element, &mut out));
                    write_end(&mut out);
                    batch.intern(&out)
                })
            }))
        }
        (Function::Range, _) => Some(range(call)),
        (Function::ToMap, _) => Some(to_map(call)),
        _ => None,
    }
}

/// The second and third argument as positions; beyond what any text or list has where they do not fit.
fn bounds(batch: &Batch, lane: usize) -> (usize, usize) {
    let [start, end] = [1, 2].map(|i| usize::try_from(batch.word(i, lane)).unwrap_or(usize::MAX));
    (start, end)
}

fn slice_text(text: &str, start: usize, end: usize) -> &str {
    if text.is_ascii() {
        let end = end.min(text.len());
        return &text[start.min(end)..end];
    }
    let offset = |rest: &str, count: usize| {
        let at = rest.char_indices().nth(count);
        at.map_or(rest.len(), |(at, _)| at)
    };
    let rest = &text[offset(text, start)..];
    &rest[..offset(rest, end.saturating_sub(start))]
}

fn range(call: &Signature) -> Primitive {
    let span = call.span;
    Box::new(move |batch, failures| {
        let mut out = Vec::new();
        batch.try_each(failures, |lane| {
            let [from, to] = [0, 1].map(|i| batch.word(i, lane) as i64);
            if to as i128 - from as i128 > MAX_RANGE {
                let message = format!("range({from}, {to}) is longer than {MAX_RANGE}");
                return Err(error(ErrorCode::Domain, span, message));
            }
            out.clear();
            for i in from..to {
                out.push(1);
                encode_inline(&Type::Int, i as u64, &mut out);
            }
            write_end(&mut out);
            Ok(batch.intern(&out))
        })
    })
}

fn to_map(call: &Signature) -> Primitive {
    let list = call.arguments[0].clone();
    let Type::Map(key, _) = call.result else {
        unreachable!("the call was found to give a Map");
    };
    let key = (**key).clone();
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each_symbol(|bytes| {
            let types = batch.cx.types;
            let mut entries: Vec<(&[u8], &[u8])> = Elements::new(&list, types, bytes)
                .map(|mut entry| (take_part(&key, types, &mut entry), entry))
                .collect();
            // Of equal keys the last wins: stable, and read from the end.
            entries.reverse();
            entries.sort_by_key(|entry| entry.0);
            entries.dedup_by_key(|entry| entry.0);
            out.clear();
            for (key, value) in entries {
                write_element(key, &mut out);
                out.extend_from_slice(value);
            }
            write_end(&mut out);
            batch.intern(&out)
        })
    })
}
