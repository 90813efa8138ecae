//! Plans a program as a run would, without running it.
//!
//! Invariant: nothing that a run would miss is an error here: what has no file, or no readable
//! one, is an input of unknown size.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sheaf_ir::plan::{Decided, decide};
use sheaf_ir::sizes::Sizes;
use sheaf_ir::{Operator, Program};

use super::prepare;
use super::{RunError, default_workers, optimize};
use crate::environment::Environment;
use crate::run::RunOptions;

/// A program that was planned.
#[derive(Debug)]
pub struct Planned {
    /// After the passes.
    pub program: Program,
    /// What is known of its inputs.
    pub sizes: Sizes,
    /// The plan and the reasons for it.
    pub decided: Decided,
}

/// Plans a valid program. Of the options, the workers, processes, base, inputs and passes count.
///
/// # Errors
/// An input is named that the program does not have.
pub fn plan(
    program: Program,
    options: &RunOptions,
    environment: &dyn Environment,
) -> Result<Planned, RunError> {
    let types = Arc::new(program.types.clone());
    let mut inputs = options.inputs.clone();
    let mut known = BTreeMap::new();
    let mut all = true;
    for id in program.nodes_by_name() {
        let node = &program.graph[id];
        let Operator::Source { connector } = &node.operator else {
            continue;
        };
        let mut connector = connector.clone();
        let mut base = options.base.as_path();
        if let Some(path) = prepare::take_named(&mut inputs, &connector.relation) {
            prepare::redirect_input(&mut connector, path);
            base = Path::new("");
        }
        let columns = &node.output.columns;
        let source = crate::source::Source::new(&connector, columns, &types, base, environment);
        let size = source.ok().and_then(|source| {
            let bytes = prepare::estimate(&source, environment)?;
            Some((bytes, prepare::rows(bytes, &source)))
        });
        match size {
            Some((bytes, rows)) => {
                known.insert(node.name.clone(), (bytes, rows));
            }
            None => all = false,
        }
    }
    prepare::all_taken(&program, &inputs)?;
    let size = all.then(|| known.values().map(|(bytes, _)| bytes).sum());
    let rows = known.into_iter().map(|(node, (_, rows))| (node, rows));
    let sizes = Sizes {
        rows: rows.collect(),
    };
    let processes = options.processes.max(1);
    let workers = options.workers;
    let workers = workers.unwrap_or_else(|| default_workers(size, processes));
    let program = optimize::optimize(program, &options.passes, &sizes);
    let decided = decide(&program, &sizes, workers.max(1) * processes);
    Ok(Planned {
        program,
        sizes,
        decided,
    })
}
