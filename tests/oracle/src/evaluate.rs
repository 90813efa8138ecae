//! The evaluator: rules by nested loops, strata one after the other, recursion by starting again
//! until nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_compiler::hir::{
    Arg, Atom, Combined, Condition, Expr, ExprKind, Gather, Program, Quantifier, Relation,
    RelationKind, Reversal, Rule, VariableId,
};
use sheaf_ir::{Combiner, Function, Span, Type, Value};

use crate::combine::combine;
use crate::function::{Failure, apply, set};

/// Rows with how often each occurs.
pub type Rows = BTreeMap<Vec<Value>, usize>;

/// Where an expression failed, and why.
pub type Error = (Span, Failure);

/// What a program says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The rows of every relation.
    pub relations: BTreeMap<String, Rows>,
    /// For each derivation that failed in the settled state, all that is wrong with it: which of
    /// these is reported is the engine's choice.
    pub errors: BTreeSet<Failed>,
}

/// Everything that fails in one derivation; not empty.
pub type Failed = BTreeSet<Error>;

/// What an expression or a variable has: a value, or all that stands in its way.
type Slot = Result<Value, Failed>;

/// Slots by variable; `None` is not bound yet.
type Environment = Vec<Option<Slot>>;

/// Rounds after which a recursion is taken to be endless.
const PATIENCE: usize = 10_000;

/// Evaluates a program over the rows of its inputs and the values of its params.
///
/// # Panics
/// If a recursion does not end, or the program uses what the oracle does not know.
pub fn evaluate(
    program: &Program,
    inputs: &BTreeMap<String, Vec<Vec<Value>>>,
    params: &BTreeMap<String, Value>,
) -> Answer {
    let mut answer = Answer::default();
    for (name, relation) in &program.relations {
        let mut rows = Rows::new();
        if matches!(relation.kind, RelationKind::Input(_)) {
            for row in inputs.get(name).into_iter().flatten() {
                *rows.entry(row.clone()).or_default() += 1;
            }
        }
        answer.relations.insert(name.clone(), rows);
    }
    for stratum in &program.strata {
        let rules: Vec<&Rule> = stratum.rules.iter().map(|i| &program.rules[*i]).collect();
        if rules.is_empty() {
            continue;
        }
        let mut rounds = 0;
        loop {
            let contributions = contribute(program, &rules, &answer.relations, params);
            let mut errors = contributions.errors;
            let mut changed = false;
            for name in &stratum.relations {
                let relation = &program.relations[name];
                let given = contributions.rows.get(name).cloned().unwrap_or_default();
                let before = &answer.relations[name];
                let scope = Scope {
                    program,
                    relations: &answer.relations,
                    params,
                };
                let rows = settle(
                    relation,
                    given,
                    before,
                    stratum.recursive,
                    scope,
                    &mut errors,
                );
                changed |= rows != *before;
                answer.relations.insert(name.clone(), rows);
            }
            rounds += 1;
            assert!(rounds < PATIENCE, "{:?} does not end", stratum.relations);
            if !(stratum.recursive && changed) {
                answer.errors.extend(errors);
                break;
            }
        }
    }
    answer
}

/// Key columns and, for a combiner, what is combined: one per derivation.
type Contribution = (Vec<Value>, Option<Value>);

/// What the rules of a stratum contribute, by head.
#[derive(Default)]
struct Contributions {
    rows: BTreeMap<String, Vec<Contribution>>,
    errors: BTreeSet<Failed>,
}

