//! The checked program as text: for people, and for tests that say what a program means.
//!
//! Not a form that can be read back. Variables are written as their names, with their numbers where
//! two have one name; those that the checker made are `_0`, `_1`, ….

use std::fmt::Write;

use sheaf_ir::{Function, Type, Value};

use super::{
    Arg, Atom, Condition, Expectation, Expr, ExprKind, Gather, Program, Quantifier, Relation,
    RelationKind, Rule, Variable, VariableId,
};

/// The whole program, strata in their order.
pub fn print(program: &Program) -> String {
    let mut out = String::new();
    for stratum in &program.strata {
        let word = if stratum.recursive { " recursive" } else { "" };
        let _ = writeln!(out, "stratum{word}");
        for name in &stratum.relations {
            if let Some(relation) = program.relations.get(name) {
                let _ = writeln!(out, "  {}", declaration(relation));
            }
        }
        for &index in &stratum.rules {
            if let Some(rule) = program.rules.get(index) {
                let _ = writeln!(out, "  {}", print_rule(rule));
            }
        }
    }
    for test in &program.tests {
        let names = Names::new(&test.variables);
        let _ = writeln!(out, "test {:?}", test.name);
        for (param, value) in &test.params {
            let _ = writeln!(out, "  given {param} = {}", names.expr(value));
        }
        for row in &test.given {
            let columns: Vec<String> = row
                .columns
                .iter()
                .map(|column| {
                    column
                        .as_ref()
                        .map_or("fresh".to_owned(), |value| names.expr(value))
                })
                .collect();
            let _ = writeln!(out, "  given {}({})", row.relation, columns.join(", "));
        }
        for expectation in &test.expectations {
            let text = match expectation {
                Expectation::Row(atom) => names.atom(atom),
                Expectation::Test(test) => names.expr(test),
            };
            let _ = writeln!(out, "  expect {text}");
        }
    }
    out
}

fn declaration(relation: &Relation) -> String {
    let word = match relation.kind {
        RelationKind::Input(_) => "input",
        RelationKind::View => "view",
        RelationKind::Live(kind) => kind.word(),
    };
    let columns: Vec<String> = relation
        .columns
        .iter()
        .map(|column| format!("{}: {}", column.name, print_type(&column.ty)))
        .collect();
    let combined = relation.combined.as_ref().map(|combined| {
        format!(
            " -> {:?} {}",
            combined.combiner,
            print_type(&combined.result)
        )
    });
    let columns = columns.join(", ");
    format!(
        "{word} {}({columns}){}",
        relation.name,
        combined.unwrap_or_default()
    )
}

/// One rule.
pub fn print_rule(rule: &Rule) -> String {
    let names = Names::new(&rule.variables);
    let columns: Vec<String> = rule
        .head
        .columns
        .iter()
        .map(|column| names.expr(column))
        .collect();
    let mut text = format!("{}({})", rule.head.relation, columns.join(", "));
    if let Some(contribution) = &rule.head.contribution {
        let _ = write!(text, " -> {}", names.expr(contribution));
    }
    if !rule.conditions.is_empty() {
        let _ = write!(text, " if {}", names.conditions(&rule.conditions));
    }
    text
}

/// A type as it is written in a program.
pub fn print_type(ty: &Type) -> String {
    let list = |types: &[Type]| types.iter().map(print_type).collect::<Vec<_>>().join(", ");
    match ty {
        Type::Option(inner) => format!("Option<{}>", print_type(inner)),
        Type::List(inner) => format!("List<{}>", print_type(inner)),
        Type::Set(inner) => format!("Set<{}>", print_type(inner)),
        Type::Map(key, value) => format!("Map<{}, {}>", print_type(key), print_type(value)),
        Type::Tuple(parts) if parts.is_empty() => "Unit".to_owned(),
        Type::Tuple(parts) => format!("({})", list(parts)),
        Type::Named(name) => name.clone(),
        scalar => format!("{scalar:?}"),
    }
}

/// Names for the variables of one rule or test.
struct Names(Vec<String>);

impl Names {
    fn new(variables: &[Variable]) -> Self {
        let mut made = 0;
        let names = variables.iter().enumerate().map(|(id, variable)| {
            if variable.name.is_empty() {
                made += 1;
                return format!("_{}", made - 1);
            }
            let is_first = variables[..id]
                .iter()
                .all(|other| other.name != variable.name);
            match is_first {
                true => variable.name.clone(),
                false => format!("{}'{id}", variable.name),
            }
        });
        Names(names.collect())
    }

    fn variable(&self, id: VariableId) -> &str {
        self.0.get(id).map_or("?", String::as_str)
    }

