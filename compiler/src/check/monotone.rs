//! Recursion through lattices: values on the way may only climb, and so must what is made of them.
//!
//! A value that a rule reads from a lattice of its own stratum *moves*: upwards (`Max`, `Any`, `Set`),
//! downwards (`Min`, `All`), or up in a lattice of its own (`Map`, those of the program). What is computed from it moves, too, or jumps about. A rule is monotone if
//! its tests can only turn true, its contribution moves as its head's lattice does, and nothing that
//! moves is a key.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{Combiner, Function, Type};

use super::Checker;
use super::strata::{is_lattice, short};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{
    Arg, Condition, Expr, ExprKind, Order, Program, Quantifier, Reversal, Rule, VariableId,
};

/// How a value changes while a recursion runs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Motion {
    /// Not at all.
    Still,
    /// To greater values, from false to true, to supersets.
    Up,
    /// To lesser values, from true to false.
    Down,
    /// Up in the order of this combiner, which is not that of its type.
    In(Combiner),
    /// In any direction.
    Any,
}

impl Motion {
    fn reversed(&self) -> Motion {
        match self {
            Motion::Up => Motion::Down,
            Motion::Down => Motion::Up,
            Motion::In(_) => Motion::Any,
            other => other.clone(),
        }
    }

    /// Of something monotone in both.
    fn with(&self, other: &Motion) -> Motion {
        match (self, other) {
            (Motion::Still, motion) | (motion, Motion::Still) => motion.clone(),
            (a, b) if a == b => a.clone(),
            _ => Motion::Any,
        }
    }
}

fn motion_of(combiner: &Combiner) -> Motion {
    match combiner {
        Combiner::Max | Combiner::Any | Combiner::Union | Combiner::Count | Combiner::Sum => {
            Motion::Up
        }
        Combiner::Min | Combiner::All => Motion::Down,
        Combiner::Map(_) | Combiner::Lattice(_) => Motion::In(combiner.clone()),
        _ => Motion::Any,
    }
}

/// What is wrong with a rule.
enum Fault {
    NotMonotone(sheaf_ir::Span, String),
    /// With whether the values rise.
    Endless(sheaf_ir::Span, bool),
}

impl Checker<'_> {
    /// Checks the rules of recursions through lattices.
    pub(super) fn check_monotone(&mut self) {
        let mut found = Vec::new();
        for stratum in self
            .program
            .strata
            .iter()
            .filter(|stratum| stratum.recursive)
        {
            let inside: BTreeSet<&str> = stratum.relations.iter().map(String::as_str).collect();
            let lattices: BTreeMap<&str, &Combiner> = stratum
                .relations
                .iter()
                .filter_map(|name| {
                    let combined = self.program.relations.get(name)?.combined.as_ref()?;
                    Some((name.as_str(), &combined.combiner))
                })
                .collect();
            if lattices.is_empty() || lattices.values().any(|combiner| !is_lattice(combiner)) {
                continue;
            }
            let mut faults = Vec::new();
            for name in &stratum.relations {
                let combined = self.program.relations[name].combined.as_ref();
                if let Some(combined) = combined.filter(|c| c.reversal != Reversal::Natural) {
                    let reason = "a turned order does not climb".to_owned();
                    faults.push((name.clone(), Fault::NotMonotone(combined.span, reason)));
                }
            }
            for &index in &stratum.rules {
                let rule = &self.program.rules[index];
                let mut steps = Steps {
                    lattices: &lattices,
                    inside: &inside,
                    program: &self.program,
                    motions: BTreeMap::new(),
                    thresholds: Vec::new(),
                };
                if let Some(fault) = steps.fault(rule) {
                    faults.push((rule.head.relation.clone(), fault));
                }
            }
            // One circle is one mistake: the step of the first relation that is wrong, or else all
            // endless ones.
            if faults
                .iter()
                .any(|(_, fault)| matches!(fault, Fault::NotMonotone(..)))
            {
                faults.retain(|(_, fault)| matches!(fault, Fault::NotMonotone(..)));
                faults.sort_by(|a, b| a.0.cmp(&b.0));
                faults.truncate(1);
            }
            found.append(&mut faults);
        }
        for (head, fault) in found {
            self.report_fault(&head, fault);
        }
    }

    fn report_fault(&mut self, head: &str, fault: Fault) {
        let head = short(head);
        match fault {
            Fault::NotMonotone(span, reason) => {
                let (file, at) = super::place(span);
                self.report(
                    Diagnostic::error(
                        codes::NOT_MONOTONE,
                        file,
                        at,
                        format!("`{head}` depends on itself, and this step is not monotone"),
                    )
                    .label(reason)
                    .note("While a recursion runs its values still climb. A step may add, take `min`, `max`, `len` or a union, multiply by a Nat, call a `monotone fn`, or test a bound that stays passed.")
                    .help("compute this in a view over the finished recursion"),
                );
            }
            Fault::Endless(span, is_rising) => {
                let (file, at) = super::place(span);
                let bound = match is_rising {
                    true => "`min(…, 1000)`",
                    false => "`max(…, 0)`",
                };
                self.report(
                    Diagnostic::warning(
                        codes::ENDLESS_CLIMB,
                        file,
                        at,
                        format!("the values of `{head}` may climb without end"),
                    )
                    .label("each round may go further")
                    .note("A circle in the data would never settle; the iteration limit would stop it with an error.")
                    .help(format!("bound it, as in {bound}, or make sure that the data has no circle")),
                );
            }
        }
    }
}

