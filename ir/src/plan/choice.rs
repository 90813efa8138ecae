//! Choices: what was chosen, what else was possible, and at which price.
//!
//! Invariant: estimates are rough, so the first candidate, which a fixed rule names, stays unless
//! another is clearly cheaper; where a price is not known the rule decides.

use serde::{Deserialize, Serialize};

/// How much cheaper than the rule's a candidate must be.
const CLEARLY: f64 = 0.8;
/// How many rows' worth of work a change must save.
const WORTH: f64 = 1000.0;

/// A decision of the planner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The node, or fixpoint, that it is about.
    pub node: String,
    /// What was to be decided.
    pub kind: Kind,
    /// What was chosen, in words.
    pub chosen: String,
    /// Its price: the work of the busiest worker, in rows put into a table. `None` if sizes are not
    /// known.
    pub price: Option<f64>,
    /// What else would have been legal.
    pub rejected: Vec<Rejected>,
    /// Why.
    pub reason: String,
}

/// What was not chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// In words.
    pub what: String,
    /// Its price, as in [`Choice::price`].
    pub price: Option<f64>,
}

/// What a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Where two inputs meet.
    Meet,
    /// Where equal rows or keys come together.
    Group,
    /// How a fixpoint runs.
    Loop,
    /// What is done before rows travel.
    Early,
}

/// Something that could be chosen.
pub(super) struct Candidate<T> {
    pub what: T,
    pub words: String,
    pub price: Option<f64>,
}

/// Chooses among candidates, of which the first is the rule's and `rule` says why it is.
pub(super) fn pick<T>(
    node: &str,
    kind: Kind,
    rule: &str,
    mut candidates: Vec<Candidate<T>>,
) -> Option<(T, Choice)> {
    let first = candidates.first()?;
    let by_rule = first.price;
    let cheapest = candidates
        .iter()
        .enumerate()
        .filter_map(|(i, c)| Some((i, c.price?)))
        .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let (chosen, reason) = match (by_rule, cheapest) {
        _ if candidates.len() == 1 => (0, rule.to_string()),
        (Some(ruled), Some((i, least))) if i > 0 => {
            if least < ruled * CLEARLY && ruled - least > WORTH {
                let times = ruled / least.max(1.0);
                (
                    i,
                    format!("{times:.1} times cheaper than what the rule says"),
                )
            } else {
                (0, format!("{rule}; nothing else is clearly cheaper"))
            }
        }
        (Some(_), _) => (0, format!("{rule}; also the cheapest")),
        (None, _) => (0, format!("{rule}; sizes are not known")),
    };
    let won = candidates.remove(chosen);
    let choice = Choice {
        node: node.to_string(),
        kind,
        chosen: won.words,
        price: won.price,
        rejected: candidates
            .into_iter()
            .map(|c| Rejected {
                what: c.words,
                price: c.price,
            })
            .collect(),
        reason,
    };
    Some((won.what, choice))
}
