//! What a run is told, laid over what the program says: paths, parameters, outputs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sheaf_ir::graph::Connector;
use sheaf_ir::sizes::Sizes;
use sheaf_ir::{Node, Operator, Program, Type, Value};

use super::{CELL, LINE, PACKED, RunError, RunOptions};
use crate::environment::Environment;
use crate::names;
use crate::sink::{self, Sink};
use crate::source::{self, Origin, Source};

/// A program made ready to run.
pub struct Prepared {
    /// With sinks added that were asked for.
    pub program: Program,
    /// By node, in the order of the program.
    pub sinks: Vec<(String, Sink)>,
    /// What comes in.
    pub inputs: Inputs,
}

/// What comes into a run.
pub struct Inputs {
    /// By node.
    pub sources: Vec<(String, Source)>,
    /// Values of all parameters that are given.
    pub params: BTreeMap<String, Value>,
    /// Estimated bytes of input; `None` if it cannot be known.
    pub size: Option<u64>,
    /// Estimated rows of inputs whose size can be known.
    pub sizes: Sizes,
}

/// Lays the options over the program and opens its sources and sinks.
pub fn prepare(
    mut program: Program,
    options: &RunOptions,
    environment: &dyn Environment,
) -> Result<Prepared, RunError> {
    redirect_outputs(&mut program, options)?;
    let inputs = inputs(&program, options, environment)?;
    let types = Arc::new(program.types.clone());
    let mut sinks = Vec::new();
    for id in program.nodes_by_name() {
        let node = &program.graph[id];
        if let Operator::Sink {
            connector,
            order,
            unordered,
        } = &node.operator
        {
            // A path that was given is relative to the current folder.
            let given = named(&options.outputs, &connector.relation).is_some();
            let base = match given {
                true => Path::new(""),
                false => &options.base,
            };
            let order = (order.as_slice(), *unordered);
            let columns = &node.output.columns;
            let sink = Sink::new(connector, columns, &types, order, base, options.format)?;
            sinks.push((node.span, node.name.clone(), sink));
        }
    }
    if sinks.is_empty() {
        let mut views = relations(&program, |o| {
            !matches!(o, Operator::Source { .. } | Operator::Sink { .. })
        });
        views.dedup();
        let example = views.first().map_or("view", String::as_str);
        return Err(RunError::usage(
            "the program has no output, so a run would show nothing",
            vec![
                format!("print a view: --output {example}=-"),
                format!("or say in the program: output {example} to csv(\"{example}.csv\");"),
            ],
        ));
    }
    two_to_one_file(&sinks)?;
    sinks.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(Prepared {
        sinks: sinks
            .into_iter()
            .map(|(_, name, sink)| (name, sink))
            .collect(),
        inputs,
        program,
    })
}

/// Opens the sources of a program and reads its parameters, as the options say.
pub fn inputs(
    program: &Program,
    options: &RunOptions,
    environment: &dyn Environment,
) -> Result<Inputs, RunError> {
    let types = Arc::new(program.types.clone());
    let params = params(program, options)?;
    let mut inputs = options.inputs.clone();
    let mut sources = Vec::new();
    for id in program.nodes_by_name() {
        let node = &program.graph[id];
        let Operator::Source { connector } = &node.operator else {
            continue;
        };
        let mut connector = connector.clone();
        let mut base = options.base.as_path();
        if let Some(path) = take_named(&mut inputs, &connector.relation) {
            redirect_input(&mut connector, path);
            base = Path::new("");
        } else if connector.format == "given" {
            let short = names::short(&connector.relation);
            return Err(RunError::usage(
                format!("input {short} has no source"),
                vec![format!("give it a file: --input {short}=path")],
            ));
        }
        let columns = &node.output.columns;
        let source = Source::new(&connector, columns, &types, base, environment)?;
        sources.push((node.name.clone(), source));
    }
    all_taken(program, &inputs)?;
    two_from_stdin(&sources)?;
    let bytes = |(node, source): &(String, Source)| {
        let size = estimate(source, environment)?;
        Some((node.clone(), size, rows(size, source)))
    };
    let known: Vec<_> = sources.iter().filter_map(bytes).collect();
    let size =
        (known.len() == sources.len()).then(|| known.iter().map(|(_, bytes, _)| bytes).sum());
    let counted = known.into_iter().map(|(node, _, rows)| (node, rows));
    let sizes = Sizes {
        rows: counted.collect(),
    };
    Ok(Inputs {
        sources,
        params,
        size,
        sizes,
    })
}

