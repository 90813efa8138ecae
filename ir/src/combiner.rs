//! Combiners as data: how several contributions to one key become one value.

use serde::{Deserialize, Serialize};

use crate::Type;

/// A combiner. The contribution and result types follow from the value type `T` it is used at:
/// see [`Combiner::result_type`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Combiner {
    /// The least contribution. `T -> T`.
    Min,
    /// The greatest contribution. `T -> T`.
    Max,
    /// Bool or.
    Any,
    /// Bool and.
    All,
    /// Union of sets. `Set<T> -> Set<T>`.
    Union,
    /// Exact sum of Nats, one per derivation by default. `Nat -> Nat`.
    Count,
    /// Exact sum, checked or rounded once at the end. `T -> T`.
    Sum,
    /// Exact sum over count, rounded once. `T -> Float`.
    Avg,
    /// The n greatest contributions, descending, equal ones kept. `T -> List<T>`.
    Top(u64),
    /// Exactly one value; a different second one is an error. `T -> T`.
    One,
    /// Every contribution, ascending. `T -> List<T>`.
    Sorted,
    /// Greater time wins, then greater value. `(Time, T) -> T`.
    Lww,
    /// Key by key: `Map<K, A> -> Map<K, B>` where the combiner inside is `A -> B`.
    Map(Box<Combiner>),
    /// The join of a lattice of the program, by name. `T -> T`, where `T` is the lattice's type.
    Lattice(String),
}

impl Combiner {
    /// The name in IR text; [`Combiner::Top`] prints its number after it, [`Combiner::Map`] the
    /// combiner inside, [`Combiner::Lattice`] the lattice's name.
    pub fn name(&self) -> &'static str {
        match self {
            Combiner::Min => "min",
            Combiner::Max => "max",
            Combiner::Any => "any",
            Combiner::All => "all",
            Combiner::Union => "union",
            Combiner::Count => "count",
            Combiner::Sum => "sum",
            Combiner::Avg => "avg",
            Combiner::Top(_) => "top",
            Combiner::One => "one",
            Combiner::Sorted => "sorted",
            Combiner::Lww => "lww",
            Combiner::Map(_) => "map",
            Combiner::Lattice(_) => "lattice",
        }
    }

    /// The type read after `->`, given the type of a contribution; `None` if the combiner is not
    /// defined at that type. Whether a lattice is one on that type is for the verifier to say.
    pub fn result_type(&self, contribution: &Type) -> Option<Type> {
        match (self, contribution) {
            (Combiner::Min | Combiner::Max | Combiner::One, t) => Some(t.clone()),
            (Combiner::Any | Combiner::All, Type::Bool) => Some(Type::Bool),
            (Combiner::Union, Type::Set(_)) => Some(contribution.clone()),
            (Combiner::Count, Type::Nat) => Some(Type::Nat),
            (Combiner::Sum, t) if t.is_numeric() || *t == Type::Duration => Some(t.clone()),
            (Combiner::Avg, t) if t.is_numeric() => Some(Type::Float),
            (Combiner::Top(_) | Combiner::Sorted, t) => Some(Type::List(Box::new(t.clone()))),
            (Combiner::Lww, Type::Tuple(parts)) => match parts.as_slice() {
                [Type::Time, value] => Some(value.clone()),
                _ => None,
            },
            (Combiner::Map(inner), Type::Map(key, value)) => {
                let value = inner.result_type(value)?;
                Some(Type::Map(key.clone(), Box::new(value)))
            }
            (Combiner::Lattice(_), t) => Some(t.clone()),
            _ => None,
        }
    }

    /// The lattice of the program that merges contributions or, in maps, their values.
    pub fn lattice(&self) -> Option<&str> {
        match self {
            Combiner::Lattice(name) => Some(name),
            Combiner::Map(inner) => inner.lattice(),
            _ => None,
        }
    }

    /// Whether a contribution may be repeated without changing the result: a lattice. Only these
    /// may read a set where a bag is meant, and only these may stand in a recursion.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Combiner::Map(inner) => inner.is_idempotent(),
            _ => matches!(
                self,
                Combiner::Min
                    | Combiner::Max
                    | Combiner::Any
                    | Combiner::All
                    | Combiner::Union
                    | Combiner::One
                    | Combiner::Lww
                    | Combiner::Lattice(_)
            ),
        }
    }

    /// Whether states form a group, so that a contribution can be taken back.
    pub fn is_invertible(&self) -> bool {
        matches!(self, Combiner::Count | Combiner::Sum | Combiner::Avg)
    }

    /// Whether the value read only climbs in its own order as contributions arrive.
    pub fn is_climbing(&self) -> bool {
        match self {
            Combiner::Map(inner) => inner.is_climbing(),
            _ => matches!(
                self,
                Combiner::Min
                    | Combiner::Max
                    | Combiner::Any
                    | Combiner::All
                    | Combiner::Union
                    | Combiner::Count
                    | Combiner::Lattice(_)
            ),
        }
    }
}
