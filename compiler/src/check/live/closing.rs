//! What can become final: whether a relation is closed, sooner or later, at the prefix that a read binds.
//!
//! A table is closed where a `seal` binds no more columns than the read does; an input where `late` bounds
//! the time that the read binds; a view where every atom of every rule is, at what the view's bound columns
//! determine. A request is closed by its reply or its timeout. Recursion is assumed to close: what is
//! refused here is only what no run can ever close.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{Function, Label, Type};

use super::reads::{exprs_of, parts_of, variables_of};
use super::state::{Does, Effects, Late, Written};
use crate::check::strata::short;
use crate::hir::{
    Arg, Atom, Condition, Expr, ExprKind, LiveKind, Program, Quantifier, RelationKind, Rule,
    VariableId,
};

/// What is known of a column or variable when a read waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    #[default]
    No,
    /// A time within known bounds.
    Window,
    /// Its value.
    Yes,
}

/// What is known of the variables of a body.
pub(super) type Variables = BTreeMap<VariableId, Known>;

/// Why a relation can never be closed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cause {
    /// The relation that stays open.
    pub(super) relation: String,
    /// A clause about it.
    pub(super) text: String,
    /// What would close it.
    pub(super) advice: String,
}

/// Answers what can be closed in one program.
pub(super) struct Closing<'p> {
    program: &'p Program,
    late: &'p BTreeMap<String, Late>,
    /// For each table: the columns that each of its seals binds.
    seals: BTreeMap<&'p str, Vec<BTreeSet<usize>>>,
    rules: BTreeMap<&'p str, Vec<&'p Rule>>,
    answers: BTreeMap<(String, Vec<Known>), Option<Cause>>,
}

impl<'p> Closing<'p> {
    pub(super) fn new(program: &'p Program, effects: &'p Effects) -> Self {
        let mut seals: BTreeMap<&str, Vec<BTreeSet<usize>>> = BTreeMap::new();
        for effect in effects
            .effects
            .iter()
            .filter(|effect| effect.does == Does::Seal)
        {
            let columns = effect.columns.iter().enumerate();
            let bound = columns.filter(|(_, column)| **column != Written::Any);
            let bound = bound.map(|(index, _)| index).collect();
            seals.entry(&effect.target).or_default().push(bound);
        }
        let mut rules: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in &program.rules {
            rules.entry(&rule.head.relation).or_default().push(rule);
        }
        Self {
            program,
            late: &effects.late,
            seals,
            rules,
            answers: BTreeMap::new(),
        }
    }

    /// Why a relation can never be closed where these columns are known; `None` if it can.
    pub(super) fn never(&mut self, relation: &str, known: &[Known]) -> Option<Cause> {
        let declared = self.program.relations.get(relation)?;
        if declared.label == Label::Closed {
            return None;
        }
        let name = short(relation);
        let cause = |text: String, advice: &str| {
            Some(Cause {
                relation: relation.to_owned(),
                text,
                advice: advice.to_owned(),
            })
        };
        match &declared.kind {
            RelationKind::Live(LiveKind::Request) => None,
            RelationKind::Live(LiveKind::Table) => {
                let seals = self.seals.get(relation).map_or(&[][..], Vec::as_slice);
                let is_known = |index: &usize| known.get(*index) == Some(&Known::Yes);
                if seals.iter().any(|bound| bound.iter().all(is_known)) {
                    return None;
                }
                match seals.iter().min_by_key(|bound| bound.len()) {
                    None => cause(
                        format!("no `seal` ever closes `{name}`"),
                        "seal what it waits for, or read with `sample … because \"…\"`",
                    ),
                    Some(bound) => {
                        let columns = bound
                            .iter()
                            .filter_map(|index| declared.columns.get(*index));
                        let columns: Vec<&str> =
                            columns.map(|column| column.name.as_str()).collect();
                        cause(
                            format!(
                                "`{name}` is sealed by `{}`, which this does not bind",
                                columns.join("`, `")
                            ),
                            "bind the columns that the seal binds, or seal a shorter prefix",
                        )
                    }
                }
            }
            RelationKind::Live(kind) => cause(
                format!(
                    "`{name}` is {} {}, which is never complete",
                    if *kind == LiveKind::Event { "an" } else { "a" },
                    kind.word()
                ),
                "keep what happens in a table, and seal that",
            ),
            RelationKind::Input(_) => match self.late.get(relation) {
                None => cause(
                    format!("rows of `{name}` keep arriving, and no `late` bounds them"),
                    "declare how late its rows may be, as in `late 5s by at`, or read with `sample … because \"…\"`",
                ),
                Some(late) if known.get(late.column).copied().unwrap_or_default() == Known::No => {
                    cause(
                        format!(
                            "`{name}` is closed for times that have passed, and no time is bound here"
                        ),
                        "bind the time, or a window of it",
                    )
                }
                Some(_) => None,
            },
            RelationKind::View => self.view_never(relation, known),
        }
    }

