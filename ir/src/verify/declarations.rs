//! Names, types, parameters and spans.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::MAX_TYPE_DEPTH;
use crate::{Expr, ExprKind, Function, Nominal, Program, Span, Type};

use super::Verifier;

const MAX_VARIANTS: usize = 1 << 16;

pub(super) fn check(v: &mut Verifier) {
    let program = v.program;
    check_names(v);
    for (name, nominal) in &program.types {
        check_nominal(v, name, nominal);
    }
    for name in endless_types(program) {
        v.report(
            "type-finite",
            name.clone(),
            Span::default(),
            format!("{name} contains itself"),
        );
    }
    for (name, param) in &program.params {
        check_type(v, name, param.span, &param.ty);
        if let Some(default) = &param.default
            && !default.is_of(&param.ty, &program.types)
            && param.ty.is_within(MAX_TYPE_DEPTH)
            && undefined(program, &param.ty).is_empty()
        {
            let message = "the default is not a value of the parameter's type".to_string();
            v.report("param-default", name.clone(), param.span, message);
        }
        check_span(v, name, param.span);
    }
    for (name, function) in &program.functions {
        check_span(v, name, function.span);
        for ty in &function.parameters {
            check_type(v, name, function.span, ty);
        }
        if function.body.is_within(crate::expression::MAX_DEPTH) {
            function.body.walk(&mut |expr| check_expr(v, name, expr));
        }
    }
    for (name, lattice) in &program.lattices {
        check_span(v, name, lattice.span);
        check_type(v, name, lattice.span, &lattice.ty);
    }
    for id in program.nodes_by_name() {
        let node = &program.graph[id];
        check_span(v, &node.name, node.span);
        for (_, ty) in &node.output.columns {
            check_type(v, &node.name, node.span, ty);
        }
        for expr in node.operator.expressions() {
            if expr.is_within(crate::expression::MAX_DEPTH) {
                expr.walk(&mut |expr| check_expr(v, &node.name, expr));
            }
        }
    }
}

fn check_names(v: &mut Verifier) {
    let program = v.program;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for node in program.graph.node_weights() {
        *seen.entry(&node.name).or_default() += 1;
    }
    for id in program.nodes_by_name() {
        let name = &program.graph[id].name;
        let count = seen.get_mut(name.as_str()).map_or(0, std::mem::take);
        if count > 1 {
            v.at(
                "name-unique",
                id,
                format!("{count} nodes are called %{name}"),
            );
        }
        if name.is_empty() && count > 0 {
            v.at("name-present", id, "a node has no name");
        }
    }
    for (kind, name) in program
        .types
        .keys()
        .map(|name| ("type", name))
        .chain(program.functions.keys().map(|name| ("function", name)))
        .chain(program.lattices.keys().map(|name| ("lattice", name)))
        .chain(program.params.keys().map(|name| ("parameter", name)))
    {
        if name.is_empty() {
            let message = format!("a {kind} has no name");
            v.report("name-present", name.clone(), Span::default(), message);
        }
    }
}

fn check_nominal(v: &mut Verifier, name: &str, nominal: &Nominal) {
    let (members, parts): (Vec<&String>, Vec<&Type>) = match nominal {
        Nominal::Record(fields) => fields.iter().map(|(field, ty)| (field, ty)).unzip(),
        Nominal::Enum(variants) => (
            variants.iter().map(|(variant, _)| variant).collect(),
            variants.iter().flat_map(|(_, payload)| payload).collect(),
        ),
    };
    let mut seen = BTreeSet::new();
    for member in &members {
        if !seen.insert(member) {
            let message = format!("{name} has two members called {member}");
            v.report("type-members", name.to_string(), Span::default(), message);
        }
    }
    if matches!(nominal, Nominal::Enum(_)) && !(1..=MAX_VARIANTS).contains(&members.len()) {
        let message = format!("{name} has {} variants", members.len());
        v.report("enum-size", name.to_string(), Span::default(), message);
    }
    for ty in parts {
        check_type(v, name, Span::default(), ty);
    }
}

