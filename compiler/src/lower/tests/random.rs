//! Random checked programs: a view `out(Int) -> Sorted<Int>`, which shows multiplicities, over the
//! inputs `a(Int, Int)`, `b(Int, Int)` and `c(Int)`.

use std::collections::BTreeMap;

use sheaf_ir::{Combiner, Function, Label, Span, Type, Value};

use crate::hir::{
    Arg, Atom, Column, Combined, Condition, Expr, ExprKind, Gather, Head, Program, Quantifier,
    Relation, RelationKind, Reversal, Rule, Source, SourceColumn, Stratum, Variable, VariableId,
};

/// Turns numbers into choices, so that proptest can shrink them.
struct Choices<'a> {
    numbers: std::slice::Iter<'a, u32>,
    variables: Vec<Variable>,
    /// Every expression gets a place of its own.
    place: u32,
}

const INPUTS: [(&str, usize); 3] = [("a", 2), ("b", 2), ("c", 1)];

fn relation(name: &str, arity: usize, kind: RelationKind, combined: Option<Combined>) -> Relation {
    let span = Span::default();
    Relation {
        name: name.to_string(),
        kind,
        columns: (0..arity)
            .map(|i| Column {
                name: format!("{name}{i}"),
                ty: Type::Int,
                span,
            })
            .collect(),
        combined,
        label: Label::Closed,
        label_reason: Vec::new(),
        docs: String::new(),
        span,
    }
}

