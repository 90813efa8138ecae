//! Typed values from JSON text.
//!
//! | type | JSON |
//! |---|---|
//! | String, Bytes | a string |
//! | other scalars | a number, `true`/`false`, or a string by the rules of [`super::scalar`] |
//! | Option | `null` or the value |
//! | List, Set | an array |
//! | Map | an object if its key is a scalar, or an array of `[key, value]` |
//! | tuple | an array; the empty one also `null` |
//! | record | an object; other fields are ignored |
//! | enum | `"Variant"`, `{"Variant": payload}`, or `{"Variant": [payloads]}` if it has several |
//!
//! Invariant: numbers are read from their own digits, never through a float.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sheaf_ir::encoding::inline_value;
use sheaf_ir::{Nominal, Type, Value};

use super::scalar::{self, Unit, describe, inline_word, type_name};

/// A place in JSON text where something else was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Byte offset in the whole text.
    pub offset: usize,
    /// What was expected.
    pub expected: String,
    /// What is there, shortened, with why it is refused.
    pub found: String,
}

/// Reads values out of one JSON text.
pub struct Reader<'a> {
    /// The whole text: offsets of mismatches count from its start.
    pub text: &'a str,
    /// Records and enums.
    pub types: &'a BTreeMap<String, Nominal>,
    /// What integers mean where a Time or Duration is asked for.
    pub unit: Option<Unit>,
}

/// Levels of nesting in one value; types are finite, but may be written deep.
const MAX_DEPTH: usize = 100;

impl<'a> Reader<'a> {
    /// The value of the whole text.
    ///
    /// # Errors
    /// It is not JSON, or not a value of the type.
    pub fn whole(&self, ty: &Type) -> Result<Value, Mismatch> {
        let raw: &RawValue = self.parse(self.text.trim(), ty)?;
        self.value(ty, raw)
    }

    /// The value of a part of the text.
    ///
    /// # Errors
    /// It is not a value of the type.
    pub fn value(&self, ty: &Type, raw: &'a RawValue) -> Result<Value, Mismatch> {
        self.nested(ty, raw.get(), 0)
    }

