//! Strings.

use std::borrow::Cow;

use sheaf_ir::{Function, Span, Type};
use unicode_normalization::UnicodeNormalization;

use super::{Batch, Primitive, Signature, error};
use crate::composite::{Elements, take_text, write_end, write_text};
use crate::{ErrorCode, EvalError};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    let is_text = call.arguments.first()? == &Type::String;
    let is_bytes = call.arguments[0] == Type::Bytes;
    match call.function {
        Function::Add if is_text || is_bytes => Some(Box::new(|batch, _| concatenate(batch))),
        Function::Len if is_text => Some(Box::new(|batch, _| batch.each_symbol(length))),
        Function::Len if is_bytes => Some(Box::new(|batch, _| {
            batch.each_symbol(|bytes| bytes.len() as u64)
        })),
        Function::Contains if is_text => Some(holds(|text, part| text.contains(part))),
        Function::StartsWith => Some(holds(|text, part| text.starts_with(part))),
        Function::EndsWith => Some(holds(|text, part| text.ends_with(part))),
        Function::Lower => Some(rewrite(
            |text| text.iter().any(u8::is_ascii_uppercase),
            str::to_lowercase,
        )),
        Function::Upper => Some(rewrite(
            |text| text.iter().any(u8::is_ascii_lowercase),
            str::to_uppercase,
        )),
        Function::Trim => Some(trim(str::trim)),
        Function::TrimStart => Some(trim(str::trim_start)),
        Function::TrimEnd => Some(trim(str::trim_end)),
        Function::Normalize => Some(Box::new(|batch, _| {
            batch.each(|lane| match batch.text(0, lane) {
                text if text.is_ascii() => batch.word(0, lane),
                text => batch.intern(utf8(text).nfc().collect::<String>().as_bytes()),
            })
        })),
        Function::Repeat => Some(repeat(call.span)),
        Function::Code => Some(Box::new(|batch, _| {
            let mut out = Vec::new();
            batch.each_symbol(|text| {
                let first = utf8(text).chars().next();
                batch.option_of(&Type::Nat, first.map(|c| c as u64), &mut out)
            })
        })),
        Function::FromCode => Some(Box::new(|batch, _| {
            let mut out = Vec::new();
            batch.each(|lane| {
                let code = u32::try_from(batch.word(0, lane)).ok();
                let text = code.and_then(char::from_u32).map(String::from);
                let word = text.map(|text| batch.intern(text.as_bytes()));
                batch.option_of(&Type::String, word, &mut out)
            })
        })),
        Function::Replace => Some(Box::new(|batch, _| {
            batch.each(|lane| {
                let [text, from, to] = [0, 1, 2].map(|i| utf8(batch.text(i, lane)));
                batch.intern(text.replace(&*from, &to).as_bytes())
            })
        })),
        Function::Words => Some(Box::new(|batch, _| words(batch))),
        Function::Split => {
            let span = call.span;
            Some(Box::new(move |batch, failures| {
                let mut list = Vec::new();
                batch.try_each(failures, |lane| {
                    list.clear();
                    split_text(batch.text(0, lane), batch.text(1, lane), span, |part| {
                        list.push(1);
                        write_text(part, &mut list);
                    })?;
                    write_end(&mut list);
                    Ok(batch.intern(&list))
                })
            }))
        }
        Function::JoinText => {
            let list = call.arguments[0].clone();
            Some(Box::new(move |batch, _| join(batch, &list)))
        }
        _ => None,
    }
}

/// The longest text that `repeat` makes, in bytes.
const MAX_REPEATED: u64 = 1 << 24;

/// The text as UTF-8. Sources check it; what they let through is not worth a failure here.
pub(crate) fn utf8(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}

/// How many Unicode scalars it has.
pub(crate) fn length(text: &[u8]) -> u64 {
    utf8(text).chars().count() as u64
}