    fn view_never(&mut self, relation: &str, known: &[Known]) -> Option<Cause> {
        let key = (relation.to_owned(), known.to_vec());
        if let Some(answer) = self.answers.get(&key) {
            return answer.clone();
        }
        // On the way round a recursion it is assumed to close.
        self.answers.insert(key.clone(), None);
        let mut worst = None;
        for rule in self.rules.get(relation).cloned().unwrap_or_default() {
            let mut variables = from_head(&rule.head.columns, known);
            let values: Vec<&Expr> = rule
                .head
                .columns
                .iter()
                .chain(&rule.head.contribution)
                .collect();
            let open = self.open(&rule.conditions, &values, &mut variables, &|_| false);
            worst = worst.or(open.into_iter().next().map(|(_, cause)| cause));
        }
        self.answers.insert(key, worst.clone());
        worst
    }

    /// The atoms that can never be closed, with the reason; those that `is_free` names need not be.
    pub(super) fn open(
        &mut self,
        conditions: &[Condition],
        values: &[&Expr],
        variables: &mut Variables,
        is_free: &dyn Fn(&Atom) -> bool,
    ) -> Vec<(sheaf_ir::Span, Cause)> {
        self.determine(conditions, variables, is_free);
        let mut open = Vec::new();
        for condition in conditions {
            if let Condition::Atom(atom) = condition
                && !is_free(atom)
                && let Some(cause) = self.never(&atom.relation, &columns_of(atom, variables))
            {
                open.push((atom.span, cause));
            }
        }
        let inside = conditions.iter().flat_map(exprs_of);
        for expr in inside.chain(values.iter().copied()) {
            self.open_in(expr, variables, is_free, &mut open);
        }
        open
    }

    fn open_in(
        &mut self,
        expr: &Expr,
        variables: &Variables,
        is_free: &dyn Fn(&Atom) -> bool,
        open: &mut Vec<(sheaf_ir::Span, Cause)>,
    ) {
        if let ExprKind::Comprehension { conditions, .. } = &expr.kind {
            let mut inner = variables.clone();
            open.extend(self.open(conditions, &parts_of(expr), &mut inner, is_free));
            return;
        }
        for part in parts_of(expr) {
            self.open_in(part, variables, is_free, open);
        }
    }

    /// Finds out, in any order, which variables a conjunction determines.
    pub(super) fn determine(
        &mut self,
        conditions: &[Condition],
        variables: &mut Variables,
        is_free: &dyn Fn(&Atom) -> bool,
    ) {
        loop {
            let before = variables.clone();
            for condition in conditions {
                match condition {
                    Condition::Atom(atom) => {
                        if self.is_settled(atom, variables, is_free) {
                            know_all(atom, variables);
                        }
                    }
                    Condition::Each {
                        variable,
                        collection,
                        ..
                    } => {
                        if is_determined(collection, variables) {
                            variables.insert(*variable, Known::Yes);
                        }
                    }
                    Condition::Let {
                        variable, value, ..
                    } => {
                        if is_determined(value, variables) {
                            variables.insert(*variable, Known::Yes);
                        } else if variables.contains_key(variable) {
                            bound_times(value, variables);
                        }
                    }
                    Condition::Test { test, .. } => equate(test, variables),
                }
            }
            if *variables == before {
                return;
            }
        }
    }

