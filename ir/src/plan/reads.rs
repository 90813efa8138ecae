//! What a program needs of a source: the columns that are used, and the comparisons that a row must
//! pass to lead to anything.
//!
//! Invariants:
//! - A column that is not in [`Reads::columns`] cannot be seen: no row that comes out, and no error
//!   that is reported, depends on it.
//! - If for every reader one of its [`Test`]s is false, then the row leads to nothing, neither to rows
//!   nor to errors: "false beats error".

use std::collections::{BTreeMap, BTreeSet};

use crate::{Block, Expr, ExprKind, Function, Node, NodeId, Operator, Program, Type, Value};

/// What is needed of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The columns that are used.
    pub columns: BTreeSet<usize>,
    /// For each reader what a row must pass, all of it; empty for a reader that takes any row.
    pub readers: Vec<Vec<Test>>,
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The column.
    pub column: usize,
    /// What must hold of it. In an Option that is `None` no comparison holds.
    pub holds: Holds,
}

/// What a test asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The value compares so with a constant of the column's type, or of what is in its Option.
    Compares(Comparison, Value),
    /// It is `Some`.
    IsSome,
    /// It is `None`.
    IsNone,
}

/// Comparisons in the canonical order of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Reads {
    /// All of it.
    pub fn everything(arity: usize) -> Reads {
        Reads {
            columns: (0..arity).collect(),
            readers: vec![Vec::new()],
        }
    }
}

/// What the readers of a source need, with these values of parameters.
pub fn reads(program: &Program, source: NodeId, params: &BTreeMap<String, Value>) -> Reads {
    let arity = program.graph[source].output.columns.len();
    let mut reads = Reads {
        columns: BTreeSet::new(),
        readers: Vec::new(),
    };
    let value = |name: &str| {
        let given = params.get(name);
        given.or_else(|| program.params.get(name)?.default.as_ref())
    };
    for (reader, port) in program.outputs(source) {
        let node = &program.graph[reader];
        let used = used(program, reader, port, arity);
        reads.columns.extend(used.unwrap_or((0..arity).collect()));
        reads.readers.push(match &node.operator {
            Operator::Map { block } => tests(block, &value),
            _ => Vec::new(),
        });
    }
    reads
}

/// The columns of a port that a node looks at; `None` for all.
fn used(program: &Program, id: NodeId, port: u32, arity: usize) -> Option<BTreeSet<usize>> {
    let node: &Node = &program.graph[id];
    let (block, key, first) = match &node.operator {
        Operator::Map { block } => (block, &[][..], 0),
        Operator::Join {
            left_key, block, ..
        } if port == 0 => (block, &left_key[..], 0),
        Operator::Join {
            right_key, block, ..
        } => (block, &right_key[..], program.input_columns(id, 0).len()),
        _ => return None,
    };
    // A row that fails is shown whole.
    let mut fails = false;
    let mut columns: BTreeSet<usize> = key.iter().copied().collect();
    for expression in block.conditions.iter().chain(&block.outputs) {
        expression.walk(&mut |inner| {
            fails |= can_fail(inner, block);
            if let ExprKind::Column(column) = inner.kind
                && let Some(column) = column.checked_sub(first)
                && column < arity
            {
                columns.insert(column);
            }
        });
    }
    (!fails).then_some(columns)
}

/// Whether an expression may fail, leaving its parts aside.
fn can_fail(expression: &Expr, block: &Block) -> bool {
    match &expression.kind {
        // What a condition asks for is there: where it is not, the condition is false.
        ExprKind::Call(Function::Unwrap, arguments) => {
            let [argument] = &arguments[..] else {
                return true;
            };
            !block.conditions.iter().any(|condition| {
                matches!(&condition.kind, ExprKind::Call(Function::IsSome, asked)
                    if asked.len() == 1 && asked[0].kind == argument.kind)
            })
        }
        ExprKind::Call(function, arguments) => {
            let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
            function.can_fail(&types)
        }
        ExprKind::Invoke(..) | ExprKind::Comprehension { .. } => true,
        _ => false,
    }
}

/// The conditions of a block that are tests.
fn tests<'a>(block: &Block, value: &impl Fn(&str) -> Option<&'a Value>) -> Vec<Test> {
    let mut conditions: Vec<&Expr> = block.conditions.iter().collect();
    let mut tests = Vec::new();
    while let Some(condition) = conditions.pop() {
        let ExprKind::Call(function, arguments) = &condition.kind else {
            continue;
        };
        match (function, &arguments[..]) {
            (Function::And, both) => conditions.extend(both),
            (Function::IsSome, [of]) => tests.extend(asks(of, Holds::IsSome)),
            (Function::Not, [not]) => {
                if let ExprKind::Call(Function::IsSome, of) = &not.kind
                    && let [of] = &of[..]
                {
                    tests.extend(asks(of, Holds::IsNone));
                }
            }
            (function, [left, right]) => {
                tests.extend(compares(function, left, right, block, value));
            }
            _ => {}
        }
    }
    tests.reverse();
    tests
}

