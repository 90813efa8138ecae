//! A program to text: which order, which nesting, which line.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::{Collection, Label, Multiplicity, NodeId, Nominal, Operator, Program, Span, Type};

use crate::nesting::{Nesting, is_fixpoint, is_variable, variables};

use super::VERSION;
use super::definitions::{print_function, print_lattice};
use super::lexer::is_bare_name;
use super::literal::{
    print_text, print_type, print_type_name, print_value, print_word, push, separated,
};
use super::operators::print_clauses;
use super::sides::print_column;

/// Lines longer than this are broken between clauses.
pub(super) const WIDTH: usize = 110;

/// What a text leaves out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Whether spans and files are written.
    pub spans: bool,
    /// Whether columns are called by name.
    pub names: bool,
}

/// The text of a program.
pub fn print(program: &Program) -> String {
    print_with(
        program,
        Style {
            spans: true,
            names: true,
        },
    )
}

/// The text of a program without spans and files, for people and for comparisons.
pub fn print_plain(program: &Program) -> String {
    print_with(
        program,
        Style {
            spans: false,
            names: true,
        },
    )
}

fn print_with(program: &Program, style: Style) -> String {
    let mut out = format!("sheaf-ir {VERSION}\nprogram ");
    print_text(&mut out, &program.name);
    out.push('\n');
    if style.spans {
        for (index, file) in program.files.iter().enumerate() {
            push(&mut out, format_args!("file {index} "));
            print_text(&mut out, file);
            out.push('\n');
        }
    }
    print_declarations(&mut out, program, style);
    let outline = Outline::of(program);
    print_scope(&mut out, program, &outline, None, style);
    out
}

/// Appends types, functions, lattices and parameters.
pub(crate) fn print_declarations(out: &mut String, program: &Program, style: Style) {
    for (name, nominal) in &program.types {
        match nominal {
            Nominal::Record(fields) => {
                out.push_str("record ");
                print_type_name(out, name);
                out.push_str(" { ");
                separated(out, fields, |out, (field, ty)| {
                    print_word(out, field);
                    out.push_str(": ");
                    print_type(out, ty);
                });
            }
            Nominal::Enum(variants) => {
                out.push_str("enum ");
                print_type_name(out, name);
                out.push_str(" { ");
                separated(out, variants, |out, (variant, payload)| {
                    print_word(out, variant);
                    if !payload.is_empty() {
                        out.push('(');
                        separated(out, payload, print_type);
                        out.push(')');
                    }
                });
            }
        }
        out.push_str(" }\n");
    }
    for name in program.functions.keys() {
        print_function(out, program, name, style);
    }
    for name in program.lattices.keys() {
        print_lattice(out, program, name, style);
    }
    for (name, param) in &program.params {
        out.push_str("param ");
        print_word(out, name);
        out.push_str(": ");
        print_type(out, &param.ty);
        if let Some(value) = &param.default {
            out.push_str(" = ");
            print_value(out, value, Some(&param.ty), &program.types);
        }
        print_span(out, param.span, style);
        out.push('\n');
    }
}

/// Appends a span if there is one.
pub(super) fn print_span(out: &mut String, span: Span, style: Style) {
    if style.spans && span != Span::default() {
        push(
            out,
            format_args!(" @{}:{}..{}", span.file, span.start, span.end),
        );
    }
}

/// Appends `%name`.
pub(super) fn print_name(out: &mut String, name: &str) {
    out.push('%');
    if is_bare_name(name) {
        out.push_str(name);
    } else {
        print_text(out, name);
    }
}

/// Appends ` (columns) set closed key(…)`.
pub(crate) fn print_collection(out: &mut String, collection: &Collection, style: Style) {
    out.push_str(" (");
    separated(out, &collection.columns, |out, (name, ty)| {
        if style.names {
            print_word(out, name);
            out.push_str(": ");
        }
        print_type(out, ty);
    });
    out.push_str(match collection.multiplicity {
        Multiplicity::Set => ") set ",
        Multiplicity::Bag => ") bag ",
    });
    out.push_str(match collection.label {
        Label::Closed => "closed",
        Label::Growing => "growing",
        Label::Changing => "changing",
    });
    for key in &collection.keys {
        out.push_str(" key(");
        separated(out, key, |out, column| {
            print_column(out, *column, &collection.columns, style.names);
        });
        out.push(')');
    }
}