fn contribute(
    program: &Program,
    rules: &[&Rule],
    relations: &BTreeMap<String, Rows>,
    params: &BTreeMap<String, Value>,
) -> Contributions {
    let mut all = Contributions::default();
    for rule in rules {
        let scope = Scope {
            program,
            relations,
            params,
        };
        let mut environment: Environment = vec![None; rule.variables.len()];
        let rows = all.rows.entry(rule.head.relation.clone()).or_default();
        let errors = &mut all.errors;
        let mut found = |env: &mut Environment, weight: usize, failed: &Failed| {
            let mut failed = failed.clone();
            let mut row = Vec::new();
            for expression in rule.head.columns.iter().chain(&rule.head.contribution) {
                match scope.value(expression, env) {
                    Ok(value) => row.push(value),
                    Err(errors) => failed.extend(errors),
                }
            }
            if !failed.is_empty() {
                errors.insert(failed);
                return;
            }
            let contribution = rule.head.contribution.as_ref().and_then(|_| row.pop());
            rows.extend(std::iter::repeat_n((row, contribution), weight));
        };
        scope.derive(
            &rule.conditions,
            &mut environment,
            &mut Failed::new(),
            1,
            &mut found,
        );
    }
    all
}

/// The rows of a relation from what its rules contributed.
fn settle(
    relation: &Relation,
    contributions: Vec<Contribution>,
    before: &Rows,
    recursive: bool,
    scope: Scope,
    errors: &mut BTreeSet<Failed>,
) -> Rows {
    let Some(combined) = &relation.combined else {
        let mut rows: Rows = contributions.into_iter().map(|(row, _)| (row, 1)).collect();
        if recursive {
            rows.extend(before.clone());
        }
        return rows;
    };
    let mut groups: BTreeMap<Vec<Value>, Vec<Value>> = BTreeMap::new();
    if recursive {
        for row in before.keys() {
            let (value, key) = row.split_last().expect("a value column");
            groups.entry(key.to_vec()).or_default().push(value.clone());
        }
    }
    for (key, contribution) in contributions {
        groups
            .entry(key)
            .or_default()
            .push(contribution.expect("a combiner has contributions"));
    }
    let mut rows = Rows::new();
    for (mut key, group) in groups {
        let join = |name: &str, a: Value, b: Value| scope.join(name, a, b);
        let Combined {
            combiner, reversal, ..
        } = combined;
        match combine(combiner, reversal, &group, &join, relation.span) {
            Ok(value) => {
                key.push(value);
                rows.insert(key, 1);
            }
            Err(failed) => {
                errors.insert(failed);
            }
        }
    }
    rows
}

/// What rules can read.
#[derive(Clone, Copy)]
struct Scope<'a> {
    program: &'a Program,
    relations: &'a BTreeMap<String, Rows>,
    params: &'a BTreeMap<String, Value>,
}

/// Receives the environment, the weight and the failures of a derivation.
type Found<'f> = dyn FnMut(&mut Environment, usize, &Failed) + 'f;

