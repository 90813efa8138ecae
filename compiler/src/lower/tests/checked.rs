//! The checked tree, evaluated by the letter of its documentation: every choice of rows and
//! elements is tried.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{Function, Value};

use super::functions::{apply, map, set, sorted, sum};
use super::{Facts, Outcome, Row};
use crate::hir::{Arg, Atom, Condition, Expr, ExprKind, Gather, Program, Quantifier, VariableId};
use crate::lower::uses::{atom_variables, binds, mentions, uses};

/// A value, or where the value it rests on failed.
type Known = Result<Value, u32>;
type Bindings = BTreeMap<VariableId, Known>;

struct Naive<'a> {
    facts: &'a Facts,
    /// What failed in comprehensions: of several choices that fail, any may be told.
    inside: RefCell<BTreeSet<u32>>,
}

/// A choice under which no condition is false.
struct Choice {
    bindings: Bindings,
    failed: BTreeSet<u32>,
}

pub(super) fn run(program: &Program, facts: &Facts) -> Outcome {
    let naive = Naive {
        facts,
        inside: RefCell::default(),
    };
    let mut outcome = Outcome::default();
    let mut groups: BTreeMap<Row, Vec<Value>> = BTreeMap::new();
    for rule in &program.rules {
        for choice in naive.choices(&rule.conditions, &Bindings::new()) {
            let head: Result<Row, u32> = rule
                .head
                .columns
                .iter()
                .chain(&rule.head.contribution)
                .map(|e| naive.eval(e, &choice.bindings))
                .collect();
            match head {
                _ if !choice.failed.is_empty() => outcome.errors.extend(choice.failed),
                Err(at) => {
                    outcome.errors.insert(at);
                }
                Ok(mut row) => {
                    let value = row.pop().expect("a contribution");
                    groups.entry(row).or_default().push(value);
                }
            }
        }
    }
    if !outcome.errors.is_empty() {
        outcome.errors.extend(naive.inside.into_inner());
    }
    for (mut row, values) in groups {
        row.push(Value::List(sorted(values)));
        outcome.rows.push(row);
    }
    outcome
}

/// Every variable that conditions can bind.
fn bindable(conditions: &[Condition]) -> BTreeSet<VariableId> {
    conditions.iter().flat_map(binds).collect()
}

