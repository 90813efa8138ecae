//! Rows that failed, in an order that does not depend on when they came.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};
use sheaf_engine::ErrorRow;
use sheaf_ir::{Program, Span};
use sheaf_kernels::ErrorCode;

use crate::source::BadInput;

/// Gives line and column of the start of a span, both from 1; `None` without its text.
pub type Locate<'a> = dyn Fn(Span) -> Option<(u32, u32)> + 'a;

/// A row that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// It could not be read. With the node of its source.
    Input(String, BadInput),
    /// A rule failed on it.
    Row(ErrorRow),
}

impl Failure {
    /// The IR node at which it failed.
    pub fn node(&self) -> &str {
        match self {
            Failure::Input(node, _) => node,
            Failure::Row(row) => &row.node,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Input(..) => ErrorCode::Input.code(),
            Failure::Row(row) => row.error.code.code(),
        }
    }

    /// What is wrong, in words.
    pub fn message(&self) -> String {
        match self {
            Failure::Input(_, bad) => bad.to_string(),
            Failure::Row(row) => row.error.message.clone(),
        }
    }

    /// As an object: `code`, `message`, then where it failed and on what. `locate` gives line and
    /// column of a span in its source, both from 1, if the source is at hand.
    pub fn to_json(&self, program: &Program, locate: &Locate<'_>) -> Json {
        let mut object = Map::new();
        object.insert("code".into(), json!(self.code()));
        match self {
            Failure::Input(_, bad) => {
                object.insert("message".into(), json!(self.message()));
                object.insert("input".into(), json!(bad.relation));
                object.insert("file".into(), json!(bad.file));
                object.insert("line".into(), json!(bad.line));
                object.insert("column".into(), json!(bad.column));
                if let Some(name) = &bad.name {
                    object.insert("name".into(), json!(name));
                }
                object.insert("expected".into(), json!(bad.expected));
                object.insert("found".into(), json!(bad.found));
            }
            Failure::Row(row) => {
                let span = row.error.span;
                object.insert("message".into(), json!(row.error.message));
                object.insert("rule".into(), json!(row.node));
                if let Some(file) = program.files.get(span.file as usize) {
                    object.insert("source".into(), json!(file));
                    if let Some((line, column)) = locate(span) {
                        object.insert("line".into(), json!(line));
                        object.insert("column".into(), json!(column));
                    }
                    object.insert("start".into(), json!(span.start));
                    object.insert("end".into(), json!(span.end));
                }
                let input: Map<String, Json> = row
                    .input
                    .iter()
                    .map(|(name, text)| (name.clone(), json!(text)))
                    .collect();
                object.insert("row".into(), Json::Object(input));
            }
        }
        Json::Object(object)
    }
}

/// All failures of a run.
#[derive(Clone, Debug, Default)]
pub struct Failures {
    kept: BTreeMap<Failure, u64>,
    total: u64,
    /// How many different ones are kept; the first in their order.
    limit: usize,
}

impl Failures {
    /// Keeps at most so many different ones.
    pub fn keeping(limit: usize) -> Failures {
        Failures {
            limit,
            ..Failures::default()
        }
    }

    /// Adds one.
    pub fn add(&mut self, failure: Failure) {
        self.total += 1;
        *self.kept.entry(failure).or_default() += 1;
        if self.kept.len() > self.limit {
            self.kept.pop_last();
        }
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Different ones with how often they occurred, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Failure, u64)> {
        self.kept.iter().map(|(failure, times)| (failure, *times))
    }

    /// Writes an object a line.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write(
        &self,
        program: &Program,
        locate: &Locate<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut text = String::new();
        for (failure, times) in &self.kept {
            let line = failure.to_json(program, locate).to_string();
            for _ in 0..*times {
                text.push_str(&line);
                text.push('\n');
                if text.len() > 1 << 16 {
                    out.write_all(text.as_bytes())?;
                    text.clear();
                }
            }
        }
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(line: u64) -> Failure {
        let input = BadInput {
            relation: "m.r".into(),
            file: "in.csv".into(),
            line,
            column: 2,
            name: Some("n".into()),
            expected: "Int".into(),
            found: "\"x\"".into(),
        };
        Failure::Input("m.r".into(), input)
    }

    #[test]
    fn the_first_are_kept_whatever_the_order() {
        let mut failures = Failures::keeping(2);
        for line in [5, 3, 9, 3, 4] {
            failures.add(bad(line));
        }
        let kept: Vec<_> = failures
            .iter()
            .map(|(f, times)| (f.clone(), times))
            .collect();
        assert_eq!(kept, [(bad(3), 2), (bad(4), 1)]);
        assert_eq!(failures.total(), 5);
    }

    #[test]
    fn lines_are_json() {
        let mut failures = Failures::keeping(9);
        failures.add(bad(3));
        let mut out = Vec::new();
        failures
            .write(&Program::default(), &|_| None, &mut out)
            .unwrap();
        let line: Json = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["code"], "E0907");
        assert_eq!(line["line"], 3);
        assert_eq!(line["expected"], "Int");
    }
}