impl Scope<'_> {
    /// Calls `found` for each derivation of a conjunction, errors included, none that is false.
    fn derive(
        &self,
        conditions: &[Condition],
        environment: &mut Environment,
        failed: &mut Failed,
        weight: usize,
        found: &mut Found,
    ) {
        let Some((condition, rest)) = conditions.split_first() else {
            found(environment, weight, failed);
            return;
        };
        let before = failed.clone();
        match condition {
            Condition::Test { test, .. } => match self.value(test, environment) {
                Ok(Value::Bool(false)) => return,
                Ok(_) => self.derive(rest, environment, failed, weight, found),
                Err(errors) => {
                    failed.extend(errors);
                    self.derive(rest, environment, failed, weight, found);
                }
            },
            Condition::Let {
                variable, value, ..
            } => {
                let value = self.value(value, environment);
                if let Err(errors) = &value {
                    failed.extend(errors);
                }
                environment[*variable] = Some(value);
                self.derive(rest, environment, failed, weight, found);
                environment[*variable] = None;
            }
            Condition::Each {
                variable,
                collection,
                ..
            } => {
                match self.value(collection, environment) {
                    Ok(collection) => {
                        for element in elements(collection) {
                            environment[*variable] = Some(Ok(element));
                            self.derive(rest, environment, failed, weight, found);
                            failed.clone_from(&before);
                        }
                    }
                    Err(errors) => {
                        failed.extend(&errors);
                        environment[*variable] = Some(Err(errors));
                        self.derive(rest, environment, failed, weight, found);
                    }
                }
                environment[*variable] = None;
            }
            Condition::Atom(atom) => self.atom(atom, rest, environment, failed, weight, found),
        }
        failed.clone_from(&before);
    }

    fn atom(
        &self,
        atom: &Atom,
        rest: &[Condition],
        environment: &mut Environment,
        failed: &mut Failed,
        weight: usize,
        found: &mut Found,
    ) {
        let unknown = self.unknown_key(atom, environment);
        if !unknown.is_empty() {
            // Nothing to match: neither true nor false. What it would bind fails with it.
            let before = failed.clone();
            failed.extend(&unknown);
            let bound: Vec<VariableId> = match &atom.quantifier {
                Quantifier::Each => variables(atom)
                    .filter(|v| environment[*v].is_none())
                    .collect(),
                Quantifier::Maybe { binds } => binds.iter().map(|b| b.0).collect(),
                _ => Vec::new(),
            };
            for variable in &bound {
                environment[*variable] = Some(Err(unknown.clone()));
            }
            self.derive(rest, environment, failed, weight, found);
            for variable in bound {
                environment[variable] = None;
            }
            failed.clone_from(&before);
            return;
        }
        let before = failed.clone();
        let rows = &self.relations[&atom.relation];
        let mut matched = false;
        for (row, count) in rows {
            let Some(bound) = self.matches(atom, row, environment) else {
                continue;
            };
            matched = true;
            match &atom.quantifier {
                Quantifier::Each => {
                    self.derive(rest, environment, failed, weight * count, found);
                }
                Quantifier::Maybe { binds } => {
                    let values: Vec<Value> = binds
                        .iter()
                        .map(|(_, value)| {
                            self.value(value, environment)
                                .expect("a matched value does not fail")
                        })
                        .collect();
                    for ((variable, _), value) in binds.iter().zip(values) {
                        environment[*variable] = Some(Ok(Value::Option(Some(Box::new(value)))));
                    }
                    unbind(&bound, environment);
                    self.derive(rest, environment, failed, weight * count, found);
                    for (variable, _) in binds {
                        environment[*variable] = None;
                    }
                }
                Quantifier::Not | Quantifier::Exists => {}
            }
            unbind(&bound, environment);
            failed.clone_from(&before);
        }
        match &atom.quantifier {
            Quantifier::Not if !matched => self.derive(rest, environment, failed, weight, found),
            Quantifier::Exists if matched => self.derive(rest, environment, failed, weight, found),
            Quantifier::Maybe { binds } if !matched => {
                for (variable, _) in binds {
                    environment[*variable] = Some(Ok(Value::Option(None)));
                }
                self.derive(rest, environment, failed, weight, found);
                for (variable, _) in binds {
                    environment[*variable] = None;
                }
            }
            _ => {}
        }
    }

    /// The errors of a key that could not be computed; none if it could.
    fn unknown_key(&self, atom: &Atom, environment: &Environment) -> Failed {
        variables(atom)
            .chain(atom.filter.iter().flat_map(free))
            .filter_map(|v| environment.get(v)?.as_ref()?.as_ref().err())
            .flatten()
            .copied()
            .collect()
    }

    /// Whether a row matches; then the variables it bound are in the environment and returned.
    fn matches(
        &self,
        atom: &Atom,
        row: &[Value],
        environment: &mut Environment,
    ) -> Option<Vec<VariableId>> {
        let mut bound = Vec::new();
        let mut fits = true;
        for (argument, cell) in atom.arguments.iter().zip(row) {
            fits &= match argument {
                Arg::Wild => true,
                Arg::Equal(e) => self.value(e, environment).as_ref() == Ok(cell),
                Arg::Variable(v) => match &environment[*v] {
                    Some(known) => known.as_ref() == Ok(cell),
                    None => {
                        environment[*v] = Some(Ok(cell.clone()));
                        bound.push(*v);
                        true
                    }
                },
            };
            if !fits {
                break;
            }
        }
        fits = fits
            && atom
                .filter
                .iter()
                .all(|f| self.value(f, environment) == Ok(Value::Bool(true)));
        if fits {
            Some(bound)
        } else {
            unbind(&bound, environment);
            None
        }
    }

    /// What a function of the program gives.
    fn invoke(&self, name: &str, arguments: Vec<Value>) -> Slot {
        let function = &self.program.functions[name];
        let mut environment: Environment = vec![None; function.variables.len()];
        for (parameter, argument) in function.parameters.iter().zip(arguments) {
            environment[*parameter] = Some(Ok(argument));
        }
        self.value(&function.body, &environment)
    }

    /// The join of a lattice of the program.
    fn join(&self, lattice: &str, a: Value, b: Value) -> Slot {
        self.invoke(&self.program.lattices[lattice].join, vec![a, b])
    }

    /// The values of all these, or all their errors.
    fn values(
        &self,
        expressions: &[Expr],
        environment: &Environment,
    ) -> Result<Vec<Value>, Failed> {
        let mut values = Vec::new();
        let mut failed = Failed::new();
        for expression in expressions {
            match self.value(expression, environment) {
                Ok(value) => values.push(value),
                Err(errors) => failed.extend(errors),
            }
        }
        match failed.is_empty() {
            true => Ok(values),
            false => Err(failed),
        }
    }

    /// The value of an expression.
    fn value(&self, expression: &Expr, environment: &Environment) -> Slot {
        let here = |failure| Failed::from([(expression.span, failure)]);
        match &expression.kind {
            ExprKind::Variable(v) => environment[*v]
                .clone()
                .unwrap_or_else(|| panic!("variable {v} is not bound at {:?}", expression.span)),
            ExprKind::Constant(value) => Ok(value.clone()),
            ExprKind::Param(name) => Ok(self
                .params
                .get(name)
                .cloned()
                .or_else(|| self.program.params[name].default.clone())
                .unwrap_or_else(|| panic!("no value for param {name}"))),
            ExprKind::Call(Function::And | Function::Or, sides) => {
                let decides =
                    Value::Bool(matches!(expression.kind, ExprKind::Call(Function::Or, _)));
                match (
                    self.value(&sides[0], environment),
                    self.value(&sides[1], environment),
                ) {
                    (Ok(a), _) if a == decides => Ok(decides),
                    (_, Ok(b)) if b == decides => Ok(decides),
                    (Err(a), Err(b)) => Err(a.union(&b).copied().collect()),
                    (Err(errors), _) | (_, Err(errors)) => Err(errors),
                    (Ok(_), Ok(b)) => Ok(b),
                }
            }
            ExprKind::Call(Function::OptionOr, sides) => {
                match self.value(&sides[0], environment)? {
                    Value::Option(Some(value)) => Ok(*value),
                    _ => self.value(&sides[1], environment),
                }
            }
            ExprKind::Call(function, arguments) => {
                let values = self.values(arguments, environment)?;
                let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
                apply(function, &values, &types, &expression.ty).map_err(here)
            }
            ExprKind::Invoke(name, arguments) => {
                self.invoke(name, self.values(arguments, environment)?)
            }
            ExprKind::If(parts) => match self.value(&parts[0], environment)? {
                Value::Bool(true) => self.value(&parts[1], environment),
                _ => self.value(&parts[2], environment),
            },
            ExprKind::Let {
                variable,
                value,
                body,
            } => {
                let mut inner = environment.clone();
                inner[*variable] = Some(Ok(self.value(value, environment)?));
                self.value(body, &inner)
            }
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            } => self.comprehension(expression, gather, conditions, element, environment),
        }
    }

    fn comprehension(
        &self,
        whole: &Expr,
        gather: &Gather,
        conditions: &[Condition],
        element: &Expr,
        environment: &Environment,
    ) -> Slot {
        let mut items = Vec::new();
        let mut errors = Failed::new();
        let mut inner = environment.clone();
        self.derive(
            conditions,
            &mut inner,
            &mut Failed::new(),
            1,
            &mut |env, weight, failed| {
                errors.extend(failed);
                match self.value(element, env) {
                    Ok(value) => items.extend(std::iter::repeat_n(value, weight)),
                    Err(failed) => errors.extend(failed),
                }
            },
        );
        if !errors.is_empty() {
            return Err(errors);
        }
        let here = |failure| Failed::from([(whole.span, failure)]);
        let combined = |combiner: Combiner| {
            let join = |name: &str, a: Value, b: Value| self.join(name, a, b);
            combine(&combiner, &Reversal::Natural, &items, &join, whole.span)
        };
        let optional = |combiner: Combiner| {
            Ok(Value::Option(match items.is_empty() {
                true => None,
                false => Some(Box::new(combined(combiner)?)),
            }))
        };
        match gather {
            Gather::List => Ok(Value::List(items)),
            Gather::Sorted => {
                items.sort();
                Ok(Value::List(items))
            }
            Gather::Set => Ok(set(items)),
            Gather::Map => map(items).map_err(here),
            Gather::Count => Ok(Value::Nat(items.len() as i64)),
            Gather::Sum if items.is_empty() => Ok(zero(&whole.ty)),
            Gather::Sum => combined(Combiner::Sum),
            Gather::Min => optional(Combiner::Min),
            Gather::Max => optional(Combiner::Max),
            Gather::Avg => optional(Combiner::Avg),
            Gather::Top(n) => match self.value(n, environment)? {
                Value::Nat(n) => combined(Combiner::Top(n as u64)),
                other => panic!("top of {other:?}"),
            },
        }
    }
}