/// How a rule uses values that climb for as long as the program lives.
pub(super) struct Climb {
    /// Where its use is not monotone, and a clause that says why.
    pub(super) fault: Option<(sheaf_ir::Span, String)>,
    /// For each test of a climbing value that stays true: the other variables in it.
    pub(super) thresholds: Vec<Vec<VariableId>>,
}

/// How a rule uses the values of these relations, which climb. Of `Sum` only sums of `Nat` do.
pub(super) fn climb(program: &Program, rule: &Rule, lattices: &BTreeMap<&str, &Combiner>) -> Climb {
    let mut steps = Steps {
        lattices,
        inside: &lattices.keys().copied().collect(),
        program,
        motions: BTreeMap::new(),
        thresholds: Vec::new(),
    };
    let fault = match steps.fault(rule) {
        Some(Fault::NotMonotone(span, reason)) => Some((span, reason)),
        Some(Fault::Endless(..)) | None => None,
    };
    Climb {
        fault,
        thresholds: steps.thresholds,
    }
}

/// The motions of one rule's variables.
struct Steps<'s> {
    lattices: &'s BTreeMap<&'s str, &'s Combiner>,
    inside: &'s BTreeSet<&'s str>,
    program: &'s Program,
    motions: BTreeMap<VariableId, Motion>,
    /// Tests that stay true, each with its variables that stand still.
    thresholds: Vec<Vec<VariableId>>,
}