pub(super) fn program(numbers: &[u32]) -> Program {
    let mut choices = Choices {
        numbers: numbers.iter(),
        variables: Vec::new(),
        place: 0,
    };
    let mut relations = BTreeMap::new();
    let mut strata = Vec::new();
    for (name, arity) in INPUTS {
        let source = Source {
            format: "csv".to_string(),
            path: String::new(),
            options: BTreeMap::new(),
            columns: (0..arity)
                .map(|i| SourceColumn {
                    name: format!("{name}{i}"),
                    outside: format!("{name}{i}"),
                    ty: Type::Int,
                })
                .collect(),
            by: None,
            span: Span::default(),
        };
        relations.insert(
            name.to_string(),
            relation(name, arity, RelationKind::Input(source), None),
        );
        strata.push(Stratum {
            relations: vec![name.to_string()],
            recursive: false,
            rules: Vec::new(),
        });
    }
    let combined = Combined {
        combiner: Combiner::Sorted,
        contribution: Type::Int,
        result: Type::List(Box::new(Type::Int)),
        reversal: Reversal::Natural,
        span: Span::default(),
    };
    relations.insert(
        "out".to_string(),
        relation("out", 1, RelationKind::View, Some(combined)),
    );
    let rule = choices.rule();
    strata.push(Stratum {
        relations: vec!["out".to_string()],
        recursive: false,
        rules: vec![0],
    });
    Program {
        name: "random".to_string(),
        files: vec!["random.sheaf".to_string()],
        relations,
        rules: vec![rule],
        strata,
        ..Program::default()
    }
}

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.numbers.next().copied().unwrap_or(0) as usize % n
    }

    fn span(&mut self) -> Span {
        self.place += 1;
        Span {
            file: 0,
            start: self.place,
            end: self.place + 1,
        }
    }

    fn expr(&mut self, kind: ExprKind, ty: Type) -> Expr {
        let span = self.span();
        Expr { kind, ty, span }
    }

    fn variable(&mut self, ty: Type) -> VariableId {
        let span = self.span();
        let name = format!("v{}", self.variables.len());
        self.variables.push(Variable { name, ty, span });
        self.variables.len() - 1
    }

    fn int(&mut self) -> Expr {
        let n = self.below(3) as i64;
        self.expr(ExprKind::Constant(Value::Int(n)), Type::Int)
    }

    /// A variable or constant.
    fn operand(&mut self, known: &[VariableId]) -> Expr {
        match self.below(5) {
            0 => self.int(),
            _ if known.is_empty() => self.int(),
            _ => {
                let v = known[self.below(known.len())];
                self.expr(ExprKind::Variable(v), Type::Int)
            }
        }
    }

    fn call(&mut self, function: Function, arguments: Vec<Expr>, ty: Type) -> Expr {
        self.expr(ExprKind::Call(function, arguments), ty)
    }

    /// An Int that can fail.
    fn failing(&mut self, known: &[VariableId]) -> Expr {
        let (a, b) = (self.operand(known), self.operand(known));
        self.call(Function::Div, vec![a, b], Type::Int)
    }

    /// An Int that cannot.
    fn sure(&mut self, known: &[VariableId]) -> Expr {
        let (a, b) = (self.operand(known), self.operand(known));
        self.call(Function::Greatest, vec![a, b], Type::Int)
    }

    fn rule(&mut self) -> Rule {
        let span = self.span();
        let mut known = Vec::new();
        let count = 1 + self.below(6);
        let conditions = self.conditions(count, &mut known, 2);
        let column = match self.below(4) {
            0 => self.failing(&known),
            1 => self.value(&known, 2),
            _ => self.operand(&known),
        };
        let contribution = self.operand(&known);
        Rule {
            head: Head {
                relation: "out".to_string(),
                columns: vec![column],
                contribution: Some(contribution),
                span,
            },
            conditions,
            variables: std::mem::take(&mut self.variables),
            span,
        }
    }

    /// Conditions that may use and add to the known Int variables.
    fn conditions(
        &mut self,
        count: usize,
        known: &mut Vec<VariableId>,
        depth: usize,
    ) -> Vec<Condition> {
        let mut out = Vec::new();
        for _ in 0..count {
            match self.below(12) {
                0..=3 => {
                    let atom = self.positive(known);
                    out.push(Condition::Atom(atom));
                }
                4 => {
                    let atom = self.quantified(known);
                    out.push(Condition::Atom(atom));
                }
                5 => self.maybe(known, &mut out),
                6 | 7 => {
                    let value = self.value(known, depth);
                    let can_fail = crate::lower::uses::can_fail(&value);
                    let variable = self.variable(Type::Int);
                    let span = self.span();
                    out.push(Condition::Let {
                        variable,
                        value,
                        can_fail,
                        span,
                    });
                    known.push(variable);
                }
                8 => {
                    let (a, b) = (self.value(known, depth), self.operand(known));
                    let function =
                        [Function::Eq, Function::Lt, Function::Ne][self.below(3)].clone();
                    let test = self.call(function, vec![a, b], Type::Bool);
                    out.push(Condition::Test {
                        can_fail: crate::lower::uses::can_fail(&test),
                        span: test.span,
                        test,
                    });
                }
                9 => {
                    let (a, b) = (self.operand(known), self.operand(known));
                    let test = self.call(Function::Ne, vec![a, b], Type::Bool);
                    out.push(Condition::Test {
                        can_fail: false,
                        span: test.span,
                        test,
                    });
                }
                _ => {
                    let (a, b) = match self.below(2) {
                        0 => (self.operand(known), self.operand(known)),
                        _ => (self.operand(known), self.failing(known)),
                    };
                    let list = Type::List(Box::new(Type::Int));
                    let collection = self.call(Function::List(Type::Int), vec![a, b], list);
                    let variable = self.variable(Type::Int);
                    let span = self.span();
                    out.push(Condition::Each {
                        variable,
                        collection,
                        span,
                    });
                    known.push(variable);
                }
            }
        }
        out
    }

    fn positive(&mut self, known: &mut Vec<VariableId>) -> Atom {
        let (name, arity) = INPUTS[self.below(INPUTS.len())];
        let arguments = (0..arity)
            .map(|_| match self.below(8) {
                0 => Arg::Wild,
                1 => Arg::Equal(self.int()),
                2..=4 if !known.is_empty() => Arg::Variable(known[self.below(known.len())]),
                _ => {
                    let v = self.variable(Type::Int);
                    known.push(v);
                    Arg::Variable(v)
                }
            })
            .collect();
        self.atom(name, arguments, Quantifier::Each)
    }

    fn atom(&mut self, relation: &str, arguments: Vec<Arg>, quantifier: Quantifier) -> Atom {
        Atom {
            relation: relation.to_string(),
            arguments,
            quantifier,
            filter: Vec::new(),
            locals: Vec::new(),
            span: self.span(),
        }
    }

    /// An atom with locals and perhaps a filter over them and, rarely, over known variables.
    fn with_locals(&mut self, known: &[VariableId], quantifier: Quantifier) -> Atom {
        let (name, arity) = INPUTS[self.below(INPUTS.len())];
        let mut locals = Vec::new();
        let arguments = (0..arity)
            .map(|_| match self.below(6) {
                0 => Arg::Wild,
                1 => Arg::Equal(self.int()),
                2 | 3 if !known.is_empty() => Arg::Variable(known[self.below(known.len())]),
                _ => {
                    let v = self.variable(Type::Int);
                    locals.push(v);
                    Arg::Variable(v)
                }
            })
            .collect();
        let mut atom = self.atom(name, arguments, quantifier);
        if let (Some(local), true) = (locals.first(), self.below(3) > 0) {
            let local = self.expr(ExprKind::Variable(*local), Type::Int);
            let other = match self.below(3) {
                0 => self.operand(known),
                _ => self.int(),
            };
            let test = self.call(Function::Lt, vec![other, local], Type::Bool);
            atom.filter.push(test);
        }
        atom.locals = locals;
        atom
    }

    fn quantified(&mut self, known: &[VariableId]) -> Atom {
        let quantifier = match self.below(2) {
            0 => Quantifier::Not,
            _ => Quantifier::Exists,
        };
        self.with_locals(known, quantifier)
    }

    /// A `maybe` atom, and a let that makes an Int of what it binds.
    fn maybe(&mut self, known: &mut Vec<VariableId>, out: &mut Vec<Condition>) {
        let mut atom = self.with_locals(known, Quantifier::Exists);
        let option = Type::Option(Box::new(Type::Int));
        let mut binds = Vec::new();
        for local in atom.locals.clone() {
            let value = self.expr(ExprKind::Variable(local), Type::Int);
            binds.push((self.variable(option.clone()), value));
        }
        let bound: Vec<VariableId> = binds.iter().map(|(v, _)| *v).collect();
        atom.quantifier = Quantifier::Maybe { binds };
        out.push(Condition::Atom(atom));
        for v in bound {
            let held = self.expr(ExprKind::Variable(v), option.clone());
            let default = self.int();
            let value = self.call(Function::OptionOr, vec![held, default], Type::Int);
            let variable = self.variable(Type::Int);
            let span = self.span();
            out.push(Condition::Let {
                variable,
                value,
                can_fail: false,
                span,
            });
            known.push(variable);
        }
    }

    /// An Int expression, perhaps with a comprehension over relations.
    fn value(&mut self, known: &[VariableId], depth: usize) -> Expr {
        match self.below(6) {
            0 | 1 => self.failing(known),
            2 => self.sure(known),
            3 if depth > 0 => self.comprehension(known, depth - 1),
            4 => {
                let (a, b) = (self.operand(known), self.operand(known));
                let test = self.call(Function::Lt, vec![a, b], Type::Bool);
                let (then, otherwise) = (self.failing(known), self.value(known, depth.min(1)));
                let parts = Box::new([test, then, otherwise]);
                self.expr(ExprKind::If(parts), Type::Int)
            }
            5 if depth > 0 => {
                let value = self.failing(known);
                let variable = self.variable(Type::Int);
                let mut inside = known.to_vec();
                inside.push(variable);
                let body = self.value(&inside, depth - 1);
                self.expr(
                    ExprKind::Let {
                        variable,
                        value: Box::new(value),
                        body: Box::new(body),
                    },
                    Type::Int,
                )
            }
            _ => self.operand(known),
        }
    }

    fn comprehension(&mut self, known: &[VariableId], depth: usize) -> Expr {
        let mut inside = known.to_vec();
        let count = 1 + self.below(3);
        let conditions = self.conditions(count, &mut inside, depth);
        let mut element = match self.below(3) {
            0 => self.value(&inside, depth),
            _ => self.operand(&inside),
        };
        let list = Type::List(Box::new(Type::Int));
        let over_atoms = conditions.iter().any(|c| {
            matches!(c, Condition::Atom(atom)
                if !matches!(atom.quantifier, Quantifier::Not | Quantifier::Exists))
        });
        let (gather, ty) = match self.below(7) {
            0 => (Gather::Sum, Type::Int),
            1 => (Gather::Count, Type::Nat),
            2 => (Gather::Max, Type::Option(Box::new(Type::Int))),
            3 => (Gather::Set, Type::Set(Box::new(Type::Int))),
            4 => {
                let n = Value::Nat(self.below(3) as i64);
                let count = self.expr(ExprKind::Constant(n), Type::Nat);
                (Gather::Top(Box::new(count)), list)
            }
            5 => {
                let key = self.operand(&inside);
                let pair = Type::Tuple(vec![Type::Int, Type::Int]);
                element = self.call(Function::Tuple, vec![key, element], pair);
                let int = || Box::new(Type::Int);
                (Gather::Map, Type::Map(int(), int()))
            }
            _ if over_atoms => (Gather::Sorted, list),
            _ => (Gather::List, list),
        };
        let whole = self.expr(
            ExprKind::Comprehension {
                gather,
                conditions,
                element: Box::new(element),
            },
            ty.clone(),
        );
        self.as_int(whole)
    }

    /// Something that tells most values apart.
    fn as_int(&mut self, expr: Expr) -> Expr {
        match &expr.ty {
            Type::Nat => self.call(Function::ToInt, vec![expr], Type::Int),
            Type::Map(..) => {
                let len = self.call(Function::Len, vec![expr], Type::Nat);
                self.call(Function::ToInt, vec![len], Type::Int)
            }
            Type::Option(_) => {
                let default = self.int();
                self.call(Function::OptionOr, vec![expr, default], Type::Int)
            }
            Type::List(_) | Type::Set(_) => {
                // The sum of all `2 * sum + element` would do; the largest of the first two does.
                let variable = self.variable(Type::Int);
                let span = self.span();
                let element = self.expr(ExprKind::Variable(variable), Type::Int);
                let each = Condition::Each {
                    variable,
                    collection: expr,
                    span,
                };
                self.expr(
                    ExprKind::Comprehension {
                        gather: Gather::Sum,
                        conditions: vec![each],
                        element: Box::new(element),
                    },
                    Type::Int,
                )
            }
            _ => expr,
        }
    }
}