fn unbind(variables: &[VariableId], environment: &mut Environment) {
    for variable in variables {
        environment[*variable] = None;
    }
}

fn variables(atom: &Atom) -> impl Iterator<Item = VariableId> + '_ {
    atom.arguments.iter().filter_map(|argument| match argument {
        Arg::Variable(v) => Some(*v),
        _ => None,
    })
}

/// Variables that an expression reads, those it binds itself included.
fn free(expression: &Expr) -> Vec<VariableId> {
    match &expression.kind {
        ExprKind::Variable(v) => vec![*v],
        ExprKind::Constant(_) | ExprKind::Param(_) => Vec::new(),
        ExprKind::Call(_, arguments) | ExprKind::Invoke(_, arguments) => {
            arguments.iter().flat_map(free).collect()
        }
        ExprKind::If(parts) => parts.iter().flat_map(free).collect(),
        ExprKind::Let { value, body, .. } => [free(value), free(body)].concat(),
        ExprKind::Comprehension { element, .. } => free(element),
    }
}

fn elements(collection: Value) -> Vec<Value> {
    match collection {
        Value::List(items) | Value::Set(items) => items,
        Value::Map(entries) => entries
            .into_iter()
            .map(|(k, v)| Value::Tuple(vec![k, v]))
            .collect(),
        other => panic!("{other:?} has no elements"),
    }
}

/// The map of some pairs; a key has one value.
fn map(pairs: Vec<Value>) -> Result<Value, Failure> {
    let mut entries = BTreeMap::new();
    for pair in pairs {
        let Value::Tuple(parts) = pair else {
            panic!("a map is made of pairs, not {pair:?}");
        };
        let [key, value] = <[Value; 2]>::try_from(parts).expect("a pair");
        if entries.get(&key).is_some_and(|known| *known != value) {
            return Err(Failure::Conflict);
        }
        entries.insert(key, value);
    }
    Ok(Value::Map(entries.into_iter().collect()))
}

fn zero(ty: &Type) -> Value {
    match ty {
        Type::Nat => Value::Nat(0),
        Type::Float => Value::Float(sheaf_ir::value::Float::new(0.0)),
        Type::Decimal(_) => Value::Decimal(0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    }
}