/// Which nodes stand inside which fixpoint's braces, and in which order. A node that names a
/// fixpoint in whose braces it cannot stand (see [`Nesting`]) stands outside of all.
struct Outline<'a> {
    /// For each scope its nodes in order; the outermost scope is `None`.
    scopes: BTreeMap<Option<NodeId>, Vec<NodeId>>,
    /// The variables that a fixpoint lists unless it says otherwise.
    variables: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Outline<'a> {
    fn of(program: &'a Program) -> Outline<'a> {
        let nesting = Nesting::of(program);
        // Successors and open predecessors by the outermost ends of an edge that share a scope.
        let mut successors: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        let mut waiting: BTreeMap<NodeId, usize> = BTreeMap::new();
        for edge in program.graph.edge_references() {
            let from = nesting.chain(edge.source());
            let to = nesting.chain(edge.target());
            if is_variable(program, edge.target())
                && to.get(1).is_some_and(|fixpoint| from.contains(fixpoint))
            {
                // Feedback.
                continue;
            }
            let shared = from.iter().rev().zip(to.iter().rev()).find(|(a, b)| a != b);
            if let Some((from, to)) = shared {
                successors.entry(*from).or_default().push(*to);
                *waiting.entry(*to).or_default() += 1;
            }
        }
        let mut members: BTreeMap<Option<NodeId>, BTreeSet<(&str, NodeId)>> = BTreeMap::new();
        for id in program.graph.node_indices() {
            members
                .entry(nesting.parent(id))
                .or_default()
                .insert((&program.graph[id].name, id));
        }
        let mut scopes = BTreeMap::new();
        for (scope, mut rest) in members {
            let mut ready: BTreeSet<(&str, NodeId)> = rest
                .iter()
                .filter(|(_, id)| waiting.get(id).is_none_or(|count| *count == 0))
                .copied()
                .collect();
            let mut ordered = Vec::with_capacity(rest.len());
            // A cycle without a variable is wrong, but it must be printable: break it by name.
            while let Some(next) = ready.pop_first().or_else(|| rest.first().copied()) {
                rest.remove(&next);
                ordered.push(next.1);
                for id in successors.get(&next.1).into_iter().flatten() {
                    let entry = (program.graph[*id].name.as_str(), *id);
                    if let Some(count) = waiting.get_mut(id) {
                        *count = count.saturating_sub(1);
                        if *count == 0 && rest.contains(&entry) {
                            ready.insert(entry);
                        }
                    }
                }
            }
            scopes.insert(scope, ordered);
        }
        Outline {
            scopes,
            variables: variables(program),
        }
    }
}

fn print_scope(
    out: &mut String,
    program: &Program,
    outline: &Outline,
    scope: Option<NodeId>,
    style: Style,
) {
    for &id in outline.scopes.get(&scope).into_iter().flatten() {
        let start = out.len();
        print_node(out, program, outline, id, scope, style);
        if is_fixpoint(program, id) {
            out.push_str(" {\n");
            print_scope(out, program, outline, Some(id), style);
            out.push('}');
        }
        out.push('\n');
        if scope.is_some() {
            let indented = out[start..].replace('\n', "\n  ");
            out.truncate(start);
            out.push_str("  ");
            out.push_str(indented.trim_end_matches(' '));
        }
    }
}

fn print_node(
    out: &mut String,
    program: &Program,
    outline: &Outline,
    id: NodeId,
    scope: Option<NodeId>,
    style: Style,
) {
    let node = &program.graph[id];
    let mut line = String::from(node.operator.name());
    line.push(' ');
    print_name(&mut line, &node.name);
    print_span(&mut line, node.span, style);
    if !is_fixpoint(program, id) || node.output != Collection::nothing() {
        print_collection(&mut line, &node.output, style);
    }
    if let (Some(fixpoint), None) = (&node.fixpoint, scope) {
        line.push_str(" in ");
        print_name(&mut line, fixpoint);
    }
    let inputs = program.inputs(id);
    for (index, (port, source)) in inputs.iter().enumerate() {
        line.push_str(if index == 0 { " = " } else { ", " });
        if *port != default_port(&node.operator, index) {
            push(&mut line, format_args!("{port}: "));
        }
        print_name(&mut line, &program.graph[*source].name);
    }
    let own = outline.variables.get(node.name.as_str());
    let clauses = print_clauses(program, id, own.map_or(&[], Vec::as_slice), style);
    let length =
        line.chars().count() + clauses.iter().map(|c| 1 + c.chars().count()).sum::<usize>();
    let separator = if length > WIDTH { "\n    " } else { " " };
    for clause in &clauses {
        line.push_str(separator);
        line.push_str(clause);
    }
    out.push_str(&line);
}

/// The port that the input at this place in the list feeds unless it says so.
pub(super) fn default_port(operator: &Operator, index: usize) -> u32 {
    if operator.ports() == 2 {
        index as u32
    } else {
        0
    }
}

/// The columns of a list of names, for clauses such as `on [a, b]`.
pub(super) fn print_columns(
    out: &mut String,
    indices: &[usize],
    columns: &[(String, Type)],
    names: bool,
) {
    out.push('[');
    separated(out, indices, |out, index| {
        print_column(out, *index, columns, names);
    });
    out.push(']');
}
