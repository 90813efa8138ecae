//! Statements in a row: files and the bodies of services, agents, events and tests.

use super::super::document::{Bracket, Breaks, Doc, Line};
use super::super::{INDENT, WIDTH};
use super::list::join;
use super::statement::Statement;
use super::{Builder, Docs};

/// The greatest distance over which `if`s are aligned, in columns.
const FARTHEST: u32 = 16;

/// What a body holds.
pub(super) struct Body<'t> {
    pub(super) docs: Docs<'t>,
    /// At most one statement, which has neither body nor attributes.
    pub(super) is_short: bool,
}

impl<'t> Builder<'t> {
    /// Statements to the next closing brace or the end of the text, with the comments before it.
    pub(super) fn statements(&mut self) -> Body<'t> {
        let mut statements: Vec<Statement<'t>> = Vec::new();
        while !self.at_close() {
            statements.push(self.statement(statements.is_empty()));
        }
        let is_short = match &statements[..] {
            [] => true,
            [only] => only.is_short,
            _ => false,
        };
        let is_empty = statements.is_empty();
        let mut lines = Vec::with_capacity(statements.len());
        let mut rest = statements.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut run = vec![first];
            while let Some(next) = rest.next_if(|next| run[0].aligns_with(next)) {
                run.push(next);
            }
            let column = self.common_column(&run);
            lines.extend(run.into_iter().map(|statement| statement.docs(column)));
        }
        let mut docs = join(lines, || Doc::Newline);
        let mut last = Docs::new();
        if self.leading_apart(is_empty, &mut last) && !is_empty {
            docs.push(Doc::Newline);
        }
        docs.append(&mut last);
        Body { docs, is_short }
    }

    /// The width to which the heads of a run of rules are padded; 0 if they are not.
    fn common_column(&self, run: &[Statement<'t>]) -> u32 {
        let heads = || run.iter().filter_map(Statement::head_width);
        let (Some(narrowest), Some(widest)) = (heads().min(), heads().max()) else {
            return 0;
        };
        let fits = |statement: &Statement<'t>| {
            let pad = widest - statement.head_width().unwrap_or(widest);
            let end = statement.width().saturating_add(pad);
            end.saturating_add(INDENT * self.depth) <= WIDTH
        };
        match widest - narrowest <= FARTHEST && run.iter().all(fits) {
            true => widest,
            false => 0,
        }
    }

    /// `{ … }` around statements; on one line only if there may be and it is short.
    pub(super) fn body(&mut self, may_be_flat: bool, out: &mut Docs<'t>) {
        self.leading(out);
        let mut open = vec![self.bare()];
        self.trailing(&mut open);
        self.depth += 1;
        let body = self.statements();
        self.depth -= 1;
        let close = self.bare();
        if body.docs.is_empty() && open.len() == 1 {
            out.append(&mut open);
            out.push(close);
        } else {
            let bracket = Bracket::new(open, body.docs, close, Line::Plain, Breaks::AsBody);
            let bracket = match may_be_flat && body.is_short {
                true => bracket,
                false => bracket.broken(),
            };
            out.push(Doc::Bracket(Box::new(bracket)));
        }
        self.trailing(out);
    }
}
