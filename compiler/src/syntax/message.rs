//! Messages for text that the grammar refuses.
//!
//! Invariant: the generator's list of expected tokens is only asked whether it holds this or that;
//! what the user reads is written here, by what stands on either side of the gap.

use super::layout::Layout;
use super::token::{Token, TokenKind};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Span};

mod foreign;
mod form;

/// A part that cannot be read, and where the grammar got stuck.
pub(super) struct Failure<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) layout: &'a Layout,
    /// The part, and the keyword that says what it is.
    pub(super) start: usize,
    pub(super) keyword: usize,
    pub(super) end: usize,
    /// The token that does not fit; `end` if the part is too short.
    pub(super) at: usize,
    pub(super) expected: Vec<String>,
}

/// What to tell the user.
pub(super) struct Explanation {
    pub(super) diagnostic: Diagnostic,
    /// If all that is missing is a `;`, the token before which it is missing.
    pub(super) missing_semicolon: Option<usize>,
}

/// Explains a failure: the first rule that knows better wins.
pub(super) fn explain(failure: &Failure<'_>) -> Explanation {
    if let Some((diagnostic, cut)) = failure.missing_semicolon() {
        return Explanation { diagnostic, missing_semicolon: Some(cut) };
    }
    let diagnostic = None
        .or_else(|| foreign::explain(failure))
        .or_else(|| failure.because_not_last())
        .or_else(|| failure.mixed_up_equals())
        .or_else(|| failure.chained_comparison())
        .or_else(|| failure.keyword_as_name())
        .or_else(|| failure.semicolon_inside_brackets())
        .or_else(|| failure.missing_if())
        .or_else(|| failure.missing_part())
        .or_else(|| failure.missing_separator())
        .unwrap_or_else(|| failure.unexpected());
    Explanation { diagnostic, missing_semicolon: None }
}

