//! Tests what cannot be proved of a program's own lattices and monotone functions.
//!
//! Laws are tried on all small values first, the smallest first, then on some thousand random ones,
//! which are always the same. For each lattice and function at most one counterexample is told; a
//! function is not tried if a lattice that orders its values breaks its laws.

mod samples;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sheaf_ir::graph::FunctionDefinition;
use sheaf_ir::{Block, Expr, ExprKind, Lattice, Order, Program, Span, Type, Value};
use sheaf_kernels::words::{value_of, word_of};
use sheaf_kernels::{Environment, EvalError, Interner, Kernel, Rows, compile};

use samples::{Random, small};
use show::{short, show};

/// Small values of a type that laws of three values are tried on, all with all.
const SMALL: usize = 12;
/// Small arguments of a function that are compared with each other.
const SMALL_ARGUMENTS: usize = 40;
/// Random samples.
const RANDOM: usize = 1500;
const SEED: u64 = 0x5eaf;

/// Values for which a law does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// Qualified name of the lattice or function.
    pub name: String,
    /// What does not hold.
    pub law: Law,
    /// The values, as `join(0, 1) = 0, join(1, 0) = 1`.
    pub text: String,
    /// Where the lattice or function is declared.
    pub span: Span,
}

/// What must hold of lattices and monotone functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// `join` and `bottom` have a value for all arguments.
    Total,
    /// `join(a, b) = join(b, a)`.
    Commutative,
    /// `join(join(a, b), c) = join(a, join(b, c))`.
    Associative,
    /// `join(a, a) = a`.
    Idempotent,
    /// `join(bottom(), a) = a`.
    Bottom,
    /// `a ⊑ b` implies `f(a) ⊑ f(b)`.
    Monotone,
}

impl Law {
    /// Its name: an adjective, save for `bottom`.
    pub fn name(self) -> &'static str {
        match self {
            Law::Total => "total",
            Law::Commutative => "commutative",
            Law::Associative => "associative",
            Law::Idempotent => "idempotent",
            Law::Bottom => "bottom",
            Law::Monotone => "monotone",
        }
    }
}

/// What breaks the laws of a program's lattices, then of its monotone functions, by name. The
/// program is one that the verifier accepts.
pub fn counterexamples(program: &Program) -> Vec<Counterexample> {
    let mut found = Vec::new();
    let mut laws = Laws {
        program,
        environment: Environment::new(program, BTreeMap::new(), Arc::new(Interner::new())),
    };
    laws.environment.params = laws.params();
    let mut broken = BTreeSet::new();
    for (name, lattice) in &program.lattices {
        if let Some((law, text)) = laws.lattice(lattice) {
            broken.insert(name.as_str());
            found.push(Counterexample {
                name: name.clone(),
                law,
                text,
                span: lattice.span,
            });
        }
    }
    for (name, function) in &program.functions {
        let Some(orders) = &function.monotone else {
            continue;
        };
        let is_ordered = orders.iter().all(|order| match order {
            Order::Natural => true,
            Order::Lattice(lattice) => !broken.contains(lattice.as_str()),
        });
        if is_ordered && let Some(text) = laws.monotone(name, function, orders) {
            found.push(Counterexample {
                name: name.clone(),
                law: Law::Monotone,
                text,
                span: function.span,
            });
        }
    }
    found
}

/// A value, or why there is none.
type Outcome = Result<Value, EvalError>;

struct Laws<'a> {
    program: &'a Program,
    environment: Environment,
}

