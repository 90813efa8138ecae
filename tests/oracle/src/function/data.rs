//! Bytes, digests, identities and JSON.

use std::collections::BTreeMap;

use regex::Regex;
use sha2::{Digest, Sha256};
use sheaf_ir::encoding::{decode, encode, encode_whole};
use sheaf_ir::shard::column_digest;
use sheaf_ir::{Function, Value};

use super::{Call, Failure, Outcome, float, option, string};

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn apply(call: &Call) -> Option<Outcome> {
    use Value::{Bytes, Id, Int, Nat, String as Text};
    Some(Ok(match (call.function, call.arguments) {
        (Function::Add, [Bytes(a), Bytes(b)]) => Bytes([a.as_slice(), b].concat()),
        (Function::Len, [Bytes(a)]) => Nat(a.len() as i64),
        (Function::Slice, [Bytes(a), Nat(start), Nat(end)]) => {
            let inside = (0..).zip(a).filter(|(i, _)| (*start..*end).contains(i));
            Bytes(inside.map(|(_, byte)| *byte).collect())
        }
        (Function::ToUtf8, [Text(a)]) => Bytes(a.clone().into_bytes()),
        (Function::FromUtf8, [Bytes(a)]) => option(String::from_utf8(a.clone()).ok().map(Text)),
        (Function::Hex, [Bytes(a)]) => Text(a.iter().map(|byte| format!("{byte:02x}")).collect()),
        (Function::FromHex, [Text(a)]) => option(from_hex(a).map(Bytes)),
        (Function::Base64, [Bytes(a)]) => Text(base64(a)),
        (Function::FromBase64, [Text(a)]) => option(from_base64(a).map(Bytes)),
        (Function::Xxh3, [a]) => Int(column_digest(&encode_whole(a)) as i64),
        (Function::Sha256, [Bytes(a)]) => Bytes(Sha256::digest(a).to_vec()),
        (Function::ParseId, [Text(a)]) => {
            let digits = a.replace('-', "");
            let is_id = digits.len() == 32 && !a.starts_with('-') && from_hex(&digits).is_some();
            option(is_id.then(|| Id(u128::from_str_radix(&digits, 16).expect("32 digits"))))
        }
        (Function::Reversed, [a]) => {
            let mut bytes = Vec::new();
            encode(a, &mut bytes);
            Bytes(bytes.into_iter().map(|byte| 255 - byte).collect())
        }
        (Function::Unreversed(ty), [Bytes(a)]) => {
            let bytes: Vec<u8> = a.iter().map(|byte| 255 - byte).collect();
            let mut rest = bytes.as_slice();
            let value = decode(ty, &BTreeMap::new(), &mut rest);
            let value = value.filter(|_| rest.is_empty());
            return Some(value.ok_or(Failure::Conversion));
        }
        (Function::ParseJson, [Text(a)]) => option(parse_json(a)),
        (Function::PrintJson, [a]) => Text(print_json(a)),
        (Function::JsonAt, [a, Text(path)]) => {
            return Some(steps(path).ok_or(Failure::Domain).map(|steps| {
                let mut at = Some(a.clone());
                for step in steps {
                    at = at.and_then(|json| part(&json, &step));
                }
                option(at)
            }));
        }
        _ => return None,
    }))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(
        digits
            .chunks(2)
            .map(|pair| (pair[0] * 16 + pair[1]) as u8)
            .collect(),
    )
}

/// By way of the bits as text.
fn base64(bytes: &[u8]) -> String {
    let mut bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let digits = bits.as_bytes().chunks(6).map(|six| {
        let six = std::str::from_utf8(six).expect("bits are ASCII");
        let digit = usize::from_str_radix(six, 2).expect("six bits");
        BASE64.as_bytes()[digit] as char
    });
    let mut text: String = digits.collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// The bytes of which the text is the Base64.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').chars();
    let bits: Option<String> = digits
        .map(|c| BASE64.find(c).map(|digit| format!("{digit:06b}")))
        .collect();
    let bits = bits?;
    let whole = bits.as_bytes().chunks_exact(8).map(|eight| {
        let eight = std::str::from_utf8(eight).expect("bits are ASCII");
        u8::from_str_radix(eight, 2).expect("eight bits")
    });
    let bytes: Vec<u8> = whole.collect();
    (base64(&bytes) == text).then_some(bytes)
}

const MAX_DEPTH: usize = 100;

/// A variant of the enum of JSON.
fn json(index: u32, payload: Option<Value>) -> Value {
    Value::Variant(index, payload.into_iter().collect())
}

fn parse_json(text: &str) -> Option<Value> {
    let mut reader = Reader {
        rest: text.chars().collect(),
    };
    reader.rest.reverse();
    let value = reader.value(0)?;
    reader.space();
    reader.rest.is_empty().then_some(value)
}

/// Reads JSON one character at a time.
struct Reader {
    /// What is left, the next character last.
    rest: Vec<char>,
}

impl Reader {
    fn space(&mut self) {
        while self.rest.last().is_some_and(|c| " \t\r\n".contains(*c)) {
            self.rest.pop();
        }
    }

