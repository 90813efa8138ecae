//! Which way an expression moves while lattice values climb.
//!
//! A lattice that is still climbing (in a recursion, or over a growing input) replaces the values
//! it gave before. What reads it is right only if it moves with it. This file knows the monotone
//! functions: `+`, least and greatest, products with what is not negative, lengths and members of
//! growing sets, unions, thresholds that stay true, and rounding.

use crate::{
    Clause, Combiner, Expr, ExprKind, Function, FunctionDefinition, Gather, Order, Program, Type,
    Value,
};

/// How a value changes while what it rests on climbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Not at all.
    Fixed,
    /// Only to greater values of its type's order (for Bool: to true).
    Up,
    /// Only to lesser values.
    Down,
    /// A set that only gains elements.
    Gains,
    /// Only to greater values of the lattice of the program with this number in the order of names.
    Joins(usize),
    /// A map that only gains keys, and whose values move so; maps of maps count their levels.
    ByKey(u8, Way),
    /// Any way: what reads it is not monotone.
    Any,
}

/// How the values of a map move; as the variants of [`Trend`] of the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Way {
    Up,
    Down,
    Gains,
    Joins(usize),
}

impl Trend {
    /// The way the values of a climbing lattice move; `None` for what is no such lattice.
    pub fn of(combiner: &Combiner, program: &Program) -> Option<Trend> {
        match combiner {
            Combiner::Lattice(name) => Trend::of_lattice(name, program),
            Combiner::Map(inner) => Trend::of(inner, program)?.by_key(),
            Combiner::Min | Combiner::All => Some(Trend::Down),
            Combiner::Max | Combiner::Any | Combiner::Count => Some(Trend::Up),
            Combiner::Union => Some(Trend::Gains),
            _ => None,
        }
    }

    fn of_lattice(name: &str, program: &Program) -> Option<Trend> {
        let number = program.lattices.keys().position(|known| known == name)?;
        Some(Trend::Joins(number))
    }

    /// That of a map whose values move so.
    fn by_key(self) -> Option<Trend> {
        Some(match self {
            Trend::Up => Trend::ByKey(1, Way::Up),
            Trend::Down => Trend::ByKey(1, Way::Down),
            Trend::Gains => Trend::ByKey(1, Way::Gains),
            Trend::Joins(number) => Trend::ByKey(1, Way::Joins(number)),
            Trend::ByKey(levels, way) => Trend::ByKey(levels.checked_add(1)?, way),
            Trend::Fixed | Trend::Any => return None,
        })
    }

    /// That of what climbs in an order of values of a type.
    fn in_order(order: &Order, ty: &Type, program: &Program) -> Option<Trend> {
        match (order, ty) {
            (Order::Lattice(name), _) => Trend::of_lattice(name, program),
            (Order::Natural, Type::Set(_)) => Some(Trend::Gains),
            (Order::Natural, _) => Some(Trend::Up),
        }
    }

    /// That of something that moves with both.
    fn and(self, other: Trend) -> Trend {
        match (self, other) {
            (Trend::Fixed, trend) | (trend, Trend::Fixed) => trend,
            (a, b) if a == b => a,
            _ => Trend::Any,
        }
    }

    fn reversed(self) -> Trend {
        match self {
            Trend::Fixed => Trend::Fixed,
            Trend::Up => Trend::Down,
            Trend::Down => Trend::Up,
            Trend::Gains | Trend::Joins(_) | Trend::ByKey(..) | Trend::Any => Trend::Any,
        }
    }

    /// Keeps a trend in the type's order only.
    fn ordered(self) -> Trend {
        match self {
            Trend::Gains | Trend::Joins(_) | Trend::ByKey(..) => Trend::Any,
            trend => trend,
        }
    }
}

/// The trend of an expression over columns of these trends; columns beyond them are fixed.
pub fn trend(expr: &Expr, columns: &[Trend], program: &Program) -> Trend {
    Trends {
        program,
        columns,
        locals: Vec::new(),
    }
    .of(expr)
}

struct Trends<'a> {
    program: &'a Program,
    columns: &'a [Trend],
    locals: Vec<(usize, Trend)>,
}

