//! Decides where lines end, after Wadler ("A prettier printer", 2003) with the greedy choice of
//! Oppen ("Prettyprinting", 1980).
//!
//! Invariants: a decision looks ahead at most one line, so printing is linear. Blanks and line ends
//! are owed until the next text, so no line ends with a blank and no two requests add up.

use super::document::{Bracket, Breaks, Doc, Fill, Line, NEVER, Parts, sum};
use super::trailing::{self, Placed};
use super::{INDENT, WIDTH};

/// Prints a document.
pub(super) fn print(document: &Doc<'_>) -> String {
    let mut printer = Printer {
        stack: vec![Entry {
            doc: document,
            indent: 0,
            mode: Mode::Broken,
        }],
        ahead: Vec::new(),
        text: String::new(),
        line: 0,
        column: 0,
        line_indent: 0,
        closing: false,
        owed: Owed::Nothing,
        pad: 0,
        comments: Vec::new(),
    };
    while let Some(entry) = printer.stack.pop() {
        printer.step(entry);
    }
    if !printer.text.is_empty() {
        printer.text.push('\n');
    }
    trailing::insert(&printer.text, &printer.comments)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

/// A piece still to be printed.
#[derive(Clone, Copy)]
struct Entry<'d, 't> {
    doc: &'d Doc<'t>,
    /// The columns at which a line begins.
    indent: u32,
    mode: Mode,
}

/// What stands before the next text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owed {
    Nothing,
    Blank,
    Newline,
    EmptyLine,
}

struct Printer<'d, 't> {
    /// What is still to be printed, the next on top.
    stack: Vec<Entry<'d, 't>>,
    /// What looking ahead has still to look at.
    ahead: Vec<(&'d Doc<'t>, Mode)>,
    text: String,
    line: u32,
    column: u32,
    /// Where the current line began.
    line_indent: u32,
    /// A closing bracket began the current line.
    closing: bool,
    owed: Owed,
    pad: u32,
    comments: Vec<Placed<'t>>,
}

impl<'d, 't> Printer<'d, 't> {
    fn step(&mut self, entry: Entry<'d, 't>) {
        let Entry { doc, indent, mode } = entry;
        match doc {
            Doc::Text { text, width } => {
                let begins_line = self.owed >= Owed::Newline || self.text.is_empty();
                self.pay(indent);
                if begins_line {
                    self.closing = matches!(*text, ")" | "]" | "}");
                }
                self.text.push_str(text);
                self.column += width;
            }
            Doc::Space => self.owe(Owed::Blank),
            Doc::Pad(width) => self.pad = *width,
            Doc::Line(line) => self.line(*line, mode, indent),
            Doc::Newline => self.owe(Owed::Newline),
            Doc::EmptyLine => {
                if self.owed == Owed::Newline {
                    self.owe(Owed::EmptyLine);
                }
            }
            Doc::Anchor => {
                if self.owed >= Owed::Newline {
                    self.pay(indent);
                    self.closing = false;
                }
            }
            Doc::Comment(text) => {
                self.owe(Owed::Newline);
                self.pay(indent);
                self.closing = false;
                self.text.push_str(text);
                self.owe(Owed::Newline);
            }
            Doc::Trailing(comment) => {
                self.comments.push(Placed {
                    offset: self.text.len(),
                    line: self.line,
                    columns: self.column,
                    comment: *comment,
                });
                self.owed = Owed::Newline;
            }
            Doc::Sequence(parts) => self.push(&parts.docs, indent, mode),
            Doc::Indent(parts) => {
                let deeper = self.base(indent) + INDENT;
                self.push(&parts.docs, deeper, mode);
            }
            Doc::Group(parts) => self.group(parts, indent, mode),
            Doc::Fill(fill) if mode == Mode::Flat => self.fill(fill, &[], indent, mode),
            Doc::Fill(fill) => {
                let breaks = self.fill_breaks(fill, indent);
                self.fill(fill, &breaks, indent, mode);
            }
            Doc::Bracket(bracket) => self.bracket(bracket, indent, mode),
        }
    }

