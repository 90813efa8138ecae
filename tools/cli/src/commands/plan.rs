//! `sheaf explain --plan FILE`

use std::collections::BTreeMap;
use std::path::Path;

use sheaf_compiler::source::{FileId, Sources};
use sheaf_ir::Span;
use sheaf_ir::plan::{Choice, Explanation, Line, Place, Travel, drawing, explain, short_number};
use sheaf_node::environment::{Environment, System};
use sheaf_node::run::{self, RunOptions};

use crate::arguments::{self, Explain};
use crate::{Outcome, compile, print};

use super::run::folder;

/// Shows how a program would run.
pub fn plan(file: &Path, arguments: &Explain) -> Outcome {
    show(file, arguments, &System::default())
}

/// The same in a world that need not be this machine's.
pub fn show(file: &Path, arguments: &Explain, environment: &dyn Environment) -> Outcome {
    let (program, sources) = match compile::runnable(file, environment) {
        Ok(compiled) => compiled,
        Err(outcome) => return outcome,
    };
    let options = RunOptions {
        workers: arguments.workers.map(usize::from),
        processes: 1,
        base: folder(file),
        inputs: arguments::by_name(&arguments.input),
        passes: arguments.passes.clone(),
        ..RunOptions::default()
    };
    let planned = match run::plan(program, &options, environment) {
        Ok(planned) => planned,
        Err(error) => {
            print::error(&error, error.help());
            return Outcome::Usage;
        }
    };
    let explanation = explain(
        &planned.program,
        &planned.decided,
        &planned.sizes,
        &|span| place(span, &sources),
    );
    if arguments.json {
        match serde_json::to_string_pretty(&explanation) {
            Ok(json) => print::line(json),
            Err(error) => {
                print::error(error, &[]);
                return Outcome::Failure;
            }
        }
    } else if arguments.svg {
        print::text(drawing::svg(&explanation));
    } else {
        print::text(text(file, &explanation));
    }
    Outcome::Success
}

fn place(span: Span, sources: &Sources) -> Option<Place> {
    let file = FileId(span.file);
    if span.end == 0 || !sources.iter().any(|(known, _)| known == file) {
        return None;
    }
    let source = sources.get(file);
    let position = source.position(span.start);
    Some(Place {
        file: source.name().to_string(),
        line: position.line,
        column: position.column,
    })
}

/// The plan as text: a paragraph for each relation, in it a numbered line for each operator and,
/// further in, what it reads and what was chosen.
fn text(file: &Path, explanation: &Explanation) -> String {
    let workers = print::count(explanation.workers as u64, "worker");
    let mut text = format!("{}: the plan for {workers}\n", file.display());
    text.push_str(
        "~ rows, guessed from the sizes of the inputs; $ the work of the busiest worker, where 1 is a \
         row put into a table\n",
    );
    if explanation.workers == 1 {
        text.push_str("One worker moves no rows; --workers 2 shows the prices for two.\n");
    }
    let numbers: BTreeMap<&str, usize> = explanation
        .lines
        .iter()
        .enumerate()
        .map(|(i, line)| (line.name.as_str(), i + 1))
        .collect();
    let places = explanation
        .lines
        .iter()
        .map(|l| place_of(l).chars().count());
    let page = Page {
        explanation,
        numbers,
        width: places.max().unwrap_or(0),
    };
    let mut relation = None;
    for line in &explanation.lines {
        if relation != Some(&line.relation) {
            relation = Some(&line.relation);
            text.push_str(&format!("\n{}\n", line.relation_name));
        }
        page.operator(&mut text, line);
    }
    text
}

struct Page<'a> {
    explanation: &'a Explanation,
    /// Of the operators, by name.
    numbers: BTreeMap<&'a str, usize>,
    /// Of the widest place.
    width: usize,
}

impl Page<'_> {
    fn operator(&self, text: &mut String, line: &Line) {
        let number = self.numbers[line.name.as_str()];
        let width = self.width;
        let mut parts = vec![format!(
            "{number:>4}  {:<width$}  {}",
            place_of(line),
            line.words
        )];
        if line.operator != "fixpoint" {
            if line.operator != "sink" && !line.columns.is_empty() {
                let columns = format!(" ({})", line.columns.join(", "));
                parts[0].push_str(&columns);
            }
            if let Some(rows) = line.rows {
                parts.push(format!("~{}", short_number(rows as f64)));
            }
            parts.push(format!("{}, {}", line.multiplicity, line.placement));
            if line.label != "closed" {
                parts.push(line.label.clone());
            }
        }
        if let Some(price) = line.price.filter(|price| *price > 0) {
            parts.push(format!("${}", short_number(price as f64)));
        }
        let indent = " ".repeat(width + 8);
        text.push_str(&parts.join("  "));
        text.push('\n');
        for input in &line.inputs {
            let from = self.explanation.lines.iter().find(|l| l.name == input.from);
            let relation = match from {
                Some(from) if from.relation != line.relation => {
                    format!(" {}", from.relation_name)
                }
                _ => String::new(),
            };
            let number = self.numbers.get(input.from.as_str()).unwrap_or(&0);
            let arrow = if input.travel == Travel::Local {
                "<-"
            } else {
                "<="
            };
            text.push_str(&format!(
                "{indent}{arrow} {number}{relation}: {}\n",
                input.words
            ));
        }
        for choice in &line.choices {
            chosen(text, &indent, choice);
        }
    }
}

/// A choice, what it costs, why, and what else there was.
fn chosen(text: &mut String, indent: &str, choice: &Choice) {
    let option = |what: &str, price: Option<f64>| match price {
        Some(price) => format!("{what}  ${}", short_number(price)),
        None => what.to_string(),
    };
    let said = option(&choice.chosen, choice.price);
    text.push_str(&format!("{indent}chosen {said}: {}\n", choice.reason));
    for rejected in &choice.rejected {
        let said = option(&rejected.what, rejected.price);
        text.push_str(&format!("{indent}   not {said}\n"));
    }
}

fn place_of(line: &Line) -> String {
    let place = line.place.as_ref();
    place.map_or_else(|| "-".to_string(), Place::to_string)
}
