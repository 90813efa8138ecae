//! What a program means apart from where it was written: equality and content hashes.
//!
//! Invariants:
//! - Spans, files, numbers of locals, the column names of steps and the order of nodes take no part.
//! - Relations are what they are called: a node whose name has no `#` goes by its name. A step
//!   (`needs#2.1`) goes by what it does: its hash covers its operator, its output and the hashes of
//!   the steps that feed it, and no name of a step.
//! - Functions and lattices of the program go by their names, but the hash of what uses them covers
//!   what they are, too.
//! - Hashes are taken over IR text, so that they stay when the binary form changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::graph::{Order, Param, Port};
use crate::nesting::topological;
use crate::text::definitions::{print_function, print_lattice};
use crate::text::literal::print_text;
use crate::text::operators::print_clauses;
use crate::text::print::{Style, print_collection, print_declarations};
use crate::{
    Clause, Expr, ExprKind, FunctionDefinition, Lattice, Node, NodeId, Nominal, Operator, Program,
    Span,
};

/// The version of the hashes, which is part of what is hashed.
pub const HASH_VERSION: u32 = 1;

const ANONYMOUS: Style = Style {
    spans: false,
    names: false,
};
const NAMED: Style = Style {
    spans: false,
    names: true,
};

/// A program as plain lists: nodes in ascending order of names, edges by names.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Flat {
    pub name: String,
    pub files: Vec<String>,
    pub types: BTreeMap<String, Nominal>,
    pub functions: BTreeMap<String, FunctionDefinition>,
    pub lattices: BTreeMap<String, Lattice>,
    pub params: BTreeMap<String, Param>,
    pub nodes: Vec<FlatNode>,
}

/// A node with its inputs: port and name, ascending.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FlatNode {
    pub node: Node,
    pub inputs: Vec<(u32, String)>,
}

impl Flat {
    pub fn of(program: &Program) -> Flat {
        let flat = |id: NodeId| FlatNode {
            node: program.graph[id].clone(),
            inputs: program
                .inputs(id)
                .into_iter()
                .map(|(port, from)| (port, program.graph[from].name.clone()))
                .collect(),
        };
        Flat {
            name: program.name.clone(),
            files: program.files.clone(),
            types: program.types.clone(),
            functions: program.functions.clone(),
            lattices: program.lattices.clone(),
            params: program.params.clone(),
            nodes: program.nodes_by_name().into_iter().map(flat).collect(),
        }
    }

    /// The program, or the name of an input that does not exist.
    pub fn into_program(self) -> Result<Program, String> {
        let mut program = Program {
            name: self.name,
            files: self.files,
            types: self.types,
            functions: self.functions,
            lattices: self.lattices,
            params: self.params,
            ..Program::default()
        };
        let mut by_name: BTreeMap<String, NodeId> = BTreeMap::new();
        let mut edges = Vec::new();
        for FlatNode { node, inputs } in self.nodes {
            let name = node.name.clone();
            let id = program.add(node);
            by_name.entry(name).or_insert(id);
            edges.extend(inputs.into_iter().map(|(port, from)| (from, id, port)));
        }
        for (from, to, port) in edges {
            match by_name.get(&from) {
                Some(from) => program.graph.add_edge(*from, to, Port(port)),
                None => return Err(from),
            };
        }
        Ok(program)
    }
}

/// Equality of meaning: spans, files, numbers of locals, names of the columns of steps and the
/// order of nodes take no part. Names of nodes do, since plans and statistics go by them.
impl PartialEq for Program {
    fn eq(&self, other: &Program) -> bool {
        Flat::of(&stripped(self)) == Flat::of(&stripped(other))
    }
}

/// Whether a node is a step of a rule, which goes by what it does and not by its name.
pub fn is_step(name: &str) -> bool {
    name.contains('#')
}

/// The hash of a program's meaning: its name, types, functions, lattices, parameters and nodes, the steps of its rules
/// without their names.
pub fn content_hash(program: &Program) -> [u8; 32] {
    let stripped = stripped(program);
    let mut hashes: Vec<[u8; 32]> = hashes_of(&stripped).into_values().collect();
    hashes.sort();
    let mut text = format!("sheaf-ir content {HASH_VERSION}\nprogram ");
    print_text(&mut text, &program.name);
    text.push('\n');
    print_declarations(&mut text, &stripped, NAMED);
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes());
    for hash in &hashes {
        hasher.update(hash);
    }
    *hasher.finalize().as_bytes()
}

/// The hash of what one node gives. Steps of equal hash give the same rows.
pub fn node_hash(program: &Program, id: NodeId) -> [u8; 32] {
    node_hashes(program).get(&id).copied().unwrap_or_default()
}

/// [`node_hash`] of every node, in one go.
pub fn node_hashes(program: &Program) -> BTreeMap<NodeId, [u8; 32]> {
    hashes_of(&stripped(program))
}

/// The hash of each rule by its name (`needs#2` for the steps `needs#2.1`, `needs#2.2`, …).
pub fn rule_hashes(program: &Program) -> BTreeMap<String, [u8; 32]> {
    let mut rules: BTreeMap<String, Vec<[u8; 32]>> = BTreeMap::new();
    for (id, hash) in node_hashes(program) {
        let name = &program.graph[id].name;
        if let Some((relation, rest)) = name.split_once('#') {
            let rule = rest.split('.').next().unwrap_or_default();
            rules
                .entry(format!("{relation}#{rule}"))
                .or_default()
                .push(hash);
        }
    }
    let hash = |mut steps: Vec<[u8; 32]>| {
        steps.sort();
        *blake3::hash(&steps.concat()).as_bytes()
    };
    rules
        .into_iter()
        .map(|(rule, steps)| (rule, hash(steps)))
        .collect()
}

