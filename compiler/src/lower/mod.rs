//! From the checked program to the IR, rule by rule: naive but right; passes come after.
//!
//! Invariants:
//! - A rule is a bag: one contribution per derivation. A view without combiner is a `Distinct` over
//!   its rules, one with combiner a `Combine`; in a recursive stratum both are variables of its one
//!   fixpoint. An input is a source, and with combiner a `Combine` over one.
//! - A relation's node has the relation's qualified name; a rule's nodes are `relation#hash.step`, a
//!   fixpoint is `relation#loop`, a sink `out:relation`. No name depends on the order of the text.
//! - False beats error, whatever the order of joins (see `body`).
//! - What is lowered passes the verifier; debug builds make sure.

mod body;
mod constants;
mod definitions;
mod detach;
mod emit;
mod expressions;
mod goal;
mod pipe;
mod reversal;
mod test_block;
#[cfg(test)]
mod tests;
mod uses;

pub use goal::{Goal, lower_goal};
pub use test_block::{Expectation, ExpectationKind, Given, LoweredTest, lower_test};

use std::collections::BTreeMap;

use sheaf_ir::graph::{Connector, Param};
use sheaf_ir::{Combiner, Function, NodeId, Operator, Program, Type, infer};

use crate::hir::{self, Relation, RelationKind, Rule, Source, Stratum};
use body::{Wanted, evaluate};
use emit::Emit;
use expressions::Scope;
use pipe::Pipe;
use uses::is_relational;

/// Rounds after which a fixpoint stops with an error.
pub const ROUND_LIMIT: u64 = 2_000_000;

/// The IR of a program: its relations and its outputs.
pub fn lower(source: &hir::Program) -> Program {
    let mut emit = lower_relations(source);
    for output in &source.outputs {
        let from = emit.relations[&output.relation];
        let columns = emit.columns(from).to_vec();
        let connector = Connector {
            relation: output.relation.clone(),
            format: output.format.clone(),
            path: output.path.clone(),
            options: output.options.clone(),
            columns: columns.iter().map(|(name, _)| name.clone()).collect(),
        };
        let operator = Operator::Sink {
            connector,
            order: output.order.clone(),
            unordered: output.unordered,
        };
        let name = format!("out:{}", output.relation);
        emit.named(&name, operator, columns, &[(from, 0)], None, output.span);
    }
    finish(emit.program)
}

/// Fills in what can be derived.
fn finish(mut program: Program) -> Program {
    infer::annotate(&mut program);
    #[cfg(debug_assertions)]
    assert_eq!(violations(&program), []);
    program
}

/// What the verifier says, apart from expressions that are too deep: those are the author's.
#[cfg(debug_assertions)]
fn violations(program: &Program) -> Vec<sheaf_ir::verify::Violation> {
    let mut violations = sheaf_ir::verify::verify(program).err().unwrap_or_default();
    violations.retain(|v| v.invariant != "expr-depth");
    violations
}

fn lower_relations(source: &hir::Program) -> Emit<'_> {
    let params = source.params.iter().map(|(name, param)| {
        let param = Param {
            ty: param.ty.clone(),
            default: param.default.clone(),
            span: param.span,
        };
        (name.clone(), param)
    });
    let program = Program {
        name: source.name.clone(),
        files: source.files.clone(),
        types: source.types.clone(),
        functions: definitions::functions(source),
        lattices: definitions::lattices(source),
        params: params.collect(),
        ..Program::default()
    };
    let mut emit = Emit::new(source, program);
    for stratum in &source.strata {
        lower_stratum(&mut emit, stratum);
    }
    emit
}

fn lower_stratum<'h>(emit: &mut Emit<'h>, stratum: &'h Stratum) {
    let source = emit.source;
    let mut contributions: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    let mut variables: BTreeMap<&str, NodeId> = BTreeMap::new();
    if stratum.recursive {
        start_fixpoint(emit, stratum, &mut variables);
    }
    for name in &stratum.relations {
        let relation = &source.relations[name];
        if let RelationKind::Input(from) = &relation.kind {
            lower_input(emit, relation, from);
        } else {
            let rules = stratum.rules.iter().map(|i| &source.rules[*i]);
            let rules: Vec<&Rule> = rules.filter(|r| r.head.relation == *name).collect();
            contributions.insert(name, lower_rules(emit, relation, &rules));
        }
    }
    for (name, nodes) in contributions {
        let relation = &source.relations[name];
        if let Some(variable) = variables.get(name) {
            for node in nodes {
                emit.program.connect(node, *variable, 0);
            }
        } else {
            let node = match &relation.combined {
                None => {
                    let inputs: Vec<(NodeId, u32)> = nodes.iter().map(|n| (*n, 0)).collect();
                    let columns = row_columns(relation);
                    let operator = Operator::Distinct;
                    emit.named(name, operator, columns, &inputs, None, relation.span)
                }
                Some(combined) => reversal::combine(emit, relation, combined, &nodes),
            };
            emit.relations.insert(name.to_string(), node);
        }
    }
    emit.stratum = emit::Stratum::default();
}

