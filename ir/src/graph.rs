//! The dataflow graph: nodes are operators, edges carry collections from a node to a port.
//!
//! A program is a directed graph that may be cyclic: every cycle passes through a
//! [`Operator::Variable`] of a fixpoint. A node has one output collection (and one of errors, not
//! drawn), described by its [`Collection`]; an edge says which port of its target it feeds.

use std::collections::BTreeMap;

use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;
use petgraph::{Direction, stable_graph::EdgeIndex};
use serde::{Deserialize, Serialize};

use crate::{Block, Combiner, Expr, Nominal, Span, Type, Value};

/// The process-local handle of a node. Names, not these, go into text, plans and statistics.
pub type NodeId = NodeIndex<u32>;

/// A whole program. Equality is of meaning: see [`crate::canonical`].
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Qualified name, such as `examples.paths`.
    pub name: String,
    /// Source files that spans refer to, by display path.
    pub files: Vec<String>,
    /// Records and enums, by qualified name.
    pub types: BTreeMap<String, Nominal>,
    /// Functions that expressions may invoke, by qualified name; they may invoke each other.
    pub functions: BTreeMap<String, FunctionDefinition>,
    /// Lattices that combiners name, by qualified name.
    pub lattices: BTreeMap<String, Lattice>,
    /// Values given from outside.
    pub params: BTreeMap<String, Param>,
    /// The operators.
    pub graph: StableDiGraph<Node, Port, u32>,
}

/// A function of the program. Its front end has made sure that it ends; how deep it may nest is
/// bounded at run time, where too deep a call is an error of the row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionDefinition {
    /// Types of the parameters, which are the locals 0, 1, 2, … of the body.
    pub parameters: Vec<Type>,
    /// What it gives: an expression without columns.
    pub body: Expr,
    /// If it is claimed to be monotone: the order of each parameter, then of the result.
    pub monotone: Option<Vec<Order>>,
    /// Where it is declared.
    pub span: Span,
}

/// An order of values, for what is claimed to be monotone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Sets by inclusion, all other values in the order of their type.
    Natural,
    /// That of a lattice of the program: `a ⊑ b` if their join is `b`.
    Lattice(String),
}

/// A lattice of the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lattice {
    /// The type of its values.
    pub ty: Type,
    /// Name of the function without parameters that gives the least value.
    pub bottom: String,
    /// Name of the function of two values that gives the least value above both.
    pub join: String,
    /// Where it is declared.
    pub span: Span,
}

/// A value given on the command line or at deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its type.
    pub ty: Type,
    /// What it is when nobody gives it.
    pub default: Option<Value>,
    /// Where it is declared.
    pub span: Span,
}

/// One operator with its name, its output and its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Unique in the program. A relation's node has the relation's qualified name; any other has
    /// the name of the rule it belongs to (`needs#2.1`: relation, rule, step).
    pub name: String,
    /// What it does.
    pub operator: Operator,
    /// What it gives.
    pub output: Collection,
    /// The fixpoint whose loop it runs in, if any.
    pub fixpoint: Option<String>,
    /// Where it comes from.
    pub span: Span,
}

/// Which input of its target an edge feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Port(pub u32);

/// What is known of the rows that a node gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Column names and types; names are for people and for error rows and need not be unique.
    pub columns: Vec<(String, Type)>,
    /// Whether rows may repeat.
    pub multiplicity: Multiplicity,
    /// Whether rows can still come or go.
    pub label: Label,
    /// Sets of columns that determine the row; ascending, without duplicates.
    pub keys: Vec<Vec<usize>>,
}

impl Collection {
    /// No columns and no rows: what a fixpoint gives.
    pub fn nothing() -> Collection {
        Collection {
            columns: Vec::new(),
            multiplicity: Multiplicity::Set,
            label: Label::Closed,
            keys: Vec::new(),
        }
    }
}

/// Whether equal rows count once or as often as they occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Multiplicity {
    /// No row occurs twice.
    Set,
    /// One occurrence per derivation.
    Bag,
}