    fn nested(&self, ty: &Type, raw: &'a str, depth: usize) -> Result<Value, Mismatch> {
        if depth > MAX_DEPTH {
            return Err(self.mismatch(ty, raw, "it is nested too deep"));
        }
        let each = |ty: &Type, items: Vec<&'a RawValue>| -> Result<Vec<Value>, Mismatch> {
            items
                .into_iter()
                .map(|item| self.nested(ty, item.get(), depth + 1))
                .collect()
        };
        match ty {
            Type::Option(_) if raw == "null" => Ok(Value::Option(None)),
            Type::Option(inner) => Ok(Value::Option(Some(Box::new(self.nested(
                inner,
                raw,
                depth + 1,
            )?)))),
            Type::String => self.string(ty, raw).map(Value::String),
            Type::Bytes => self.string(ty, raw).map(|s| Value::Bytes(s.into_bytes())),
            Type::Id | Type::RowId => scalar::id(self.string(ty, raw)?.as_bytes())
                .map(Value::Id)
                .map_err(|refusal| self.mismatch(ty, raw, refusal)),
            Type::List(inner) => Ok(Value::List(each(inner, self.parse(raw, ty)?)?)),
            Type::Set(inner) => {
                let mut items = each(inner, self.parse(raw, ty)?)?;
                items.sort();
                items.dedup();
                Ok(Value::Set(items))
            }
            Type::Map(key, value) => self.map(ty, key, value, raw, depth),
            Type::Tuple(parts) if parts.is_empty() && raw == "null" => Ok(Value::Tuple(vec![])),
            Type::Tuple(parts) => self.parts(ty, parts, raw, depth).map(Value::Tuple),
            Type::Named(name) => match self.types.get(name) {
                Some(Nominal::Record(fields)) => self.record(ty, fields, raw, depth),
                Some(Nominal::Enum(variants)) => self.variant(ty, variants, raw, depth),
                None => Err(self.mismatch(ty, raw, "")),
            },
            _ => {
                let word = self.inline(ty, raw)?;
                inline_value(ty, word).ok_or_else(|| self.mismatch(ty, raw, ""))
            }
        }
    }

    /// The word of an inline type.
    ///
    /// # Errors
    /// It is not a value of the type.
    pub fn inline(&self, ty: &Type, raw: &'a str) -> Result<u64, Mismatch> {
        let refuse = |refusal| self.mismatch(ty, raw, refusal);
        match raw.as_bytes().first() {
            Some(b'"') => inline_word(ty, self.string(ty, raw)?.trim().as_bytes(), self.unit),
            Some(b'{' | b'[' | b'n') => Err(""),
            _ => inline_word(ty, raw.as_bytes(), self.unit),
        }
        .map_err(refuse)
    }

    fn map(
        &self,
        ty: &Type,
        key: &Type,
        value: &Type,
        raw: &'a str,
        depth: usize,
    ) -> Result<Value, Mismatch> {
        let mut entries: BTreeMap<Value, Value> = BTreeMap::new();
        if raw.starts_with('{') {
            for (name, item) in self.parse::<BTreeMap<String, &RawValue>>(raw, ty)? {
                let name = self.key(key, name, raw)?;
                let item = self.nested(value, item.get(), depth + 1)?;
                if entries.insert(name, item).is_some() {
                    return Err(self.mismatch(ty, raw, "it has a key twice"));
                }
            }
        } else {
            let pair = [key.clone(), value.clone()];
            for item in self.parse::<Vec<&RawValue>>(raw, ty)? {
                let mut parts = self.parts(ty, &pair, item.get(), depth)?.into_iter();
                if let (Some(key), Some(value)) = (parts.next(), parts.next())
                    && entries.insert(key, value).is_some()
                {
                    return Err(self.mismatch(ty, raw, "it has a key twice"));
                }
            }
        }
        Ok(Value::Map(entries.into_iter().collect()))
    }

    /// A key of a map that is an object: a scalar from its text.
    fn key(&self, ty: &Type, name: String, raw: &str) -> Result<Value, Mismatch> {
        match ty {
            Type::String => Ok(Value::String(name)),
            Type::Id | Type::RowId => scalar::id(name.as_bytes()).map(Value::Id),
            _ => inline_word(ty, name.as_bytes(), self.unit)
                .and_then(|word| inline_value(ty, word).ok_or("")),
        }
        .map_err(|refusal| self.mismatch(ty, raw, refusal))
    }

    /// An array with one element for each type.
    fn parts(
        &self,
        ty: &Type,
        parts: &[Type],
        raw: &'a str,
        depth: usize,
    ) -> Result<Vec<Value>, Mismatch> {
        let items: Vec<&RawValue> = self.parse(raw, ty)?;
        if items.len() != parts.len() {
            return Err(self.mismatch(ty, raw, "it has another number of parts"));
        }
        parts
            .iter()
            .zip(items)
            .map(|(part, item)| self.nested(part, item.get(), depth + 1))
            .collect()
    }

    fn record(
        &self,
        ty: &Type,
        fields: &[(String, Type)],
        raw: &'a str,
        depth: usize,
    ) -> Result<Value, Mismatch> {
        let object: BTreeMap<String, &RawValue> = self.parse(raw, ty)?;
        fields
            .iter()
            .map(|(name, field)| match object.get(name) {
                Some(item) => self.nested(field, item.get(), depth + 1),
                None if matches!(field, Type::Option(_)) => Ok(Value::Option(None)),
                None => Err(Mismatch {
                    offset: self.offset(raw),
                    expected: format!("{} with a field {name}", type_name(ty)),
                    found: shorten(raw),
                }),
            })
            .collect::<Result<_, _>>()
            .map(Value::Tuple)
    }

    fn variant(
        &self,
        ty: &Type,
        variants: &[(String, Vec<Type>)],
        raw: &'a str,
        depth: usize,
    ) -> Result<Value, Mismatch> {
        let unknown = || Mismatch {
            offset: self.offset(raw),
            expected: format!(
                "{}: one of {}",
                type_name(ty),
                variants
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            found: shorten(raw),
        };
        let (name, payload) = if raw.starts_with('"') {
            (self.string(ty, raw)?, None)
        } else {
            let object: BTreeMap<String, &RawValue> = self.parse(raw, ty)?;
            let mut entries = object.into_iter();
            match (entries.next(), entries.next()) {
                (Some((name, payload)), None) => (name, Some(payload.get())),
                _ => return Err(unknown()),
            }
        };
        let index = variants
            .iter()
            .position(|(known, _)| *known == name)
            .ok_or_else(unknown)?;
        let values = match (variants[index].1.as_slice(), payload) {
            ([], None) => Vec::new(),
            ([], Some(raw)) => self.parts(ty, &[], raw, depth)?,
            (_, None) => return Err(self.mismatch(ty, raw, "its payload is missing")),
            ([one], Some(raw)) => vec![self.nested(one, raw, depth + 1)?],
            (many, Some(raw)) => self.parts(ty, many, raw, depth)?,
        };
        Ok(Value::Variant(index as u32, values))
    }

    fn string(&self, ty: &Type, raw: &'a str) -> Result<String, Mismatch> {
        match plain_string(raw) {
            Some(text) => Ok(text.to_string()),
            None => self.parse(raw, ty),
        }
    }

    fn parse<T: serde::Deserialize<'a>>(&self, raw: &'a str, ty: &Type) -> Result<T, Mismatch> {
        serde_json::from_str(raw).map_err(|error| {
            let refusal = match error.classify() {
                serde_json::error::Category::Data => "",
                _ => "it is not JSON",
            };
            self.mismatch(ty, raw, refusal)
        })
    }

    fn offset(&self, raw: &str) -> usize {
        (raw.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize)
    }

    fn mismatch(&self, ty: &Type, raw: &str, refusal: &str) -> Mismatch {
        Mismatch {
            offset: self.offset(raw),
            expected: describe(ty),
            found: because(shorten(raw), refusal),
        }
    }
}

