//! Finds the lines at which the rows stand that a proof rests on, by reading their sources again.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::base::Base;
use super::proof::{Place, Proof, Reason};
use super::search::Step;
use crate::environment::Environment;
use crate::run::RunError;
use crate::source::{Origin, Source, Stopped};

/// Fills in where what was read stands: of equal rows the first. Standard input is not read again.
pub fn fill(
    base: &Base,
    steps: &[Step],
    proof: &mut Proof,
    mut sources: BTreeMap<String, Source>,
    environment: &dyn Environment,
) -> Result<(), RunError> {
    let mut wanted: BTreeMap<&str, HashMap<Arc<[u64]>, Option<Place>>> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.derivation.is_none()) {
        let node = &base.program.graph[step.fact.node].name;
        let rows = wanted.entry(node).or_default();
        rows.insert(Arc::clone(&step.fact.row), None);
    }
    for (node, rows) in &mut wanted {
        let source = sources.remove(*node);
        let Some(source) = source.filter(|source| *source.origin() != Origin::Stdin) else {
            continue;
        };
        let mut missing = rows.len();
        let read = source.places(environment, &base.interner, &mut |row, file, line| {
            if let Some(place @ None) = rows.get_mut(row) {
                let file = file.to_string();
                *place = Some(Place { file, line });
                missing -= 1;
            }
            match missing {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        if let Err(Stopped::Failed(error)) = read {
            return Err(error.into());
        }
    }
    for (step, shown) in steps.iter().zip(&mut proof.steps) {
        if let Reason::Input(place) = &mut shown.reason {
            let node = base.program.graph[step.fact.node].name.as_str();
            let rows = wanted.get(node);
            *place = rows.and_then(|rows| rows.get(&step.fact.row)?.clone());
        }
    }
    Ok(())
}
