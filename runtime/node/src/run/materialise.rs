//! Runs a program for the rows of some of its nodes, and writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use sheaf_ir::graph::Connector;
use sheaf_ir::plan::decide;
use sheaf_ir::{Node, NodeId, Operator, Program, Value};
use sheaf_kernels::{Interner, Rows};

use super::{Ended, Failures, Gathering, RunError, RunOptions, SHOWN, Surroundings, feed, prepare};
use crate::source::Source;

/// What a run made.
pub(crate) struct Materialised {
    /// All rows of each node that was asked for, by its name, in no particular order.
    pub tables: BTreeMap<String, Rows>,
    /// Rows that failed.
    pub failures: Failures,
    /// Whether everything was read and derived; not so if inputs are bad and that ends the run.
    pub complete: bool,
    /// The symbols in the rows.
    pub interner: Arc<Interner>,
    /// Values of all parameters that were given.
    pub params: BTreeMap<String, Value>,
    /// The program's sources, to be read again.
    pub sources: BTreeMap<String, Source>,
}

/// Runs a program as it stands, without passes. `program` has no sinks.
///
/// # Errors
/// As for [`super::run`].
pub(crate) fn materialise(
    mut program: Program,
    wanted: &BTreeSet<NodeId>,
    options: &RunOptions,
    mut surroundings: Surroundings<'_>,
) -> Result<Materialised, RunError> {
    let start = Instant::now();
    let environment = &surroundings.environment.clone();
    let inputs = prepare::inputs(&program, options, environment.as_ref())?;
    let mut tables: BTreeMap<String, Rows> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for &id in wanted {
        let node = program.graph[id].clone();
        tables.insert(node.name.clone(), Rows::new(node.output.columns.len()));
        names.insert(format!("rows:{}", node.name), node.name.clone());
        let sink = program.add(Node {
            name: format!("rows:{}", node.name),
            operator: Operator::Sink {
                connector: Connector {
                    relation: node.name.clone(),
                    format: "collect".to_string(),
                    columns: node.output.columns.iter().map(|c| c.0.clone()).collect(),
                    ..Connector::default()
                },
                order: Vec::new(),
                unordered: true,
            },
            output: node.output,
            fixpoint: None,
            span: node.span,
        });
        program.connect(id, sink, 0);
    }
    let started = super::start_engine(options, inputs.size, surroundings.launch)?;
    let (engine, mut followers) = (started.engine, started.followers);
    let plan = decide(&program, &inputs.sizes, engine.workers()).plan;
    let sources = inputs.sources.iter().cloned().collect();
    let params = inputs.params.clone();
    let program = Arc::new(program);
    let installation = engine.install(&program.name, program.clone(), plan, inputs.params)?;
    let installation = Arc::new(installation);
    let interner = engine.interner().clone();
    let mut feeding = feed::start(
        inputs.sources,
        &installation,
        &interner,
        environment,
        options,
    );
    let mut gathering = Gathering {
        start,
        failures: Failures::keeping(SHOWN),
        rows: 0,
    };
    let take = &mut |sink: &str, rows: Rows| {
        if let Some(table) = names.get(sink).and_then(|name| tables.get_mut(name)) {
            table.append(&rows);
        }
        Ok(false)
    };
    let complete = match gathering.drive(&mut feeding, &installation, &mut surroundings, take) {
        Ok(Ended::Complete) => true,
        Ok(Ended::Early) => {
            engine.abort();
            false
        }
        Err(error) => {
            engine.abort();
            return Err(error);
        }
    };
    drop(feeding);
    drop(installation);
    drop(engine);
    if let Some(followers) = &mut followers {
        followers.dismiss();
    }
    Ok(Materialised {
        tables,
        failures: gathering.failures,
        complete,
        interner,
        params,
        sources,
    })
}