/// How many rows there are in so many bytes of a source, roughly.
pub(super) fn rows(bytes: u64, source: &Source) -> u64 {
    bytes
        / match source.format() {
            source::Format::Text => LINE,
            _ => CELL * source.arity().max(1) as u64,
        }
}

/// Refuses an input that was named and is none.
pub(super) fn all_taken(
    program: &Program,
    inputs: &BTreeMap<String, String>,
) -> Result<(), RunError> {
    match inputs.keys().next() {
        None => Ok(()),
        Some(name) => {
            let known = relations(program, |o| matches!(o, Operator::Source { .. }));
            Err(unknown("input", name, &known))
        }
    }
}

/// Bytes of text, roughly.
pub(super) fn estimate(source: &Source, environment: &dyn Environment) -> Option<u64> {
    let packed = match source.origin() {
        Origin::Stdin => false,
        Origin::Files(files) => files.iter().any(|file| {
            file.extension()
                .is_some_and(|e| matches!(e.to_str(), Some("gz" | "zst" | "parquet")))
        }),
    };
    let size = source.size(environment)?;
    Some(if packed {
        size.saturating_mul(PACKED)
    } else {
        size
    })
}

/// The value for a relation that is known by its qualified or short name.
fn named<'a, T>(given: &'a BTreeMap<String, T>, relation: &str) -> Option<&'a T> {
    given
        .get(relation)
        .or_else(|| given.get(names::short(relation)))
}

pub(super) fn take_named<T>(given: &mut BTreeMap<String, T>, relation: &str) -> Option<T> {
    given
        .remove(relation)
        .or_else(|| given.remove(names::short(relation)))
}

/// Another file for an input, whose name may say another format.
pub(super) fn redirect_input(connector: &mut Connector, path: String) {
    let declared = source::Format::named(&connector.format);
    let told = source::Format::of_path(Path::new(&path));
    match (declared, told) {
        // Lines of text are lines of any file.
        (Some(source::Format::Text), _) => {}
        (_, Some(format)) if declared != Some(format) => {
            let name = source::Format::NAMES.iter().find(|(_, f)| *f == format);
            connector.format = name.map_or("csv", |(name, _)| *name).to_string();
            connector
                .options
                .retain(|name, _| format.options().contains(&name.as_str()));
        }
        (None, _) => {
            connector.format = match connector.options.remove("format") {
                Some(Value::String(name)) => name,
                _ => "csv".to_string(),
            };
        }
        _ => {}
    }
    connector.path = path;
}

/// Gives outputs other targets, and sinks to views that have none.
fn redirect_outputs(program: &mut Program, options: &RunOptions) -> Result<(), RunError> {
    for (name, path) in &options.outputs {
        let mut found = false;
        for id in program.nodes_by_name() {
            if let Operator::Sink { connector, .. } = &mut program.graph[id].operator
                && (connector.relation == *name || names::short(&connector.relation) == name)
            {
                // A second output of the same relation would write the same rows to the same place.
                if found {
                    program.graph.remove_node(id);
                    continue;
                }
                found = true;
                redirect_output(connector, path);
            }
        }
        if !found {
            add_sink(program, name, path)?;
        }
    }
    Ok(())
}

fn redirect_output(connector: &mut Connector, path: &str) {
    let told = sink::Format::of_path(Path::new(path));
    let declared = sink::Format::named(&connector.format);
    let format = match (told, declared) {
        (Some(format), _) => format,
        (None, Some(format)) if format != sink::Format::Table || path == "-" => format,
        _ => sink::Format::Csv,
    };
    if declared != Some(format) {
        connector.options.clear();
    }
    let name = sink::Format::NAMES.iter().find(|(_, f)| *f == format);
    connector.format = name.map_or("csv", |(name, _)| *name).to_string();
    connector.path = path.to_string();
}

fn add_sink(program: &mut Program, name: &str, path: &str) -> Result<(), RunError> {
    let is_relation =
        |node: &Node| is_whole(&node.name) && !matches!(node.operator, Operator::Fixpoint { .. });
    let mut candidates = program.nodes_by_name();
    candidates.retain(|id| {
        let node = &program.graph[*id];
        is_relation(node) && (node.name == name || names::short(&node.name) == name)
    });
    let [id] = candidates.as_slice() else {
        if candidates.is_empty() {
            let known = relations(program, |o| !matches!(o, Operator::Sink { .. }));
            return Err(unknown("view", name, &known));
        }
        let known: Vec<&str> = candidates
            .iter()
            .map(|id| program.graph[*id].name.as_str())
            .collect();
        return Err(RunError::usage(
            format!("there are several views named {name}"),
            vec![format!("name one in full: {}", known.join(", "))],
        ));
    };
    let node = program.graph[*id].clone();
    let mut connector = Connector {
        relation: node.name.clone(),
        columns: node.output.columns.iter().map(|c| c.0.clone()).collect(),
        ..Connector::default()
    };
    redirect_output(&mut connector, path);
    let sink = program.add(Node {
        name: format!("{}#output", node.name),
        operator: Operator::Sink {
            connector,
            order: Vec::new(),
            unordered: false,
        },
        output: node.output,
        fixpoint: None,
        span: node.span,
    });
    program.connect(*id, sink, 0);
    Ok(())
}

