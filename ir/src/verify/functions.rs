//! Functions and lattices of the program.

use crate::graph::{FunctionDefinition, Order};
use crate::{Program, Span, Type};

use super::Verifier;

pub(super) fn check(v: &mut Verifier) {
    let program = v.program;
    for (name, function) in &program.functions {
        super::expressions::check_body(v, name);
        if let Some(orders) = &function.monotone {
            check_orders(v, name, function, orders);
        }
    }
    for (name, lattice) in &program.lattices {
        let ty = &lattice.ty;
        let mut check = |role: &str, function: &str, parameters: &[&Type]| {
            if let Some(wrong) = misfit(program, function, parameters, ty) {
                let message = format!("the {role} {wrong}");
                v.report("lattice-functions", name.clone(), lattice.span, message);
            }
        };
        check("bottom", &lattice.bottom, &[]);
        check("join", &lattice.join, &[ty, ty]);
    }
}

/// Why a function does not have these parameters and this result.
fn misfit(program: &Program, name: &str, parameters: &[&Type], result: &Type) -> Option<String> {
    let Some(function) = program.functions.get(name) else {
        return Some(format!("{name} is not defined"));
    };
    let fits = function.parameters.iter().eq(parameters.iter().copied());
    (!fits || function.body.ty != *result).then(|| {
        let parameters: Vec<String> = parameters.iter().map(|ty| ty.to_string()).collect();
        format!(
            "{name} is not a function of ({}) that gives {result}",
            parameters.join(", ")
        )
    })
}

fn check_orders(v: &mut Verifier, name: &str, function: &FunctionDefinition, orders: &[Order]) {
    let types = || function.parameters.iter().chain([&function.body.ty]);
    if orders.len() != types().count() {
        let message = format!(
            "it has {} parameters and a result, but {} orders",
            function.parameters.len(),
            orders.len()
        );
        return report(v, "function-orders", name, function.span, message);
    }
    for (order, ty) in orders.iter().zip(types()) {
        let Order::Lattice(lattice) = order else {
            continue;
        };
        let message = match v.program.lattices.get(lattice) {
            None => format!("there is no lattice {lattice}"),
            Some(known) if known.ty != *ty => {
                format!("the lattice {lattice} is of {}, not {ty}", known.ty)
            }
            Some(_) => continue,
        };
        report(v, "order-lattice", name, function.span, message);
    }
}

fn report(v: &mut Verifier, invariant: &'static str, name: &str, span: Span, message: String) {
    v.report(invariant, name.to_string(), span, message);
}
