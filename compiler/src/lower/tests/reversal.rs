//! What `Rev` means to a combiner, and that the lowered graph means the same.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use sheaf_ir::{Combiner, Function, Span, Type, Value};

use super::{Facts, Row, facts, graph, random};
use crate::hir::{
    Arg, Atom, Combined, Condition, Expr, ExprKind, Head, Program, Quantifier, Reversal, Rule,
    Variable,
};
use crate::lower::lower;

/// How two values compare.
fn order(a: &Value, b: &Value, reversal: &Reversal) -> Ordering {
    match (reversal, a, b) {
        (Reversal::Reversed, _, _) => b.cmp(a),
        (Reversal::Parts(parts), Value::Tuple(a), Value::Tuple(b)) => {
            let parts = parts.iter().zip(a.iter().zip(b));
            let orders = parts.map(|(part, (a, b))| order(a, b, part));
            orders.fold(Ordering::Equal, Ordering::then)
        }
        _ => a.cmp(b),
    }
}

fn combined(combiner: &Combiner, reversal: &Reversal, mut values: Vec<Value>) -> Value {
    if let (Combiner::Map(inner), Reversal::Values(reversal)) = (combiner, reversal) {
        let mut by_key: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
        for map in values {
            let Value::Map(entries) = map else {
                unreachable!("maps are combined");
            };
            for (key, value) in entries {
                by_key.entry(key).or_default().push(value);
            }
        }
        let entries = by_key.into_iter();
        let entries = entries.map(|(key, values)| (key, combined(inner, reversal, values)));
        return Value::Map(entries.collect());
    }
    values.sort_by(|a, b| order(a, b, reversal));
    match combiner {
        Combiner::Min => values.swap_remove(0),
        Combiner::Max => values.remove(values.len() - 1),
        Combiner::Top(n) => Value::List(values.into_iter().rev().take(*n as usize).collect()),
        _ => Value::List(values),
    }
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    let span = Span::default();
    Expr { kind, ty, span }
}

fn int(variable: usize) -> Expr {
    expr(ExprKind::Variable(variable), Type::Int)
}

/// `out(a0) -> (a1, b1)`, or one of its parts, for rows of `a` and `b`; in a map by `b0` if asked.
fn program(combiner: &Combiner, reversal: &Reversal) -> (Program, Type) {
    let (by_key, reversal_of_value) = match reversal {
        Reversal::Values(inner) => (true, &**inner),
        other => (false, other),
    };
    let value = match reversal_of_value {
        Reversal::Parts(_) => {
            let ty = Type::Tuple(vec![Type::Int, Type::Int]);
            expr(ExprKind::Call(Function::Tuple, vec![int(1), int(3)]), ty)
        }
        _ => int(1),
    };
    let contribution = match by_key {
        true => {
            let ty = Type::Map(Box::new(Type::Int), Box::new(value.ty.clone()));
            let map = Function::Map(Type::Int, value.ty.clone());
            expr(ExprKind::Call(map, vec![int(2), value]), ty)
        }
        false => value,
    };
    let ty = contribution.ty.clone();
    let variable = |i: usize| Variable {
        name: format!("v{i}"),
        ty: Type::Int,
        span: Span::default(),
    };
    let atom = |relation: &str, first: usize| {
        Condition::Atom(Atom {
            relation: relation.to_string(),
            arguments: vec![Arg::Variable(first), Arg::Variable(first + 1)],
            quantifier: Quantifier::Each,
            filter: Vec::new(),
            locals: Vec::new(),
            span: Span::default(),
        })
    };
    let mut program = random::program(&[]);
    program.rules = vec![Rule {
        head: Head {
            relation: "out".to_string(),
            columns: vec![int(0)],
            contribution: Some(contribution),
            span: Span::default(),
        },
        conditions: vec![atom("a", 0), atom("b", 2)],
        variables: (0..4).map(variable).collect(),
        ..program.rules[0].clone()
    }];
    let out = program.relations.get_mut("out").expect("a view `out`");
    out.combined = Some(Combined {
        combiner: combiner.clone(),
        contribution: ty.clone(),
        result: combiner.result_type(&ty).expect("a combiner of this type"),
        reversal: reversal.clone(),
        span: Span::default(),
    });
    (program, ty)
}

fn expected(combiner: &Combiner, reversal: &Reversal, ty: &Type, facts: &Facts) -> Vec<Row> {
    let mut groups: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    for a in &facts["a"] {
        for b in &facts["b"] {
            let value = |ty: &Type| match ty {
                Type::Tuple(_) => Value::Tuple(vec![a[1].clone(), b[1].clone()]),
                _ => a[1].clone(),
            };
            let contribution = match ty {
                Type::Map(_, inner) => Value::Map(vec![(b[0].clone(), value(inner))]),
                ty => value(ty),
            };
            groups.entry(a[0].clone()).or_default().push(contribution);
        }
    }
    let row = |(key, values)| vec![key, combined(combiner, reversal, values)];
    groups.into_iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn reversed_orders_mean_what_they_say(
        facts in facts(),
        combiner in select(vec![
            Combiner::Min,
            Combiner::Max,
            Combiner::Top(2),
            Combiner::Sorted,
        ]),
        reversal in select(vec![
            Reversal::Natural,
            Reversal::Reversed,
            Reversal::Parts(vec![Reversal::Reversed, Reversal::Natural]),
            Reversal::Parts(vec![Reversal::Natural, Reversal::Reversed]),
            Reversal::Parts(vec![Reversal::Reversed, Reversal::Reversed]),
        ]),
        in_map: bool,
    ) {
        let (combiner, reversal) = match in_map {
            true => (Combiner::Map(Box::new(combiner)), Reversal::Values(Box::new(reversal))),
            false => (combiner, reversal),
        };
        let (program, ty) = program(&combiner, &reversal);
        let lowered = lower(&program);
        prop_assert_eq!(sheaf_ir::verify::verify(&lowered), Ok(()));
        let found = graph::run(&lowered, &facts);
        prop_assert!(found.errors.is_empty());
        let expected = expected(&combiner, &reversal, &ty, &facts);
        prop_assert_eq!(found.rows, expected, "{}", sheaf_ir::text::print(&lowered));
    }
}