/// Calls `f` with every maximal run of letters and digits.
pub(crate) fn for_each_word(text: &[u8], mut f: impl FnMut(&[u8])) {
    let text = utf8(text);
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut start = None;
    while let Some(&byte) = bytes.get(at) {
        let (is_part, width) = if byte < 0x80 {
            (byte.is_ascii_alphanumeric(), 1)
        } else {
            let c = text[at..].chars().next().unwrap_or('\0');
            (c.is_alphanumeric(), c.len_utf8())
        };
        match (is_part, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                f(&bytes[from..at]);
                start = None;
            }
            _ => {}
        }
        at += width;
    }
    if let Some(from) = start {
        f(&bytes[from..]);
    }
}

/// Calls `f` with every part between separators.
pub(crate) fn split_text(
    text: &[u8],
    separator: &[u8],
    span: Span,
    mut f: impl FnMut(&[u8]),
) -> Result<(), EvalError> {
    if separator.is_empty() {
        let message = format!("split({:?}, \"\") has an empty separator", utf8(text));
        return Err(error(ErrorCode::Domain, span, message));
    }
    let (text, separator) = (utf8(text), utf8(separator));
    text.split(&*separator).for_each(|part| f(part.as_bytes()));
    Ok(())
}

fn concatenate(batch: &Batch) -> Vec<u64> {
    let mut text = Vec::new();
    batch.each(|lane| {
        text.clear();
        text.extend_from_slice(batch.text(0, lane));
        text.extend_from_slice(batch.text(1, lane));
        batch.intern(&text)
    })
}

fn trim(f: fn(&str) -> &str) -> Primitive {
    Box::new(move |batch, _| {
        batch.each(|lane| batch.intern(f(&utf8(batch.text(0, lane))).as_bytes()))
    })
}

fn repeat(span: Span) -> Primitive {
    Box::new(move |batch, failures| {
        batch.try_each(failures, |lane| {
            let (text, times) = (batch.text(0, lane), batch.word(1, lane));
            let length = times.checked_mul(text.len() as u64);
            if length.is_none_or(|length| length > MAX_REPEATED) {
                let message = format!(
                    "repeat of {} bytes {times} times is longer than 16 MiB",
                    text.len()
                );
                return Err(error(ErrorCode::Domain, span, message));
            }
            // The empty text may be repeated beyond any number of the machine.
            let times = if text.is_empty() { 0 } else { times as usize };
            Ok(batch.intern(&text.repeat(times)))
        })
    })
}

fn holds(f: fn(&str, &str) -> bool) -> Primitive {
    Box::new(move |batch, _| {
        batch.each(|lane| f(&utf8(batch.text(0, lane)), &utf8(batch.text(1, lane))) as u64)
    })
}

/// A change of case: most text has it already and keeps its symbol.
fn rewrite(ascii_changes: fn(&[u8]) -> bool, f: fn(&str) -> String) -> Primitive {
    Box::new(move |batch, _| {
        batch.each(|lane| {
            let text = batch.text(0, lane);
            if text.is_ascii() && !ascii_changes(text) {
                return batch.word(0, lane);
            }
            batch.intern(f(&utf8(text)).as_bytes())
        })
    })
}

fn words(batch: &Batch) -> Vec<u64> {
    let mut list = Vec::new();
    batch.each_symbol(|text| {
        list.clear();
        for_each_word(text, |word| {
            list.push(1);
            write_text(word, &mut list);
        });
        write_end(&mut list);
        batch.intern(&list)
    })
}

fn join(batch: &Batch, list: &Type) -> Vec<u64> {
    let mut text = Vec::new();
    batch.each(|lane| {
        text.clear();
        let separator = batch.text(1, lane);
        let parts = Elements::new(list, batch.cx.types, batch.text(0, lane));
        for (i, mut part) in parts.enumerate() {
            if i > 0 {
                text.extend_from_slice(separator);
            }
            text.extend_from_slice(&take_text(&mut part));
        }
        batch.intern(&text)
    })
}
