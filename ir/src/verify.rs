//! The verifier: re-derives what a program claims and says where it is wrong.
//!
//! THE LIST of what holds in every program, [`INVARIANTS`], comes first. Invariants of the verifier:
//! - It trusts no front end: nothing is taken over from annotations that operators can tell, save
//!   what only the outside knows (the columns and label of a source, the keys of a stored table).
//! - One mistake, one violation: what follows from it alone is not reported.
//! - It never panics, whatever the program, and reports in a fixed order.

mod annotations;
mod declarations;
mod expressions;
mod functions;
mod loops;
mod ports;
mod schemas;

use crate::nesting::Nesting;
use crate::{NodeId, Program, Span};

/// Every invariant: its name, and what holds.
pub const INVARIANTS: &[(&str, &str)] = &[
    // Names, types, parameters: declarations.rs.
    (
        "name-present",
        "every node, type, function, lattice and parameter has a name",
    ),
    ("name-unique", "no two nodes have the same name"),
    ("type-defined", "every type that is named is defined"),
    ("type-depth", "no type nests deeper than 64"),
    (
        "type-finite",
        "no record or enum contains itself except through a list, set or map",
    ),
    (
        "type-members",
        "fields and variants of a type have different names",
    ),
    (
        "enum-size",
        "an enum has 1 to 65536 variants, whose index takes 2 bytes",
    ),
    (
        "param-default",
        "the default of a parameter is a canonical value of its type",
    ),
    (
        "span-range",
        "a span ends after it starts, in a file of the program",
    ),
    // Functions and lattices: functions.rs.
    ("function-body", "the body of a function reads no columns"),
    (
        "function-orders",
        "a function that is called monotone has an order for each parameter and one for the result",
    ),
    (
        "order-lattice",
        "an order by a lattice is of values of that lattice's type",
    ),
    (
        "lattice-functions",
        "the bottom and the join of a lattice are functions of its type",
    ),
    // Edges: ports.rs.
    ("port-exists", "an edge feeds a port that its target has"),
    ("port-filled", "a port that takes one edge has one"),
    ("port-single", "a port that takes one edge has no second"),
    ("no-output", "no edge leaves a sink or a fixpoint"),
    // What comes in and what goes out: schemas.rs.
    (
        "column-count",
        "a node has as many columns as its operator gives",
    ),
    (
        "column-type",
        "columns have the types that the operator gives",
    ),
    (
        "input-schema",
        "all edges of a port bring the same column types",
    ),
    ("key-range", "the columns that an operator names exist"),
    (
        "key-match",
        "both keys of a join have the same length and the same types",
    ),
    (
        "values-width",
        "every row of values has one expression for each column",
    ),
    (
        "connector-columns",
        "a connector names none of its columns outside, or all",
    ),
    (
        "sink-order",
        "a sink is ordered by columns it has, each once",
    ),
    (
        "combiner-lattice",
        "the lattice that a combiner names exists and is of the type of what it merges",
    ),
    (
        "value-column",
        "what a combiner groups has a last column to combine",
    ),
    (
        "combiner-type",
        "a combiner is defined at the type of its contributions",
    ),
    // Inside operators: expressions.rs.
    ("expr-depth", "no expression nests deeper than 200"),
    (
        "expr-type",
        "an expression has the type that follows from its parts",
    ),
    ("column-range", "an expression reads columns that come in"),
    ("local-scope", "a local is read only where it is bound"),
    ("local-once", "a local is bound once in a node"),
    ("param-declared", "a parameter that is read is declared"),
    ("function-exists", "a function that is invoked is defined"),
    (
        "constant-type",
        "a constant is a canonical value of its type",
    ),
    ("condition-bool", "conditions and filters are Bool"),
    ("generator", "what is taken apart is a list, set or map"),
    (
        "enum-range",
        "fields, variants and payloads that are named by number exist",
    ),
    // What is claimed of rows: annotations.rs.
    (
        "key-form",
        "keys are ascending columns of the node, each key once",
    ),
    (
        "set-justified",
        "what is called a set cannot hold a row twice",
    ),
    ("key-justified", "what is called a key determines the row"),
    (
        "label-justified",
        "a label is not lower than the operator and its inputs make it",
    ),
    (
        "effect-settled",
        "no effect and no write rests on rows that may be retracted",
    ),
    // Recursion: loops.rs.
    ("fixpoint-known", "the fixpoint that a node names exists"),
    (
        "fixpoint-nesting",
        "fixpoints lie in each other at most 32 deep and not in themselves",
    ),
    (
        "fixpoint-variables",
        "a fixpoint lists exactly the variables that name it",
    ),
    ("fixpoint-limit", "a fixpoint may run at least one round"),
    ("variable-home", "a variable belongs to a fixpoint"),
    (
        "variable-combiner",
        "a variable combines by an idempotent lattice that climbs",
    ),
    ("cycle-variable", "every cycle passes through a variable"),
    (
        "loop-member",
        "every node on a cycle names the fixpoint of the cycle",
    ),
    (
        "loop-exit",
        "only a fixpoint's own variables are read outside its loop",
    ),
    (
        "stratification",
        "nothing in a loop negates, aggregates, calls out or acts on what the loop derives",
    ),
    (
        "loop-monotone",
        "in a loop, lattice values are used only in ways that climb with them",
    ),
];

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The name of the invariant in [`INVARIANTS`].
    pub invariant: &'static str,
    /// The node, type, function, lattice or parameter.
    pub node: String,
    /// Where it comes from.
    pub span: Span,
    /// What is wrong, in words.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "[{}] %{}: {}", self.invariant, self.node, self.message)
    }
}