fn start_fixpoint<'h>(
    emit: &mut Emit<'h>,
    stratum: &'h Stratum,
    variables: &mut BTreeMap<&'h str, NodeId>,
) {
    let source = emit.source;
    let Some(first) = stratum.relations.first() else {
        return;
    };
    let fixpoint = format!("{first}#loop");
    let operator = Operator::Fixpoint {
        limit: ROUND_LIMIT,
        variables: stratum.relations.clone(),
    };
    let span = source.relations[first].span;
    emit.named(&fixpoint, operator, Vec::new(), &[], None, span);
    for name in &stratum.relations {
        let relation = &source.relations[name];
        let operator = Operator::Variable {
            combiner: relation.combined.as_ref().map(|c| c.combiner.clone()),
        };
        let columns = row_columns(relation);
        let home = Some(fixpoint.clone());
        let node = emit.named(name, operator, columns, &[], home, relation.span);
        emit.relations.insert(name.clone(), node);
        variables.insert(name, node);
    }
    emit.stratum = emit::Stratum {
        fixpoint: Some(fixpoint),
        has_lattice: stratum
            .relations
            .iter()
            .any(|name| source.relations[name].combined.is_some()),
    };
}

fn row_columns(relation: &Relation) -> Vec<(String, Type)> {
    relation
        .row_names()
        .into_iter()
        .zip(relation.row_types())
        .collect()
}

/// Columns of what a rule contributes to a relation.
fn contribution_columns(relation: &Relation) -> Vec<(String, Type)> {
    let mut columns = row_columns(relation);
    if let (Some(last), Some(combined)) = (columns.last_mut(), &relation.combined) {
        last.1 = combined.contribution.clone();
    }
    columns
}

/// What the rules of one relation contribute. Facts are one node.
fn lower_rules(emit: &mut Emit, relation: &Relation, rules: &[&Rule]) -> Vec<NodeId> {
    let mut facts = Vec::new();
    let mut nodes = Vec::new();
    for rule in rules {
        let outputs: Vec<hir::Expr> = rule
            .head
            .columns
            .iter()
            .chain(&rule.head.contribution)
            .cloned()
            .collect();
        if rule.conditions.is_empty() && !outputs.iter().any(is_relational) {
            let mut scope = Scope::default();
            facts.push(outputs.iter().map(|e| scope.lower(e)).collect());
            continue;
        }
        emit.variables = rule.variables.clone();
        let wanted = Wanted {
            outputs,
            names: relation.row_names(),
            span: rule.head.span,
        };
        let start = Pipe::unit(rule.span);
        nodes.extend(evaluate(emit, start, &rule.conditions, wanted));
        emit.name_steps(&relation.name);
    }
    if !facts.is_empty() || rules.is_empty() {
        let name = format!("{}#facts", relation.name);
        let columns = contribution_columns(relation);
        let operator = Operator::Values { rows: facts };
        nodes.push(emit.named(&name, operator, columns, &[], None, relation.span));
    }
    nodes
}

fn lower_input(emit: &mut Emit, relation: &Relation, source: &Source) {
    let connector = Connector {
        relation: relation.name.clone(),
        format: source.format.clone(),
        path: source.path.clone(),
        options: source.options.clone(),
        columns: source.columns.iter().map(|c| c.outside.clone()).collect(),
    };
    let mut names = relation.row_names();
    if let Some(by) = source.by.filter(|by| *by <= names.len()) {
        names.insert(by, source.columns[by].outside.clone());
    }
    let types = source.columns.iter().map(|c| c.ty.clone());
    let columns: Vec<(String, Type)> = names.into_iter().zip(types).collect();
    let name = match &relation.combined {
        None => relation.name.clone(),
        Some(_) => format!("{}#source", relation.name),
    };
    let operator = Operator::Source { connector };
    let node = emit.named(&name, operator, columns, &[], None, source.span);
    emit.program.graph[node].output.label = relation.label;
    let node = match &relation.combined {
        None => node,
        Some(combined) => {
            let node = match source.by {
                Some(by) if combined.combiner == Combiner::Lww => {
                    with_time(emit, relation, node, by)
                }
                _ => node,
            };
            reversal::combine(emit, relation, combined, &[node])
        }
    };
    emit.relations.insert(relation.name.clone(), node);
}

/// Puts the column that tells the time and the value into one contribution.
fn with_time(emit: &mut Emit, relation: &Relation, source: NodeId, by: usize) -> NodeId {
    let span = relation.span;
    let types: Vec<Type> = emit.columns(source).iter().map(|c| c.1.clone()).collect();
    emit.variables.clear();
    let table = pipe::Table {
        node: source,
        columns: BTreeMap::new(),
    };
    let pipe = Pipe::of(emit, &table, span);
    let last = types.len() - 1;
    let column = |i: usize| expressions::column(i, types[i].clone(), span);
    let mut outputs: Vec<sheaf_ir::Expr> = (0..last).filter(|i| *i != by).map(column).collect();
    let ty = Type::Tuple(vec![types[by].clone(), types[last].clone()]);
    let parts = vec![column(by), column(last)];
    outputs.push(expressions::call(Function::Tuple, parts, ty, span));
    let node = pipe.finish(emit, outputs, relation.row_names(), span);
    emit.name_steps(&relation.name);
    node
}