impl Naive<'_> {
    fn choices(&self, conditions: &[Condition], outer: &Bindings) -> Vec<Choice> {
        let mut out = Vec::new();
        let makers: BTreeSet<VariableId> = conditions
            .iter()
            .filter(|c| !is_positive(c))
            .flat_map(binds)
            .collect();
        let start = Choice {
            bindings: outer.clone(),
            failed: BTreeSet::new(),
        };
        self.choose(conditions.to_vec(), &makers, start, &mut out);
        out
    }

    fn choose(
        &self,
        mut rest: Vec<Condition>,
        makers: &BTreeSet<VariableId>,
        choice: Choice,
        out: &mut Vec<Choice>,
    ) {
        let own: BTreeSet<VariableId> = bindable(&rest);
        let ready = |c: &Condition| {
            let mut needed = uses(c);
            if is_positive(c) {
                needed.extend(binds(c).into_iter().filter(|v| makers.contains(v)));
            } else {
                for bound in binds(c) {
                    needed.remove(&bound);
                }
            }
            needed
                .iter()
                .all(|v| choice.bindings.contains_key(v) || !own.contains(v))
        };
        // Atoms before what reads their variables.
        let next = rest.iter().position(|c| is_positive(c) && ready(c));
        let Some(next) = next.or_else(|| rest.iter().position(ready)) else {
            match rest.is_empty() {
                true => out.push(choice),
                // What is left waits for an atom that had nothing to match.
                false => self.poison(rest, makers, choice, out),
            }
            return;
        };
        let condition = rest.remove(next);
        match &condition {
            Condition::Atom(atom) => self.choose_atom(atom, rest, makers, choice, out),
            Condition::Each {
                variable,
                collection,
                ..
            } => match self.eval_with(collection, &choice) {
                Ok(Value::List(items)) | Ok(Value::Set(items)) => {
                    for item in items {
                        let mut choice = choice.copy();
                        choice.bindings.insert(*variable, Ok(item));
                        self.choose(rest.clone(), makers, choice, out);
                    }
                }
                Ok(other) => unreachable!("{other:?} is no collection"),
                Err(at) => {
                    let mut choice = choice;
                    choice.failed.insert(at);
                    choice.bindings.insert(*variable, Err(at));
                    self.choose(rest, makers, choice, out);
                }
            },
            Condition::Let {
                variable, value, ..
            } => {
                let mut choice = choice;
                let value = self.eval_with(value, &choice);
                choice.failed.extend(value.as_ref().err());
                choice.bindings.insert(*variable, value);
                self.choose(rest, makers, choice, out);
            }
            Condition::Test { test, .. } => {
                let mut choice = choice;
                match self.eval_with(test, &choice) {
                    Ok(Value::Bool(false)) => return,
                    Ok(_) => {}
                    Err(at) => {
                        choice.failed.insert(at);
                    }
                }
                self.choose(rest, makers, choice, out);
            }
        }
    }

    /// Variables that only an atom without key could bind have no value.
    fn poison(
        &self,
        rest: Vec<Condition>,
        makers: &BTreeSet<VariableId>,
        mut choice: Choice,
        out: &mut Vec<Choice>,
    ) {
        let at = *choice.failed.first().expect("something failed");
        // Lets and elements in the rest can still be failures; what atoms alone bind has no value.
        let own = bindable(&rest);
        let missing: Vec<VariableId> = rest
            .iter()
            .flat_map(|c| uses(c).into_iter().chain(binds(c)))
            .filter(|v| !choice.bindings.contains_key(v))
            .filter(|v| own.contains(v) && !makers.contains(v))
            .collect();
        assert!(!missing.is_empty(), "{rest:?} can never be evaluated");
        for v in missing {
            choice.bindings.insert(v, Err(at));
        }
        self.choose(rest, makers, choice, out);
    }

    fn choose_atom(
        &self,
        atom: &Atom,
        rest: Vec<Condition>,
        makers: &BTreeSet<VariableId>,
        choice: Choice,
        out: &mut Vec<Choice>,
    ) {
        let failed = atom_variables(atom)
            .iter()
            .chain(&uses(&Condition::Atom(atom.clone())))
            .find_map(|v| {
                choice
                    .bindings
                    .get(v)
                    .and_then(|k| k.as_ref().err())
                    .copied()
            });
        if let Some(at) = failed {
            let mut choice = choice;
            choice.failed.insert(at);
            if let Quantifier::Maybe { binds } = &atom.quantifier {
                for (v, _) in binds {
                    choice.bindings.insert(*v, Err(at));
                }
            }
            // What only this atom binds has no value either.
            if atom.quantifier == Quantifier::Each {
                let elsewhere = bindable(&rest);
                for v in atom_variables(atom) {
                    if !elsewhere.contains(&v) {
                        choice.bindings.entry(v).or_insert(Err(at));
                    }
                }
            }
            return self.choose(rest, makers, choice, out);
        }
        let matches = self.matches(atom, &choice.bindings);
        match &atom.quantifier {
            Quantifier::Each => {
                for bindings in matches {
                    let choice = Choice {
                        bindings,
                        failed: choice.failed.clone(),
                    };
                    self.choose(rest.clone(), makers, choice, out);
                }
            }
            Quantifier::Not if !matches.is_empty() => {}
            Quantifier::Exists if matches.is_empty() => {}
            Quantifier::Not | Quantifier::Exists => self.choose(rest, makers, choice, out),
            Quantifier::Maybe { binds } => {
                let mut taken: Vec<Bindings> = Vec::new();
                for row in &matches {
                    let mut bindings = choice.bindings.clone();
                    for (v, value) in binds {
                        let value = self.eval(value, row).expect("values of maybe cannot fail");
                        bindings.insert(*v, Ok(Value::Option(Some(Box::new(value)))));
                    }
                    taken.push(bindings);
                }
                if taken.is_empty() {
                    let mut bindings = choice.bindings.clone();
                    for (v, _) in binds {
                        bindings.insert(*v, Ok(Value::Option(None)));
                    }
                    taken.push(bindings);
                }
                for bindings in taken {
                    let choice = Choice {
                        bindings,
                        failed: choice.failed.clone(),
                    };
                    self.choose(rest.clone(), makers, choice, out);
                }
            }
        }
    }

    /// The rows that fit an atom, each with what is known then.
    fn matches(&self, atom: &Atom, bindings: &Bindings) -> Vec<Bindings> {
        let mut found = Vec::new();
        'rows: for row in &self.facts[&atom.relation] {
            let mut bindings = bindings.clone();
            for (argument, value) in atom.arguments.iter().zip(row) {
                match argument {
                    Arg::Wild => {}
                    Arg::Equal(expr) => {
                        if self.eval(expr, &bindings) != Ok(value.clone()) {
                            continue 'rows;
                        }
                    }
                    Arg::Variable(v) => match bindings.get(v) {
                        Some(known) if *known != Ok(value.clone()) => continue 'rows,
                        Some(_) => {}
                        None => {
                            bindings.insert(*v, Ok(value.clone()));
                        }
                    },
                }
            }
            let fits = atom
                .filter
                .iter()
                .all(|test| self.eval(test, &bindings) == Ok(Value::Bool(true)));
            if fits {
                found.push(bindings);
            }
        }
        found
    }

    /// An expression of a condition: fails if any variable of the body that it reads has failed.
    fn eval_with(&self, expr: &Expr, choice: &Choice) -> Known {
        let failed = mentions(expr).iter().find_map(|v| {
            choice
                .bindings
                .get(v)
                .and_then(|k| k.as_ref().err())
                .copied()
        });
        match failed {
            Some(at) => Err(at),
            None => self.eval(expr, &choice.bindings),
        }
    }

    fn eval(&self, expr: &Expr, bindings: &Bindings) -> Known {
        Ok(match &expr.kind {
            ExprKind::Variable(v) => bindings[v].clone()?,
            ExprKind::Constant(value) => value.clone(),
            ExprKind::Param(_) | ExprKind::Invoke(..) => {
                unreachable!("random rules use no params and functions")
            }
            ExprKind::If(parts) => match self.eval(&parts[0], bindings)? {
                Value::Bool(true) => self.eval(&parts[1], bindings)?,
                _ => self.eval(&parts[2], bindings)?,
            },
            ExprKind::Let {
                variable,
                value,
                body,
            } => {
                let value = self.eval(value, bindings)?;
                let mut bindings = bindings.clone();
                bindings.insert(*variable, Ok(value));
                self.eval(body, &bindings)?
            }
            ExprKind::Call(function, arguments) => {
                let values: Vec<Known> = arguments.iter().map(|a| self.eval(a, bindings)).collect();
                let decides = |b: bool| values.contains(&Ok(Value::Bool(b)));
                match function {
                    Function::And if decides(false) => return Ok(Value::Bool(false)),
                    Function::Or if decides(true) => return Ok(Value::Bool(true)),
                    Function::OptionOr => {
                        return match &values[0] {
                            Ok(Value::Option(Some(value))) => Ok((**value).clone()),
                            Ok(_) => values[1].clone(),
                            failed => failed.clone(),
                        };
                    }
                    _ => {}
                }
                let values: Vec<Value> = values.into_iter().collect::<Result<_, _>>()?;
                match function {
                    Function::And => Value::Bool(true),
                    Function::Or => Value::Bool(false),
                    _ => apply(function, &values).ok_or(expr.span.start)?,
                }
            }
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            } => {
                let mut items = Vec::new();
                let mut failed = BTreeSet::new();
                for choice in self.choices(conditions, bindings) {
                    if choice.failed.is_empty() {
                        match self.eval(element, &choice.bindings) {
                            Ok(item) => items.push(item),
                            Err(at) => failed.extend([at]),
                        }
                    } else {
                        failed.extend(choice.failed);
                    }
                }
                if let Some(at) = failed.first().copied() {
                    self.inside.borrow_mut().extend(failed);
                    return Err(at);
                }
                let option = |v: Option<Value>| Value::Option(v.map(Box::new));
                match gather {
                    Gather::List => Value::List(items),
                    Gather::Sorted => Value::List(sorted(items)),
                    Gather::Set => set(items),
                    Gather::Map => map(items).ok_or(expr.span.start)?,
                    Gather::Sum => sum(&items, false),
                    Gather::Count => Value::Nat(items.len() as i64),
                    Gather::Min => option(items.into_iter().min()),
                    Gather::Max => option(items.into_iter().max()),
                    Gather::Avg => unreachable!("random rules make no averages"),
                    Gather::Top(count) => {
                        let Value::Nat(n) = self.eval(count, bindings)? else {
                            unreachable!("a count is a Nat")
                        };
                        Value::List(sorted(items).into_iter().rev().take(n as usize).collect())
                    }
                }
            }
        })
    }
}

impl Choice {
    fn copy(&self) -> Choice {
        Choice {
            bindings: self.bindings.clone(),
            failed: self.failed.clone(),
        }
    }
}

fn is_positive(condition: &Condition) -> bool {
    matches!(condition, Condition::Atom(atom) if atom.quantifier == Quantifier::Each)
}
