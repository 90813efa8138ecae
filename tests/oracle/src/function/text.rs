//! Text.

use regex::Regex;
use sheaf_ir::{Function, Value};
use unicode_normalization::UnicodeNormalization;

use super::{Call, Failure, Outcome, option, string};

/// The longest text that `repeat` makes, in bytes.
const MAX_REPEATED: i64 = 16 * 1024 * 1024;

pub(super) fn apply(call: &Call) -> Option<Outcome> {
    use Value::{Bool, List, Nat, String as Text};
    if let Some(outcome) = pattern(call) {
        return Some(outcome);
    }
    let strings = |parts: &mut dyn Iterator<Item = &str>| List(parts.map(string).collect());
    Some(Ok(match (call.function, call.arguments) {
        (Function::Add, [Text(a), Text(b)]) => Text(format!("{a}{b}")),
        (Function::Len, [Text(a)]) => Nat(a.chars().count() as i64),
        (Function::Contains, [Text(a), Text(b)]) => Bool(a.contains(b.as_str())),
        (Function::Lower, [Text(a)]) => Text(a.to_lowercase()),
        (Function::Upper, [Text(a)]) => Text(a.to_uppercase()),
        (Function::Trim, [Text(a)]) => string(a.trim()),
        (Function::TrimStart, [Text(a)]) => string(a.trim_start()),
        (Function::TrimEnd, [Text(a)]) => string(a.trim_end()),
        (Function::Normalize, [Text(a)]) => Text(a.nfc().collect()),
        (Function::Words, [Text(a)]) => {
            let parts = a.split(|c: char| !c.is_alphanumeric());
            strings(&mut parts.filter(|word| !word.is_empty()))
        }
        (Function::Split, [_, Text(b)]) if b.is_empty() => return Some(Err(Failure::Domain)),
        (Function::Split, [Text(a), Text(b)]) => strings(&mut a.split(b.as_str())),
        (Function::JoinText, [List(parts), Text(b)]) => {
            let parts: Vec<&str> = parts.iter().map(text).collect();
            Text(parts.join(b))
        }
        (Function::StartsWith, [Text(a), Text(b)]) => Bool(a.starts_with(b.as_str())),
        (Function::EndsWith, [Text(a), Text(b)]) => Bool(a.ends_with(b.as_str())),
        (Function::Replace, [Text(a), Text(b), Text(c)]) => Text(a.replace(b.as_str(), c)),
        (Function::Chars, [Text(a)]) => List(a.chars().map(string).collect()),
        (Function::Slice, [Text(a), Nat(start), Nat(end)]) => {
            let scalars = (0..).zip(a.chars());
            let inside = scalars.filter(|(i, _)| (*start..*end).contains(i));
            Text(inside.map(|(_, c)| c).collect())
        }
        (Function::Find, [Text(a), Text(b)]) => {
            let scalars: Vec<char> = a.chars().collect();
            let starts = |at: &usize| String::from_iter(&scalars[*at..]).starts_with(b.as_str());
            option((0..=scalars.len()).find(starts).map(|at| Nat(at as i64)))
        }
        (Function::Repeat, [Text(a), Nat(n)]) => match n.checked_mul(a.len() as i64) {
            Some(0) => string(""),
            Some(length) if length <= MAX_REPEATED => Text((0..*n).map(|_| a.as_str()).collect()),
            _ => return Some(Err(Failure::Domain)),
        },
        (Function::Code, [Text(a)]) => option(a.chars().next().map(|c| Nat(u32::from(c) as i64))),
        (Function::FromCode, [Nat(code)]) => {
            let scalar = u32::try_from(*code).ok().and_then(char::from_u32);
            option(scalar.map(string))
        }
        _ => return None,
    }))
}

fn text(value: &Value) -> &str {
    match value {
        Value::String(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

fn pattern(call: &Call) -> Option<Outcome> {
    let is_pattern = matches!(
        call.function,
        Function::IsMatch | Function::FindAll | Function::Captures | Function::ReplaceAll
    );
    if !is_pattern {
        return None;
    }
    let texts: Vec<&str> = call.arguments.iter().map(text).collect();
    let Ok(pattern) = Regex::new(texts[1]) else {
        return Some(Err(Failure::Domain));
    };
    let found = pattern.find_iter(texts[0]);
    Some(Ok(match call.function {
        Function::IsMatch => Value::Bool(found.count() > 0),
        Function::FindAll => Value::List(found.map(|found| string(found.as_str())).collect()),
        Function::Captures => option(pattern.captures(texts[0]).map(|groups| {
            let texts = groups.iter().map(|group| group.map(|group| group.as_str()));
            Value::List(texts.map(|text| option(text.map(string))).collect())
        })),
        _ => {
            let mut replaced = String::new();
            let mut end = 0;
            for groups in pattern.captures_iter(texts[0]) {
                let whole = groups.get(0).expect("a match has its whole");
                replaced.push_str(&texts[0][end..whole.start()]);
                groups.expand(texts[2], &mut replaced);
                end = whole.end();
            }
            string(replaced + &texts[0][end..])
        }
    }))
}
