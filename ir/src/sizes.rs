//! What is known of the sizes of a program's inputs, for passes and planner.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Estimates of how much comes from outside. They steer choices and never change a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Rows, by the name of the source's node; a source that is not listed is unknown.
    pub rows: BTreeMap<String, u64>,
}