impl Failure<'_> {
    fn kind(&self) -> Option<TokenKind> {
        self.tokens[..self.end].get(self.at).map(|token| token.kind)
    }

    fn text_at(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| token.span.of(self.text))
    }

    /// The token that does not fit, or the gap after the last one.
    fn span(&self) -> Span {
        match self.tokens[..self.end].get(self.at) {
            Some(token) => token.span,
            None => self.gap(),
        }
    }

    /// The gap before the token that does not fit.
    fn gap(&self) -> Span {
        match self.before() {
            Some(before) => before.span.after(),
            None => self.tokens[self.start].span.before(),
        }
    }

    /// The token before the one that does not fit.
    fn before(&self) -> Option<Token> {
        self.at.checked_sub(1).filter(|&at| at >= self.start).map(|at| self.tokens[at])
    }

    fn expects(&self, token: &str) -> bool {
        self.expected.iter().any(|expected| {
            expected == token
                || expected.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(token)
        })
    }

    fn expects_operand(&self) -> bool {
        self.expects("INT")
    }

    fn error(&self, code: crate::diagnostic::Code, span: Span, message: String) -> Diagnostic {
        Diagnostic::error(code, self.file, span, message)
    }

    /// The token at `index` as the user wrote it, in backquotes, or what ends the part.
    fn quote(&self, index: usize) -> String {
        let Some(token) = self.tokens[..self.end].get(index) else {
            return match self.tokens.get(self.end) {
                Some(_) => format!("the end of this {}", form::name(self)),
                None => "the end of the file".to_owned(),
            };
        };
        let text = token.span.of(self.text);
        match text.chars().count() {
            0 => format!("`{}`", token.kind.describe()),
            ..=30 => format!("`{text}`"),
            _ => format!("`{}…`", text.chars().take(29).collect::<String>()),
        }
    }

    /// The innermost bracket that is open at the token that does not fit.
    fn open_bracket(&self) -> Option<usize> {
        let mut open = Vec::new();
        for index in self.start..self.at {
            let kind = self.tokens[index].kind;
            if kind.is_opening() {
                open.push(index);
            } else if kind.is_closing() {
                open.pop();
            }
        }
        open.pop()
    }

    /// Tokens before the one that does not fit, backwards, as far as the same list element goes.
    fn element_before(&self) -> impl Iterator<Item = Token> {
        let mut depth = 0u32;
        self.tokens[self.start..self.at].iter().rev().copied().take_while(move |token| {
            if token.kind.is_closing() {
                depth += 1;
            } else if token.kind.is_opening() {
                if depth == 0 {
                    return false;
                }
                depth -= 1;
            }
            depth > 0
                || !matches!(
                    token.kind,
                    TokenKind::Comma | TokenKind::Semicolon | TokenKind::If | TokenKind::For
                )
        })
    }

    /// A statement is complete, and the next thing begins a line or ends the body.
    fn missing_semicolon(&self) -> Option<(Diagnostic, usize)> {
        if !self.expects(";") || self.at == self.start || self.open_bracket_is_not_a_block() {
            return None;
        }
        let ends = match self.kind() {
            None => true,
            Some(TokenKind::CloseBrace) => true,
            Some(TokenKind::Foreign) => false,
            Some(kind) => {
                self.layout.begins_line(self.at)
                    && (kind.is_atomic_operand() || kind.begins_statement() || kind == TokenKind::At)
                    && !foreign::joins_conditions(self.text_at(self.at))
            }
        };
        if !ends {
            return None;
        }
        let gap = self.gap();
        let what = match self.tokens[self.keyword].kind {
            TokenKind::Fn => "`let`",
            _ => form::name(self),
        };
        let diagnostic = self
            .error(codes::MISSING_SEMICOLON, gap, format!("this {what} lacks its `;`"))
            .label("`;` is missing here")
            .fix("end it", gap, ";");
        Some((diagnostic, self.at))
    }

    fn open_bracket_is_not_a_block(&self) -> bool {
        self.open_bracket().is_some_and(|open| self.tokens[open].kind != TokenKind::OpenBrace)
    }

    fn because_not_last(&self) -> Option<Diagnostic> {
        let goes_on = matches!(self.kind()?, TokenKind::If | TokenKind::Comma | TokenKind::Because);
        let reason = self.before()?;
        let because = self.tokens[..self.at - 1].last()?;
        if !goes_on || reason.kind != TokenKind::Str || because.kind != TokenKind::Because {
            return None;
        }
        Some(
            self.error(
                codes::MISPLACED_BECAUSE,
                because.span.to(reason.span),
                "`because` must be the last part of the rule".to_owned(),
            )
            .label("the rule goes on after this")
            .and(self.span(), "here")
            .note("One reason covers the whole rule.")
            .help("move it before the `;`"),
        )
    }

    fn mixed_up_equals(&self) -> Option<Diagnostic> {
        let span = self.span();
        match self.kind()? {
            TokenKind::Equals if self.before()?.kind.ends_operand() && !self.expects_operand() => {
                let diagnostic = self
                    .error(codes::ASSIGNMENT, span, "`=` does not compare".to_owned())
                    .fix("compare with `==`", span, "==");
                Some(match self.tokens[self.keyword].kind {
                    TokenKind::Let => diagnostic,
                    _ => diagnostic.help("to bind a name, write `let name = value`"),
                })
            }
            TokenKind::EqualEqual if self.expects("=") => Some(
                self.error(codes::ASSIGNMENT, span, "`==` does not bind".to_owned())
                    .label("compares")
                    .fix("bind with `=`", span, "="),
            ),
            _ => None,
        }
    }

    fn chained_comparison(&self) -> Option<Diagnostic> {
        let kind = self.kind()?;
        if !kind.is_comparison() || self.expects_operand() {
            return None;
        }
        let first = self.element_before().find(|token| token.kind.is_comparison())?;
        Some(
            self.error(codes::CHAINED_COMPARISON, self.span(), "comparisons do not chain".to_owned())
                .label("a second comparison")
                .and(first.span, "the first one")
                .note("`a < b < c` would compare a Bool with `c`.")
                .help("write two: `a < b, b < c` as conditions, `a < b && b < c` as a value"),
        )
    }

    /// A keyword that is not free stands where a name could.
    fn keyword_as_name(&self) -> Option<Diagnostic> {
        let kind = self.kind()?;
        let word = kind.describe();
        let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !is_word || !(self.expects("LOWER") || self.expects("UPPER")) {
            return None;
        }
        let next = self.tokens[..self.end].get(self.at + 1).map(|token| token.kind);
        let as_value = matches!(
            next,
            Some(TokenKind::Comma | TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::Arrow)
        ) || next.is_some_and(|next| next.is_infix() && next != TokenKind::Minus);
        let as_declared = next == Some(TokenKind::OpenParen)
            && self.before().is_some_and(|before| before.kind.begins_statement());
        let named = !self.expects_operand() && !self.expects(";") && self.before().is_some_and(|before| {
            matches!(before.kind, TokenKind::As | TokenKind::Param | TokenKind::Coordinate | TokenKind::Output)
        });
        if !(as_value || as_declared || named) {
            return None;
        }
        Some(
            self.error(
                codes::KEYWORD_AS_NAME,
                self.span(),
                format!("`{word}` is a keyword and cannot be a name here"),
            )
            .label("a keyword")
            .note(
                "Every keyword is free as the name of a column, field or argument, before `:` and \
                 after `.`; most are as variables, but not this one.",
            )
            .help(format!("choose another name, such as `{word}_`")),
        )
    }

    fn semicolon_inside_brackets(&self) -> Option<Diagnostic> {
        if self.kind()? != TokenKind::Semicolon {
            return None;
        }
        let open = self.open_bracket()?;
        let bracket = self.tokens[open].kind.describe();
        let error = |message: String| self.error(codes::UNEXPECTED, self.span(), message);
        let diagnostic = error(format!("a `;` cannot stand between `{bracket}` and its end"))
            .and(self.tokens[open].span, "opened here");
        let separates = self.expects(",");
        Some(match separates {
            true => diagnostic.fix("separate the parts with a comma", self.span(), ","),
            false => diagnostic.help("close the bracket before it, or remove it"),
        })
    }

    /// A rule's head is complete, and what follows looks like a condition.
    fn missing_if(&self) -> Option<Diagnostic> {
        let kind = self.kind()?;
        let begins_condition = kind.is_atomic_operand()
            || matches!(
                kind,
                TokenKind::Not
                    | TokenKind::Maybe
                    | TokenKind::Exists
                    | TokenKind::Sample
                    | TokenKind::Final
                    | TokenKind::Let
            );
        if !self.expects("if") || self.expects(",") || self.open_bracket().is_some() {
            return None;
        }
        let gap = self.gap();
        if kind == TokenKind::Comma {
            return Some(
                self.error(codes::MISSING_PART, self.span(), "a rule has one head".to_owned())
                    .label("another head, or a condition without `if`?")
                    .help("write `head if condition, condition;`, and one rule for each head"),
            );
        }
        begins_condition.then(|| {
            self.error(codes::MISSING_PART, gap, "the `if` before the conditions is missing".to_owned())
                .label("`if` is missing here")
                .note("A rule looks like `reach(a, c) if reach(a, b), edge(b, c);`.")
                .fix("write `if`", gap, " if")
        })
    }

    fn missing_part(&self) -> Option<Diagnostic> {
        let gap = self.gap();
        let found = self.quote(self.at);
        let missing = |what: &str| {
            let message = match self.before() {
                Some(_) => format!("{what} is missing between {} and {found}", self.quote(self.at - 1)),
                None => format!("{what} is missing before {found}"),
            };
            form::note(self, self.error(codes::MISSING_PART, gap, message).label("missing here"))
        };
        let kind = self.kind();
        let stops = kind.is_none_or(|kind| {
            kind.is_closing()
                || kind.is_infix()
                || matches!(
                    kind,
                    TokenKind::Comma
                        | TokenKind::Semicolon
                        | TokenKind::Colon
                        | TokenKind::Equals
                        | TokenKind::Arrow
                        | TokenKind::FatArrow
                        | TokenKind::Dot
                        | TokenKind::OpenBrace
                        | TokenKind::OpenParen
                        | TokenKind::If
                        | TokenKind::For
                        | TokenKind::In
                        | TokenKind::As
                        | TokenKind::Else
                        | TokenKind::Because
                        | TokenKind::To
                        | TokenKind::After
                        | TokenKind::By
                        | TokenKind::From
                        | TokenKind::Late
                        | TokenKind::Every
                )
        });
        if self.at == self.start {
            return (kind == Some(TokenKind::Semicolon)).then(|| {
                self.error(codes::UNEXPECTED, self.span(), "nothing stands before this `;`".to_owned())
                    .fix("remove it", self.span(), "")
            });
        }
        if self.expects_operand() && stops {
            let what = match self.before().map(|before| before.kind) {
                Some(TokenKind::If) if !self.expects(";") => "a condition",
                Some(TokenKind::For) => "a condition",
                Some(TokenKind::Not | TokenKind::Exists | TokenKind::Maybe) => "a relation",
                Some(TokenKind::Sample | TokenKind::Final) => "a relation",
                _ => "a value",
            };
            return Some(missing(what));
        }
        let has_type_place = matches!(
            self.before().map(|before| before.kind),
            Some(TokenKind::Arrow | TokenKind::Colon | TokenKind::Equals | TokenKind::Less | TokenKind::On)
        );
        if self.expects("LOWER") && !self.expects_operand() && !self.expects(")") && !self.expects(";") {
            let what = if has_type_place { "a type" } else { "a name" };
            if stops || !self.expects("(") {
                return Some(missing(what));
            }
        }
        if self.expects("UPPER") && !self.expects("LOWER") {
            return Some(missing("a capitalised name"));
        }
        if self.expects("STRING") && !self.expects_operand() {
            return Some(missing("a text in quotes"));
        }
        let words = ["else", "from", "to", "by", "every", "after", "because", "fn", "on", "=>", ":", "="];
        if let Some(word) = words.iter().find(|word| self.expects_only(word)) {
            let diagnostic = missing(&format!("`{word}`"));
            return Some(match *word {
                "else" => diagnostic.note("Every `if` has an `else`, because it is a value."),
                ":" => diagnostic.note("Every column, field and parameter has a type: `name: Type`."),
                _ => diagnostic,
            });
        }
        if self.expects("{") && !self.expects(";") && !self.expects_operand() {
            return Some(
                form::note(
                    self,
                    self.error(
                        codes::INCOMPLETE,
                        gap,
                        format!("the `{{` of this {} is missing", form::name(self)),
                    )
                    .label("a body in braces is missing here"),
                ),
            );
        }
        if self.expects("(") && !self.expects_operand() && !self.expects(";") && !self.expects(",") {
            return Some(missing("`(`"));
        }
        None
    }

    /// True if `word` can follow, and hardly anything else that would end a name or value.
    fn expects_only(&self, word: &str) -> bool {
        self.expects(word) && !self.expects(";") && !self.expects(",") && !self.expects_operand()
            && !(word == "because" && self.expects("{"))
            && !(word == "fn" && self.expects("}"))
            && !(word == "on" && !self.expects("<"))
    }

    fn missing_separator(&self) -> Option<Diagnostic> {
        let kind = self.kind()?;
        let begins = kind.is_atomic_operand()
            || matches!(
                kind,
                TokenKind::OpenBracket
                    | TokenKind::OpenParen
                    | TokenKind::Not
                    | TokenKind::Maybe
                    | TokenKind::Exists
                    | TokenKind::Sample
                    | TokenKind::Final
                    | TokenKind::Let
                    | TokenKind::At
                    | TokenKind::DotDot
                    | TokenKind::Bang
            );
        let complete = self.before()?.kind.ends_operand() || self.before()?.kind == TokenKind::Greater;
        if !self.expects(",") || !begins || !complete {
            return None;
        }
        let gap = self.gap();
        Some(
            self.error(
                codes::MISSING_SEPARATOR,
                gap,
                format!(
                    "a comma is missing between {} and {}",
                    self.quote(self.at - 1),
                    self.quote(self.at)
                ),
            )
            .label("`,` is missing here")
            .fix("write a comma", gap, ","),
        )
    }

    fn unexpected(&self) -> Diagnostic {
        let diagnostic = match (self.kind(), self.before()) {
            (None, _) => self
                .error(codes::INCOMPLETE, self.span(), format!("this {} ends too early", form::name(self)))
                .label("something is missing here"),
            (Some(_), Some(before)) => self
                .error(
                    codes::UNEXPECTED,
                    self.span(),
                    format!("{} cannot follow {}", self.quote(self.at), self.quote(self.at - 1)),
                )
                .label("does not fit here")
                .and(before.span, "after this"),
            (Some(_), None) => self
                .error(
                    codes::UNEXPECTED,
                    self.span(),
                    format!("nothing can begin with {} here", self.quote(self.at)),
                )
                .label("does not fit here"),
        };
        form::note(self, diagnostic)
    }
}
