//! How a block runs natively: one loop, or two where the interpreter computes columns in between.
//!
//! With two, the first loop decides the conditions that need no such columns, so that the
//! interpreter computes them only for rows that are left.

use sheaf_ir::{Block, Expr, ExprKind, Function};

use super::graph::{COSTLY, Graph, Id, Op, Unary};
use super::lower::{Interpreted, Lowering, Reason};
use crate::interpret::Environment;

/// A loop over lanes: all that its machine code depends on. Equal routines share code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Routine {
    /// Columns of the input rows.
    pub(crate) arity: usize,
    /// Whether lanes stand for other rows than those of their numbers.
    pub(crate) has_parents: bool,
    pub(crate) body: Body,
}

/// What a loop does for one lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Body {
    pub(crate) ops: Vec<Op>,
    /// Flags that must hold, one after the other; where one does not, the lane is dropped and the
    /// rest is skipped.
    pub(crate) guards: Vec<Id>,
    /// Whether the lane is kept and whether it fails, if no guard dropped it.
    pub(crate) keep: Id,
    pub(crate) fail: Id,
    /// Words.
    pub(crate) outputs: Vec<Id>,
}

impl Body {
    /// The operations that are asked for; all others only serve them.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Id> {
        let flags = self.guards.iter().copied().chain([self.keep, self.fail]);
        flags.chain(self.outputs.iter().copied())
    }
}

/// A routine with what it reads besides rows.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) routine: Routine,
    /// The words of [`Op::Pool`].
    pub(crate) pool: Vec<u64>,
    /// The expressions of [`Op::Interpreted`], each followed by its failures where it can fail.
    pub(crate) interpreted: Vec<Interpreted>,
}

/// The loops of a block.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Decides some conditions; has no outputs.
    pub(crate) first: Option<Stage>,
    pub(crate) main: Stage,
}

/// Plans a block; `element` is the column that a flat-map adds.
pub(crate) fn plan(
    block: &Block,
    arity: usize,
    element: Option<usize>,
    environment: &Environment,
) -> Result<Plan, Reason> {
    let mut conditions = Vec::new();
    for condition in &block.conditions {
        flatten(condition, &mut conditions);
    }
    let outputs: Vec<&Expr> = block.outputs.iter().collect();
    let mut trial = Lowering::new(environment, element);
    let mut early = Vec::new();
    let mut late = Vec::new();
    let mut computed = false;
    for &condition in &conditions {
        let left = trial.left();
        let [flag, _] = trial.flag(condition)?;
        computed |= is_computed(&trial.graph, flag);
        match trial.left() == left {
            true => early.push(condition),
            false => late.push(condition),
        }
    }
    for output in &outputs {
        let [word, _] = trial.word(output)?;
        computed |= is_computed(&trial.graph, word);
    }
    if trial.is_too_large() {
        return Err("the size of the block".into());
    }
    let shape = |has_parents| Shape { arity, has_parents };
    let has_element = element.is_some();
    if trial.left() == 0 && (computed || !has_element) {
        let main = stage(
            trial_again(environment, element),
            &conditions,
            &outputs,
            shape(has_element),
        )?;
        return Ok(Plan { first: None, main });
    }
    if !computed {
        return Err(trial.reason.unwrap_or_default());
    }
    if early.is_empty() {
        let main = stage(
            trial_again(environment, element),
            &late,
            &outputs,
            shape(has_element),
        )?;
        return Ok(Plan { first: None, main });
    }
    let first = stage(
        trial_again(environment, element),
        &early,
        &[],
        shape(has_element),
    )?;
    let main = stage(
        trial_again(environment, element),
        &late,
        &outputs,
        shape(true),
    )?;
    Ok(Plan {
        first: Some(first),
        main,
    })
}

fn trial_again(environment: &Environment, element: Option<usize>) -> Lowering<'_> {
    Lowering::new(environment, element)
}

/// The sides of nested `and`s: a block of them means the same.
fn flatten<'a>(condition: &'a Expr, into: &mut Vec<&'a Expr>) {
    match &condition.kind {
        ExprKind::Call(Function::And, sides) => sides.iter().for_each(|side| flatten(side, into)),
        _ => into.push(condition),
    }
}

/// Whether more is done than to copy a word.
fn is_computed(graph: &Graph, id: Id) -> bool {
    match graph.op(id) {
        Op::Column(_) | Op::Interpreted(_) | Op::Pool(_) | Op::Word(_) | Op::Flag(_) => false,
        Op::Unary(Unary::FlagOf | Unary::FloatOf | Unary::WordOf | Unary::WordOfFlag, a) => {
            is_computed(graph, a)
        }
        Op::Unary(Unary::Canonical, a) => is_computed(graph, a),
        _ => true,
    }
}

struct Shape {
    arity: usize,
    has_parents: bool,
}

fn stage<'a>(
    mut lowering: Lowering<'a>,
    conditions: &[&'a Expr],
    outputs: &[&'a Expr],
    shape: Shape,
) -> Result<Stage, Reason> {
    let mut flags = Vec::with_capacity(conditions.len());
    for condition in conditions {
        flags.push(lowering.flag(condition)?);
    }
    let mut words = Vec::with_capacity(outputs.len());
    let mut failed = lowering.graph.flag(false);
    let mut cost = 0u32;
    for output in outputs {
        let [word, error] = lowering.word(output)?;
        failed = lowering.graph.or(failed, error);
        cost = cost.saturating_add(lowering.graph.cost(word).max(lowering.graph.cost(error)));
        words.push(word);
    }
    let graph = &mut lowering.graph;
    // What decides cheaply goes first.
    flags.sort_by_key(|[flag, _]| graph.cost(*flag) > COSTLY);
    let mut guards = Vec::new();
    let mut open = graph.flag(true);
    for [flag, error] in flags {
        let possible = graph.or(flag, error);
        if graph.cost(possible) > COSTLY {
            guard(graph, &mut open, &mut guards);
        }
        open = graph.and(open, possible);
        failed = graph.or(failed, error);
    }
    if cost > COSTLY {
        guard(graph, &mut open, &mut guards);
    }
    let fine = graph.not(failed);
    let keep = graph.and(open, fine);
    let fail = graph.and(open, failed);
    Ok(Stage {
        routine: Routine {
            arity: shape.arity,
            has_parents: shape.has_parents,
            body: Body {
                guards,
                keep,
                fail,
                outputs: words,
                ops: lowering.graph.into_ops(),
            },
        },
        pool: lowering.pool,
        interpreted: lowering.interpreted,
    })
}

/// Makes what must hold so far a guard.
fn guard(graph: &mut Graph, open: &mut Id, guards: &mut Vec<Id>) {
    if !matches!(graph.op(*open), Op::Flag(true)) {
        guards.push(*open);
        *open = graph.flag(true);
    }
}