impl Trends<'_> {
    fn of(&mut self, expr: &Expr) -> Trend {
        match &expr.kind {
            ExprKind::Column(index) => self.columns.get(*index).copied().unwrap_or(Trend::Fixed),
            ExprKind::Local(local) => self
                .locals
                .iter()
                .rev()
                .find(|(number, _)| number == local)
                .map_or(Trend::Fixed, |(_, trend)| *trend),
            ExprKind::Constant(_) | ExprKind::Param(_) => Trend::Fixed,
            ExprKind::Call(function, arguments) => self.of_call(function, arguments),
            ExprKind::Invoke(name, arguments) => {
                let trends: Vec<Trend> = arguments.iter().map(|e| self.of(e)).collect();
                match trends.iter().all(|trend| *trend == Trend::Fixed) {
                    true => Trend::Fixed,
                    false => self.of_function(name, &trends).unwrap_or(Trend::Any),
                }
            }
            ExprKind::If(parts) => match self.of(&parts[0]) {
                Trend::Fixed => self.of(&parts[1]).and(self.of(&parts[2])),
                _ => Trend::Any,
            },
            ExprKind::Let { local, value, body } => {
                let value = self.of(value);
                self.locals.push((*local, value));
                let trend = self.of(body);
                self.locals.pop();
                trend
            }
            ExprKind::Comprehension {
                gather,
                clauses,
                element,
            } => self.of_comprehension(gather, clauses, element),
        }
    }

    /// That of a function that is claimed to be monotone and whose arguments climb, or stay.
    fn of_function(&self, name: &str, arguments: &[Trend]) -> Option<Trend> {
        let FunctionDefinition {
            parameters,
            body,
            monotone: Some(orders),
            ..
        } = self.program.functions.get(name)?
        else {
            return None;
        };
        let (result, orders) = orders.split_last()?;
        let climbs =
            arguments
                .iter()
                .zip(orders.iter().zip(parameters))
                .all(|(argument, (order, ty))| {
                    *argument == Trend::Fixed
                        || Trend::in_order(order, ty, self.program) == Some(*argument)
                });
        let falls =
            arguments
                .iter()
                .zip(orders.iter().zip(parameters))
                .all(|(argument, (order, ty))| {
                    let is_ordered = Trend::in_order(order, ty, self.program) == Some(Trend::Up);
                    *argument == Trend::Fixed || *argument == Trend::Down && is_ordered
                });
        let result = Trend::in_order(result, &body.ty, self.program)?;
        match result {
            _ if climbs => Some(result),
            Trend::Up if falls => Some(Trend::Down),
            _ => None,
        }
    }

    fn of_call(&mut self, function: &Function, arguments: &[Expr]) -> Trend {
        let trends: Vec<Trend> = arguments.iter().map(|argument| self.of(argument)).collect();
        if trends.iter().all(|trend| *trend == Trend::Fixed) {
            return Trend::Fixed;
        }
        let is_text = |expr: &Expr| matches!(expr.ty, Type::String | Type::List(_));
        match (function, arguments, &trends[..]) {
            (Function::Add, [a, _], [x, y]) if !is_text(a) => x.and(*y).ordered(),
            (Function::Sub, _, [x, y]) => x.and(y.reversed()).ordered(),
            (Function::Neg | Function::Not, _, [x]) => x.reversed(),
            (Function::Mul, [a, b], [x, y]) => {
                let scaled = |by: &Expr, trend: Trend| match trend {
                    Trend::Fixed => Trend::Fixed,
                    _ if is_not_negative(by) => trend,
                    _ => Trend::Any,
                };
                scaled(b, *x).and(scaled(a, *y)).ordered()
            }
            (Function::Div, [_, b], [x, Trend::Fixed]) if is_not_negative(b) => x.ordered(),
            (Function::Least | Function::Greatest, _, [x, y]) => x.and(*y).ordered(),
            // Tuples are compared part by part: the first decides as long as the rest is fixed.
            (Function::Tuple, _, [first, rest @ ..])
                if rest.iter().all(|trend| *trend == Trend::Fixed) =>
            {
                first.ordered()
            }
            (Function::Field(0), [a], [x]) if matches!(a.ty, Type::Tuple(_)) => x.ordered(),
            (Function::Lt | Function::Le, _, [x, y]) => x.reversed().and(*y).ordered(),
            (Function::Gt | Function::Ge, _, [x, y]) => x.and(y.reversed()).ordered(),
            (Function::Eq, [a, b], [x, y]) => match (as_bool(a), as_bool(b)) {
                (_, Some(true)) => x.ordered(),
                (_, Some(false)) => x.reversed(),
                (Some(true), _) => y.ordered(),
                (Some(false), _) => y.reversed(),
                _ => Trend::Any,
            },
            (Function::And | Function::Or, _, [x, y]) => x.and(*y).ordered(),
            (Function::ToInt | Function::ToNat | Function::ToFloat, [a], [x]) if !is_text(a) => {
                x.ordered()
            }
            (Function::Some | Function::IsSome | Function::Unwrap, _, [x]) => x.ordered(),
            // Settled failures are errors; what failed on the way is not seen.
            (Function::Succeeds, _, _) => Trend::Up,
            (Function::Floor | Function::Ceil | Function::Round, _, [x]) => x.ordered(),
            (Function::Tumbling, _, [x, Trend::Fixed]) => x.ordered(),
            // Tuples and records compare part by part: one part may move.
            (Function::Tuple | Function::Record(_), _, trends) => {
                let mut moving = trends.iter().filter(|trend| **trend != Trend::Fixed);
                match (moving.next(), moving.next()) {
                    (Some(trend), None) => trend.ordered(),
                    _ => Trend::Any,
                }
            }
            (Function::Field(0), _, [x]) => x.ordered(),
            (Function::Len, _, [Trend::Gains | Trend::ByKey(..)]) => Trend::Up,
            (Function::Contains, _, [Trend::Gains | Trend::ByKey(..), Trend::Fixed]) => Trend::Up,
            // None is below all that a key may be given.
            (Function::Get, _, [Trend::ByKey(1, Way::Up), Trend::Fixed]) => Trend::Up,
            (Function::ToSet, _, [Trend::ByKey(..)]) => Trend::Gains,
            (Function::Map(..), _, trends) => {
                let keys = trends.iter().step_by(2);
                let values = trends.iter().skip(1).step_by(2);
                match keys.copied().all(|key| key == Trend::Fixed) {
                    true => {
                        let value = values.copied().fold(Trend::Fixed, Trend::and);
                        value.by_key().unwrap_or(Trend::Any)
                    }
                    false => Trend::Any,
                }
            }
            (Function::Union | Function::Intersect, _, [x, y]) => match x.and(*y) {
                Trend::Gains => Trend::Gains,
                _ => Trend::Any,
            },
            (Function::Difference, _, [Trend::Gains, Trend::Fixed]) => Trend::Gains,
            (Function::ToSet, [a], [x]) if matches!(a.ty, Type::Set(_)) => *x,
            _ => Trend::Any,
        }
    }

    /// Over a set that gains elements, with conditions that stay true, more elements come.
    fn of_comprehension(&mut self, gather: &Gather, clauses: &[Clause], element: &Expr) -> Trend {
        let locals = self.locals.len();
        let mut moves = false;
        let mut is_monotone = true;
        for clause in clauses {
            let trend = self.of(clause.expression());
            match clause {
                Clause::Each { local, collection } => {
                    moves |= trend != Trend::Fixed;
                    is_monotone &= trend == Trend::Fixed
                        || trend == Trend::Gains && matches!(collection.ty, Type::Set(_));
                    self.locals.push((*local, Trend::Fixed));
                }
                Clause::Let { local, .. } => self.locals.push((*local, trend)),
                Clause::Filter(_) => {
                    moves |= trend != Trend::Fixed;
                    is_monotone &= matches!(trend, Trend::Fixed | Trend::Up);
                }
            }
        }
        let of_element = match gather {
            Gather::Count => Trend::Fixed,
            _ => self.of(element),
        };
        let of_top = match gather {
            Gather::Top(n) => self.of(n),
            _ => Trend::Fixed,
        };
        self.locals.truncate(locals);
        moves |= of_element != Trend::Fixed || of_top != Trend::Fixed;
        match gather {
            _ if !moves => Trend::Fixed,
            _ if !is_monotone => Trend::Any,
            Gather::Count => Trend::Up,
            Gather::Set if of_element == Trend::Fixed => Trend::Gains,
            Gather::Max if matches!(of_element, Trend::Fixed | Trend::Up) => Trend::Up,
            Gather::Sum
                if matches!(of_element, Trend::Fixed | Trend::Up) && is_not_negative(element) =>
            {
                Trend::Up
            }
            _ => Trend::Any,
        }
    }
}

fn as_bool(expr: &Expr) -> Option<bool> {
    match expr.kind {
        ExprKind::Constant(Value::Bool(value)) => Some(value),
        _ => None,
    }
}

/// Whether a number is known not to be negative: a Nat, a literal, or a conversion of one.
fn is_not_negative(expr: &Expr) -> bool {
    match &expr.kind {
        _ if expr.ty == Type::Nat => true,
        ExprKind::Constant(Value::Int(i) | Value::Decimal(i) | Value::Duration(i)) => *i >= 0,
        ExprKind::Constant(Value::Float(x)) => x.get() >= 0.0,
        ExprKind::Call(Function::ToInt | Function::ToFloat, arguments) => {
            arguments.iter().all(is_not_negative)
        }
        _ => false,
    }
}