    fn list(&self, exprs: &[Expr]) -> String {
        exprs
            .iter()
            .map(|expr| self.expr(expr))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn conditions(&self, conditions: &[Condition]) -> String {
        conditions
            .iter()
            .map(|condition| self.condition(condition))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Atom(atom) => self.atom(atom),
            Condition::Each {
                variable,
                collection,
                ..
            } => format!(
                "each {} in {}",
                self.variable(*variable),
                self.expr(collection)
            ),
            Condition::Let {
                variable,
                value,
                can_fail,
                ..
            } => {
                let word = if *can_fail { "let" } else { "take" };
                format!("{word} {} = {}", self.variable(*variable), self.expr(value))
            }
            Condition::Test { test, can_fail, .. } => match can_fail {
                true => self.expr(test),
                false => format!("fits {}", self.expr(test)),
            },
        }
    }

    fn atom(&self, atom: &Atom) -> String {
        let arguments: Vec<String> = atom
            .arguments
            .iter()
            .map(|argument| match argument {
                Arg::Wild => "_".to_owned(),
                Arg::Variable(id) => self.variable(*id).to_owned(),
                Arg::Equal(expr) => format!("= {}", self.expr(expr)),
            })
            .collect();
        let mut text = match &atom.quantifier {
            Quantifier::Each => String::new(),
            Quantifier::Not => "not ".to_owned(),
            Quantifier::Exists => "exists ".to_owned(),
            Quantifier::Maybe { .. } => "maybe ".to_owned(),
        };
        let _ = write!(text, "{}({})", atom.relation, arguments.join(", "));
        if !atom.filter.is_empty() {
            let _ = write!(text, " where {}", self.list(&atom.filter));
        }
        if let Quantifier::Maybe { binds } = &atom.quantifier {
            let binds: Vec<String> = binds
                .iter()
                .map(|(id, value)| format!("{} = {}", self.variable(*id), self.expr(value)))
                .collect();
            let _ = write!(text, " giving {}", binds.join(", "));
        }
        text
    }

    fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Variable(id) => self.variable(*id).to_owned(),
            ExprKind::Constant(value) => print_value(value),
            ExprKind::Param(name) => format!("${name}"),
            ExprKind::Invoke(function, arguments) => {
                format!("{function}({})", self.list(arguments))
            }
            ExprKind::Call(function, arguments) => {
                let arguments = self.list(arguments);
                match function {
                    Function::Field(index) => format!("{arguments}.{index}"),
                    Function::Record(name) => format!("{name} {{{arguments}}}"),
                    Function::Variant(name, index) => format!("{name}.{index}({arguments})"),
                    Function::IsVariant(index) => format!("is_variant {index}({arguments})"),
                    Function::Payload(variant, index) => {
                        format!("payload {variant}.{index}({arguments})")
                    }
                    _ => format!("{}({arguments})", function.name()),
                }
            }
            ExprKind::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                format!(
                    "if {} {{ {} }} else {{ {} }}",
                    self.expr(condition),
                    self.expr(then),
                    self.expr(otherwise)
                )
            }
            ExprKind::Let {
                variable,
                value,
                body,
            } => format!(
                "(let {} = {}; {})",
                self.variable(*variable),
                self.expr(value),
                self.expr(body)
            ),
            ExprKind::Comprehension {
                gather,
                conditions,
                element,
            } => {
                let word = match gather {
                    Gather::List => "list".to_owned(),
                    Gather::Sorted => "sorted".to_owned(),
                    Gather::Set => "set".to_owned(),
                    Gather::Map => "map".to_owned(),
                    Gather::Sum => "sum".to_owned(),
                    Gather::Count => "count".to_owned(),
                    Gather::Min => "min".to_owned(),
                    Gather::Max => "max".to_owned(),
                    Gather::Avg => "avg".to_owned(),
                    Gather::Top(limit) => format!("top {}", self.expr(limit)),
                };
                format!(
                    "[{word} {} for {}]",
                    self.expr(element),
                    self.conditions(conditions)
                )
            }
        }
    }
}

fn print_value(value: &Value) -> String {
    let list = |values: &[Value]| {
        values
            .iter()
            .map(print_value)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Nat(value) => format!("{value}n"),
        Value::Float(value) => format!("{:?}", value.get()),
        Value::Decimal(value) => format!("{value}d"),
        Value::String(value) => format!("{value:?}"),
        Value::Option(None) => "None".to_owned(),
        Value::Option(Some(value)) => format!("Some({})", print_value(value)),
        Value::List(values) => format!("[{}]", list(values)),
        Value::Set(values) => format!("{{{}}}", list(values)),
        Value::Tuple(values) => format!("({})", list(values)),
        Value::Duration(micros) => format!("{micros}us"),
        other => format!("{other:?}"),
    }
}
