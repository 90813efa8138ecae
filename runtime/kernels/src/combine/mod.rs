//! Combiners at work: the state of every key in flat arrays, and the join of a lattice in recursion.
//!
//! Invariants:
//! - What a key reads depends on the multiset of its contributions only: no order, split into
//!   partial states or number of workers changes a bit, nor which error is reported.
//! - A partial state is a word of [`partial_type`], so it travels like any other column. It holds no
//!   symbol but its own.
//! - Errors (an integer sum that does not fit, a second value for `One`, a join that fails) come out
//!   at the end, from [`Accumulator::finish`].

mod elements;
mod exact_float;
mod extreme;
mod joins;
mod lattice;
mod lww;
mod map;
mod one;
mod rounding;
mod sum;
mod union;

use std::sync::Arc;

use sheaf_ir::{Combiner, Span, Type};

use crate::{Environment, Interner, Types};

pub use exact_float::ExactSum;
pub use lattice::Lattice;
pub(crate) use map::at_key;
pub(crate) use one::conflict;
pub(crate) use rounding::round_quotient;
pub(crate) use sum::integer_sum;

use crate::EvalError;

/// The states of one combiner for many keys. Keys are slots 0, 1, 2, … in order of creation.
pub trait Accumulator: Send {
    /// A slot for a new key, without contributions.
    fn new_key(&mut self) -> u32;

    /// Number of slots.
    fn len(&self) -> usize;

    /// Whether there are no slots.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a contribution.
    fn add(&mut self, slot: u32, contribution: u64);

    /// Adds contributions, each to its slot.
    fn add_batch(&mut self, slots: &[u32], contributions: &[u64]) {
        for (&slot, &contribution) in slots.iter().zip(contributions) {
            self.add(slot, contribution);
        }
    }

    /// The state of a slot, as a word of [`partial_type`]. The slot has a contribution.
    fn partial(&mut self, slot: u32) -> u64;

    /// Adds the state of a slot of another accumulator of the same kind.
    fn merge(&mut self, slot: u32, partial: u64);

    /// What is read of a slot that has a contribution.
    fn finish(&mut self, slot: u32) -> Result<u64, EvalError>;

    /// Forgets all slots, keeps the room.
    fn clear(&mut self);

    /// Bytes held.
    fn bytes(&self) -> usize;
}

/// Why contributions cannot be combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{combiner:?} is not defined at {contribution:?}")]
pub struct UndefinedCombiner {
    /// The combiner.
    pub combiner: Combiner,
    /// The type of its contributions.
    pub contribution: Type,
}

/// What all kinds of accumulators know.
pub(crate) struct Shared {
    contribution: Type,
    types: Types,
    interner: Arc<Interner>,
    span: Span,
}

impl Shared {
    /// With the type of what is read.
    fn new(
        combiner: &Combiner,
        contribution: &Type,
        environment: &Environment,
        span: Span,
    ) -> Result<(Shared, Type), UndefinedCombiner> {
        match combiner.result_type(contribution) {
            Some(result) => {
                let shared = Shared {
                    contribution: contribution.clone(),
                    types: environment.types.clone(),
                    interner: environment.interner.clone(),
                    span,
                };
                Ok((shared, result))
            }
            None => Err(UndefinedCombiner {
                combiner: combiner.clone(),
                contribution: contribution.clone(),
            }),
        }
    }
}

/// Makes the accumulator of a combiner at a type of contributions. `span` is where errors point.
pub fn accumulator(
    combiner: &Combiner,
    contribution: &Type,
    environment: &Environment,
    span: Span,
) -> Result<Box<dyn Accumulator>, UndefinedCombiner> {
    let (shared, result) = Shared::new(combiner, contribution, environment, span)?;
    Ok(match combiner {
        Combiner::Min | Combiner::All => extreme::accumulator(shared, false),
        Combiner::Max | Combiner::Any => extreme::accumulator(shared, true),
        Combiner::Union => Box::new(union::Unions::new(shared)),
        Combiner::Count | Combiner::Sum => sum::accumulator(shared, false),
        Combiner::Avg => sum::accumulator(shared, true),
        Combiner::Top(limit) => Box::new(elements::Lists::top(shared, *limit)),
        Combiner::Sorted => Box::new(elements::Lists::sorted(shared)),
        Combiner::One => Box::new(one::Ones::new(shared)),
        Combiner::Lww => Box::new(lww::Lww::new(shared)),
        Combiner::Map(inner) => {
            let (_, value) = map::map_types(contribution);
            let inner = accumulator(inner, value, environment, span)?;
            let partial = partial_type(combiner, contribution);
            Box::new(map::Maps::new(shared, inner, partial, result))
        }
        Combiner::Lattice(name) => {
            let join = joins::Join::new(name, contribution, environment)?;
            Box::new(joins::Joins::new(shared, join))
        }
    })
}

/// The type of [`Accumulator::partial`]'s words.
pub fn partial_type(combiner: &Combiner, contribution: &Type) -> Type {
    match combiner {
        Combiner::Min
        | Combiner::Max
        | Combiner::Any
        | Combiner::All
        | Combiner::Union
        | Combiner::Lww => contribution.clone(),
        Combiner::Count | Combiner::Sum | Combiner::Avg => Type::Bytes,
        Combiner::Top(_) | Combiner::Sorted => Type::List(Box::new(contribution.clone())),
        Combiner::One | Combiner::Lattice(_) => Type::Set(Box::new(contribution.clone())),
        Combiner::Map(inner) => match contribution {
            Type::Map(key, value) => Type::Map(key.clone(), Box::new(partial_type(inner, value))),
            other => other.clone(),
        },
    }
}