/// Checks a program against [`INVARIANTS`]. Violations come by node, then in the order of the list.
pub fn verify(program: &Program) -> Result<(), Vec<Violation>> {
    let mut verifier = Verifier {
        program,
        nesting: Nesting::of(program),
        violations: Vec::new(),
    };
    declarations::check(&mut verifier);
    // Types and expressions that are too deep must not be walked.
    if verifier.is_clean_of(&["type-depth"]) {
        functions::check(&mut verifier);
        for id in program.nodes_by_name() {
            if ports::check(&mut verifier, id) {
                schemas::check(&mut verifier, id);
                if expressions::check(&mut verifier, id) {
                    annotations::check(&mut verifier, id);
                }
            }
        }
        loops::check(&mut verifier);
        if verifier.is_clean_of(&["expr-depth", "fixpoint-nesting"]) {
            annotations::check_labels(&mut verifier);
            loops::check_movements(&mut verifier);
        }
    }
    let mut violations = verifier.violations;
    if violations.is_empty() {
        return Ok(());
    }
    let rank = |name: &str| INVARIANTS.iter().position(|(known, _)| *known == name);
    violations.sort_by(|a, b| {
        let key = |v: &Violation| (v.node.clone(), rank(v.invariant), v.span);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    violations.dedup();
    Err(violations)
}

/// Gathers violations.
struct Verifier<'a> {
    program: &'a Program,
    nesting: Nesting,
    violations: Vec<Violation>,
}

impl Verifier<'_> {
    /// Says that something is wrong at a node.
    fn at(&mut self, invariant: &'static str, id: NodeId, message: impl Into<String>) {
        self.at_span(invariant, id, self.program.graph[id].span, message);
    }

    /// Says that something is wrong at a place in a node.
    fn at_span(
        &mut self,
        invariant: &'static str,
        id: NodeId,
        span: Span,
        message: impl Into<String>,
    ) {
        let node = self.program.graph[id].name.clone();
        self.report(invariant, node, span, message.into());
    }

    fn report(&mut self, invariant: &'static str, node: String, span: Span, message: String) {
        debug_assert!(INVARIANTS.iter().any(|(known, _)| *known == invariant));
        self.violations.push(Violation {
            invariant,
            node,
            span,
            message,
        });
    }

    fn is_clean_of(&self, invariants: &[&str]) -> bool {
        !self
            .violations
            .iter()
            .any(|v| invariants.contains(&v.invariant))
    }
}