/// What may still happen to a collection. `Closed ⊑ Growing ⊑ Changing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Label {
    /// Complete once its finite inputs are.
    Closed,
    /// Rows only arrive, lattice values only climb.
    Growing,
    /// Rows may be retracted.
    Changing,
}

/// The operators. Port numbers are given in brackets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Operator {
    /// Rows from outside. A bag.
    Source {
        /// What to read and how.
        connector: Connector,
    },
    /// Rows written in the program.
    Values {
        /// One expression per column (params allowed, no columns), row by row.
        rows: Vec<Vec<Expr>>,
    },
    /// \[0\] Filters and projects each row.
    Map {
        /// Conditions and output columns.
        block: Block,
    },
    /// \[0\] For each row, each element of a list (by position), set or map (as `(key, value)`),
    /// filtered and projected. The block sees the input columns, then the element.
    FlatMap {
        /// The collection, over the input columns.
        each: Expr,
        /// Conditions and output columns.
        block: Block,
    },
    /// \[0\] left, \[1\] right: pairs of rows that agree on the keys; the block sees the left columns,
    /// then the right ones. Empty keys give the product.
    Join {
        /// Columns of the left input.
        left_key: Vec<usize>,
        /// Columns of the right input, of the same types.
        right_key: Vec<usize>,
        /// Conditions and output columns.
        block: Block,
    },
    /// \[0\] rows for which \[1\] has at least one row that agrees on the keys; as they are.
    Semijoin {
        /// Columns of the left input.
        left_key: Vec<usize>,
        /// Columns of the right input.
        right_key: Vec<usize>,
    },
    /// \[0\] rows for which \[1\] has no row that agrees on the keys; as they are. Not monotone in \[1\].
    Antijoin {
        /// Columns of the left input.
        left_key: Vec<usize>,
        /// Columns of the right input.
        right_key: Vec<usize>,
    },
    /// Like a join, but a left row without a partner is kept once: its right columns are `None`,
    /// all others `Some`. Output: the left columns, then the picked right columns as Options.
    /// Not monotone in \[1\].
    OuterJoin {
        /// Columns of the left input.
        left_key: Vec<usize>,
        /// Columns of the right input.
        right_key: Vec<usize>,
        /// Which right columns follow the left ones.
        right_columns: Vec<usize>,
    },
    /// \[0\], any number of edges: all rows of all inputs, as a bag.
    Union,
    /// \[0\], any number of edges: each row once.
    Distinct,
    /// \[0\], any number of edges: groups by all columns but the last and combines the last.
    /// Output: the key columns, then the result.
    Combine {
        /// How contributions merge.
        combiner: Combiner,
    },
    /// A fixpoint: named variables that grow until nothing new can be derived. It has no edges; its
    /// variables name it, and so do the nodes in its loop.
    Fixpoint {
        /// Rounds after which it stops with an error that names the rule.
        limit: u64,
        /// The fixpoint around it, if any, is [`Node::fixpoint`].
        variables: Vec<String>,
    },
    /// \[0\], entry edges from outside the loop and feedback edges from inside it: a relation of a
    /// fixpoint. Inside the loop it reads as what is known so far, outside as what is settled.
    Variable {
        /// `None`: a set of rows. Otherwise all columns but the last are the key, and the last is
        /// a climbing lattice.
        combiner: Option<Combiner>,
    },
    /// \[0\] Moves each row to the worker that owns its key.
    Exchange {
        /// The key columns.
        key: Vec<usize>,
    },
    /// \[0\] Gives every worker every row.
    Broadcast,
    /// \[0\] Publishes rows.
    Sink {
        /// Where to and how.
        connector: Connector,
        /// Order of the rows: column and whether descending; empty for ascending by all columns.
        order: Vec<(usize, bool)>,
        /// Whether rows may be written as they come (`order: none`).
        unordered: bool,
    },
    /// Rows of a durable table as of now.
    StateRead {
        /// Qualified name of the table.
        table: String,
    },
    /// \[0\] Merges rows into a durable table.
    StateWrite {
        /// Qualified name of the table.
        table: String,
        /// Merge, remove or seal.
        action: StateAction,
    },
    /// \[0\] Something irrevocable for each row, once per cause.
    Effect {
        /// Send, schedule, reply or raise.
        action: EffectAction,
        /// Qualified name of what is sent, scheduled or raised.
        target: String,
    },
    /// \[0\] A place where order can matter.
    OrderPoint {
        /// Which of the five words.
        kind: OrderKind,
        /// Why it is there, in the author's words.
        because: Option<String>,
    },
    /// \[0\] Calls foreign code for each row; appends its result as a column.
    Extern {
        /// `wasm`, `onnx` or `http`.
        language: String,
        /// Module or address.
        module: String,
        /// Function in it.
        function: String,
        /// Arguments, over the input columns.
        arguments: Vec<Expr>,
    },
}

