//! An answer as lines for people.

use std::fmt::Write;

use sheaf_ir::Span;

use super::proof::{Part, Proof, Reason, Use};
use super::refusal::{Cause, Miss, Refusal};
use super::report::{Excerpt, Texts};
use super::show::{Absence, Row};
use super::{Answer, Answered};
use crate::names;

/// Beyond this depth lines are not indented further.
const DEEPEST: usize = 24;
/// Characters of a rule that are shown.
const WIDEST: usize = 100;

impl Answered {
    /// As lines, each with its end.
    pub fn to_text(&self, texts: &dyn Texts) -> String {
        let mut out = String::new();
        match &self.answer {
            Answer::Proof(proof) => write_proof(proof, texts, &mut out),
            Answer::Unproved { row, reason } => {
                line(&mut out, 0, &format!("{row}"));
                line(
                    &mut out,
                    1,
                    &format!("holds, but no proof can be shown: {reason}"),
                );
            }
            Answer::Refusal(refusal) => write_refusal(refusal, texts, &mut out),
            Answer::BadInput => {}
        }
        out
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{:width$}{text}", "", width = 2 * depth.min(DEEPEST));
}

/// What is still to be written of a proof.
enum Item<'p> {
    Step(usize, usize),
    Used(usize, &'p Use, String),
}

fn write_proof(proof: &Proof, texts: &dyn Texts, out: &mut String) {
    let mut seen = vec![false; proof.steps.len()];
    // A proof may be as deep as the data: no recursion.
    let mut pending = vec![Item::Step(0, 0)];
    while let Some(item) = pending.pop() {
        match item {
            Item::Step(depth, number) => {
                let step = &proof.steps[number];
                let again = std::mem::replace(&mut seen[number], true);
                let row = match step.passing {
                    true => format!("{}, for a while", step.row),
                    false => step.row.to_string(),
                };
                match &proof.steps[reason_of(proof, number)].reason {
                    Reason::Input(place) => {
                        let place = match place {
                            Some(place) => format!("{}:{}", place.file, place.line),
                            None => "read from standard input".to_string(),
                        };
                        line(out, depth, &format!("{row}  -- {place}"));
                    }
                    _ if again => line(out, depth, &format!("{row}  -- as above")),
                    Reason::Rule(used) => {
                        if let Some(span) = written(used) {
                            let place = texts.rule(span).map_or_else(String::new, |e| at(&e));
                            line(out, depth, &format!("{row}  -- {place}"));
                            continue;
                        }
                        line(out, depth, &row);
                        pending.push(Item::Used(depth + 1, used, String::new()));
                    }
                    Reason::Combined {
                        combiner,
                        total,
                        contributions,
                    } => {
                        line(out, depth, &row);
                        let Some(total) = total else {
                            let used = contributions.iter().map(|(_, used)| used);
                            let name = combiner_name(combiner);
                            pending.extend(
                                used.map(|used| Item::Used(depth + 1, used, format!("{name}: "))),
                            );
                            continue;
                        };
                        let shown = contributions.len() as u64;
                        let which = match (shown == *total, shown) {
                            (true, _) => String::new(),
                            (false, 1) => ", this one decides".to_string(),
                            (false, n) => format!(", the first {n}"),
                        };
                        let plural = if *total == 1 { "" } else { "s" };
                        let name = combiner_name(combiner);
                        let which = format!("{name} of {total} contribution{plural}{which}:");
                        line(out, depth + 1, &which);
                        pending.extend(contributions.iter().rev().map(|(row, used)| {
                            let value = row.cells.last().and_then(|(_, value)| value.clone());
                            let value = value.unwrap_or_default();
                            Item::Used(depth + 1, used, format!("{value} "))
                        }));
                    }
                }
            }
            Item::Used(depth, used, before) => {
                let rule = texts.rule(used.span).map_or_else(
                    || used.rule.clone(),
                    |e| format!("{}: {}", at(&e), short(&e.text)),
                );
                line(out, depth, &format!("{before}by {rule}"));
                // The rows of a contribution stand below its rule.
                let depth = depth + usize::from(!before.is_empty() && !before.ends_with(": "));
                for part in used.parts.iter().filter(|p| !matches!(p, Part::Step(_))) {
                    match part {
                        Part::Absent(absence) => {
                            line(out, depth, &format!("no row {}", absent(absence, texts)));
                        }
                        Part::Written(span) => {
                            let fact = texts.rule(*span).map_or_else(String::new, |e| at(&e));
                            line(out, depth, &format!("as written  -- {fact}"));
                        }
                        Part::Step(_) => {}
                    }
                }
                let steps = used.parts.iter().rev().filter_map(|part| match part {
                    Part::Step(number) => Some(Item::Step(depth, *number)),
                    _ => None,
                });
                pending.extend(steps);
            }
        }
    }
    if proof.matching > 1 {
        let others = proof.matching - 1;
        let (plural, verb) = if others == 1 { ("", "es") } else { ("s", "") };
        line(
            out,
            0,
            &format!("({others} other row{plural} match{verb}, too)"),
        );
    }
}

/// The step that says how a row came about: a relation whose values are only turned back from
/// another form rests on that alone.
fn reason_of(proof: &Proof, mut number: usize) -> usize {
    while let Reason::Rule(used) = &proof.steps[number].reason
        && used.rule == proof.steps[number].row.relation
        && let [Part::Step(inner)] = used.parts.as_slice()
        && proof.steps[*inner].row.within
    {
        number = *inner;
    }
    number
}

/// Where a fact is written, if a rule is one.
fn written(used: &Use) -> Option<Span> {
    match used.parts.as_slice() {
        [Part::Written(span)] => Some(*span),
        _ => None,
    }
}

/// The name of a combiner in programs.
fn combiner_name(name: &str) -> String {
    let mut letters = name.chars();
    match (name, letters.next()) {
        ("union", _) => "Set".to_string(),
        (_, Some(first)) => first.to_uppercase().chain(letters).collect(),
        (_, None) => String::new(),
    }
}

fn at(excerpt: &Excerpt) -> String {
    format!("{}:{}", excerpt.file, excerpt.line)
}

/// A text in one line, not too long.
fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn absent(absence: &Absence, texts: &dyn Texts) -> String {
    let asked = texts.excerpt(absence.span);
    match asked.filter(|_| absence.conditions || absence.row.within) {
        Some(asked) => format!("{} that satisfies `{}`", absence.row, short(&asked.text)),
        None => absence.row.to_string(),
    }
}

fn list(rows: &[Row]) -> String {
    let rows: Vec<String> = rows.iter().map(Row::to_string).collect();
    rows.join(", ")
}

fn write_refusal(refusal: &Refusal, texts: &dyn Texts, out: &mut String) {
    if let Some(other) = &refusal.other {
        line(
            out,
            0,
            &format!("{} does not hold: there is {other}", refusal.row),
        );
        return;
    }
    line(out, 0, &format!("{} does not hold", refusal.row));
    if refusal.is_input {
        line(out, 1, "its input has no such row");
    } else if refusal.misses.is_empty() {
        line(out, 1, "it has no rules and no facts");
    }
    for (row, count) in refusal.partly.iter().filter(|_| refusal.partly.len() > 1) {
        let text = match count {
            0 => format!("no row {row}"),
            1 => format!("1 row {row}"),
            n => format!("{n} rows {row}"),
        };
        line(out, 2, &text);
    }
    for miss in &refusal.misses {
        write_miss(miss, refusal, texts, out);
    }
    if refusal.failed > 0 {
        let (plural, verb) = match refusal.failed {
            1 => ("", "s"),
            _ => ("s", ""),
        };
        let rules = names::short(&refusal.row.relation);
        let failed = refusal.failed;
        let text = format!(
            "rules of {rules} failed on {failed} row{plural}, which give{verb} nothing (see above)"
        );
        line(out, 1, &text);
    }
}

fn write_miss(miss: &Miss, refusal: &Refusal, texts: &dyn Texts, out: &mut String) {
    if let Cause::NotWritten = miss.cause {
        let relation = names::short(&refusal.row.relation);
        line(out, 1, &format!("it is not among the facts of {relation}"));
        return;
    }
    let rule = texts.rule(miss.span).map_or_else(
        || miss.rule.clone(),
        |e| format!("{}: {}", at(&e), short(&e.text)),
    );
    line(out, 1, &rule);
    let code = |span: Span| match texts.excerpt(span) {
        Some(excerpt) => format!("`{}`", short(&excerpt.text)),
        None => "a condition".to_string(),
    };
    let given = |rows: &[Row]| match rows {
        [] => String::new(),
        rows => format!("there is {}, but ", list(rows)),
    };
    let text = match &miss.cause {
        Cause::NoRow(absence) => format!("there is no row {}", absent(absence, texts)),
        Cause::NoPartner(rows, absence) => {
            format!("{}no row {}", given(rows), absent(absence, texts))
        }
        Cause::False {
            span,
            failed,
            read,
            rows,
        } => {
            let verb = if *failed { "fails" } else { "is false" };
            let read: Vec<String> = read.iter().map(|(n, v)| format!("{n} = {v}")).collect();
            let read = match read.is_empty() {
                true => String::new(),
                false => format!(" for {}", read.join(", ")),
            };
            format!("{}{} {verb}{read}", given(rows), code(*span))
        }
        Cause::Other {
            column,
            given: value,
            span,
            rows,
        } => match value {
            Some(value) => format!("{}{} gives {column} = {value}", given(rows), code(*span)),
            None => format!("{}{} fails", given(rows), code(*span)),
        },
        Cause::Present(rows) => match rows.as_slice() {
            [] => "a row is there that must not be".to_string(),
            rows => format!("there is {}, which must not be (ask --why)", list(rows)),
        },
        Cause::NoElement { span, rows } => {
            format!("{}no element of {} fits", given(rows), code(*span))
        }
        Cause::NotWritten => String::new(),
    };
    line(out, 2, &text);
}