    /// Whether all rows that an atom can match are known, once everything before is.
    fn is_settled(
        &mut self,
        atom: &Atom,
        variables: &Variables,
        is_free: &dyn Fn(&Atom) -> bool,
    ) -> bool {
        if is_free(atom) {
            return true;
        }
        let known = columns_of(atom, variables);
        if self.is_call(atom) {
            return arguments_known(&known);
        }
        self.never(&atom.relation, &known).is_none()
    }

    fn is_call(&self, atom: &Atom) -> bool {
        let declared = self.program.relations.get(&atom.relation);
        declared.is_some_and(|declared| declared.kind == RelationKind::Live(LiveKind::Request))
    }
}

/// Whether every column but the last, the reply, has a value.
pub(super) fn arguments_known(columns: &[Known]) -> bool {
    let arguments = columns.len().saturating_sub(1);
    columns[..arguments]
        .iter()
        .all(|known| *known == Known::Yes)
}

/// What is known of the columns of an atom.
pub(super) fn columns_of(atom: &Atom, variables: &Variables) -> Vec<Known> {
    let known = |argument: &Arg| match argument {
        Arg::Wild => Known::No,
        Arg::Equal(_) => Known::Yes,
        Arg::Variable(id) => variables.get(id).copied().unwrap_or_default(),
    };
    atom.arguments.iter().map(known).collect()
}

/// What the known columns of a head determine.
fn from_head(columns: &[Expr], known: &[Known]) -> Variables {
    let mut variables = Variables::new();
    for (column, known) in columns.iter().zip(known) {
        match (&column.kind, known) {
            (_, Known::No) => {}
            (ExprKind::Variable(id), known) => {
                variables.insert(*id, *known);
            }
            _ => bound_times(column, &mut variables),
        }
    }
    variables
}

/// A value that is known bounds the times that it is made of, as a window does.
fn bound_times(value: &Expr, variables: &mut Variables) {
    if let ExprKind::Variable(id) = &value.kind
        && matches!(value.ty, Type::Time | Type::Date)
    {
        variables.entry(*id).or_insert(Known::Window);
    }
    for part in parts_of(value) {
        bound_times(part, variables);
    }
}

fn is_determined(expr: &Expr, variables: &Variables) -> bool {
    let has_reads = matches!(expr.kind, ExprKind::Comprehension { .. });
    !has_reads
        && variables_of(expr)
            .iter()
            .all(|id| variables.get(id) == Some(&Known::Yes))
}

/// `a == b` determines one side by the other.
fn equate(test: &Expr, variables: &mut Variables) {
    let ExprKind::Call(Function::Eq, sides) = &test.kind else {
        return;
    };
    for (side, other) in [(0, 1), (1, 0)] {
        if let (Some(ExprKind::Variable(id)), Some(other)) =
            (sides.get(side).map(|side| &side.kind), sides.get(other))
            && is_determined(other, variables)
        {
            variables.insert(*id, Known::Yes);
        }
    }
}

fn know_all(atom: &Atom, variables: &mut Variables) {
    if matches!(atom.quantifier, Quantifier::Not | Quantifier::Exists) {
        return;
    }
    for argument in &atom.arguments {
        if let Arg::Variable(id) = argument {
            variables.insert(*id, Known::Yes);
        }
    }
    if let Quantifier::Maybe { binds } = &atom.quantifier {
        for (id, _) in binds {
            variables.insert(*id, Known::Yes);
        }
    }
}
