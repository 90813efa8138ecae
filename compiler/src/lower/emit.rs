//! Writes nodes into the graph: the program under construction and what every rule needs of it.

use std::collections::BTreeMap;

use sheaf_ir::{
    Collection, Label, Multiplicity, Node, NodeId, Operator, Program, Span, Type, shard,
};

use crate::hir::{self, Variable, VariableId};

/// A program under construction.
pub(super) struct Emit<'h> {
    /// The checked program.
    pub source: &'h hir::Program,
    /// What is written so far.
    pub program: Program,
    /// The node of each relation that is written so far.
    pub relations: BTreeMap<String, NodeId>,
    /// The stratum whose rules are being written.
    pub stratum: Stratum,
    /// The variables of the rule that is being written; grows as new ones are needed.
    pub variables: Vec<Variable>,
    /// Nodes of the rule that is being written: they have no proper names yet.
    unnamed: Vec<NodeId>,
    /// How often each name was given.
    names: BTreeMap<String, usize>,
}

/// What the stratum under construction is.
#[derive(Clone, Debug, Default)]
pub(super) struct Stratum {
    /// Its fixpoint if it is recursive.
    pub fixpoint: Option<String>,
    /// Whether one of its recursive relations is a lattice.
    pub has_lattice: bool,
}

impl<'h> Emit<'h> {
    pub fn new(source: &'h hir::Program, program: Program) -> Emit<'h> {
        Emit {
            source,
            program,
            relations: BTreeMap::new(),
            stratum: Stratum::default(),
            variables: Vec::new(),
            unnamed: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    /// A variable that nobody wrote.
    pub fn fresh(&mut self, ty: Type, span: Span) -> VariableId {
        self.variables.push(Variable {
            name: String::new(),
            ty,
            span,
        });
        self.variables.len() - 1
    }

    /// What a column that holds a variable is called.
    pub fn column_name(&self, variable: VariableId) -> String {
        match self.variables.get(variable) {
            Some(v) if !v.name.is_empty() => v.name.clone(),
            _ => "_".to_string(),
        }
    }

    /// Adds a node of the current rule. It runs in the loop of the current fixpoint if one of its
    /// inputs does.
    pub fn step(
        &mut self,
        operator: Operator,
        columns: Vec<(String, Type)>,
        inputs: &[(NodeId, u32)],
        span: Span,
    ) -> NodeId {
        let looped = inputs.iter().any(|(from, _)| self.is_looped(*from));
        let fixpoint = if looped {
            self.stratum.fixpoint.clone()
        } else {
            None
        };
        let id = self.add(String::new(), operator, columns, inputs, fixpoint, span);
        self.unnamed.push(id);
        id
    }

    /// Whether a node runs in the loop of the current fixpoint.
    pub fn is_looped(&self, id: NodeId) -> bool {
        self.stratum.fixpoint.is_some() && self.program.graph[id].fixpoint == self.stratum.fixpoint
    }

    /// Adds a node with its final name.
    pub fn named(
        &mut self,
        name: &str,
        operator: Operator,
        columns: Vec<(String, Type)>,
        inputs: &[(NodeId, u32)],
        fixpoint: Option<String>,
        span: Span,
    ) -> NodeId {
        let name = self.unique(name);
        self.add(name, operator, columns, inputs, fixpoint, span)
    }

    fn add(
        &mut self,
        name: String,
        operator: Operator,
        columns: Vec<(String, Type)>,
        inputs: &[(NodeId, u32)],
        fixpoint: Option<String>,
        span: Span,
    ) -> NodeId {
        let id = self.program.add(Node {
            name,
            operator,
            output: Collection {
                columns,
                multiplicity: Multiplicity::Bag,
                label: Label::Closed,
                keys: Vec::new(),
            },
            fixpoint,
            span,
        });
        for (from, port) in inputs {
            self.program.connect(*from, id, *port);
        }
        id
    }

    /// Names the nodes of the current rule `owner#hash.step`. The hash is of what they do, without
    /// spans and names of variables, so that it survives edits elsewhere.
    pub fn name_steps(&mut self, owner: &str) {
        let steps = std::mem::take(&mut self.unnamed);
        let mut text = String::new();
        for &id in &steps {
            let mut operator = self.program.graph[id].operator.clone();
            for expr in operator.expressions_mut() {
                expr.walk_mut(&mut |e| e.span = Span::default());
            }
            text.push_str(&format!("{operator:?}"));
            for (port, from) in self.program.inputs(id) {
                let within = steps.iter().position(|s| *s == from);
                let name = &self.program.graph[from].name;
                text.push_str(&format!("{port} {within:?} {name};"));
            }
        }
        let digest = shard::column_digest(text.as_bytes()) as u32;
        let rule = self.unique(&format!("{owner}#{digest:08x}"));
        for (i, &id) in steps.iter().enumerate() {
            self.program.graph[id].name = format!("{rule}.{}", i + 1);
        }
    }

    /// The name, with a number behind it if it was given before.
    fn unique(&mut self, name: &str) -> String {
        let count = self.names.entry(name.to_string()).or_default();
        *count += 1;
        match *count {
            1 => name.to_string(),
            n => format!("{name}-{n}"),
        }
    }

    /// The columns of a node.
    pub fn columns(&self, id: NodeId) -> &[(String, Type)] {
        &self.program.graph[id].output.columns
    }
}
