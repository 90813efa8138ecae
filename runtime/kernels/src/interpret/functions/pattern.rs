//! Regular expressions.
//!
//! A pattern is compiled once and kept beside the call. Matching takes time linear in the text.

use std::sync::Arc;

use regex::Regex;
use sheaf_ir::{Function, Span};

use super::cache::Cache;
use super::{Batch, Primitive, Signature, error, utf8};
use crate::composite::{write_end, write_text};
use crate::{ErrorCode, EvalError};

pub(super) fn compile(call: &Signature) -> Option<Primitive> {
    match call.function {
        Function::IsMatch => Some(with_pattern(call, |batch, lane, pattern, _| {
            pattern.is_match(&utf8(batch.text(0, lane))) as u64
        })),
        Function::FindAll => Some(with_pattern(call, |batch, lane, pattern, out| {
            for found in pattern.find_iter(&utf8(batch.text(0, lane))) {
                out.push(1);
                write_text(found.as_str().as_bytes(), out);
            }
            write_end(out);
            batch.intern(out)
        })),
        Function::Captures => Some(with_pattern(call, |batch, lane, pattern, out| {
            match pattern.captures(&utf8(batch.text(0, lane))) {
                None => out.push(0),
                Some(groups) => {
                    out.push(1);
                    for group in groups.iter() {
                        out.push(1);
                        out.push(group.is_some() as u8);
                        if let Some(group) = group {
                            write_text(group.as_str().as_bytes(), out);
                        }
                    }
                    write_end(out);
                }
            }
            batch.intern(out)
        })),
        Function::ReplaceAll => Some(with_pattern(call, |batch, lane, pattern, _| {
            let [text, by] = [0, 2].map(|i| utf8(batch.text(i, lane)));
            batch.intern(pattern.replace_all(&text, &*by).as_bytes())
        })),
        _ => None,
    }
}

/// A function of the second argument as a pattern; it is given an empty buffer.
fn with_pattern(
    call: &Signature,
    f: impl Fn(&Batch, usize, &Regex, &mut Vec<u8>) -> u64 + Send + Sync + 'static,
) -> Primitive {
    let span = call.span;
    let patterns = Cache::default();
    Box::new(move |batch, failures| {
        let mut out = Vec::new();
        batch.try_each(failures, |lane| {
            out.clear();
            let pattern = pattern(batch, lane, &patterns);
            match &*pattern {
                Ok(pattern) => Ok(f(batch, lane, pattern, &mut out)),
                Err(why) => Err(bad_pattern(batch, lane, why, span)),
            }
        })
    })
}

fn pattern(
    batch: &Batch,
    lane: usize,
    patterns: &Cache<Result<Regex, regex::Error>>,
) -> Arc<Result<Regex, regex::Error>> {
    patterns.get(batch.word(1, lane), || {
        Regex::new(&utf8(batch.text(1, lane)))
    })
}

fn bad_pattern(batch: &Batch, lane: usize, why: &regex::Error, span: Span) -> EvalError {
    // The library draws the pattern above its reason, which is the last line.
    let why = why.to_string();
    let why = why.lines().last().unwrap_or_default();
    let why = why.strip_prefix("error: ").unwrap_or(why);
    let pattern = utf8(batch.text(1, lane));
    let message = format!("{pattern:?} is no regular expression: {why}");
    error(ErrorCode::Domain, span, message)
}