fn check_type(v: &mut Verifier, owner: &str, span: Span, ty: &Type) {
    if !ty.is_within(MAX_TYPE_DEPTH) {
        let message = format!("a type nests deeper than {MAX_TYPE_DEPTH}");
        v.report("type-depth", owner.to_string(), span, message);
        return;
    }
    for name in undefined(v.program, ty) {
        let message = format!("the type {name} is not defined");
        v.report("type-defined", owner.to_string(), span, message);
    }
}

fn check_expr(v: &mut Verifier, owner: &str, expr: &Expr) {
    check_span(v, owner, expr.span);
    check_type(v, owner, expr.span, &expr.ty);
    let ExprKind::Call(function, _) = &expr.kind else {
        return;
    };
    match function {
        Function::Record(name) | Function::Variant(name, _) => {
            check_type(v, owner, expr.span, &Type::Named(name.clone()));
        }
        Function::None(ty) | Function::List(ty) | Function::Set(ty) | Function::Unreversed(ty) => {
            check_type(v, owner, expr.span, ty);
        }
        Function::Map(key, value) => {
            check_type(v, owner, expr.span, key);
            check_type(v, owner, expr.span, value);
        }
        _ => {}
    }
}

fn check_span(v: &mut Verifier, owner: &str, span: Span) {
    let files = v.program.files.len();
    let in_file = files == 0 || span == Span::default() || (span.file as usize) < files;
    if span.start > span.end || !in_file {
        let message = format!(
            "the span {}:{}..{} is not in a file of the program",
            span.file, span.start, span.end
        );
        v.report("span-range", owner.to_string(), span, message);
    }
}

/// The names in a type that nothing defines.
fn undefined(program: &Program, ty: &Type) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = vec![ty];
    while let Some(ty) = rest.pop() {
        if let Type::Named(name) = ty
            && !program.types.contains_key(name)
        {
            names.insert(name.clone());
        }
        rest.extend(ty.parts());
    }
    names
}

/// Types that contain themselves by value, ascending.
fn endless_types(program: &Program) -> Vec<String> {
    let by_value = |nominal: &'_ Nominal| -> BTreeSet<String> {
        let mut rest: Vec<&Type> = match nominal {
            Nominal::Record(fields) => fields.iter().map(|(_, ty)| ty).collect(),
            Nominal::Enum(variants) => variants.iter().flat_map(|(_, payload)| payload).collect(),
        };
        let mut names = BTreeSet::new();
        while let Some(ty) = rest.pop() {
            match ty {
                Type::Named(name) => {
                    names.insert(name.clone());
                }
                Type::List(_) | Type::Set(_) | Type::Map(..) => {}
                _ => rest.extend(ty.parts()),
            }
        }
        names
    };
    // What is left when everything whose parts are finite is taken away lies on a cycle or above one.
    let mut open: BTreeMap<&str, BTreeSet<String>> = program
        .types
        .iter()
        .map(|(name, nominal)| (name.as_str(), by_value(nominal)))
        .collect();
    loop {
        let finite: Vec<&str> = open
            .iter()
            .filter(|(_, parts)| !parts.iter().any(|part| open.contains_key(part.as_str())))
            .map(|(name, _)| *name)
            .collect();
        if finite.is_empty() {
            break;
        }
        for name in finite {
            open.remove(name);
        }
    }
    // Likewise what nothing that is left contains lies above a cycle only.
    loop {
        let contained: BTreeSet<&String> = open.values().flatten().collect();
        let above: Vec<&str> = open
            .keys()
            .filter(|name| !contained.contains(&name.to_string()))
            .copied()
            .collect();
        if above.is_empty() {
            return open.keys().map(|name| name.to_string()).collect();
        }
        for name in above {
            open.remove(name);
        }
    }
}