/// A rule in words, for the message of a failing test.
pub(super) fn show(rule: &Rule) -> String {
    let conditions: Vec<String> = rule.conditions.iter().map(show_condition).collect();
    let head: Vec<String> = rule
        .head
        .columns
        .iter()
        .chain(&rule.head.contribution)
        .map(show_expr)
        .collect();
    format!(
        "out({}) if\n  {}",
        head.join(" -> "),
        conditions.join(",\n  ")
    )
}

fn show_condition(condition: &Condition) -> String {
    match condition {
        Condition::Atom(atom) => {
            let arguments: Vec<String> = atom
                .arguments
                .iter()
                .map(|a| match a {
                    Arg::Wild => "_".to_string(),
                    Arg::Variable(v) => format!("v{v}"),
                    Arg::Equal(e) => show_expr(e),
                })
                .collect();
            let filter: Vec<String> = atom.filter.iter().map(show_expr).collect();
            let quantifier = match &atom.quantifier {
                Quantifier::Each => String::new(),
                Quantifier::Not => "not ".to_string(),
                Quantifier::Exists => "exists ".to_string(),
                Quantifier::Maybe { binds } => binds
                    .iter()
                    .map(|(v, e)| format!("maybe v{v}={} ", show_expr(e)))
                    .collect(),
            };
            let arguments = arguments.join(", ");
            format!("{quantifier}{}({arguments}) {filter:?}", atom.relation)
        }
        Condition::Each {
            variable,
            collection,
            ..
        } => format!("v{variable} in {}", show_expr(collection)),
        Condition::Let {
            variable, value, ..
        } => format!("let v{variable} = {}", show_expr(value)),
        Condition::Test { test, .. } => show_expr(test),
    }
}

fn show_expr(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Variable(v) => format!("v{v}"),
        ExprKind::Constant(value) => format!("{value:?}"),
        ExprKind::Param(name) => name.clone(),
        ExprKind::Call(function, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(show_expr).collect();
            format!(
                "{}@{}({})",
                function.name(),
                expr.span.start,
                arguments.join(", ")
            )
        }
        ExprKind::Invoke(function, _) => function.clone(),
        ExprKind::If(parts) => {
            let [test, then, otherwise] = parts.each_ref().map(show_expr);
            format!("if {test} {{ {then} }} else {{ {otherwise} }}")
        }
        ExprKind::Let {
            variable,
            value,
            body,
        } => format!(
            "{{ let v{variable} = {}; {} }}",
            show_expr(value),
            show_expr(body)
        ),
        ExprKind::Comprehension {
            gather,
            conditions,
            element,
        } => {
            let conditions: Vec<String> = conditions.iter().map(show_condition).collect();
            let gather = match gather {
                Gather::Top(count) => format!("top {}", show_expr(count)),
                other => format!("{other:?}"),
            };
            format!(
                "{gather}[{} for {}]",
                show_expr(element),
                conditions.join(", ")
            )
        }
    }
}
