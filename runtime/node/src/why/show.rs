//! Rows as people and machines read them.

use serde_json::{Map, Value as Json, json};
use sheaf_ir::{NodeId, Operator, Span};
use sheaf_kernels::words::write_json;

use super::base::Base;
use crate::names;

/// A row of a relation, or what some of its columns are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The relation's qualified name.
    pub relation: String,
    /// Whether it is a value that a rule makes on its way, not a row of the relation.
    pub within: bool,
    /// Name and value of each column, as JSON; `None` where any value will do.
    pub cells: Vec<(String, Option<String>)>,
    /// Whether the last column is the value behind `->`.
    pub keyed: bool,
}

/// No row matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// What there is no row of, if it is a relation.
    pub row: Row,
    /// Whether the row would have to satisfy more than its columns say.
    pub conditions: bool,
    /// Where it is asked for.
    pub span: Span,
}

/// As in the text of a program: `needs("a", _)`, `dist("a", "c") -> 5`.
impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "_".to_string());
        if self.within {
            let known = self.cells.iter().filter(|(_, value)| value.is_some());
            let cells: Vec<String> = known
                .map(|(name, value)| format!("{name} = {}", cell(value)))
                .collect();
            return write!(f, "({})", cells.join(", "));
        }
        let mut cells: Vec<String> = self.cells.iter().map(|(_, value)| cell(value)).collect();
        let value = if self.keyed { cells.pop() } else { None };
        let name = names::short(&self.relation);
        write!(f, "{name}({})", cells.join(", "))?;
        match value {
            Some(value) if value != "_" => write!(f, " -> {value}"),
            _ => Ok(()),
        }
    }
}

impl Row {
    /// As an object: `relation` and `row`, an object by column; `null` where any value will do.
    pub fn to_json(&self) -> Json {
        let cells = self.cells.iter().map(|(name, value)| {
            let text = value.as_deref().unwrap_or("null");
            (
                name.clone(),
                serde_json::from_str(text).unwrap_or(Json::Null),
            )
        });
        let cells: Map<String, Json> = cells.collect();
        let mut object = json!({ "relation": self.relation, "row": cells });
        if self.within {
            object["within"] = json!(true);
        }
        object
    }
}

impl Base {
    /// A row of a node.
    pub fn show(&self, id: NodeId, row: &[Option<u64>]) -> Row {
        let name = &self.program.graph[id].name;
        let (relation, step) = match name.split_once('#') {
            Some((relation, step)) => (relation, Some(step)),
            None => (name.as_str(), None),
        };
        let cells = self.columns(id).iter().zip(row).map(|((name, ty), word)| {
            let value = word.map(|word| {
                let mut text = String::new();
                let types = &self.program.types;
                write_json(word, ty, types, &self.interner, &mut text);
                text
            });
            (name.clone(), value)
        });
        Row {
            relation: relation.to_string(),
            within: step.is_some_and(|step| step != "source"),
            cells: cells.collect(),
            keyed: self.is_keyed(id),
        }
    }

    /// Whether a node holds the values of a relation in another form: what is combined before
    /// `Rev<T>` is turned back.
    fn is_inner(&self, id: NodeId) -> bool {
        let node = &self.program.graph[id];
        let Some((relation, _)) = node.name.split_once('#') else {
            return false;
        };
        let outer = self.program.outputs(id).into_iter();
        matches!(node.operator, Operator::Combine { .. })
            && outer
                .map(|(to, _)| &self.program.graph[to].name)
                .any(|name| name == relation)
    }

    /// Whether the last column of a node is the value behind `->`.
    pub fn is_keyed(&self, id: NodeId) -> bool {
        match &self.program.graph[id].operator {
            Operator::Combine { .. } | Operator::Variable { combiner: Some(_) } => true,
            Operator::Map { .. } => self.is_inner(self.source(id, 0)),
            _ => false,
        }
    }

    /// That a node has no row with these values, in terms of a relation where it only passes on the
    /// relation's columns.
    pub fn absence(&self, id: NodeId, bound: &[Option<u64>]) -> Absence {
        let span = self.program.graph[id].span;
        let (mut at, mut bound, mut conditions) = (id, bound.to_vec(), false);
        while self.table(at).is_none() {
            let next = match &self.program.graph[at].operator {
                Operator::Map { block } => {
                    let input = self.source(at, 0);
                    let inner = self.pull(at, block, &bound, self.columns(input).len());
                    let constants = inner.as_ref().map_or(0, |i| i.iter().flatten().count());
                    let wanted = bound.iter().flatten().count();
                    // Conditions that are not told by the columns.
                    conditions |= constants < wanted + block.conditions.len();
                    inner.map(|inner| (input, inner))
                }
                Operator::Distinct | Operator::Union => {
                    let mut inputs = self.sources(at, 0);
                    match (inputs.next(), inputs.next()) {
                        (Some(input), None) => Some((input, bound.clone())),
                        _ => None,
                    }
                }
                _ => None,
            };
            let Some((input, inner)) = next else {
                break;
            };
            (at, bound) = (input, inner);
        }
        Absence {
            row: self.show(at, &bound),
            conditions,
            span,
        }
    }
}