    fn is_next(&mut self, wanted: char) -> bool {
        let is_next = self.rest.last() == Some(&wanted);
        if is_next {
            self.rest.pop();
        }
        is_next
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        word.chars().all(|c| self.is_next(c)).then_some(value)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        match *self.rest.last()? {
            'n' => self.word("null", json(0, None)),
            't' => self.word("true", json(1, Some(Value::Bool(true)))),
            'f' => self.word("false", json(1, Some(Value::Bool(false)))),
            '"' => Some(json(4, Some(Value::String(self.string()?)))),
            '[' if depth < MAX_DEPTH => {
                let items = self.members(']', |reader| reader.value(depth + 1))?;
                Some(json(5, Some(Value::List(items))))
            }
            '{' if depth < MAX_DEPTH => {
                let entries = self.members('}', |reader| {
                    reader.space();
                    let key = reader.string()?;
                    reader.space();
                    reader.is_next(':').then_some(())?;
                    Some((key, reader.value(depth + 1)?))
                })?;
                let entries: BTreeMap<String, Value> = entries.into_iter().collect();
                let entries = entries.into_iter().map(|(key, value)| (string(key), value));
                Some(json(6, Some(Value::Map(entries.collect()))))
            }
            _ => self.number(),
        }
    }

    /// What stands between commas up to an end.
    fn members<T>(
        &mut self,
        end: char,
        mut member: impl FnMut(&mut Reader) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.rest.pop();
        let mut members = Vec::new();
        self.space();
        if self.is_next(end) {
            return Some(members);
        }
        loop {
            members.push(member(self)?);
            self.space();
            if self.is_next(end) {
                return Some(members);
            }
            self.is_next(',').then_some(())?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.is_next('"').then_some(())?;
        let mut text = String::new();
        loop {
            text.push(match self.rest.pop()? {
                '"' => return Some(text),
                c if c < ' ' => return None,
                '\\' => match self.rest.pop()? {
                    c @ ('"' | '\\' | '/') => c,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let unit = self.unit()?;
                        let mut units = vec![unit];
                        if (0xd800..0xdc00).contains(&unit) {
                            (self.is_next('\\') && self.is_next('u')).then_some(())?;
                            units.push(self.unit()?);
                        }
                        String::from_utf16(&units).ok()?.chars().next()?
                    }
                    _ => return None,
                },
                c => c,
            });
        }
    }

    fn unit(&mut self) -> Option<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + self.rest.pop()?.to_digit(16)? as u16;
        }
        Some(unit)
    }

    fn digits(&mut self, text: &mut String) -> usize {
        let before = text.len();
        while self.rest.last().is_some_and(char::is_ascii_digit) {
            text.extend(self.rest.pop());
        }
        text.len() - before
    }

    fn number(&mut self) -> Option<Value> {
        let mut text = String::new();
        if self.is_next('-') {
            text.push('-');
        }
        let first = self.rest.last().copied();
        let count = self.digits(&mut text);
        if count == 0 || count > 1 && first == Some('0') {
            return None;
        }
        let mut is_int = text != "-0";
        if self.is_next('.') {
            is_int = false;
            text.push('.');
            (self.digits(&mut text) > 0).then_some(())?;
        }
        if self.is_next('e') || self.is_next('E') {
            is_int = false;
            text.push('e');
            if self.is_next('-') {
                text.push('-');
            } else {
                self.is_next('+');
            }
            (self.digits(&mut text) > 0).then_some(())?;
        }
        if let (true, Ok(int)) = (is_int, text.parse::<i64>()) {
            return Some(json(2, Some(Value::Int(int))));
        }
        let x: f64 = text.parse().ok()?;
        x.is_finite().then(|| json(3, Some(float(x))))
    }
}

fn print_json(value: &Value) -> String {
    let Value::Variant(_, payload) = value else {
        panic!("{value:?} is no JSON");
    };
    match payload.first() {
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Int(i)) => i.to_string(),
        Some(Value::Float(x)) if x.get().is_finite() => format!("{:?}", x.get()),
        Some(Value::String(text)) => print_text(text),
        Some(Value::List(items)) => {
            let items: Vec<String> = items.iter().map(print_json).collect();
            format!("[{}]", items.join(","))
        }
        Some(Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, value)| match key {
                Value::String(key) => format!("{}:{}", print_text(key), print_json(value)),
                other => panic!("{other:?} is no key"),
            });
            format!("{{{}}}", Vec::from_iter(entries).join(","))
        }
        _ => "null".into(),
    }
}

fn print_text(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '\n' => "\\n".into(),
            '\r' => "\\r".into(),
            '\t' => "\\t".into(),
            c if c < ' ' => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Keys and positions; positions keep their brackets.
fn steps(path: &str) -> Option<Vec<String>> {
    let whole = r"\A(?:(?:[^.\[\]]+|\[[0-9]+\])(?:\.[^.\[\]]+|\[[0-9]+\])*)?\z";
    let step = r"[^.\[\]]+|\[[0-9]+\]";
    let [whole, step] = [whole, step].map(|it| Regex::new(it).expect("a good pattern"));
    let steps = step.find_iter(path).map(|found| found.as_str().to_string());
    whole.is_match(path).then(|| steps.collect())
}

fn part(json: &Value, step: &str) -> Option<Value> {
    let Value::Variant(_, payload) = json else {
        panic!("{json:?} is no JSON");
    };
    match (payload.first()?, step.strip_prefix('[')) {
        (Value::List(items), Some(position)) => items
            .get(position.trim_end_matches(']').parse::<usize>().ok()?)
            .cloned(),
        (Value::Map(entries), None) => entries
            .iter()
            .find(|entry| entry.0 == string(step))
            .map(|entry| entry.1.clone()),
        _ => None,
    }
}
