//! Functions that are called by name, and lattices.

use std::collections::BTreeMap;

use sheaf_ir::{FunctionDefinition, Lattice};

use super::expressions::Scope;
use crate::hir;

/// The functions of a program: parameters are the first locals of a body.
pub(super) fn functions(source: &hir::Program) -> BTreeMap<String, FunctionDefinition> {
    let function = |(name, function): (&String, &hir::FunctionDefinition)| {
        let parameters = function.parameters.iter();
        let parameters: Vec<_> = parameters
            .map(|variable| (*variable, &function.variables[*variable]))
            .collect();
        let definition = FunctionDefinition {
            parameters: parameters.iter().map(|(_, v)| v.ty.clone()).collect(),
            body: Scope::of_parameters(&parameters).lower(&function.body),
            monotone: function.monotone.clone(),
            span: function.span,
        };
        (name.clone(), definition)
    };
    source.functions.iter().map(function).collect()
}

/// The lattices of a program.
pub(super) fn lattices(source: &hir::Program) -> BTreeMap<String, Lattice> {
    let lattice = |(name, lattice): (&String, &hir::Lattice)| {
        let lattice = Lattice {
            ty: lattice.ty.clone(),
            bottom: lattice.bottom.clone(),
            join: lattice.join.clone(),
            span: lattice.span,
        };
        (name.clone(), lattice)
    };
    source.lattices.iter().map(lattice).collect()
}
