//! Broken laws of a program's own lattices and monotone functions, as diagnostics.

use sheaf_compiler::diagnostic::{Diagnostic, codes};
use sheaf_compiler::hir;
use sheaf_compiler::lower::lower;
use sheaf_compiler::source::{FileId, Span};
use sheaf_node::laws::{Counterexample, Law, counterexamples};

/// What the tests of a checked program's laws find.
pub fn broken(program: &hir::Program) -> Vec<Diagnostic> {
    let is_monotone = |function: &hir::FunctionDefinition| function.monotone.is_some();
    if program.lattices.is_empty() && !program.functions.values().any(is_monotone) {
        return Vec::new();
    }
    let functions = hir::Program {
        name: program.name.clone(),
        files: program.files.clone(),
        types: program.types.clone(),
        functions: program.functions.clone(),
        lattices: program.lattices.clone(),
        params: program.params.clone(),
        ..hir::Program::default()
    };
    counterexamples(&lower(&functions))
        .iter()
        .map(diagnostic)
        .collect()
}

fn diagnostic(found: &Counterexample) -> Diagnostic {
    let name = found.name.rsplit('.').next().unwrap_or(&found.name);
    let (file, span) = (
        FileId(found.span.file),
        Span::new(found.span.start, found.span.end),
    );
    let example = &found.text;
    if found.law == Law::Monotone {
        return Diagnostic::error(
            codes::MONOTONE_LAW,
            file,
            span,
            format!("`{name}` is not monotone: {example}"),
        )
        .label("gives less for more")
        .note("A `monotone fn` may stand in a recursion because it never takes back what it gave: of a greater argument it gives a greater value, or the same.")
        .help("remove `monotone`, or change the function until greater arguments never give less");
    }
    let (what, law) = match found.law {
        Law::Total => (
            "does not always have a value",
            "a `join` and a `bottom` always have a value",
        ),
        Law::Commutative => ("depends on the order", "`join(a, b)` must be `join(b, a)`"),
        Law::Associative => (
            "depends on what is joined first",
            "`join(join(a, b), c)` must be `join(a, join(b, c))`",
        ),
        Law::Idempotent => ("changes what it already has", "`join(a, a)` must be `a`"),
        Law::Bottom | Law::Monotone => (
            "has a `bottom` that counts",
            "`join(bottom(), a)` must be `a`",
        ),
    };
    Diagnostic::error(
        codes::LATTICE_LAW,
        file,
        span,
        format!("`{name}` is no lattice, because it {what}: {example}"),
    )
    .label(law)
    .note("What merges must give the same whatever comes first, and however often it comes.")
    .help("take the greater of two by some order, a union, or key by key; to add up, use `Sum`")
}