impl Steps<'_> {
    fn fault(&mut self, rule: &Rule) -> Option<Fault> {
        if let Err(fault) = self.bind_values(rule) {
            return Some(fault);
        }
        let mut is_bounded = false;
        for condition in &rule.conditions {
            match condition {
                Condition::Atom(atom) => {
                    if let Some(fault) = self.moving_key(atom) {
                        return Some(fault);
                    }
                }
                Condition::Each { collection, .. } => match self.motion(collection) {
                    // An element that is there stays there.
                    Motion::Still => {}
                    Motion::Up if matches!(collection.ty, Type::Set(_)) => {}
                    _ => return Some(self.blame(collection, "its elements may change")),
                },
                Condition::Let {
                    variable, value, ..
                } => {
                    let motion = self.motion(value);
                    self.motions.insert(*variable, motion);
                }
                Condition::Test { test, .. } => {
                    let motion = self.motion(test);
                    is_bounded |= motion != Motion::Still;
                    if motion == Motion::Up {
                        let mut still = super::live::reads::variables_of(test);
                        still.retain(|id| self.of(*id) == Motion::Still);
                        self.thresholds.push(still);
                    }
                    if !matches!(motion, Motion::Still | Motion::Up) {
                        return Some(self.blame(test, "may turn false again"));
                    }
                }
            }
        }
        for column in &rule.head.columns {
            if self.motion(column) != Motion::Still {
                return Some(self.blame(column, "a key that changes on the way"));
            }
        }
        let contribution = rule.head.contribution.as_ref()?;
        let wanted = motion_of(self.lattices.get(rule.head.relation.as_str())?);
        let found = self.motion(contribution);
        if found != Motion::Still && found != wanted {
            let reason = match found {
                Motion::Any => "changes in any direction".to_owned(),
                _ => format!("moves against `{}`", short(&rule.head.relation)),
            };
            return Some(self.blame(contribution, &reason));
        }
        (found != Motion::Still && !is_bounded && self.may_climb(contribution, &wanted))
            .then_some(Fault::Endless(contribution.span, wanted != Motion::Down))
    }

    /// Gives the values that positive atoms read from lattices of the stratum their motions.
    fn bind_values(&mut self, rule: &Rule) -> Result<(), Fault> {
        let mut places: BTreeMap<VariableId, usize> = BTreeMap::new();
        let mut values = Vec::new();
        for condition in &rule.conditions {
            let Condition::Atom(atom) = condition else {
                continue;
            };
            for argument in &atom.arguments {
                if let Arg::Variable(id) = argument {
                    *places.entry(*id).or_default() += 1;
                }
            }
            let Some(combiner) = self.lattices.get(atom.relation.as_str()) else {
                continue;
            };
            match (atom.arguments.last(), &atom.quantifier) {
                (Some(Arg::Variable(id)), Quantifier::Each) => {
                    values.push((*id, motion_of(combiner), atom.span));
                }
                (Some(Arg::Equal(constant)), _) => {
                    // Any that is true and All that is false stay so.
                    let stays = match (&constant.kind, combiner) {
                        (ExprKind::Constant(value), Combiner::Any) => {
                            *value == sheaf_ir::Value::Bool(true)
                        }
                        (ExprKind::Constant(value), Combiner::All) => {
                            *value == sheaf_ir::Value::Bool(false)
                        }
                        _ => false,
                    };
                    if !stays {
                        let reason = "equal now, but perhaps not later".to_owned();
                        return Err(Fault::NotMonotone(constant.span, reason));
                    }
                }
                (Some(Arg::Variable(_)), _) => {
                    let reason = "equal now, but perhaps not later".to_owned();
                    return Err(Fault::NotMonotone(atom.span, reason));
                }
                _ => {}
            }
        }
        for (id, motion, span) in values {
            if places.get(&id).copied().unwrap_or(0) > 1 {
                let reason = "equal now, but perhaps not later".to_owned();
                return Err(Fault::NotMonotone(span, reason));
            }
            self.motions.insert(id, motion);
        }
        Ok(())
    }

    /// An atom outside the recursion, or a key of one inside, on a value that moves.
    fn moving_key(&self, atom: &crate::hir::Atom) -> Option<Fault> {
        let is_value = |index: usize| {
            self.lattices.contains_key(atom.relation.as_str())
                && self.inside.contains(atom.relation.as_str())
                && index + 1 == atom.arguments.len()
                && atom.quantifier == Quantifier::Each
        };
        let moves = atom
            .arguments
            .iter()
            .enumerate()
            .any(|(index, argument)| match argument {
                Arg::Variable(id) => !is_value(index) && self.of(*id) != Motion::Still,
                Arg::Wild | Arg::Equal(_) => false,
            });
        moves.then(|| {
            Fault::NotMonotone(
                atom.span,
                "looks up a value that changes on the way".to_owned(),
            )
        })
    }

    fn of(&self, id: VariableId) -> Motion {
        self.motions.get(&id).cloned().unwrap_or(Motion::Still)
    }

    fn blame(&self, expr: &Expr, reason: &str) -> Fault {
        Fault::NotMonotone(expr.span, reason.to_owned())
    }

    /// How an expression changes while the recursion runs.
    fn motion(&mut self, expr: &Expr) -> Motion {
        match &expr.kind {
            ExprKind::Variable(id) => self.of(*id),
            ExprKind::Constant(_) | ExprKind::Param(_) => Motion::Still,
            ExprKind::Let {
                variable,
                value,
                body,
            } => {
                let motion = self.motion(value);
                self.motions.insert(*variable, motion);
                self.motion(body)
            }
            ExprKind::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let branches = self.motion(then).with(&self.motion(otherwise));
                match self.motion(condition) {
                    Motion::Still => branches,
                    _ => Motion::Any,
                }
            }
            ExprKind::Comprehension {
                conditions,
                element,
                ..
            } => match self.is_still(conditions) && self.motion(element) == Motion::Still {
                true => Motion::Still,
                false => Motion::Any,
            },
            ExprKind::Call(function, arguments) => self.call(function, arguments),
            ExprKind::Invoke(function, arguments) => self.invoke(function, arguments),
        }
    }

    fn is_still(&mut self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| match condition {
            Condition::Atom(atom) => self.moving_key(atom).is_none(),
            Condition::Each { collection, .. } => self.motion(collection) == Motion::Still,
            Condition::Let { value, .. } => self.motion(value) == Motion::Still,
            Condition::Test { test, .. } => self.motion(test) == Motion::Still,
        })
    }

    /// A function that is called by name: `monotone`, the join of a lattice, or any other.
    fn invoke(&mut self, function: &str, arguments: &[Expr]) -> Motion {
        let motions: Vec<Motion> = arguments.iter().map(|e| self.motion(e)).collect();
        if motions.iter().all(|motion| *motion == Motion::Still) {
            return Motion::Still;
        }
        let Some(orders) = self.orders(function) else {
            return Motion::Any;
        };
        let Some((result, orders)) = orders.split_last() else {
            return Motion::Any;
        };
        // Each argument rises, falls or stands still in the order that is claimed for it.
        let mut whole = Motion::Still;
        for (motion, order) in motions.into_iter().zip(orders) {
            let own = match (motion, order) {
                (motion @ (Motion::Still | Motion::Up | Motion::Down), Order::Natural) => motion,
                (Motion::Still, Order::Lattice(_)) => Motion::Still,
                (Motion::In(Combiner::Lattice(of)), Order::Lattice(name)) if of == *name => {
                    Motion::Up
                }
                _ => Motion::Any,
            };
            whole = whole.with(&own);
        }
        match (whole, result) {
            (Motion::Up, Order::Lattice(name)) => Motion::In(Combiner::Lattice(name.clone())),
            (Motion::Down, Order::Lattice(_)) => Motion::Any,
            (whole, _) => whole,
        }
    }

    /// The orders in which a function is monotone, the result's last.
    fn orders(&self, function: &str) -> Option<Vec<Order>> {
        let lattice = self
            .program
            .lattices
            .iter()
            .find(|(_, lattice)| lattice.join == function);
        match lattice {
            Some((name, _)) => Some(vec![Order::Lattice(name.clone()); 3]),
            None => self.program.functions.get(function)?.monotone.clone(),
        }
    }

    fn call(&mut self, function: &Function, arguments: &[Expr]) -> Motion {
        let motions: Vec<Motion> = arguments
            .iter()
            .map(|argument| self.motion(argument))
            .collect();
        if motions.iter().all(|motion| *motion == Motion::Still) {
            return Motion::Still;
        }
        // What the functions of the language do is known in the orders of types alone.
        if motions.iter().any(|motion| matches!(motion, Motion::In(_))) {
            return Motion::Any;
        }
        let ty = arguments.first().map(|argument| &argument.ty);
        match (function, motions.as_slice()) {
            (Function::Add, [a, b]) if !matches!(ty, Some(Type::String | Type::List(_))) => {
                a.with(b)
            }
            (
                Function::Least
                | Function::Greatest
                | Function::Union
                | Function::And
                | Function::Or,
                [a, b],
            ) => a.with(b),
            (Function::Intersect, [a, b]) => a.with(b),
            (Function::Sub | Function::Difference, [a, b]) => a.with(&b.reversed()),
            (Function::Neg | Function::Not, [a]) => a.reversed(),
            (Function::Mul, [a, Motion::Still]) if is_natural(&arguments[1]) => a.clone(),
            (Function::Mul, [Motion::Still, b]) if is_natural(&arguments[0]) => b.clone(),
            (Function::Mul, [a, b]) if is_natural(&arguments[0]) && is_natural(&arguments[1]) => {
                a.with(b)
            }
            (Function::ToInt | Function::ToFloat | Function::ToNat, [a])
                if !matches!(ty, Some(Type::String)) =>
            {
                a.clone()
            }
            (Function::Floor | Function::Ceil | Function::Round | Function::Some, [a]) => a.clone(),
            (Function::Len, [a]) if matches!(ty, Some(Type::Set(_))) => a.clone(),
            (Function::Contains, [a, Motion::Still]) if matches!(ty, Some(Type::Set(_))) => {
                a.clone()
            }
            // Tuples are compared part by part, so the first decides as long as the rest stands still.
            (Function::Tuple, [first, rest @ ..])
                if rest.iter().all(|motion| *motion == Motion::Still) =>
            {
                first.clone()
            }
            (Function::Field(0), [a]) if matches!(ty, Some(Type::Tuple(_))) => a.clone(),
            (Function::Ge | Function::Gt, [a, b]) => a.with(&b.reversed()),
            (Function::Le | Function::Lt, [a, b]) => a.reversed().with(b),
            _ => Motion::Any,
        }
    }

    /// Whether a step may go further in each round, without end.
    fn may_climb(&self, contribution: &Expr, motion: &Motion) -> bool {
        let grows = match &contribution.kind {
            ExprKind::Call(Function::Add | Function::Mul | Function::Sub, _) => true,
            // A `monotone fn` may give more than it got; a join gives no more than there is.
            ExprKind::Invoke(function, _) => !self
                .program
                .lattices
                .values()
                .any(|lattice| lattice.join == *function),
            ExprKind::Call(Function::Tuple, parts) => {
                return parts
                    .first()
                    .is_some_and(|part| self.may_climb(part, motion));
            }
            ExprKind::Call(Function::ToInt, arguments) => {
                return arguments
                    .iter()
                    .any(|argument| self.may_climb(argument, motion));
            }
            _ => false,
        };
        // What falls from Nat to Nat ends at 0.
        let ends = *motion == Motion::Down && contribution.ty == Type::Nat
            || !(contribution.ty.is_numeric()
                || matches!(contribution.ty, Type::Duration | Type::Time));
        grows && !ends
    }
}

/// True for an expression that is never negative.
fn is_natural(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(Function::ToInt, arguments) => arguments
            .first()
            .is_some_and(|argument| argument.ty == Type::Nat),
        ExprKind::Constant(sheaf_ir::Value::Int(value)) => *value >= 0,
        _ => expr.ty == Type::Nat,
    }
}
