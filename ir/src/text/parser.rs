//! The parser's hold on the tokens, and the small things that every part of the grammar needs.

use std::collections::BTreeMap;

use crate::value::Float;
use crate::{Span, Type, Value};

use super::items::Draft;
use super::lexer::{Lexeme, Token, error_at};
use super::{MAX_NESTING, TextError, literal};

pub(super) type Parsed<T> = Result<T, TextError>;

/// A recursive descent parser. The first time over a text `heads` is missing: columns and types
/// then stay unresolved, and only the heads of nodes, types and parameters are of use.
pub(super) struct Parser<'a> {
    text: &'a str,
    lexemes: &'a [Lexeme<'a>],
    at: usize,
    depth: usize,
    pub heads: Option<&'a Draft>,
}

impl<'a> Parser<'a> {
    /// `lexemes` must end with [`Token::End`].
    pub fn new(text: &'a str, lexemes: &'a [Lexeme<'a>], heads: Option<&'a Draft>) -> Parser<'a> {
        Parser {
            text,
            lexemes,
            at: 0,
            depth: 0,
            heads,
        }
    }

    pub fn peek(&self) -> &'a Token<'a> {
        &self.lexemes[self.at].token
    }

    pub fn peek_second(&self) -> &'a Token<'a> {
        &self.lexemes[(self.at + 1).min(self.lexemes.len() - 1)].token
    }

    pub fn advance(&mut self) {
        self.at = (self.at + 1).min(self.lexemes.len() - 1);
    }

    /// The place of the next token, for [`Parser::error_at`].
    pub fn place(&self) -> usize {
        self.at
    }

    /// The error that something else should stand where the next token stands.
    pub fn error<T>(&self, expected: &str) -> Parsed<T> {
        self.error_at(self.at, expected)
    }

    pub fn error_at<T>(&self, place: usize, expected: &str) -> Parsed<T> {
        let lexeme = &self.lexemes[place];
        Err(error_at(self.text, lexeme.start, lexeme.end, expected))
    }

    /// Runs `parse` one level deeper.
    pub fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_NESTING {
            return self.error(&format!("at most {MAX_NESTING} nested levels"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    pub fn is_punct(&self, c: char) -> bool {
        *self.peek() == Token::Punct(c)
    }

    pub fn is_word(&self, word: &str) -> bool {
        *self.peek() == Token::Word(word)
    }

    pub fn take_punct(&mut self, c: char) -> bool {
        let found = self.is_punct(c);
        if found {
            self.advance();
        }
        found
    }

    pub fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub fn punct(&mut self, c: char) -> Parsed<()> {
        if self.take_punct(c) {
            Ok(())
        } else {
            self.error(&format!("`{c}`"))
        }
    }

    pub fn keyword(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) {
            Ok(())
        } else {
            self.error(&format!("`{word}`"))
        }
    }

    /// A word, or any text in quotes in its place.
    pub fn word(&mut self, expected: &str) -> Parsed<String> {
        let word = match self.peek() {
            Token::Word(word) => word.to_string(),
            Token::Text(text) => text.clone(),
            _ => return self.error(expected),
        };
        self.advance();
        Ok(word)
    }

    /// Text in quotes.
    pub fn text(&mut self, expected: &str) -> Parsed<String> {
        match self.peek() {
            Token::Text(text) => {
                self.advance();
                Ok(text.clone())
            }
            _ => self.error(expected),
        }
    }

    /// `%name`.
    pub fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Token::Name(name) => {
                self.advance();
                Ok(name.clone())
            }
            _ => self.error("the name of a node, such as `%edge`"),
        }
    }

    /// A number without suffix or sign.
    pub fn whole<N: std::str::FromStr>(&mut self, expected: &str) -> Parsed<N> {
        if let Token::Number(digits) = self.peek()
            && let Ok(number) = digits.parse()
        {
            self.advance();
            return Ok(number);
        }
        self.error(expected)
    }

    /// A span, if one comes next.
    pub fn span(&mut self) -> Option<Span> {
        match self.peek() {
            Token::Span(span) => {
                self.advance();
                Some(*span)
            }
            _ => None,
        }
    }