/// The same program without what takes no part in its meaning.
fn stripped(program: &Program) -> Program {
    let mut stripped = program.clone();
    stripped.files.clear();
    for param in stripped.params.values_mut() {
        param.span = Span::default();
    }
    for lattice in stripped.lattices.values_mut() {
        lattice.span = Span::default();
    }
    for function in stripped.functions.values_mut() {
        function.span = Span::default();
        // Parameters are called by their position already.
        let mut numbers = (0..function.parameters.len()).map(|i| (i, i)).collect();
        function
            .body
            .walk_mut(&mut |expr| strip(expr, &mut numbers));
    }
    for node in stripped.graph.node_weights_mut() {
        node.span = Span::default();
        if is_step(&node.name) {
            for (name, _) in &mut node.output.columns {
                name.clear();
            }
        }
        if let Operator::Fixpoint { variables, .. } = &mut node.operator {
            variables.sort();
        }
        let mut numbers = BTreeMap::new();
        for expr in node.operator.expressions_mut() {
            expr.walk_mut(&mut |expr| strip(expr, &mut numbers));
        }
    }
    stripped
}

/// Takes the span away and numbers locals in the order in which they are met.
fn strip(expr: &mut Expr, numbers: &mut BTreeMap<usize, usize>) {
    expr.span = Span::default();
    let mut renumber = |local: &mut usize| {
        let next = numbers.len();
        *local = *numbers.entry(*local).or_insert(next);
    };
    match &mut expr.kind {
        ExprKind::Local(local) | ExprKind::Let { local, .. } => renumber(local),
        ExprKind::Comprehension { clauses, .. } => {
            for clause in clauses {
                if let Clause::Each { local, .. } | Clause::Let { local, .. } = clause {
                    renumber(local);
                }
            }
        }
        _ => {}
    }
}

fn hashes_of(stripped: &Program) -> BTreeMap<NodeId, [u8; 32]> {
    let order = topological(stripped);
    let (steps, relations): (Vec<NodeId>, Vec<NodeId>) = order
        .into_iter()
        .partition(|id| is_step(&stripped.graph[*id].name));
    let mut hashes = BTreeMap::new();
    for id in steps.into_iter().chain(relations) {
        let text = hashed_text(stripped, id, &hashes);
        hashes.insert(id, *blake3::hash(text.as_bytes()).as_bytes());
    }
    hashes
}

/// What is hashed for a node: its name if it is a relation's, its operator, its output, its
/// fixpoint, its clauses by position, and its inputs by name or hash.
fn hashed_text(stripped: &Program, id: NodeId, hashes: &BTreeMap<NodeId, [u8; 32]>) -> String {
    let node = &stripped.graph[id];
    let style = if is_step(&node.name) {
        ANONYMOUS
    } else {
        NAMED
    };
    let mut text = format!("sheaf-ir node {HASH_VERSION}\n{}", node.operator.name());
    if !is_step(&node.name) {
        text.push(' ');
        print_text(&mut text, &node.name);
    }
    print_collection(&mut text, &node.output, style);
    if let Some(fixpoint) = &node.fixpoint {
        text.push_str("\nin ");
        print_text(&mut text, fixpoint);
    }
    for clause in print_clauses(stripped, id, &[], ANONYMOUS) {
        text.push('\n');
        text.push_str(&clause);
    }
    let mut inputs: Vec<String> = stripped
        .inputs(id)
        .into_iter()
        .map(|(port, from)| {
            let mut input = format!("\n{port} ");
            match hashes.get(&from) {
                Some(hash) if is_step(&stripped.graph[from].name) => {
                    input.push_str(&blake3::Hash::from(*hash).to_hex());
                }
                _ => print_text(&mut input, &stripped.graph[from].name),
            }
            input
        })
        .collect();
    inputs.sort();
    text.extend(inputs);
    let used = Used::by(stripped, &node.operator);
    let mut definitions = String::from("\n");
    for name in &used.functions {
        print_function(&mut definitions, stripped, name, NAMED);
    }
    for name in &used.lattices {
        print_lattice(&mut definitions, stripped, name, NAMED);
    }
    text.push_str(definitions.trim_end_matches('\n'));
    text
}

/// Functions and lattices that an operator uses, directly or through others.
#[derive(Default)]
struct Used {
    functions: BTreeSet<String>,
    lattices: BTreeSet<String>,
    /// Functions that were not looked into yet.
    pending: Vec<String>,
}

impl Used {
    fn by(program: &Program, operator: &Operator) -> Used {
        let mut used = Used::default();
        for expr in operator.expressions() {
            used.expr(expr);
        }
        if let Operator::Combine { combiner }
        | Operator::Variable {
            combiner: Some(combiner),
        } = operator
            && let Some(name) = combiner.lattice()
        {
            used.lattice(program, name);
        }
        while let Some(name) = used.pending.pop() {
            if let Some(function) = program.functions.get(&name) {
                used.expr(&function.body);
                for order in function.monotone.iter().flatten() {
                    if let Order::Lattice(lattice) = order {
                        used.lattice(program, lattice);
                    }
                }
            }
        }
        used
    }

    fn expr(&mut self, expr: &Expr) {
        expr.walk(&mut |expr| {
            if let ExprKind::Invoke(name, _) = &expr.kind {
                self.function(name);
            }
        });
    }

    fn function(&mut self, name: &str) {
        if self.functions.insert(name.to_string()) {
            self.pending.push(name.to_string());
        }
    }

    fn lattice(&mut self, program: &Program, name: &str) {
        if self.lattices.insert(name.to_string())
            && let Some(lattice) = program.lattices.get(name)
        {
            self.function(&lattice.bottom);
            self.function(&lattice.join);
        }
    }
}
