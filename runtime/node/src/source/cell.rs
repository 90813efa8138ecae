//! One column's cells: from text or JSON to words.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use sheaf_ir::encoding::{encode_inline, encode_text, encode_whole, inline_word};
use sheaf_ir::{Nominal, Type, Value};
use sheaf_kernels::Interner;

use super::json::{Mismatch, Reader, because, plain_string, shorten};
use super::scalar::{self, Unit, describe};

/// How the cells of one column are read. Remembers the last cell: neighbours are often equal.
#[derive(Clone, Debug)]
pub struct Cell {
    ty: Type,
    /// Whether empty and null texts are `None`; then `ty` is what is in the Option.
    optional: bool,
    nulls: Vec<Vec<u8>>,
    unit: Option<Unit>,
    types: Arc<BTreeMap<String, Nominal>>,
    last: Option<(Vec<u8>, u64)>,
    bytes: Vec<u8>,
}

impl Cell {
    /// A column of this type. `nulls` are texts that mean `None` beside the empty one.
    pub fn new(
        ty: &Type,
        types: Arc<BTreeMap<String, Nominal>>,
        nulls: Vec<Vec<u8>>,
        unit: Option<Unit>,
    ) -> Cell {
        let (ty, optional) = match ty {
            Type::Option(inner) => ((**inner).clone(), true),
            other => (other.clone(), false),
        };
        Cell {
            ty,
            optional,
            nulls,
            unit,
            types,
            last: None,
            bytes: Vec::new(),
        }
    }

    /// Whether a cell may be missing.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// The word of a cell of a text format.
    ///
    /// # Errors
    /// The text is not a value of the column's type; the offset is 0.
    #[inline]
    pub fn text(&mut self, text: &[u8], interner: &Interner) -> Result<u64, Mismatch> {
        if !self.optional && self.ty.is_inline() {
            return self.inline_text(text);
        }
        if let Some((last, word)) = &self.last
            && last == text
        {
            return Ok(*word);
        }
        let word = self.symbol_of_text(text, interner)?;
        self.remember(text, word);
        Ok(word)
    }

    /// The word of a missing cell of an optional column.
    pub fn none(&self, interner: &Interner) -> u64 {
        interner.intern(&[0])
    }

    /// The word of a cell of JSON; `raw` is a part of `line`.
    ///
    /// # Errors
    /// The JSON is not a value of the column's type.
    pub fn json(
        &mut self,
        line: &str,
        raw: &RawValue,
        interner: &Interner,
    ) -> Result<u64, Mismatch> {
        let text = raw.get();
        if !self.optional && self.ty.is_inline() {
            return self.reader(line).inline(&self.ty, text);
        }
        if let Some((last, word)) = &self.last
            && last == text.as_bytes()
        {
            return Ok(*word);
        }
        let word = match plain_string(text) {
            Some(plain) if self.ty == Type::String && !self.optional => {
                interner.intern(plain.as_bytes())
            }
            plain => {
                let null = plain.is_some_and(|p| self.is_null(p.as_bytes()));
                if self.optional && (null || text == "null") {
                    self.none(interner)
                } else {
                    let value = self.reader(line).value(&self.ty, raw)?;
                    self.word(value, interner)
                }
            }
        };
        self.remember(text.as_bytes(), word);
        Ok(word)
    }

    fn reader<'a>(&'a self, text: &'a str) -> Reader<'a> {
        Reader {
            text,
            types: &self.types,
            unit: self.unit,
        }
    }

    fn remember(&mut self, text: &[u8], word: u64) {
        let (last, known) = self.last.get_or_insert_default();
        last.clear();
        last.extend_from_slice(text);
        *known = word;
    }

    /// Empty or one of the texts that mean nothing.
    fn is_null(&self, text: &[u8]) -> bool {
        text.is_empty() || self.nulls.iter().any(|null| null == text)
    }

    fn inline_text(&self, text: &[u8]) -> Result<u64, Mismatch> {
        scalar::inline_word(&self.ty, text.trim_ascii(), self.unit)
            .map_err(|refusal| self.refuse(text, refusal))
    }