/// A source or sink by name with its options.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Connector {
    /// The relation that is read or published.
    pub relation: String,
    /// `csv`, `tsv`, `ndjson`, `text`, `stdin`, `stdout`, `table`, …; `given` has no outside.
    pub format: String,
    /// Where: a path or glob; empty for standard input or output.
    pub path: String,
    /// Everything else, by name (`header`, `null`, `unit`, `path`, …).
    pub options: BTreeMap<String, Value>,
    /// For each column, the header or field name it is known by outside.
    pub columns: Vec<String>,
}

/// What is done to a durable table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateAction {
    /// Join into the table's lattice.
    Merge,
    /// Remove matching rows.
    Remove,
    /// Close a prefix of the key.
    Seal,
}

/// The kinds of effect that leave a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EffectAction {
    /// A message to an address.
    Send,
    /// An event after a delay.
    Schedule,
    /// The answer to a request.
    Reply,
    /// An event in a later epoch.
    Raise,
}

/// The words by which order enters a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// Waits until what is read is closed.
    Final,
    /// Reads what is there now.
    Sample,
    /// One at a time, in one durable order.
    Coordinate,
    /// Refuses rows that come too late.
    Late,
}

impl Operator {
    /// The name in IR text.
    pub fn name(&self) -> &'static str {
        match self {
            Operator::Source { .. } => "source",
            Operator::Values { .. } => "values",
            Operator::Map { .. } => "map",
            Operator::FlatMap { .. } => "flat_map",
            Operator::Join { .. } => "join",
            Operator::Semijoin { .. } => "semijoin",
            Operator::Antijoin { .. } => "antijoin",
            Operator::OuterJoin { .. } => "outer_join",
            Operator::Union => "union",
            Operator::Distinct => "distinct",
            Operator::Combine { .. } => "combine",
            Operator::Fixpoint { .. } => "fixpoint",
            Operator::Variable { .. } => "variable",
            Operator::Exchange { .. } => "exchange",
            Operator::Broadcast => "broadcast",
            Operator::Sink { .. } => "sink",
            Operator::StateRead { .. } => "state_read",
            Operator::StateWrite { .. } => "state_write",
            Operator::Effect { .. } => "effect",
            Operator::OrderPoint { .. } => "order_point",
            Operator::Extern { .. } => "extern",
        }
    }

    /// How many input ports there are.
    pub fn ports(&self) -> u32 {
        match self {
            Operator::Source { .. }
            | Operator::Values { .. }
            | Operator::Fixpoint { .. }
            | Operator::StateRead { .. } => 0,
            Operator::Join { .. }
            | Operator::Semijoin { .. }
            | Operator::Antijoin { .. }
            | Operator::OuterJoin { .. } => 2,
            _ => 1,
        }
    }

    /// Whether a port takes any number of edges; any other takes exactly one.
    pub fn is_variadic(&self) -> bool {
        matches!(
            self,
            Operator::Union
                | Operator::Distinct
                | Operator::Combine { .. }
                | Operator::Variable { .. }
        )
    }

    /// The keys of an operator that compares two inputs: columns of the left one, and of the right one.
    pub fn keys(&self) -> Option<(&[usize], &[usize])> {
        match self {
            Operator::Join {
                left_key,
                right_key,
                ..
            }
            | Operator::Semijoin {
                left_key,
                right_key,
            }
            | Operator::Antijoin {
                left_key,
                right_key,
            }
            | Operator::OuterJoin {
                left_key,
                right_key,
                ..
            } => Some((left_key, right_key)),
            _ => None,
        }
    }

    /// Like [`Operator::keys`], to change them.
    pub fn keys_mut(&mut self) -> Option<(&mut [usize], &mut [usize])> {
        match self {
            Operator::Join {
                left_key,
                right_key,
                ..
            }
            | Operator::Semijoin {
                left_key,
                right_key,
            }
            | Operator::Antijoin {
                left_key,
                right_key,
            }
            | Operator::OuterJoin {
                left_key,
                right_key,
                ..
            } => Some((left_key, right_key)),
            _ => None,
        }
    }

    /// The expressions in it, in the order they are written.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Operator::Values { rows } => rows.iter().flatten().collect(),
            Operator::Map { block } | Operator::Join { block, .. } => {
                block.conditions.iter().chain(&block.outputs).collect()
            }
            Operator::FlatMap { each, block } => std::iter::once(each)
                .chain(&block.conditions)
                .chain(&block.outputs)
                .collect(),
            Operator::Extern { arguments, .. } => arguments.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Like [`Operator::expressions`], to change them.
    pub fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Operator::Values { rows } => rows.iter_mut().flatten().collect(),
            Operator::Map { block } | Operator::Join { block, .. } => block
                .conditions
                .iter_mut()
                .chain(&mut block.outputs)
                .collect(),
            Operator::FlatMap { each, block } => std::iter::once(each)
                .chain(&mut block.conditions)
                .chain(&mut block.outputs)
                .collect(),
            Operator::Extern { arguments, .. } => arguments.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}

