//! Lattices one join at a time, for the variables of a fixpoint.

use sheaf_ir::{Combiner, Span, Type};

use super::joins::Join;
use super::one::conflict;
use super::union::union;
use super::{Shared, UndefinedCombiner, lww, map};
use crate::words::compare;
use crate::{Environment, EvalError};

/// A lattice over the words of contributions. A key without contributions has no word; the first
/// contribution is its state.
pub struct Lattice {
    kind: Kind,
    shared: Shared,
}

enum Kind {
    Least,
    Greatest,
    Union,
    One,
    Lww,
    /// The lattice of the values, and the type of what is read of them.
    Map(Box<Lattice>, Type),
    /// A lattice of the program.
    Join(Join),
}

impl Lattice {
    /// The lattice of a combiner at a type of contributions; an error also for what is no lattice.
    /// `span` is where conflicts point.
    pub fn new(
        combiner: &Combiner,
        contribution: &Type,
        environment: &Environment,
        span: Span,
    ) -> Result<Lattice, UndefinedCombiner> {
        let (shared, result) = Shared::new(combiner, contribution, environment, span)?;
        let kind = match combiner {
            Combiner::Min | Combiner::All => Kind::Least,
            Combiner::Max | Combiner::Any => Kind::Greatest,
            Combiner::Union => Kind::Union,
            Combiner::One => Kind::One,
            Combiner::Lww => Kind::Lww,
            Combiner::Map(inner) => {
                let (_, value) = map::map_types(contribution);
                let inner = Lattice::new(inner, value, environment, span)?;
                Kind::Map(Box::new(inner), map::map_types(&result).1.clone())
            }
            Combiner::Lattice(name) => Kind::Join(Join::new(name, contribution, environment)?),
            Combiner::Count
            | Combiner::Sum
            | Combiner::Avg
            | Combiner::Top(_)
            | Combiner::Sorted => {
                return Err(UndefinedCombiner {
                    combiner: combiner.clone(),
                    contribution: contribution.clone(),
                });
            }
        };
        Ok(Lattice { kind, shared })
    }

    /// The state after a contribution; `None` if it is the old one.
    #[inline]
    pub fn join(&self, old: u64, new: u64) -> Result<Option<u64>, EvalError> {
        if old == new {
            return Ok(None);
        }
        let Shared {
            contribution: ty,
            types,
            interner,
            span,
        } = &self.shared;
        let order = || compare(new, old, ty, interner);
        Ok(match &self.kind {
            Kind::Least => order().is_lt().then_some(new),
            Kind::Greatest | Kind::Lww => order().is_gt().then_some(new),
            Kind::Union => Some(union(&[old, new], ty, types, interner)).filter(|&u| u != old),
            Kind::One => {
                let (a, b) = if order().is_lt() {
                    (new, old)
                } else {
                    (old, new)
                };
                return Err(conflict(a, b, ty, types, interner, *span));
            }
            Kind::Map(inner, _) => map::join(inner, old, new, &self.shared)?,
            Kind::Join(join) => Some(join.of(old, new, &self.shared)?).filter(|&u| u != old),
        })
    }

    /// Whether what is read is not the state itself.
    fn is_read_otherwise(&self) -> bool {
        match &self.kind {
            Kind::Lww => true,
            Kind::Map(inner, _) => inner.is_read_otherwise(),
            _ => false,
        }
    }

    /// What is read of a state: of `Lww` the value without its time, else the state itself.
    #[inline]
    pub fn read(&self, state: u64) -> u64 {
        match &self.kind {
            Kind::Map(inner, result) if inner.is_read_otherwise() => {
                map::read(inner, result, state, &self.shared)
            }
            Kind::Lww => lww::value(state, &self.shared),
            _ => state,
        }
    }
}
