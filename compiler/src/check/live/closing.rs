//! What can become final: whether a relation is closed, sooner or later, at the prefix that a read binds.
//!
//! A table is closed where a `seal` binds no more columns than the read does; an input where `late` bounds
//! the time that the read binds; a view where every atom of every rule is, at what the view's bound columns
//! determine. A request is closed by its reply or its timeout. Recursion is assumed to close: what is
//! refused here is only what no run can ever close.
//!
//! Questions about views depend on each other, perhaps in a circle. They are answered without recursion:
//! each begins with "it can be closed", and whoever asked looks again when an answer turns out worse.

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
    /// Relations whose rules know the key of an agent, their first variable.
    keyed: BTreeSet<&'p str>,
    /// Of views: whether they can never be closed, as far as that is found out.
    answers: BTreeMap<Question, bool>,
    /// For each question: those whose answer depends on it.
    askers: BTreeMap<Question, BTreeSet<Question>>,
    /// Questions to look at, again or for the first time.
    pending: Vec<Question>,
    /// What is being answered.
    current: Option<Question>,
}

/// A relation, and what is known of its columns.
type Question = (String, Vec<Known>);

/// What is known of a relation without looking at rules.
enum Base {
    Closes,
    Never(Cause),
    View,
}

impl<'p> Closing<'p> {
    pub(super) fn new(program: &'p Program, effects: &'p Effects, agents: &BTreeSet<&str>) -> Self {
        let is_keyed = |name: &&str| {
            name.rsplit_once('.')
                .is_some_and(|(owner, _)| agents.contains(owner))
        };
        let keyed = program
            .relations
            .keys()
            .map(String::as_str)
            .filter(is_keyed)
            .collect();
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
            keyed,
            answers: BTreeMap::new(),
            askers: BTreeMap::new(),
            pending: Vec::new(),
            current: None,
        }
    }

    /// Why a relation can never be closed where these columns are known; `None` if it can.
    pub(super) fn never(&mut self, relation: &str, known: &[Known]) -> Option<Cause> {
        loop {
            let never = self.is_never(relation, known);
            if !self.answer_pending() {
                return never.then(|| self.cause(relation, known));
            }
        }
    }

    /// Whether a relation can never be closed, as far as that is found out.
    fn is_never(&mut self, relation: &str, known: &[Known]) -> bool {
        match self.base(relation, known) {
            Base::Closes => false,
            Base::Never(_) => true,
            Base::View => {
                let question = (relation.to_owned(), known.to_vec());
                if let Some(current) = &self.current {
                    let askers = self.askers.entry(question.clone()).or_default();
                    askers.insert(current.clone());
                }
                if let Some(answer) = self.answers.get(&question) {
                    return *answer;
                }
                self.answers.insert(question.clone(), false);
                self.pending.push(question);
                false
            }
        }
    }

    /// Answers what is asked; true if anything was.
    fn answer_pending(&mut self) -> bool {
        let any = !self.pending.is_empty();
        while let Some(question) = self.pending.pop() {
            if self.answers.get(&question) == Some(&true) {
                continue;
            }
            self.current = Some(question.clone());
            let never = !self.open_beneath(&question).is_empty();
            self.current = None;
            if never {
                self.pending
                    .extend(self.askers.remove(&question).unwrap_or_default());
                self.answers.insert(question, true);
            }
        }
        any
    }

    /// What stays open beneath a view: of the ways that lead there, the first by name.
    fn cause(&mut self, relation: &str, known: &[Known]) -> Cause {
        let mut question = (relation.to_owned(), known.to_vec());
        let mut seen = BTreeSet::new();
        loop {
            if let Base::Never(cause) = self.base(&question.0, &question.1) {
                return cause;
            }
            seen.insert(question.clone());
            let beneath = self.open_beneath(&question);
            match beneath.into_iter().find(|next| !seen.contains(next)) {
                Some(next) => question = next,
                None => {
                    return Cause {
                        text: format!("`{}` never closes", short(relation)),
                        advice: "read it with `sample … because \"…\"`".to_owned(),
                        relation: relation.to_owned(),
                    };
                }
            }
        }
    }

    fn base(&self, relation: &str, known: &[Known]) -> Base {
        let Some(declared) = self.program.relations.get(relation) else {
            return Base::Closes;
        };
        if declared.label == Label::Closed {
            return Base::Closes;
        }
        let name = short(relation);
        let cause = |text: String, advice: &str| {
            Base::Never(Cause {
                relation: relation.to_owned(),
                text,
                advice: advice.to_owned(),
            })
        };
        match &declared.kind {
            RelationKind::Live(LiveKind::Request) => Base::Closes,
            RelationKind::Live(LiveKind::Table) => {
                let seals = self.seals.get(relation).map_or(&[][..], Vec::as_slice);
                let is_known = |index: &usize| known.get(*index) == Some(&Known::Yes);
                if seals.iter().any(|bound| bound.iter().all(is_known)) {
                    return Base::Closes;
                }
                match seals.iter().min_by_key(|bound| (bound.len(), *bound)) {
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
                Some(_) => Base::Closes,
            },
            RelationKind::View => Base::View,
        }
    }

    /// What a view reads that can never be closed, ascending.
    fn open_beneath(&mut self, (relation, known): &Question) -> BTreeSet<Question> {
        let mut beneath = BTreeSet::new();
        for rule in self
            .rules
            .get(relation.as_str())
            .cloned()
            .unwrap_or_default()
        {
            let mut variables = from_head(&rule.head.columns, known);
            if self.keyed.contains(relation.as_str()) {
                variables.insert(0, Known::Yes);
            }
            let values: Vec<&Expr> = rule
                .head
                .columns
                .iter()
                .chain(&rule.head.contribution)
                .collect();
            let open = self.find_open(&rule.conditions, &values, &mut variables, &|_| false);
            beneath.extend(open.into_iter().map(|(_, question)| question));
        }
        beneath
    }

    /// The atoms that can never be closed, with the reason; those that `is_free` names need not be.
    /// `variables` are told what the conditions determine.
    pub(super) fn open(
        &mut self,
        conditions: &[Condition],
        values: &[&Expr],
        variables: &mut Variables,
        is_free: &dyn Fn(&Atom) -> bool,
    ) -> Vec<(sheaf_ir::Span, Cause)> {
        let given = variables.clone();
        loop {
            variables.clone_from(&given);
            let open = self.find_open(conditions, values, variables, is_free);
            if !self.answer_pending() {
                let open = open.into_iter();
                return open
                    .map(|(span, (relation, known))| (span, self.cause(&relation, &known)))
                    .collect();
            }
        }
    }

    /// The atoms that can never be closed, as far as that is found out.
    fn find_open(
        &mut self,
        conditions: &[Condition],
        values: &[&Expr],
        variables: &mut Variables,
        is_free: &dyn Fn(&Atom) -> bool,
    ) -> Vec<(sheaf_ir::Span, Question)> {
        self.determine(conditions, variables, is_free);
        let mut open = Vec::new();
        for condition in conditions {
            if let Condition::Atom(atom) = condition
                && !is_free(atom)
            {
                let known = columns_of(atom, variables);
                if self.is_never(&atom.relation, &known) {
                    open.push((atom.span, (atom.relation.clone(), known)));
                }
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
        open: &mut Vec<(sheaf_ir::Span, Question)>,
    ) {
        if let ExprKind::Comprehension { conditions, .. } = &expr.kind {
            let mut inner = variables.clone();
            open.extend(self.find_open(conditions, &parts_of(expr), &mut inner, is_free));
            return;
        }
        for part in parts_of(expr) {
            self.open_in(part, variables, is_free, open);
        }
    }

    /// Finds out, in any order, which variables a conjunction determines.
    fn determine(
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
        !self.is_never(&atom.relation, &known)
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
