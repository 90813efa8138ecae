//! A program between tokens and text: pieces of text, and where lines may or must end.
//!
//! Invariants: the width of a part on one line is known when the part is made, [`NEVER`] if it
//! cannot stand on one. Indentation is relative to the line on which a part begins, so that it never
//! doubles where several parts begin on one line.

use super::attach::Trailing;

/// The width of what cannot stand on one line.
pub(super) const NEVER: u32 = u32::MAX;

/// A piece of a document.
#[derive(Debug)]
pub(super) enum Doc<'t> {
    /// A token, or nothing.
    Text {
        text: &'t str,
        width: u32,
    },
    /// A blank at which no line ends.
    Space,
    /// More blanks behind the next one that is printed.
    Pad(u32),
    /// A blank, or nothing, at which a line may end.
    Line(Line),
    /// The end of a line.
    Newline,
    /// Where a line ends just before: an empty line.
    EmptyLine,
    /// The next text begins its line at the indentation that holds here.
    Anchor,
    /// A comment on a line of its own.
    Comment(&'t str),
    /// A comment that ends a line.
    Trailing(Trailing<'t>),
    /// One after the other.
    Sequence(Parts<'t>),
    /// All on one line, or each direct [`Doc::Line`] ends one.
    Group(Parts<'t>),
    /// One level deeper than the line on which it begins.
    Indent(Parts<'t>),
    Fill(Fill<'t>),
    Bracket(Box<Bracket<'t>>),
}

/// What a [`Doc::Line`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A blank, or the end of the line.
    Plain,
    /// Nothing, or the end of the line.
    Soft,
    /// As `Plain`, but a blank where a closing bracket began the line and the next part fits.
    Hug,
    /// As `Hug`, before the brace of a body: what precedes counts it as part of its line.
    Brace,
}

/// Pieces with their width on one line.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    pub(super) docs: Vec<Doc<'t>>,
    pub(super) width: u32,
}

/// Items with blanks between them, as many on a line as fit.
#[derive(Debug)]
pub(super) struct Fill<'t> {
    /// Groups: each decides by itself whether it is broken.
    pub(super) items: Vec<Doc<'t>>,
    /// A line may end before the first item, too.
    pub(super) lead: bool,
    /// No more lines than needed, but all of them as short as that allows.
    pub(super) balanced: bool,
    pub(super) width: u32,
}

/// Brackets around what is indented if it is broken.
#[derive(Debug)]
pub(super) struct Bracket<'t> {
    /// The opening bracket, perhaps with a comment.
    pub(super) open: Parts<'t>,
    pub(super) inner: Parts<'t>,
    /// The closing bracket.
    pub(super) close: Doc<'t>,
    /// What stands inside of both brackets.
    pub(super) padding: Line,
    pub(super) breaks: Breaks,
    pub(super) width: u32,
}

/// When a [`Bracket`] is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaks {
    /// Where it does not fit.
    Alone,
    /// With the group that it is part of.
    WithGroup,
    /// Where it does not fit, or its opening bracket begins a line.
    AsBody,
}

impl<'t> Parts<'t> {
    pub(super) fn new(docs: Vec<Doc<'t>>) -> Self {
        let width = sum(docs.iter().map(Doc::width));
        Self { docs, width }
    }
}

impl<'t> Fill<'t> {
    pub(super) fn new(items: Vec<Vec<Doc<'t>>>, lead: bool, balanced: bool) -> Self {
        let items: Vec<_> = items.into_iter().map(Doc::group).collect();
        let blanks = (items.len() + usize::from(lead)).saturating_sub(1) as u32;
        let width = sum(items.iter().map(Doc::width)).saturating_add(blanks);
        Self {
            items,
            lead,
            balanced,
            width,
        }
    }
}

impl<'t> Bracket<'t> {
    pub(super) fn new(
        open: Vec<Doc<'t>>,
        inner: Vec<Doc<'t>>,
        close: Doc<'t>,
        padding: Line,
        breaks: Breaks,
    ) -> Self {
        let (open, inner) = (Parts::new(open), Parts::new(inner));
        let blanks = 2 * padding.width();
        let width = sum([open.width, inner.width, blanks, close.width()].into_iter());
        Self {
            open,
            inner,
            close,
            padding,
            breaks,
            width,
        }
    }

    /// The same, never on one line.
    pub(super) fn broken(mut self) -> Self {
        self.width = NEVER;
        self
    }
}

impl<'t> Doc<'t> {
    pub(super) fn text(text: &'t str) -> Self {
        let width = text.chars().count() as u32;
        Doc::Text { text, width }
    }

    pub(super) fn group(docs: Vec<Doc<'t>>) -> Self {
        Doc::Group(Parts::new(docs))
    }

    pub(super) fn indent(docs: Vec<Doc<'t>>) -> Self {
        Doc::Indent(Parts::new(docs))
    }

    pub(super) fn sequence(docs: Vec<Doc<'t>>) -> Self {
        Doc::Sequence(Parts::new(docs))
    }

    /// Columns on one line.
    pub(super) fn width(&self) -> u32 {
        match self {
            Doc::Text { width, .. } => *width,
            Doc::Space => 1,
            Doc::Pad(width) => *width,
            Doc::Line(line) => line.width(),
            Doc::EmptyLine | Doc::Anchor => 0,
            Doc::Newline | Doc::Comment(_) | Doc::Trailing(_) => NEVER,
            Doc::Sequence(parts) | Doc::Group(parts) | Doc::Indent(parts) => parts.width,
            Doc::Fill(fill) => fill.width,
            Doc::Bracket(bracket) => bracket.width,
        }
    }
}

impl Line {
    /// Columns of a line that does not end.
    pub(super) fn width(self) -> u32 {
        match self {
            Line::Plain | Line::Hug | Line::Brace => 1,
            Line::Soft => 0,
        }
    }
}

/// The sum of widths; [`NEVER`] if one is.
pub(super) fn sum(widths: impl Iterator<Item = u32>) -> u32 {
    widths.fold(0, u32::saturating_add)
}