    fn push(&mut self, docs: &'d [Doc<'t>], indent: u32, mode: Mode) {
        let entries = docs.iter().map(|doc| Entry { doc, indent, mode });
        self.stack.extend(entries.rev());
    }

    fn owe(&mut self, owed: Owed) {
        // Nothing is owed at the beginning of the text.
        if !self.text.is_empty() {
            self.owed = self.owed.max(owed);
        }
    }

    fn pay(&mut self, indent: u32) {
        let (newlines, blanks) = match self.owed {
            Owed::Nothing => (0, 0),
            Owed::Blank => (0, 1 + self.pad),
            Owed::Newline => (1, indent),
            Owed::EmptyLine => (2, indent),
        };
        self.text.extend(std::iter::repeat_n('\n', newlines));
        self.text.extend(std::iter::repeat_n(' ', blanks as usize));
        if newlines > 0 {
            self.line += newlines as u32;
            self.column = 0;
            self.line_indent = indent;
        }
        self.column += blanks;
        self.owed = Owed::Nothing;
        self.pad = 0;
    }

    /// Where the line of the next text begins.
    fn base(&self, indent: u32) -> u32 {
        match self.owed {
            Owed::Newline | Owed::EmptyLine => indent,
            Owed::Nothing | Owed::Blank => self.line_indent,
        }
    }

    /// The column of the next text.
    fn next_column(&self, indent: u32) -> u32 {
        match self.owed {
            Owed::Nothing => self.column,
            Owed::Blank => self.column + 1 + self.pad,
            Owed::Newline | Owed::EmptyLine => indent,
        }
    }

    /// True if so many columns, and what has to stand behind them, fit on the line.
    fn fits(&mut self, width: u32, indent: u32) -> bool {
        let end = self.next_column(indent).saturating_add(width);
        end <= WIDTH && end + self.width_after() <= WIDTH
    }

    /// Columns from the top of the stack to the first place where a line may end.
    fn width_after(&mut self) -> u32 {
        let mut width = 0;
        for index in (0..self.stack.len()).rev() {
            let Entry { doc, mode, .. } = self.stack[index];
            let (columns, ends) = self.width_to_end(doc, mode);
            width += columns;
            if ends || width > WIDTH {
                break;
            }
        }
        width
    }

    /// Columns of a piece to the first place where a line may end, and whether there is one.
    fn width_to_end(&mut self, doc: &'d Doc<'t>, mode: Mode) -> (u32, bool) {
        self.ahead.clear();
        self.ahead.push((doc, mode));
        let mut width = 0;
        while let Some((doc, mode)) = self.ahead.pop() {
            if width > WIDTH {
                return (width, true);
            }
            if mode == Mode::Flat && doc.width() != NEVER {
                width += doc.width();
                continue;
            }
            match doc {
                Doc::Line(Line::Brace) => width += 1,
                Doc::Line(_) | Doc::Newline | Doc::Comment(_) | Doc::Trailing(_) => {
                    return (width, true);
                }
                Doc::Sequence(parts) | Doc::Group(parts) | Doc::Indent(parts) => {
                    let docs = parts.docs.iter().map(|doc| (doc, mode));
                    self.ahead.extend(docs.rev());
                }
                Doc::Fill(fill) => match fill.items.first() {
                    Some(first) if !fill.lead => self.ahead.push((first, mode)),
                    Some(_) => return (width, true),
                    None => {}
                },
                Doc::Bracket(bracket) => {
                    let open = bracket.open.width;
                    return (sum([width, open].into_iter()), true);
                }
                Doc::Text { .. } | Doc::Space | Doc::Pad(_) | Doc::EmptyLine | Doc::Anchor => {
                    width += doc.width();
                }
            }
        }
        (width, false)
    }

    fn line(&mut self, line: Line, mode: Mode, indent: u32) {
        let blank = match line {
            Line::Soft => Owed::Nothing,
            Line::Plain | Line::Hug | Line::Brace => Owed::Blank,
        };
        let hugs = matches!(line, Line::Hug | Line::Brace)
            && self.closing
            && self.owed <= Owed::Blank
            && self.fits(1, indent);
        match mode == Mode::Flat || hugs {
            true => self.owe(blank),
            false => self.owe(Owed::Newline),
        }
    }

    fn group(&mut self, parts: &'d Parts<'t>, indent: u32, mode: Mode) {
        let flat = mode == Mode::Flat || self.fits(parts.width, indent);
        let mode = if flat { Mode::Flat } else { Mode::Broken };
        self.push(&parts.docs, indent, mode);
    }

    fn bracket(&mut self, bracket: &'d Bracket<'t>, indent: u32, mode: Mode) {
        let stands_alone = self.next_column(indent) == self.base(indent);
        let flat = mode == Mode::Flat
            || match bracket.breaks {
                Breaks::WithGroup => false,
                Breaks::Alone => self.fits(bracket.width, indent),
                Breaks::AsBody => !stands_alone && self.fits(bracket.width, indent),
            };
        let mode = if flat { Mode::Flat } else { Mode::Broken };
        let base = self.base(indent);
        let padding = match bracket.padding {
            Line::Soft => &Doc::Line(Line::Soft),
            Line::Plain | Line::Hug | Line::Brace => &Doc::Line(Line::Plain),
        };
        let mut push = |doc, indent| self.stack.push(Entry { doc, indent, mode });
        push(&bracket.close, base);
        push(padding, base);
        for doc in bracket.inner.docs.iter().rev() {
            push(doc, base + INDENT);
        }
        push(padding, base);
        for doc in bracket.open.docs.iter().rev() {
            push(doc, indent);
        }
    }

    /// Pushes the items of a fill, with a line end before those that `breaks` names.
    fn fill(&mut self, fill: &'d Fill<'t>, breaks: &[bool], indent: u32, mode: Mode) {
        for (index, doc) in fill.items.iter().enumerate().rev() {
            self.stack.push(Entry { doc, indent, mode });
            let doc = match breaks.get(index) {
                Some(true) => &Doc::Newline,
                _ if index > 0 || fill.lead => &Doc::Space,
                _ => continue,
            };
            self.stack.push(Entry { doc, indent, mode });
        }
    }

    /// Before which items of a fill a line ends.
    fn fill_breaks(&mut self, fill: &'d Fill<'t>, indent: u32) -> Vec<bool> {
        let after = self.width_after();
        let mut widths: Vec<u32> = fill.items.iter().map(Doc::width).collect();
        let (Some(&first), Some(last)) = (fill.items.first().as_ref(), widths.last_mut()) else {
            return Vec::new();
        };
        *last = last.saturating_add(after);
        let mut start = self.next_column(indent);
        let mut breaks_first = false;
        if fill.lead {
            start += u32::from(self.owed == Owed::Nothing);
            let fits_here = start.saturating_add(widths[0]) <= WIDTH;
            let fits_below = indent.saturating_add(widths[0]) <= WIDTH;
            breaks_first = !fits_here
                && (fits_below || start + self.width_to_end(first, Mode::Broken).0 > WIDTH);
            if breaks_first {
                start = indent;
            }
        }
        let filling = Filling {
            widths,
            breaks_first,
            start,
            indent,
        };
        let all_fit = (0..filling.widths.len()).all(|index| filling.fits(index));
        let limit = match fill.balanced && all_fit {
            true => filling.balance(),
            false => WIDTH,
        };
        filling.breaks(limit).collect()
    }
}

