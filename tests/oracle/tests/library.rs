//! Every example of the standard library holds, and every function has one.

use std::collections::BTreeMap;

use sheaf_compiler::check::{NoModules, check};
use sheaf_compiler::library::{MODULES, functions};
use sheaf_compiler::source::Sources;
use sheaf_ir::Value;
use sheaf_oracle::evaluate::evaluate;

/// The lines of the examples in a text, each an expression, with the function they stand above.
fn examples(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut examples = Vec::new();
    let (mut is_code, mut lines) = (false, Vec::new());
    for line in text.lines().map(str::trim_start) {
        match line.strip_prefix("///").map(str::trim_start) {
            Some("```sheaf") => is_code = true,
            Some("```") => is_code = false,
            Some(code) if is_code => lines.push(code),
            Some(_) => {}
            None => {
                if let Some(name) = functions(line).next() {
                    examples.push((name, std::mem::take(&mut lines)));
                }
            }
        }
    }
    examples
}

/// A program in which example i is row i of a view.
fn program(module: &str, text: &str, lines: &[&str]) -> String {
    let names: Vec<&str> = functions(text).collect();
    let types = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub enum "));
    let types = types.filter_map(|rest| rest.split(' ').next());
    let names: Vec<&str> = types.chain(names).collect();
    let mut program = format!(
        "use std.{module}.{{{}}};\nview example(i: Nat, holds: Bool);\n",
        names.join(", ")
    );
    for (i, line) in lines.iter().enumerate() {
        program += &format!("example({i}, {line});\n");
    }
    program
}

/// What is wrong with the examples of a module.
fn failures(module: &str, text: &str) -> Vec<String> {
    let examples = examples(text);
    let bare = examples.iter().filter(|(_, lines)| lines.is_empty());
    let mut failures: Vec<String> = bare
        .map(|(name, _)| format!("std.{module}.{name} has no example"))
        .collect();
    let lines: Vec<&str> = examples.into_iter().flat_map(|(_, lines)| lines).collect();
    let mut sources = Sources::new();
    let root = sources.add("example.sheaf", program(module, text, &lines));
    let checked = check(&mut sources, root, &mut NoModules);
    if checked.has_errors() {
        let wrong = checked.diagnostics.iter().map(|d| d.short(&sources));
        failures.push(format!(
            "std.{module}:\n{}",
            Vec::from_iter(wrong).join("\n")
        ));
        return failures;
    }
    let answer = evaluate(&checked.program, &BTreeMap::new(), &BTreeMap::new());
    for (i, line) in lines.iter().enumerate() {
        let row = vec![Value::Nat(i as i64), Value::Bool(true)];
        if !answer.relations["example"].contains_key(&row) {
            failures.push(format!("std.{module}: {line} does not hold"));
        }
    }
    failures.extend(
        answer
            .errors
            .iter()
            .map(|failed| format!("std.{module}: {failed:?}")),
    );
    failures
}

#[test]
fn the_examples_of_the_library_hold() {
    let failures: Vec<String> = MODULES
        .iter()
        .flat_map(|(module, text)| failures(module, text))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