impl Laws<'_> {
    /// Values for the program's parameters: their defaults, or the smallest.
    fn params(&self) -> BTreeMap<String, (Type, u64)> {
        let params = self.program.params.iter().filter_map(|(name, param)| {
            let smallest = || small(&param.ty, &self.program.types, 1).pop();
            let value = param.default.clone().or_else(smallest)?;
            let word = word_of(&value, &param.ty, &self.environment.interner);
            Some((name.clone(), (param.ty.clone(), word)))
        });
        params.collect()
    }

    /// A function applied to columns and calls.
    fn call(&self, function: &str, arguments: Vec<Expr>) -> Expr {
        let ty = self.program.functions[function].body.ty.clone();
        Expr {
            kind: ExprKind::Invoke(function.to_string(), arguments),
            ty,
            span: Span::default(),
        }
    }

    /// What an expression gives for each row of values of these types.
    fn evaluate(&self, expr: &Expr, types: &[Type], rows: &[Vec<Value>]) -> Vec<Outcome> {
        let interner = &self.environment.interner;
        let block = Block {
            conditions: Vec::new(),
            outputs: vec![expr.clone()],
        };
        let failed = |error: EvalError| vec![Err(error); rows.len()];
        let mut kernel: Box<dyn Kernel> = match compile(&block, None, types, &self.environment) {
            Ok(kernel) => kernel,
            Err(error) => {
                return failed(EvalError {
                    code: sheaf_kernels::ErrorCode::Domain,
                    span: error.span,
                    message: error.reason,
                });
            }
        };
        let mut input = Rows::new(types.len());
        for row in rows {
            input.push_iter(
                row.iter()
                    .zip(types)
                    .map(|(v, ty)| word_of(v, ty, interner)),
            );
        }
        // A weight tells which row a result belongs to.
        input.weights = Some((0..rows.len() as i64).collect());
        let (mut output, mut errors) = (Rows::new(1), Vec::new());
        kernel.run(&input, &mut output, &mut errors);
        let mut outcomes: BTreeMap<usize, Outcome> = errors
            .into_iter()
            .map(|error| (error.row as usize, Err(error.error)))
            .collect();
        let numbers = output.weights.take().unwrap_or_default();
        for (at, number) in numbers.into_iter().enumerate() {
            let word = output.row(at)[0];
            let value = value_of(word, &expr.ty, &self.environment.types, interner);
            outcomes.insert(number as usize, Ok(value));
        }
        outcomes.into_values().collect()
    }

    /// The law that a lattice breaks, and the values.
    fn lattice(&self, lattice: &Lattice) -> Option<(Law, String)> {
        let types = &self.program.types;
        let bottom = self.evaluate(&self.call(&lattice.bottom, Vec::new()), &[], &[Vec::new()]);
        let bottom = match bottom.into_iter().next()? {
            Ok(bottom) => bottom,
            Err(error) => {
                let text = format!("{}() fails: {}", short(&lattice.bottom), error.message);
                return Some((Law::Total, text));
            }
        };
        let values = small(&lattice.ty, types, SMALL);
        let numbers = 0..values.len();
        let mut triples: Vec<[usize; 3]> = numbers
            .clone()
            .flat_map(|a| numbers.clone().map(move |b| (a, b)))
            .flat_map(|(a, b)| numbers.clone().map(move |c| [a, b, c]))
            .collect();
        triples.sort_by_key(|triple| (triple.iter().sum::<usize>(), *triple));
        let triple = |triple: [usize; 3]| triple.map(|index| values[index].clone()).to_vec();
        let triples: Vec<Vec<Value>> = triples.into_iter().map(triple).collect();
        let broken = self
            .lattice_on(lattice, &bottom, &triples)
            .into_iter()
            .next();
        if let Some((law, text)) = broken {
            return Some((law, text));
        }
        let mut random = Random(SEED);
        let triples: Option<Vec<Vec<Value>>> = (0..RANDOM)
            .map(|_| (0..3).map(|_| random.value(&lattice.ty, types)).collect())
            .collect();
        let mut broken = self.lattice_on(lattice, &bottom, &triples?);
        let first = broken.iter().map(|(law, _)| *law).min()?;
        broken.retain(|(law, _)| *law == first);
        broken
            .into_iter()
            .min_by_key(|(_, text)| (text.len(), text.clone()))
    }

    /// What breaks the laws among triples of values, law by law.
    fn lattice_on(
        &self,
        lattice: &Lattice,
        bottom: &Value,
        triples: &[Vec<Value>],
    ) -> Vec<(Law, String)> {
        let ty = &lattice.ty;
        let types = [ty.clone(), ty.clone(), ty.clone()];
        let column = |index: usize| Expr {
            kind: ExprKind::Column(index),
            ty: ty.clone(),
            span: Span::default(),
        };
        let join = |a: Expr, b: Expr| self.call(&lattice.join, vec![a, b]);
        let of = |expr: Expr| self.evaluate(&expr, &types, triples);
        let bottom_expr = Expr {
            kind: ExprKind::Constant(bottom.clone()),
            ..column(0)
        };
        let name = short(&lattice.join);
        let show = |value: &Value| show(value, ty, &self.environment);
        let joined = |a: &str, b: &str| format!("{name}({a}, {b})");
        let mut broken = Vec::new();

        let ab = of(join(column(0), column(1)));
        for (triple, outcome) in triples.iter().zip(&ab) {
            if let Err(error) = outcome {
                let join = joined(&show(&triple[0]), &show(&triple[1]));
                broken.push((Law::Total, format!("{join} fails: {}", error.message)));
            }
        }
        let ba = of(join(column(1), column(0)));
        for ((triple, ab), ba) in triples.iter().zip(&ab).zip(&ba) {
            if let (Ok(ab), Ok(ba)) = (ab, ba)
                && ab != ba
            {
                let [a, b] = [0, 1].map(|index| show(&triple[index]));
                let left = format!("{} = {}", joined(&a, &b), show(ab));
                let right = format!("{} = {}", joined(&b, &a), show(ba));
                broken.push((Law::Commutative, format!("{left}, {right}")));
            }
        }
        let left = of(join(join(column(0), column(1)), column(2)));
        let right = of(join(column(0), join(column(1), column(2))));
        for ((triple, left), right) in triples.iter().zip(&left).zip(&right) {
            // Only what is told is shown: most triples are not.
            let joins = || {
                let [a, b, c] = [0, 1, 2].map(|index| show(&triple[index]));
                (joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)))
            };
            match (left, right) {
                (Ok(left), Ok(right)) if left != right => {
                    let (left_join, right_join) = joins();
                    let left = format!("{left_join} = {}", show(left));
                    let right = format!("{right_join} = {}", show(right));
                    broken.push((Law::Associative, format!("{left}, {right}")));
                }
                (Err(error), _) => {
                    let text = format!("{} fails: {}", joins().0, error.message);
                    broken.push((Law::Total, text));
                }
                (_, Err(error)) => {
                    let text = format!("{} fails: {}", joins().1, error.message);
                    broken.push((Law::Total, text));
                }
                _ => {}
            }
        }
        for (law, left, text) in [
            (Law::Idempotent, column(0), None),
            (Law::Bottom, bottom_expr, Some(show(bottom))),
        ] {
            for (triple, outcome) in triples.iter().zip(of(join(left, column(0)))) {
                if let Ok(outcome) = outcome
                    && outcome != triple[0]
                {
                    let a = show(&triple[0]);
                    let join = joined(text.as_ref().unwrap_or(&a), &a);
                    let result = format!("{join} = {}", show(&outcome));
                    let bottom_name = short(&lattice.bottom);
                    broken.push(match &text {
                        Some(bottom) => (law, format!("{bottom_name}() = {bottom}, {result}")),
                        None => (law, result),
                    });
                }
            }
        }
        // Stable: of each law the smallest values come first.
        broken.sort_by_key(|(law, _)| *law);
        broken
    }

    /// Arguments `a ⊑ b` of a function for which `f(a) ⊑ f(b)` does not hold.
    fn monotone(
        &self,
        name: &str,
        function: &FunctionDefinition,
        orders: &[Order],
    ) -> Option<String> {
        let types = &self.program.types;
        let parameters = Type::Tuple(function.parameters.clone());
        let (result, orders) = orders.split_last()?;
        let arguments = |value: Value| match value {
            Value::Tuple(parts) => parts,
            _ => Vec::new(),
        };
        let values = small(&parameters, types, SMALL_ARGUMENTS);
        let numbers = 0..values.len();
        let mut pairs: Vec<(usize, usize)> = numbers
            .clone()
            .flat_map(|a| numbers.clone().map(move |b| (a, b)))
            .collect();
        pairs.sort_by_key(|&(a, b)| (a + b, a));
        let pairs = pairs.into_iter().map(|(a, b)| {
            let value = |index: usize| arguments(values[index].clone());
            (value(a), value(b))
        });
        let (lower, upper): (Vec<_>, Vec<_>) = pairs.unzip();
        let small = self.monotone_on(name, function, (orders, result), lower, &upper);
        if let Some(first) = small.into_iter().next() {
            return Some(first);
        }
        let mut random = Random(SEED);
        let mut draw = || -> Option<Vec<Vec<Value>>> {
            (0..RANDOM)
                .map(|_| Some(arguments(random.value(&parameters, types)?)))
                .collect()
        };
        let (lower, mut upper) = (draw()?, draw()?);
        // Unrelated values are made comparable: what is joined with the lower one is above it.
        for (index, (order, ty)) in orders.iter().zip(&function.parameters).enumerate() {
            let both =
                |(a, b): (&Vec<Value>, &Vec<Value>)| vec![a[index].clone(), b[index].clone()];
            let rows: Vec<Vec<Value>> = lower.iter().zip(&upper).map(both).collect();
            for (row, joined) in upper.iter_mut().zip(self.joined(order, ty, &rows)) {
                if let Some(joined) = joined {
                    row[index] = joined;
                }
            }
        }
        let found = self.monotone_on(name, function, (orders, result), lower, &upper);
        found
            .into_iter()
            .min_by_key(|text| (text.len(), text.clone()))
    }

    /// Breaches of monotony among pairs of arguments, in their order.
    fn monotone_on(
        &self,
        name: &str,
        function: &FunctionDefinition,
        (orders, result): (&[Order], &Order),
        lower: Vec<Vec<Value>>,
        upper: &[Vec<Value>],
    ) -> Vec<String> {
        let mut comparable = vec![true; lower.len()];
        for (index, (order, ty)) in orders.iter().zip(&function.parameters).enumerate() {
            let both =
                |(a, b): (&Vec<Value>, &Vec<Value>)| vec![a[index].clone(), b[index].clone()];
            let rows: Vec<Vec<Value>> = lower.iter().zip(upper).map(both).collect();
            for (known, holds) in comparable.iter_mut().zip(self.below(order, ty, &rows)) {
                *known &= holds;
            }
        }
        let pairs: Vec<(Vec<Value>, &Vec<Value>)> = lower
            .into_iter()
            .zip(upper)
            .zip(comparable)
            .filter_map(|(pair, comparable)| comparable.then_some(pair))
            .collect();
        let argument = |(index, ty): (usize, &Type)| Expr {
            kind: ExprKind::Column(index),
            ty: ty.clone(),
            span: Span::default(),
        };
        let call = function.parameters.iter().enumerate().map(argument);
        let call = self.call(name, call.collect());
        let (lower, upper): (Vec<Vec<Value>>, Vec<Vec<Value>>) =
            pairs.into_iter().map(|(a, b)| (a, b.clone())).unzip();
        let of_lower = self.evaluate(&call, &function.parameters, &lower);
        let of_upper = self.evaluate(&call, &function.parameters, &upper);
        // Where it fails, nothing is said.
        let results = of_lower.into_iter().zip(of_upper).enumerate();
        let (places, rows): (Vec<usize>, Vec<Vec<Value>>) = results
            .filter_map(|(at, (a, b))| Some((at, vec![a.ok()?, b.ok()?])))
            .unzip();
        let ty = &function.body.ty;
        let holds = self.below(result, ty, &rows);
        let applied = |arguments: &[Value], result: &Value| {
            let arguments = arguments.iter().zip(&function.parameters);
            let arguments: Vec<String> = arguments
                .map(|(value, ty)| show(value, ty, &self.environment))
                .collect();
            let result = show(result, ty, &self.environment);
            format!("{}({}) = {result}", short(name), arguments.join(", "))
        };
        let broken = places
            .iter()
            .zip(&rows)
            .zip(holds)
            .filter(|(_, holds)| !holds);
        broken
            .map(|((&at, row), _)| {
                let (lower, upper) = (applied(&lower[at], &row[0]), applied(&upper[at], &row[1]));
                format!("{lower}, {upper}")
            })
            .collect()
    }

    /// For pairs of values of a type, a value above both in an order.
    fn joined(&self, order: &Order, ty: &Type, pairs: &[Vec<Value>]) -> Vec<Option<Value>> {
        let Order::Lattice(lattice) = order else {
            let natural = |pair: &Vec<Value>| {
                Some(match (&pair[0], &pair[1]) {
                    (Value::Set(a), Value::Set(b)) => {
                        let union: BTreeSet<&Value> = a.iter().chain(b).collect();
                        Value::Set(union.into_iter().cloned().collect())
                    }
                    (a, b) => a.max(b).clone(),
                })
            };
            return pairs.iter().map(natural).collect();
        };
        let column = |index: usize| Expr {
            kind: ExprKind::Column(index),
            ty: ty.clone(),
            span: Span::default(),
        };
        let join = &self.program.lattices[lattice].join;
        let join = self.call(join, vec![column(0), column(1)]);
        let joined = self.evaluate(&join, &[ty.clone(), ty.clone()], pairs);
        joined.into_iter().map(Result::ok).collect()
    }

    /// Whether the first of each pair of values is at most the second in an order.
    fn below(&self, order: &Order, ty: &Type, pairs: &[Vec<Value>]) -> Vec<bool> {
        let joined = self.joined(order, ty, pairs);
        let is_upper =
            |(pair, joined): (&Vec<Value>, Option<Value>)| joined.as_ref() == pair.get(1);
        pairs.iter().zip(joined).map(is_upper).collect()
    }
}

#[cfg(test)]
mod tests;
