//! Text to tokens.

use crate::Span;

use super::TextError;
use super::literal;

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Lexeme<'a> {
    pub token: Token<'a>,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A keyword or a name like one.
    Word(&'a str),
    /// `%name`, `%"any name"`.
    Name(String),
    /// `"text"`.
    Text(String),
    /// A number with its sign and suffix.
    Number(&'a str),
    /// `x"00ff"`.
    Bytes(Vec<u8>),
    /// `date"2024-01-31"`.
    Date(i64),
    /// `time"2024-01-31T12:00:00Z"`.
    Time(i64),
    /// `id"…"`.
    Id(u128),
    /// `$3`.
    Local(usize),
    /// `#3`.
    Position(usize),
    /// `@0:10..20`.
    Span(Span),
    Punct(char),
    End,
}

/// The error that `expected` is not what stands at `start..end`.
pub(super) fn error_at(text: &str, start: usize, end: usize, expected: &str) -> TextError {
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let mut found: String = text[start..end].chars().take(40).collect();
    if found.len() < end - start {
        found.push('…');
    }
    TextError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        expected: expected.to_string(),
        found: if start == text.len() {
            "the end of the text".to_string()
        } else {
            format!("`{}`", found.escape_debug())
        },
    }
}

/// Whether a node name may stand without quotes.
pub(super) fn is_bare_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_name_char)
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '#' | ':' | '-')
}

/// Whether a word may stand without quotes.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(is_word_start) && text.chars().all(is_word_char)
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// All tokens of a text, the last one [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme<'_>>, TextError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut lexemes = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        lexemes.push(Lexeme {
            token,
            start,
            end: lexer.at,
        });
        if is_end {
            return Ok(lexemes);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn error<T>(&self, start: usize, expected: &str) -> Result<T, TextError> {
        let end = match self.text[start..].chars().next() {
            Some(c) => self.at.max(start + c.len_utf8()),
            None => start,
        };
        Err(error_at(self.text, start, end, expected))
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn take_if(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    fn token(&mut self) -> Result<Token<'a>, TextError> {
        let start = self.at;
        let Some(first) = self.peek() else {
            return Ok(Token::End);
        };
        let after = self.rest().chars().nth(1);
        Ok(match first {
            '"' => Token::Text(self.quoted()?),
            '%' => {
                self.at += 1;
                if self.peek() == Some('"') {
                    Token::Name(self.quoted()?)
                } else {
                    let name = self.take_while(is_name_char);
                    if name.is_empty() {
                        return self.error(start, "the name of a node after `%`");
                    }
                    Token::Name(name.to_string())
                }
            }
            '$' => {
                self.at += 1;
                Token::Local(self.whole(start, "the number of a local, such as `$0`")?)
            }
            '#' => {
                self.at += 1;
                Token::Position(self.whole(start, "a position, such as `#0`")?)
            }
            '@' => Token::Span(self.span()?),
            '-' if after.is_some_and(|c| c.is_ascii_digit()) => self.number(),
            '-' if self.rest().starts_with("-inf") => {
                self.at += 4;
                Token::Number("-inf")
            }
            c if c.is_ascii_digit() => self.number(),
            c if is_word_start(c) => {
                let word = self.take_while(is_word_char);
                if self.peek() == Some('"') {
                    self.literal(start, word)?
                } else {
                    Token::Word(word)
                }
            }
            '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | ',' | ':' | '=' | '.' | '-' => {
                self.at += first.len_utf8();
                Token::Punct(first)
            }
            _ => return self.error(start, "a token of IR text"),
        })
    }

    fn number(&mut self) -> Token<'a> {
        let start = self.at;
        self.take_if("-");
        self.take_while(|c| c.is_ascii_digit());
        let digit_at = |rest: &str, at: usize| {
            rest.as_bytes()
                .get(at)
                .is_some_and(|byte| byte.is_ascii_digit())
        };
        if self.rest().starts_with('.') && digit_at(self.rest(), 1) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        if self.rest().starts_with('e') {
            let sign = matches!(self.rest().as_bytes().get(1), Some(b'+' | b'-')) as usize;
            if digit_at(self.rest(), 1 + sign) {
                self.at += 1 + sign;
                self.take_while(|c| c.is_ascii_digit());
            }
        }
        self.take_while(is_word_char);
        Token::Number(&self.text[start..self.at])
    }

    fn whole<N: std::str::FromStr>(
        &mut self,
        start: usize,
        expected: &str,
    ) -> Result<N, TextError> {
        let digits = self.take_while(|c| c.is_ascii_digit());
        digits.parse().or_else(|_| self.error(start, expected))
    }

    fn span(&mut self) -> Result<Span, TextError> {
        let start = self.at;
        let expected = "a span, such as `@0:10..20`";
        self.at += 1;
        let file = self.whole(start, expected)?;
        if !self.take_if(":") {
            return self.error(start, expected);
        }
        let from = self.whole(start, expected)?;
        if !self.take_if("..") {
            return self.error(start, expected);
        }
        let end = self.whole(start, expected)?;
        Ok(Span {
            file,
            start: from,
            end,
        })
    }

    fn literal(&mut self, start: usize, prefix: &str) -> Result<Token<'a>, TextError> {
        let text = self.quoted()?;
        let token = match prefix {
            "x" => literal::parse_hex(&text).map(Token::Bytes),
            "date" => literal::parse_date(&text).map(Token::Date),
            "time" => literal::parse_time(&text).map(Token::Time),
            "id" if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u128::from_str_radix(&text, 16).ok().map(Token::Id)
            }
            _ => None,
        };
        match token {
            Some(token) => Ok(token),
            None => self.error(
                start,
                "a literal such as `x\"00ff\"`, `date\"2024-01-31\"`, \
                 `time\"2024-01-31T12:00:00Z\"` or `id\"…\"` with 32 digits",
            ),
        }
    }

    fn quoted(&mut self) -> Result<String, TextError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            out.push_str(self.take_while(|c| !matches!(c, '"' | '\\' | '\n')));
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') => {
                    let escape = self.at;
                    self.at += 1;
                    match self.escape() {
                        Some(c) => out.push(c),
                        None => {
                            return self.error(
                                escape,
                                "one of `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t`, `\\0`, `\\u{…}`",
                            );
                        }
                    }
                }
                _ => return self.error(start, "a closing `\"` on the same line"),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '"' | '\\' => c,
            'u' => {
                if !self.take_if("{") {
                    return None;
                }
                let digits = self.take_while(|c| c.is_ascii_hexdigit());
                let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                if !self.take_if("}") {
                    return None;
                }
                c
            }
            _ => return None,
        })
    }
}
