//! Reads tokens into a document.
//!
//! Invariants: every token goes into the document once, in order, with its comments. The tokens are
//! those of a text without syntax errors, so what stands where is known from what comes next; each
//! function takes at least one token unless there is none.

mod body;
mod expression;
mod item;
mod list;
mod statement;

use super::attach::Attached;
use super::document::Doc;
use crate::syntax::{Token, TokenKind};

type Docs<'t> = Vec<Doc<'t>>;

/// The document of a whole file.
pub(super) fn file<'t>(text: &'t str, tokens: &'t [Token], attached: Vec<Attached<'t>>) -> Doc<'t> {
    let mut builder = Builder {
        text,
        tokens,
        attached,
        at: 0,
        depth: 0,
    };
    Doc::sequence(builder.statements().docs)
}

/// A position in the tokens.
struct Builder<'t> {
    text: &'t str,
    tokens: &'t [Token],
    /// Comments not yet in the document, by token; one more for the end of the text.
    attached: Vec<Attached<'t>>,
    at: usize,
    /// Bodies around the position.
    depth: u32,
}

impl<'t> Builder<'t> {
    fn kind(&self) -> Option<TokenKind> {
        self.kind_after(0)
    }

    fn kind_after(&self, count: usize) -> Option<TokenKind> {
        self.tokens.get(self.at + count).map(|token| token.kind)
    }

    fn is_at(&self, kind: TokenKind) -> bool {
        self.kind() == Some(kind)
    }

    /// True before a closing bracket and at the end of the text.
    fn at_close(&self) -> bool {
        self.kind().is_none_or(TokenKind::is_closing)
    }

    /// The comments on lines before the next token.
    fn leading(&mut self, out: &mut Docs<'t>) {
        let comments = std::mem::take(&mut self.attached[self.at].leading);
        out.extend(comments.iter().map(|comment| Doc::Comment(comment.text)));
    }

    /// The comments on lines before the next token, with empty lines before and after them as in the
    /// text, but none if they come `first`. Returns true if there is any of both.
    fn leading_apart(&mut self, first: bool, out: &mut Docs<'t>) -> bool {
        let start = out.len();
        let attached = &mut self.attached[self.at];
        let mut may_be_empty = !first;
        for comment in std::mem::take(&mut attached.leading) {
            if comment.blank_before && may_be_empty {
                out.push(Doc::EmptyLine);
            }
            out.push(Doc::Comment(comment.text));
            may_be_empty = !comment.documents;
        }
        let is_closing = self.kind().is_none_or(TokenKind::is_closing);
        if self.attached[self.at].blank_before && may_be_empty && !is_closing {
            out.push(Doc::EmptyLine);
        }
        out.len() > start
    }

    /// The next token without its comments.
    fn bare(&mut self) -> Doc<'t> {
        let text = match self.tokens.get(self.at) {
            Some(token) => token.span.of(self.text),
            None => return Doc::text(""),
        };
        self.at += 1;
        Doc::text(text)
    }

    /// The comment behind the last token.
    fn trailing(&mut self, out: &mut Docs<'t>) {
        if let Some(last) = self.at.checked_sub(1) {
            out.extend(self.attached[last].trailing.take().map(Doc::Trailing));
        }
    }

    /// The next token with its comments.
    fn token(&mut self, out: &mut Docs<'t>) {
        self.leading(out);
        out.push(self.bare());
        self.trailing(out);
    }

    /// The next token and a blank.
    fn token_and_space(&mut self, out: &mut Docs<'t>) {
        self.token(out);
        out.push(Doc::Space);
    }

    /// The next token between blanks.
    fn spaced_token(&mut self, out: &mut Docs<'t>) {
        out.push(Doc::Space);
        self.token_and_space(out);
    }

    /// The next token if it is of that kind.
    fn optional(&mut self, kind: TokenKind, out: &mut Docs<'t>) -> bool {
        let found = self.is_at(kind);
        if found {
            self.token(out);
        }
        found
    }
}