    fn symbol_of_text(&mut self, text: &[u8], interner: &Interner) -> Result<u64, Mismatch> {
        if self.optional && self.is_null(text) {
            return Ok(self.none(interner));
        }
        match &self.ty {
            Type::String if std::str::from_utf8(text).is_err() => {
                Err(self.refuse(text, "it is not UTF-8"))
            }
            Type::String | Type::Bytes if !self.optional => Ok(interner.intern(text)),
            Type::String | Type::Bytes => {
                self.bytes.clear();
                self.bytes.push(1);
                encode_text(text, &mut self.bytes);
                Ok(interner.intern(&self.bytes))
            }
            ty if ty.is_inline() => {
                // Only optional ones come here, and an all blank cell is as good as empty.
                if self.is_null(text.trim_ascii()) {
                    return Ok(self.none(interner));
                }
                let word = self.inline_text(text)?;
                self.bytes.clear();
                self.bytes.push(1);
                encode_inline(&self.ty, word, &mut self.bytes);
                Ok(interner.intern(&self.bytes))
            }
            Type::Id | Type::RowId => {
                let id = scalar::id(text.trim_ascii()).map_err(|why| self.refuse(text, why))?;
                Ok(self.word(Value::Id(id), interner))
            }
            _ => {
                let Ok(json) = std::str::from_utf8(text) else {
                    return Err(self.refuse(text, "it is not UTF-8"));
                };
                let value = match self.bare_variant(json.trim()) {
                    Some(variant) => variant,
                    None => self.reader(json).whole(&self.ty)?,
                };
                Ok(self.word(value, interner))
            }
        }
    }

    /// A variant without payload, by its name without quotes: so outputs write it.
    fn bare_variant(&self, text: &str) -> Option<Value> {
        let Type::Named(name) = &self.ty else {
            return None;
        };
        let Some(Nominal::Enum(variants)) = self.types.get(name) else {
            return None;
        };
        let index = variants
            .iter()
            .position(|(variant, payload)| variant == text && payload.is_empty())?;
        Some(Value::Variant(index as u32, Vec::new()))
    }

    /// The word of a value of the column's type, in its Option if the column is optional.
    fn word(&self, value: Value, interner: &Interner) -> u64 {
        let value = if self.optional {
            Value::Option(Some(Box::new(value)))
        } else {
            value
        };
        inline_word(&value).unwrap_or_else(|| interner.intern(&encode_whole(&value)))
    }

    fn refuse(&self, text: &[u8], refusal: &str) -> Mismatch {
        let found = format!("{:?}", shorten(&String::from_utf8_lossy(text)));
        let mut expected = describe(&self.ty);
        if self.optional {
            expected.push_str(" or nothing");
        }
        Mismatch {
            offset: 0,
            expected,
            found: because(found, refusal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sheaf_ir::encoding::decode_whole;

    fn read(ty: Type, text: &str) -> Result<Value, Mismatch> {
        let interner = Interner::new();
        let types = BTreeMap::new();
        let nulls = vec![b"NA".to_vec()];
        let mut cell = Cell::new(&ty, Arc::new(BTreeMap::new()), nulls, None);
        let word = cell.text(text.as_bytes(), &interner)?;
        assert_eq!(
            cell.text(text.as_bytes(), &interner),
            Ok(word),
            "remembered"
        );
        Ok(sheaf_ir::encoding::inline_value(&ty, word)
            .unwrap_or_else(|| decode_whole(&ty, &types, interner.get(word)).unwrap()))
    }

    fn option(ty: Type) -> Type {
        Type::Option(Box::new(ty))
    }

    fn some(value: Value) -> Value {
        Value::Option(Some(Box::new(value)))
    }

    #[test]
    fn empty_and_null() {
        for text in ["", "NA"] {
            for ty in [Type::String, Type::Int, Type::List(Box::new(Type::Int))] {
                assert_eq!(read(option(ty), text), Ok(Value::Option(None)));
            }
            assert_eq!(read(Type::String, text), Ok(Value::String(text.into())));
            assert!(read(Type::Int, text).is_err());
        }
        assert_eq!(read(option(Type::Int), " 7 "), Ok(some(Value::Int(7))));
        assert_eq!(read(option(Type::Int), "  "), Ok(Value::Option(None)));
        assert_eq!(
            read(option(Type::String), " a"),
            Ok(some(Value::String(" a".into())))
        );
    }

    #[test]
    fn composites_are_json() {
        assert_eq!(
            read(Type::List(Box::new(Type::Int)), "[1,2]"),
            Ok(Value::List(vec![Value::Int(1), Value::Int(2)]))
        );
        assert!(read(Type::List(Box::new(Type::Int)), "1,2").is_err());
    }

    #[test]
    fn a_refusal_says_what_and_why() {
        let error = read(Type::Nat, "-3").unwrap_err();
        assert_eq!(error.expected, "Nat");
        assert_eq!(error.found, "\"-3\": it is negative");
        let error = read(option(Type::Int), "x").unwrap_err();
        assert_eq!(error.expected, "Int or nothing");
    }
}