impl Program {
    /// Adds a node.
    pub fn add(&mut self, node: Node) -> NodeId {
        self.graph.add_node(node)
    }

    /// Lets `from` feed port `port` of `to`.
    pub fn connect(&mut self, from: NodeId, to: NodeId, port: u32) -> EdgeIndex<u32> {
        self.graph.add_edge(from, to, Port(port))
    }

    /// The node of this name. Linear: build a map where many are looked up.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.graph
            .node_indices()
            .find(|&id| self.graph[id].name == name)
    }

    /// Nodes in ascending order of their names: the only order in which anything may iterate
    /// whose result can be seen.
    pub fn nodes_by_name(&self) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = self.graph.node_indices().collect();
        ids.sort_by(|a, b| self.graph[*a].name.cmp(&self.graph[*b].name));
        ids
    }

    /// What feeds a node: `(port, source)`, ascending by port, then by the source's name.
    pub fn inputs(&self, id: NodeId) -> Vec<(u32, NodeId)> {
        let mut inputs: Vec<(u32, NodeId)> = self
            .graph
            .edges_directed(id, Direction::Incoming)
            .map(|e| (e.weight().0, e.source()))
            .collect();
        inputs.sort_by(|a, b| (a.0, &self.graph[a.1].name).cmp(&(b.0, &self.graph[b.1].name)));
        inputs
    }

    /// The columns that come in on a port: those of its only input, or of the first by name.
    pub fn input_columns(&self, id: NodeId, port: u32) -> &[(String, Type)] {
        self.inputs(id)
            .iter()
            .find(|(at, _)| *at == port)
            .map_or(&[], |(_, source)| &self.graph[*source].output.columns)
    }

    /// What a node feeds: `(target, port)`, ascending by the target's name, then port.
    pub fn outputs(&self, id: NodeId) -> Vec<(NodeId, u32)> {
        let mut outputs: Vec<(NodeId, u32)> = self
            .graph
            .edges_directed(id, Direction::Outgoing)
            .map(|e| (e.target(), e.weight().0))
            .collect();
        outputs.sort_by(|a, b| (&self.graph[a.0].name, a.1).cmp(&(&self.graph[b.0].name, b.1)));
        outputs
    }
}
