//! Decides which words are keywords where they stand.
//!
//! Most words of the language are keywords only where a keyword can stand, so that `edge(from, to)`
//! and a field called `type` need no quoting. A name never follows an operand, and an item never
//! begins inside an expression: one token on either side is enough to tell. The grammar itself then
//! knows no soft keyword.
//!
//! Invariant: only kinds change, and only from a keyword to a name.

use super::token::{Token, TokenKind};
use crate::source::Span;

/// Turns keywords into names where they are free to be names: after `.` and `@`, before `:`, and
/// soft keywords wherever the grammar has no use for them.
pub(super) fn resolve(text: &str, tokens: &mut [Token]) {
    let mut before = Before::default();
    for index in 0..tokens.len() {
        let next = tokens.get(index + 1).map(|token| token.kind);
        let Token { kind, span } = tokens[index];
        if is_word(kind) && !is_keyword_here(kind, &before, next) {
            tokens[index].kind = name_kind(text, span);
        }
        before.push(tokens[index].kind);
    }
}

/// What stands before a word.
#[derive(Default)]
struct Before {
    last: Option<TokenKind>,
    /// The last token is a `{` where an operand is expected: a set, not a body.
    is_set: bool,
}

impl Before {
    fn push(&mut self, kind: TokenKind) {
        self.is_set = kind == TokenKind::OpenBrace
            && self.last.is_some_and(|last| {
                !last.ends_operand() && last != TokenKind::Else && last != TokenKind::Greater
            });
        self.last = Some(kind);
    }

    /// A statement or item can begin here.
    fn at_statement(&self) -> bool {
        match self.last {
            None => true,
            Some(TokenKind::OpenBrace) => !self.is_set,
            Some(last) => {
                matches!(
                    last,
                    TokenKind::Semicolon | TokenKind::CloseBrace | TokenKind::Pub
                )
            }
        }
    }

    /// An operand has just ended, or (behind `>` and `}`) perhaps.
    fn after_operand(&self) -> bool {
        self.last
            .is_some_and(|last| last.ends_operand() || last == TokenKind::Greater)
    }

    /// A statement can begin here, or only its `;` is missing: no name follows an operand.
    fn near_statement(&self) -> bool {
        self.at_statement() || self.last.is_some_and(TokenKind::ends_operand)
    }

    /// An operand has just ended in the middle of a statement.
    fn inside_statement(&self) -> bool {
        self.after_operand() && self.last != Some(TokenKind::CloseBrace)
    }
}

fn is_keyword_here(kind: TokenKind, before: &Before, next: Option<TokenKind>) -> bool {
    use TokenKind::*;
    // `{true: 1}` is a map; nobody names a column so.
    let is_value = matches!(kind, True | False);
    if matches!(before.last, Some(Dot | At)) || next == Some(Colon) && !is_value {
        return false;
    }
    let word_next = next.is_some_and(|next| is_word(next) && !is_joint(next));
    let value_next = word_next || next.is_some_and(TokenKind::is_atomic_operand);
    let operand_next = value_next || next.is_some_and(TokenKind::is_opening);
    match kind {
        Monotone => next == Some(Fn),
        Test => {
            let body_next = before.at_statement() && next == Some(OpenBrace);
            before.after_operand() && next == Some(Str)
                || before.at_statement() && next == Some(Str)
                || body_next
        }
        _ if kind.is_item_word() => {
            let bracket_next = matches!(next, Some(OpenParen | OpenBrace));
            (before.at_statement() || before.after_operand()) && word_next
                || before.at_statement() && bracket_next
        }
        _ if kind.is_effect_word() => {
            before.near_statement() && operand_next
                || before.after_operand() && word_next
                || before.at_statement() && matches!(next, Some(Minus | Bang | If | Match))
        }
        From | To => before.inside_statement() && word_next,
        Late | By | Every => before.inside_statement() && operand_next,
        After => before.inside_statement() && operand_next || before.at_statement() && value_next,
        Given => before.near_statement() && word_next,
        Expect => {
            before.near_statement() && (value_next || matches!(next, Some(Not | Exists | Maybe)))
                || before.at_statement()
                    && matches!(
                        next,
                        Some(OpenBrace | OpenBracket | Minus | Bang | If | Match)
                    )
        }
        Sample => word_next && before.last != Some(Output),
        Final => word_next && (before.last != Some(Output) || next != Some(To)),
        _ => true,
    }
}

/// True for every token that is made of letters, names and keywords.
fn is_word(kind: TokenKind) -> bool {
    let keywords = TokenKind::Use as u8..=TokenKind::Reply as u8;
    matches!(kind, TokenKind::Lower | TokenKind::Upper) || keywords.contains(&(kind as u8))
}

/// True for words that join two operands and never begin one.
fn is_joint(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(kind, In | For | As | Because | If | Else)
}

fn name_kind(text: &str, span: Span) -> TokenKind {
    match span.of(text).starts_with(char::is_uppercase) {
        true => TokenKind::Upper,
        false => TokenKind::Lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax::lexer::lex;

    /// The words of `text` that stay keywords.
    fn keywords(text: &str) -> Vec<&str> {
        let mut tokens = lex(FileId(0), text).tokens;
        resolve(text, &mut tokens);
        let is_name = |kind| matches!(kind, TokenKind::Lower | TokenKind::Upper);
        let keywords = tokens
            .iter()
            .filter(|token| is_word(token.kind) && !is_name(token.kind));
        keywords.map(|token| token.span.of(text)).collect()
    }

    #[test]
    fn words_are_names_where_no_keyword_can_stand() {
        let cases: &[(&str, &[&str])] = &[
            ("edge(from, to) if arc(from, to), to > from;", &["if"]),
            (
                "input r(from: Int, by: Int) from csv(by: at) late 5s by at;",
                &["input", "from", "late", "by"],
            ),
            (
                "event late(req: Id); on late(id) { schedule late(id) after 1s; }",
                &["event", "on", "schedule", "after"],
            ),
            (
                "p(type, view) if plane(type: t, table, ..), r.merge(event) > reply;",
                &["if"],
            ),
            (
                "pub view sample(x: Int); output sample to stdout(); output final to to csv();",
                &["pub", "view", "output", "to", "output", "to"],
            ),
            ("@on(gpu) view r(a: Int) -> Max<Int>;", &["view"]),
            (
                "r(x) if x in {event, table}, sample q(x), not sample > 3;",
                &["if", "in", "sample", "not"],
            ),
            (
                "reply reply if sample term() -> reply;",
                &["reply", "if", "sample"],
            ),
            (
                "test \"t\" { expect {1} == {1}; expect [] == x; expect 1 < 2; expect -1 < 2; }",
                &["test", "expect", "expect", "expect", "expect"],
            ),
            ("expect(x) if y(x);", &["if"]),
            ("a({true: 1, false: 2});", &["true", "false"]),
            ("}\nlate(x) if y(x); after(x) if y(x);", &["if", "if"]),
        ];
        for (text, expected) in cases {
            assert_eq!(keywords(text), *expected, "{text}");
        }
    }
}