/// Whether a node's name is that of a relation, not of a rule's step or a sink.
fn is_whole(name: &str) -> bool {
    !name.contains(['#', ':'])
}

/// Short names of relations whose node is of some kind, ascending.
fn relations(program: &Program, kind: impl Fn(&Operator) -> bool) -> Vec<String> {
    program
        .nodes_by_name()
        .into_iter()
        .map(|id| &program.graph[id])
        .filter(|node| is_whole(&node.name))
        .filter(|node| !matches!(node.operator, Operator::Fixpoint { .. }) && kind(&node.operator))
        .map(|node| names::short(&node.name).to_string())
        .collect()
}

fn unknown(kind: &str, name: &str, known: &[String]) -> RunError {
    let mut help = match known {
        [] => vec![format!("the program has no {kind}s")],
        _ => vec![format!("its {kind}s are {}", known.join(", "))],
    };
    help.extend(names::did_you_mean(name, known.iter().map(String::as_str)));
    RunError::usage(format!("there is no {kind} {name}"), help)
}

/// Refuses two inputs from standard input: each would get some of it.
fn two_from_stdin(sources: &[(String, Source)]) -> Result<(), RunError> {
    let stdin = sources.iter().filter(|(_, s)| *s.origin() == Origin::Stdin);
    let names: Vec<&str> = stdin.map(|(_, s)| names::short(s.relation())).collect();
    if names.len() > 1 {
        let message = format!("inputs {} all read standard input", names.join(", "));
        return Err(RunError::usage(message, vec![]));
    }
    Ok(())
}

/// Refuses two outputs to one file.
fn two_to_one_file(sinks: &[(sheaf_ir::Span, String, Sink)]) -> Result<(), RunError> {
    let mut files: BTreeMap<&Path, &str> = BTreeMap::new();
    for (_, _, sink) in sinks {
        if let sink::Target::File(path) = &sink.target
            && let Some(other) = files.insert(path, &sink.relation)
        {
            let message = format!(
                "outputs {} and {} both go to {}",
                names::short(other),
                names::short(&sink.relation),
                path.display()
            );
            return Err(RunError::usage(message, vec![]));
        }
    }
    Ok(())
}

/// The parameters' values, from text.
fn params(program: &Program, options: &RunOptions) -> Result<BTreeMap<String, Value>, RunError> {
    let mut given = options.params.clone();
    let mut params = BTreeMap::new();
    for (name, param) in &program.params {
        match take_named(&mut given, name) {
            Some(text) => {
                let value = value(&text, &param.ty, program).map_err(|(expected, found)| {
                    let short = names::short(name);
                    RunError::usage(
                        format!("param {short}: expected {expected}, found {found}"),
                        vec![],
                    )
                })?;
                params.insert(name.clone(), value);
            }
            None if param.default.is_some() => {}
            None => {
                let short = names::short(name);
                let ty = source::scalar::type_name(&param.ty);
                return Err(RunError::usage(
                    format!("param {short}: {ty} has no value"),
                    vec![format!("give it one: --param {short}=…")],
                ));
            }
        }
    }
    if let Some(name) = given.keys().next() {
        let known: Vec<String> = program
            .params
            .keys()
            .map(|name| names::short(name).to_string())
            .collect();
        return Err(unknown("param", name, &known));
    }
    Ok(params)
}

/// A value from text, by the rules of a csv cell.
fn value(text: &str, ty: &Type, program: &Program) -> Result<Value, (String, String)> {
    let interner = sheaf_kernels::Interner::new();
    let types = Arc::new(program.types.clone());
    let word = source::cell::Cell::new(ty, types, Vec::new(), None)
        .text(text.as_bytes(), &interner)
        .map_err(|mismatch| (mismatch.expected, mismatch.found))?;
    Ok(sheaf_kernels::words::value_of(
        word,
        ty,
        &program.types,
        &interner,
    ))
}