fn asks(of: &Expr, holds: Holds) -> Option<Test> {
    match of.kind {
        ExprKind::Column(column) => Some(Test { column, holds }),
        _ => None,
    }
}

/// A comparison of a column with something known, whichever stands first.
fn compares<'a>(
    function: &Function,
    left: &Expr,
    right: &Expr,
    block: &Block,
    value: &impl Fn(&str) -> Option<&'a Value>,
) -> Option<Test> {
    let comparison = match function {
        Function::Eq => Comparison::Eq,
        Function::Lt => Comparison::Lt,
        Function::Le => Comparison::Le,
        Function::Gt => Comparison::Gt,
        Function::Ge => Comparison::Ge,
        _ => return None,
    };
    let known = |e: &Expr| match &e.kind {
        ExprKind::Constant(constant) => Some(constant.clone()),
        ExprKind::Param(name) => value(name).cloned(),
        _ => None,
    };
    if let (Some(column), Some(constant)) = (column(left, block), known(right)) {
        let holds = Holds::Compares(comparison, constant);
        return Some(Test { column, holds });
    }
    let turned = match comparison {
        Comparison::Eq => Comparison::Eq,
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
    };
    let (constant, column) = (known(left)?, column(right, block)?);
    let holds = Holds::Compares(turned, constant);
    Some(Test { column, holds })
}

/// A column, or what is in an Option column that a condition asks to be `Some`.
fn column(expression: &Expr, block: &Block) -> Option<usize> {
    match &expression.kind {
        // Nothing is known about the order of Options as such.
        ExprKind::Column(column) if !matches!(expression.ty, Type::Option(_)) => Some(*column),
        ExprKind::Call(Function::Unwrap, inside) if !can_fail(expression, block) => {
            match inside.first()?.kind {
                ExprKind::Column(column) => Some(column),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Reads {
        let text = format!("sheaf-ir 1\nprogram \"test\"\n{text}");
        let program = crate::text::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let source = program.find("a").expect("a source");
        reads(&program, source, &BTreeMap::new())
    }

    const SOURCE: &str =
        "source %a (x: Int, y: Int, z: Option<Int>) bag closed from parquet(\"a.parquet\")\n";

    fn test(column: usize, comparison: Comparison, n: i64) -> Test {
        Test {
            column,
            holds: Holds::Compares(comparison, Value::Int(n)),
        }
    }

    #[test]
    fn columns_and_tests_of_one_reader() {
        let reads = of(&format!(
            "{SOURCE}map %b (y: Int) bag closed = %a where gt(in.x, 3), le(5, in.x) give in.y\n"
        ));
        assert_eq!(reads.columns, BTreeSet::from([0, 1]));
        let tests = [test(0, Comparison::Gt, 3), test(0, Comparison::Ge, 5)];
        let mut found = reads.readers[0].clone();
        found.sort_by_key(|test| format!("{test:?}"));
        assert_eq!(reads.readers.len(), 1);
        assert!(tests.iter().all(|test| found.contains(test)), "{found:?}");
    }

    #[test]
    fn what_can_fail_sees_the_whole_row() {
        let reads = of(&format!(
            "{SOURCE}map %b (y: Int) bag closed = %a give div(in.y, in.x)\n"
        ));
        assert_eq!(reads.columns, BTreeSet::from([0, 1, 2]));
    }

    #[test]
    fn an_option_is_compared_only_where_it_is_some() {
        let some = of(&format!(
            "{SOURCE}map %b (y: Int) bag closed = %a where is_some(in.z), lt(unwrap(in.z), 7) give in.y\n"
        ));
        assert_eq!(some.columns, BTreeSet::from([1, 2]));
        assert!(some.readers[0].contains(&test(2, Comparison::Lt, 7)));
        let maybe = of(&format!(
            "{SOURCE}map %b (y: Int) bag closed = %a where lt(unwrap(in.z), 7) give in.y\n"
        ));
        assert_eq!(maybe.columns.len(), 3);
        assert!(maybe.readers[0].is_empty());
    }

    #[test]
    fn a_reader_without_conditions_takes_all() {
        let reads = of(&format!(
            "{SOURCE}map %b (y: Int) bag closed = %a where gt(in.x, 3) give in.y\n\
             map %c (y: Int) bag closed = %a give in.y\n"
        ));
        assert!(reads.readers.contains(&Vec::new()));
    }
}