/// The text of a JSON string that has no escapes; `None` for any other JSON.
pub fn plain_string(raw: &str) -> Option<&str> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    (memchr::memchr(b'\\', inner.as_bytes()).is_none()).then_some(inner)
}

/// What was found, with why it is refused if there is more to say.
pub fn because(found: String, refusal: &str) -> String {
    if refusal.is_empty() {
        found
    } else {
        format!("{found}: {refusal}")
    }
}

/// A text as messages quote it: at most 60 characters.
pub fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> BTreeMap<String, Nominal> {
        BTreeMap::from([
            (
                "m.P".to_string(),
                Nominal::Record(vec![
                    ("x".into(), Type::Decimal(2)),
                    ("y".into(), Type::Option(Box::new(Type::Int))),
                ]),
            ),
            (
                "m.E".to_string(),
                Nominal::Enum(vec![
                    ("A".into(), vec![]),
                    ("B".into(), vec![Type::Int]),
                    ("C".into(), vec![Type::Int, Type::String]),
                ]),
            ),
        ])
    }

    fn read(ty: &Type, text: &str) -> Result<Value, Mismatch> {
        Reader {
            text,
            types: &types(),
            unit: Some(Unit::Millisecond),
        }
        .whole(ty)
    }

    fn list(ty: Type) -> Type {
        Type::List(Box::new(ty))
    }

    #[test]
    fn scalars() {
        assert_eq!(read(&Type::Int, " 12 "), Ok(Value::Int(12)));
        assert_eq!(read(&Type::Int, "\"12\""), Ok(Value::Int(12)));
        assert_eq!(read(&Type::Decimal(2), "0.10"), Ok(Value::Decimal(10)));
        assert_eq!(read(&Type::Time, "5"), Ok(Value::Time(5000)));
        assert_eq!(
            read(&Type::String, r#""a\u00e9\n""#),
            Ok(Value::String("aé\n".into()))
        );
        for (ty, bad) in [
            (Type::Int, "1.0"),
            (Type::Int, "null"),
            (Type::Int, "[1]"),
            (Type::String, "1"),
            (Type::Bool, "{}"),
            (Type::Int, "1 2"),
        ] {
            assert!(read(&ty, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn composites() {
        let point = Type::Named("m.P".into());
        assert_eq!(
            read(&list(point.clone()), r#"[{"y":1,"x":1.5,"z":{}},{"x":2}]"#),
            Ok(Value::List(vec![
                Value::Tuple(vec![
                    Value::Decimal(150),
                    Value::Option(Some(Box::new(Value::Int(1))))
                ]),
                Value::Tuple(vec![Value::Decimal(200), Value::Option(None)]),
            ]))
        );
        assert_eq!(
            read(&Type::Set(Box::new(Type::Int)), "[3,1,3]"),
            Ok(Value::Set(vec![Value::Int(1), Value::Int(3)]))
        );
        let map = Type::Map(Box::new(Type::Int), Box::new(Type::Bool));
        assert_eq!(
            read(&map, "[[2,true],[1,false]]"),
            Ok(Value::Map(vec![
                (Value::Int(1), Value::Bool(false)),
                (Value::Int(2), Value::Bool(true))
            ]))
        );
        assert_eq!(
            read(&map, r#"{"2":true,"1":false}"#),
            read(&map, "[[2,true],[1,false]]")
        );
        assert!(read(&map, "[[2,true],[2,false]]").is_err());
        assert!(read(&map, r#"{"2":true,"02":false}"#).is_err());
        let choice = Type::Named("m.E".into());
        assert_eq!(read(&choice, "\"A\""), Ok(Value::Variant(0, vec![])));
        assert_eq!(
            read(&choice, r#"{"B":7}"#),
            Ok(Value::Variant(1, vec![Value::Int(7)]))
        );
        assert_eq!(
            read(&choice, r#"{"C":[7,"x"]}"#),
            Ok(Value::Variant(
                2,
                vec![Value::Int(7), Value::String("x".into())]
            ))
        );
        for bad in [
            "\"B\"",
            "{\"D\":1}",
            "{}",
            "{\"B\":1,\"A\":[]}",
            "{\"C\":[7]}",
        ] {
            assert!(read(&choice, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mismatch_says_where() {
        let error = read(&list(Type::Int), r#"[1, 2, "x"]"#).unwrap_err();
        assert_eq!(
            (error.offset, error.expected.as_str(), error.found.as_str()),
            (7, "Int", "\"x\"")
        );
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(100_000);
        assert!(read(&list(Type::Int), &deep).is_err());
        let mut ty = Type::Int;
        for _ in 0..500 {
            ty = list(ty);
        }
        let text = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        assert!(read(&ty, &text).is_err());
    }
}