    /// Items separated by commas until `close`, which is consumed; a comma may stand before it.
    /// Says whether one did.
    pub fn list<T>(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<(Vec<T>, bool)> {
        let mut items = Vec::new();
        let mut trailing = false;
        while !self.take_punct(close) {
            if !items.is_empty() && !trailing {
                return self.error(&format!("`,` or `{close}`"));
            }
            items.push(item(self)?);
            trailing = self.take_punct(',');
        }
        Ok((items, trailing))
    }

    /// One or more items separated by commas.
    pub fn many<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_punct(',') {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A type.
    pub fn ty(&mut self) -> Parsed<Type> {
        self.nested(|p| {
            if p.take_punct('(') {
                return Ok(Type::Tuple(p.list(')', Self::ty)?.0));
            }
            let start = p.place();
            let quoted = matches!(p.peek(), Token::Text(_));
            let name = p.type_name()?;
            if quoted {
                return Ok(Type::Named(name));
            }
            let one = |p: &mut Self| {
                p.punct('<')?;
                let inner = Box::new(p.ty()?);
                p.punct('>')?;
                Ok(inner)
            };
            Ok(match name.as_str() {
                "Option" => Type::Option(one(p)?),
                "List" => Type::List(one(p)?),
                "Set" => Type::Set(one(p)?),
                "Map" => {
                    p.punct('<')?;
                    let key = Box::new(p.ty()?);
                    p.punct(',')?;
                    let value = Box::new(p.ty()?);
                    p.punct('>')?;
                    Type::Map(key, value)
                }
                "Decimal" => {
                    p.punct('(')?;
                    let places = p.whole("a number of places from 0 to 255")?;
                    p.punct(')')?;
                    Type::Decimal(places)
                }
                "Unit" => return p.error_at(start, "`()` for the empty tuple"),
                _ => literal::builtin_type(&name).unwrap_or(Type::Named(name)),
            })
        })
    }

    /// The name of a nominal type.
    pub fn type_name(&mut self) -> Parsed<String> {
        self.qualified("a type")
    }

    /// The name of a type, function or lattice: words with points between them, or text in quotes.
    pub fn qualified(&mut self, expected: &str) -> Parsed<String> {
        if let Token::Text(name) = self.peek() {
            self.advance();
            return Ok(name.clone());
        }
        let mut name = String::new();
        loop {
            match self.peek() {
                Token::Word(word) => name.push_str(word),
                _ => return self.error(expected),
            }
            self.advance();
            if !self.take_punct('.') {
                return Ok(name);
            }
            name.push('.');
        }
    }

    /// A value with the type it has by itself, if a scalar comes next.
    pub fn scalar(&mut self) -> Parsed<Option<(Value, Type)>> {
        let word_and_number = |p: &mut Self, expected: &str| {
            p.advance();
            p.punct('(')?;
            let number = p.whole(expected)?;
            p.punct(')')?;
            Ok(number)
        };
        let float = |x| (Value::Float(Float::new(x)), Type::Float);
        let scalar = match self.peek() {
            Token::Word("true") => (Value::Bool(true), Type::Bool),
            Token::Word("false") => (Value::Bool(false), Type::Bool),
            Token::Word("nan") => float(f64::NAN),
            Token::Word("inf") => float(f64::INFINITY),
            Token::Word("date") => {
                let days = word_and_number(self, "days since 1970-01-01")?;
                return Ok(Some((Value::Date(days), Type::Date)));
            }
            Token::Word("time") => {
                let micros = word_and_number(self, "microseconds since 1970-01-01")?;
                return Ok(Some((Value::Time(micros), Type::Time)));
            }
            Token::Number(number) => match literal::parse_number(number) {
                Some(scalar) => scalar,
                None => {
                    return self.error(
                        "a number such as `5`, `5n`, `5.0`, `5.25d` or `5ms` within its range",
                    );
                }
            },
            Token::Text(text) => (Value::String(text.clone()), Type::String),
            Token::Bytes(bytes) => (Value::Bytes(bytes.clone()), Type::Bytes),
            Token::Date(days) => (Value::Date(*days), Type::Date),
            Token::Time(micros) => (Value::Time(*micros), Type::Time),
            Token::Id(id) => (Value::Id(*id), Type::Id),
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(scalar))
    }

    /// A value of any shape.
    pub fn value(&mut self) -> Parsed<Value> {
        self.nested(|p| {
            if let Some((value, _)) = p.scalar()? {
                return Ok(value);
            }
            match p.peek() {
                Token::Word("none") => {
                    p.advance();
                    Ok(Value::Option(None))
                }
                Token::Word("some") => {
                    p.advance();
                    Ok(Value::Option(Some(Box::new(p.value()?))))
                }
                Token::Punct('[') => {
                    p.advance();
                    Ok(Value::List(p.list(']', Self::value)?.0))
                }
                Token::Punct('(') => {
                    p.advance();
                    Ok(Value::Tuple(p.list(')', Self::value)?.0))
                }
                Token::Punct('{') => {
                    p.advance();
                    p.set_or_map()
                }
                Token::Position(index) => {
                    let Ok(index) = u32::try_from(*index) else {
                        return p.error("the index of a variant");
                    };
                    p.advance();
                    let payload = if p.take_punct('(') {
                        p.list(')', Self::value)?.0
                    } else {
                        Vec::new()
                    };
                    Ok(Value::Variant(index, payload))
                }
                _ => p.error("a value"),
            }
        })
    }

    fn set_or_map(&mut self) -> Parsed<Value> {
        if self.take_punct('}') {
            return Ok(Value::Set(Vec::new()));
        }
        if self.take_punct(':') {
            self.punct('}')?;
            return Ok(Value::Map(Vec::new()));
        }
        let first = self.value()?;
        if !self.take_punct(':') {
            let mut items = vec![first];
            if self.take_punct(',') {
                items.extend(self.list('}', Self::value)?.0);
            } else {
                self.punct('}')?;
            }
            return Ok(Value::Set(items));
        }
        let mut entries = vec![(first, self.value()?)];
        if self.take_punct(',') {
            let rest = self.list('}', |p| {
                let key = p.value()?;
                p.punct(':')?;
                Ok((key, p.value()?))
            })?;
            entries.extend(rest.0);
        } else {
            self.punct('}')?;
        }
        Ok(Value::Map(entries))
    }

    /// `name: value` pairs until `)`, which is consumed; a name comes once.
    pub fn options(&mut self) -> Parsed<BTreeMap<String, Value>> {
        let mut options = BTreeMap::new();
        self.list(')', |p| {
            let start = p.place();
            let name = p.word("the name of an option")?;
            p.punct(':')?;
            let value = p.value()?;
            match options.insert(name, value) {
                None => Ok(()),
                Some(_) => p.error_at(start, "an option that is not given yet"),
            }
        })?;
        Ok(options)
    }
}
