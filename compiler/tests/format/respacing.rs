//! Texts with the same tokens and comments, laid out at random.

use sheaf_compiler::source::{FileId, Span};
use sheaf_compiler::syntax::{Trivia, TriviaKind, parse};

/// Random numbers that are the same for the same seed (Marsaglia's xorshift, 2003).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len() as u64) as usize]
    }
}

/// `text` with its blanks and line ends replaced, but for what may decide layout: whether an empty
/// line stands between two parts, and the gap before a trailing comment.
pub fn respaced(text: &str, dice: &mut Dice) -> String {
    let parsed = parse(FileId(0), text);
    let mut trivia = parsed.trivia.iter().peekable();
    let mut result = String::new();
    let mut last = "";
    for index in 0..=parsed.tokens.len() {
        let token = parsed.tokens.get(index);
        let span = token.map_or(Span::new(u32::MAX, u32::MAX), |token| token.span);
        let gap: Vec<_> =
            std::iter::from_fn(|| trivia.next_if(|t| t.span.start < span.start)).collect();
        let next = span.of(text);
        result.push_str(&respaced_gap(text, &gap, last, next, dice));
        result.push_str(next);
        last = next;
    }
    result
}

fn respaced_gap(text: &str, gap: &[&Trivia], last: &str, next: &str, dice: &mut Dice) -> String {
    let mut result = String::new();
    let mut after_comment = false;
    for (index, part) in gap.iter().enumerate() {
        let shown = part.span.of(text);
        if part.kind != TriviaKind::Whitespace {
            result.push_str(shown);
            after_comment = true;
            continue;
        }
        let comment = gap.get(index + 1).map(|next| next.kind);
        let newlines = shown.matches('\n').count();
        let may_be_empty = matches!(last, ";" | "}" | ",");
        result.push_str(match (comment, newlines) {
            // The gap before a trailing comment is kept.
            (Some(TriviaKind::Comment), 0) => shown,
            (Some(TriviaKind::Documentation), 0..=1) if !after_comment => {
                dice.one_of(&["", " ", "\n", "\r\n        "])
            }
            (_, 2..) => dice.one_of(&["\n\n", "\n \n", "\r\n\t\r\n    ", "\n\n\n  \n"]),
            (Some(_), _) => dice.one_of(&["\n", "\r\n", "\n    ", "\n\t"]),
            (None, _) if after_comment => dice.one_of(&["\n", "\n  ", "\r\n                "]),
            (None, _) if !may_be_empty && dice.roll(20) == 0 => "\n\n\n",
            (None, _) if !next.is_empty() => blank(last, next, dice),
            (None, _) => dice.one_of(&["", "\n", "  "]),
        });
    }
    if gap.is_empty() && !last.is_empty() && !next.is_empty() {
        return blank(last, next, dice).to_owned();
    }
    result
}

/// Tokens joined at random, with up to `comments` comments in a hundred gaps.
pub fn joined(tokens: &[String], comments: u64, dice: &mut Dice) -> String {
    let mut result = String::new();
    let mut last = "";
    for (index, next) in tokens.iter().enumerate() {
        if dice.roll(100) < comments {
            let number = index.to_string();
            let comment = dice.one_of(&[
                "\n// ", " // ", "   //", "\n\n//", "\n/// ", "\n//! ", " ////",
            ]);
            result.extend([comment, &number, dice.one_of(&["", "  ", "\r"])]);
            result.push_str(dice.one_of(&["\n", "\n\n", "\n    ", "\n// and more\n"]));
        } else if comments > 0 && dice.roll(30) == 0 {
            result.push_str("\n\n");
        } else {
            result.push_str(blank(last, next, dice));
        }
        result.push_str(next);
        last = next;
    }
    result
}

/// What may stand between two tokens.
fn blank(last: &str, next: &str, dice: &mut Dice) -> &'static str {
    let stands_free = |token: &str| matches!(token, "(" | ")" | "[" | "]" | "{" | "}" | "," | ";");
    let free = stands_free(last) || stands_free(next);
    match dice.roll(8) {
        0 | 1 if free => "",
        0..=3 => " ",
        4 => "   ",
        5 => "\n",
        6 => "\r\n        ",
        _ => "\t",
    }
}