/// Items to be put on lines.
struct Filling {
    widths: Vec<u32>,
    breaks_first: bool,
    /// The column of the first item.
    start: u32,
    /// The column of items that begin a line.
    indent: u32,
}

impl Filling {
    /// True if an item fits on a line of its own, the first where it stands.
    fn fits(&self, index: usize) -> bool {
        let column = if index == 0 { self.start } else { self.indent };
        column.saturating_add(self.widths[index]) <= WIDTH
    }

    /// Before which items a line ends if no line may be longer than `limit`.
    fn breaks(&self, limit: u32) -> impl Iterator<Item = bool> {
        let mut column = 0;
        (0..self.widths.len()).map(move |index| {
            let width = self.widths[index];
            if index == 0 {
                column = self.start.saturating_add(width);
                return self.breaks_first;
            }
            let end = column.saturating_add(1).saturating_add(width);
            let breaks = end > limit || !self.fits(index - 1);
            column = if breaks {
                self.indent.saturating_add(width)
            } else {
                end
            };
            breaks
        })
    }

    /// The shortest limit that needs no more lines than [`WIDTH`] does.
    fn balance(&self) -> u32 {
        let lines = |limit| self.breaks(limit).filter(|breaks| *breaks).count();
        let needed = lines(WIDTH);
        let longest = self.widths[1..].iter().max();
        let (mut low, mut high) = (longest.map_or(WIDTH, |width| self.indent + width), WIDTH);
        while low < high {
            let middle = low.midpoint(high);
            match lines(middle) <= needed {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        high
    }
}
