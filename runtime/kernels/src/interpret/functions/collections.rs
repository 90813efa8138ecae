//! Lists, sets and maps, as sequences of their elements' canonical bytes.
//!
//! Canonical bytes of one type are ordered as the values and none is the beginning of another, so
//! everything here compares and copies bytes without knowing what they mean.

use std::cmp::Ordering;

use sheaf_ir::encoding::encode_inline;
use sheaf_ir::{Function, Type};

use super::{Batch, Primitive, Signature};
use crate::composite::{Elements, skip, write_element, write_end, write_word};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let ty = call.arguments.first().cloned();
    match (call.function, call.arguments) {
        (Function::List(element), parts) => Some(literal(element.clone(), parts.len(), |_| {})),
        (Function::Set(element), parts) => {
            Some(literal(element.clone(), parts.len(), |elements| {
                elements.sort_unstable();
                elements.dedup();
            }))
        }
        (Function::Map(key, value), parts) => Some(map_literal(key, value, parts.len() / 2)),
        (Function::Add, [Type::List(_), _]) => Some(Box::new(|batch, _| {
            let mut bytes = Vec::new();
            batch.each(|lane| {
                let (a, b) = (batch.text(0, lane), batch.text(1, lane));
                bytes.clear();
                // All but the end of the first, then the second.
                bytes.extend_from_slice(&a[..a.len() - 1]);
                bytes.extend_from_slice(b);
                batch.intern(&bytes)
            })
        })),
        (Function::Len, [Type::List(_) | Type::Set(_) | Type::Map(..)]) => {
            let ty = ty?;
            Some(Box::new(move |batch, _| {
                batch.each_symbol(|bytes| Elements::new(&ty, batch.cx.types, bytes).count() as u64)
            }))
        }
        (Function::Contains, [Type::List(_) | Type::Set(_) | Type::Map(..), needle]) => {
            let (ty, needle) = (ty?, needle.clone());
            Some(Box::new(move |batch, _| {
                let mut bytes = Vec::new();
                batch.each(|lane| {
                    encode_argument(batch, 1, lane, &needle, &mut bytes);
                    find(batch, &ty, lane, &bytes).is_some() as u64
                })
            }))
        }
        (Function::Get, [Type::Map(..), key]) => {
            let (ty, key) = (ty?, key.clone());
            Some(Box::new(move |batch, _| {
                let (mut bytes, mut out) = (Vec::new(), Vec::new());
                batch.each(|lane| {
                    encode_argument(batch, 1, lane, &key, &mut bytes);
                    let entry = find(batch, &ty, lane, &bytes);
                    batch.intern_option(entry.map(|entry| &entry[bytes.len()..]), &mut out)
                })
            }))
        }
        (Function::Get, [Type::List(_), Type::Nat]) => {
            let ty = ty?;
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each(|lane| {
                    let mut elements = Elements::new(&ty, batch.cx.types, batch.text(0, lane));
                    let element = elements.nth(index(batch.word(1, lane)));
                    batch.intern_option(element, &mut out)
                })
            }))
        }
        (Function::Take, _) => Some(rebuild(ty?, |batch, lane, elements| {
            elements.truncate(index(batch.word(1, lane)));
        })),
        (Function::Sort, _) => Some(rebuild(ty?, |_, _, elements| elements.sort_unstable())),
        (Function::Reverse, _) => Some(rebuild(ty?, |_, _, elements| elements.reverse())),
        // A set is written as the list of its elements in ascending order, and a map as that of its
        // entries: the text is the same.
        (Function::ToList, _) | (Function::ToSet, [Type::Set(_)]) => {
            Some(Box::new(|batch, _| batch.unary(|a| a)))
        }
        (Function::ToSet, [Type::List(_)]) => Some(rebuild(ty?, |_, _, elements| {
            elements.sort_unstable();
            elements.dedup();
        })),
        (Function::ToSet, [Type::Map(key, _)]) => {
            let (ty, key) = (ty?, (**key).clone());
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each_symbol(|bytes| {
                    out.clear();
                    for entry in Elements::new(&ty, batch.cx.types, bytes) {
                        let mut rest = entry;
                        skip(&key, batch.cx.types, &mut rest);
                        write_element(&entry[..entry.len() - rest.len()], &mut out);
                    }
                    write_end(&mut out);
                    batch.intern(&out)
                })
            }))
        }
        (Function::Indexed, _) => {
            let ty = ty?;
            Some(Box::new(move |batch, _| {
                let mut out = Vec::new();
                batch.each_symbol(|bytes| {
                    out.clear();
                    for (i, element) in (0u64..).zip(Elements::new(&ty, batch.cx.types, bytes)) {
                        out.push(1);
                        encode_inline(&Type::Nat, i, &mut out);
                        out.extend_from_slice(element);
                    }
                    write_end(&mut out);
                    batch.intern(&out)
                })
            }))
        }
        (Function::Union, _) => Some(merge(ty?, [true, true, true])),
        (Function::Intersect, _) => Some(merge(ty?, [false, true, false])),
        (Function::Difference, _) => Some(merge(ty?, [true, false, false])),
        _ => None,
    }
}

