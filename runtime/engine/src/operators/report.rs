//! Failures of rows, as they are reported.

use std::sync::Arc;

use sheaf_ir::{NodeId, Program, Type};
use sheaf_kernels::{EvalError, Interner, Types, words};

use super::Environment;
use crate::ErrorRow;

/// Makes error rows of one node.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
    node: String,
    columns: Vec<(String, Type)>,
    types: Types,
    interner: Arc<Interner>,
}

impl Reporter {
    /// For a node whose failing rows have these columns.
    pub fn new(
        program: &Program,
        id: NodeId,
        columns: Vec<(String, Type)>,
        environment: &Environment,
    ) -> Reporter {
        Reporter {
            node: program.graph[id].name.clone(),
            columns,
            types: environment.types.clone(),
            interner: environment.interner.clone(),
        }
    }

    /// The failure of a row.
    pub fn report(&self, error: EvalError, row: &[u64]) -> ErrorRow {
        let input = self.columns.iter().zip(row).map(|((name, ty), &word)| {
            let value = words::display(word, ty, &self.types, &self.interner);
            (name.clone(), value)
        });
        ErrorRow {
            node: self.node.clone(),
            error,
            input: input.collect(),
        }
    }
}