/// The parts that the elements of a collection fall into when a program takes them one by one.
pub(crate) fn element_parts(collection: &Type) -> Option<Vec<Type>> {
    match collection {
        Type::Map(key, value) => Some(vec![(**key).clone(), (**value).clone()]),
        Type::List(inner) | Type::Set(inner) => match &**inner {
            Type::Tuple(parts) if !parts.is_empty() => Some(parts.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Builds a list from its elements, each given as canonical bytes.
fn whole_list<'a>(elements: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    out.clear();
    for element in elements {
        write_element(element, out);
    }
    write_end(out);
}

/// A Nat as an index; beyond what any list holds if it does not fit.
fn index(nat: u64) -> usize {
    usize::try_from(nat).unwrap_or(usize::MAX)
}

fn encode_argument(batch: &Batch, argument: usize, lane: usize, ty: &Type, out: &mut Vec<u8>) {
    out.clear();
    write_word(ty, batch.word(argument, lane), batch.cx.interner, out);
}

/// The first element of the first argument, or its entry, that starts with these bytes.
fn find<'a>(batch: &'a Batch, ty: &'a Type, lane: usize, bytes: &[u8]) -> Option<&'a [u8]> {
    Elements::new(ty, batch.cx.types, batch.text(0, lane)).find(|e| e.starts_with(bytes))
}

/// A collection of the arguments.
fn literal(
    element: Type,
    count: usize,
    arrange: impl Fn(&mut Vec<&[u8]>) + Send + Sync + 'static,
) -> Primitive {
    Box::new(move |batch, _| {
        let (mut bytes, mut ends, mut out) = (Vec::new(), Vec::new(), Vec::new());
        batch.each(|lane| {
            bytes.clear();
            ends.clear();
            for i in 0..count {
                write_word(&element, batch.word(i, lane), batch.cx.interner, &mut bytes);
                ends.push(bytes.len());
            }
            let mut elements: Vec<&[u8]> = Vec::with_capacity(count);
            let mut start = 0;
            for &end in &ends {
                elements.push(&bytes[start..end]);
                start = end;
            }
            arrange(&mut elements);
            whole_list(elements, &mut out);
            batch.intern(&out)
        })
    })
}

fn map_literal(key: &Type, value: &Type, entries: usize) -> Primitive {
    let (key, value) = (key.clone(), value.clone());
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each(|lane| {
            let encoded = |i: usize, ty: &Type| {
                let mut bytes = Vec::new();
                write_word(ty, batch.word(i, lane), batch.cx.interner, &mut bytes);
                bytes
            };
            // Of equal keys the last wins.
            let map: std::collections::BTreeMap<Vec<u8>, Vec<u8>> = (0..entries)
                .map(|i| (encoded(2 * i, &key), encoded(2 * i + 1, &value)))
                .collect();
            out.clear();
            for (key, value) in &map {
                write_element(key, &mut out);
                out.extend_from_slice(value);
            }
            write_end(&mut out);
            batch.intern(&out)
        })
    })
}

/// A list made of the elements of the first argument.
fn rebuild(
    ty: Type,
    arrange: impl Fn(&Batch, usize, &mut Vec<&[u8]>) + Send + Sync + 'static,
) -> Primitive {
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each(|lane| {
            let bytes = batch.text(0, lane);
            let mut elements: Vec<&[u8]> = Elements::new(&ty, batch.cx.types, bytes).collect();
            arrange(batch, lane, &mut elements);
            whole_list(elements, &mut out);
            batch.intern(&out)
        })
    })
}

/// Merges two sets, keeping what is only in the first, in both, only in the second.
fn merge(ty: Type, [first, both, second]: [bool; 3]) -> Primitive {
    Box::new(move |batch, _| {
        let mut out = Vec::new();
        batch.each(|lane| {
            let [a, b] = [0, 1].map(|i| Elements::new(&ty, batch.cx.types, batch.text(i, lane)));
            let (mut a, mut b) = (a.peekable(), b.peekable());
            out.clear();
            loop {
                let order = match (a.peek(), b.peek()) {
                    (None, None) => break,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(a), Some(b)) => a.cmp(b),
                };
                let (keep, element) = match order {
                    Ordering::Less => (first, a.next()),
                    Ordering::Equal => (both, a.next().and(b.next())),
                    Ordering::Greater => (second, b.next()),
                };
                if let (true, Some(element)) = (keep, element) {
                    write_element(element, &mut out);
                }
            }
            write_end(&mut out);
            batch.intern(&out)
        })
    })
}
