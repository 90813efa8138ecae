//! Combiners as written after `->`.

use sheaf_ir::{Combiner, Type};

use super::Checker;
use super::names::Def;
use super::suggest::nearest;
use super::types::{COMBINERS, CONTAINERS, SCALARS, is_poisoned, show};
use crate::diagnostic::{Diagnostic, codes};
use crate::hir::{Combined, Reversal};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Literal, TypeKind};

/// A combiner at a type, and how it compares.
struct Found {
    combiner: Combiner,
    contribution: Type,
    reversal: Reversal,
}

impl Checker<'_> {
    /// The combiner written after `->`; `None` if there is none to work with, which is reported.
    pub(super) fn resolve_combiner(&mut self, module: usize, ty: &ast::Type) -> Option<Combined> {
        let found = self.combiner(module, ty)?;
        let Some(result) = found.combiner.result_type(&found.contribution) else {
            let (name, contribution) = innermost(&found);
            let (name, contribution) = (name.to_owned(), show(contribution));
            let file = self.file(module);
            self.report(
                Diagnostic::error(
                    codes::COMBINER_TYPE,
                    file,
                    ty.span,
                    format!("`{name}` is not defined for `{contribution}`"),
                )
                .label(format!("`{name}` needs numbers"))
                .help("`Min`, `Max`, `Set`, `One`, `Top` and `Sorted` take any type"),
            );
            return None;
        };
        let span = self.span(module, ty.span);
        Some(Combined {
            combiner: found.combiner,
            contribution: found.contribution,
            result,
            reversal: found.reversal,
            span,
        })
    }

    fn combiner(&mut self, module: usize, ty: &ast::Type) -> Option<Found> {
        let TypeKind::Named {
            path,
            generics,
            arguments,
        } = &ty.kind
        else {
            if !matches!(ty.kind, TypeKind::Error) {
                self.not_a_combiner(module, ty);
            }
            return None;
        };
        let name = path.last().as_str();
        match self.type_path(module, path) {
            Some(Def::Silent) => return None,
            Some(Def::Lattice(index)) => {
                let is_alone = self.expect_arity(module, ty.span, name, generics.len(), 0);
                let contribution = self.lattice_type(index);
                if !is_alone || is_poisoned(&contribution) {
                    return None;
                }
                return Some(Found {
                    combiner: Combiner::Lattice(self.lattices[index].name.clone()),
                    contribution,
                    reversal: Reversal::Natural,
                });
            }
            None if path.names.len() == 1 && COMBINERS.contains(&name) && name != "Rev" => {}
            _ => {
                self.not_a_combiner(module, ty);
                return None;
            }
        }
        let arity = match name {
            "Any" | "All" | "Count" => 0,
            "Map" => 2,
            _ => 1,
        };
        if !self.expect_arity(module, ty.span, name, generics.len(), arity) {
            return None;
        }
        let limit = self.combiner_limit(module, ty.span, name, arguments)?;
        if let ("Map", [key, value]) = (name, generics.as_slice()) {
            return self.map_combiner(module, key, value);
        }
        let is_ordered = matches!(name, "Min" | "Max" | "Top" | "Sorted");
        let (inner, reversal) = match generics.first() {
            None => (Type::unit(), Reversal::Natural),
            Some(inner) if is_ordered => self.ordered(module, inner),
            Some(inner) => (self.resolve_type(module, inner), Reversal::Natural),
        };
        if is_poisoned(&inner) {
            return None;
        }
        let (combiner, contribution) = match name {
            "Min" => (Combiner::Min, inner),
            "Max" => (Combiner::Max, inner),
            "Any" => (Combiner::Any, Type::Bool),
            "All" => (Combiner::All, Type::Bool),
            "Set" => (Combiner::Union, Type::Set(Box::new(inner))),
            "Count" => (Combiner::Count, Type::Nat),
            "Sum" => (Combiner::Sum, inner),
            "Avg" => (Combiner::Avg, inner),
            "Top" => (Combiner::Top(limit), inner),
            "One" => (Combiner::One, inner),
            "Sorted" => (Combiner::Sorted, inner),
            _ => (Combiner::Lww, Type::Tuple(vec![Type::Time, inner])),
        };
        Some(Found {
            combiner,
            contribution,
            reversal,
        })
    }

    /// `Map<K, C>`: key by key, as `C` says.
    fn map_combiner(&mut self, module: usize, key: &ast::Type, value: &ast::Type) -> Option<Found> {
        let key = self.resolve_type(module, key);
        let value = self.combiner(module, value)?;
        if is_poisoned(&key) {
            return None;
        }
        let reversal = match value.reversal {
            Reversal::Natural => Reversal::Natural,
            other => Reversal::Values(Box::new(other)),
        };
        Some(Found {
            combiner: Combiner::Map(Box::new(value.combiner)),
            contribution: Type::Map(Box::new(key), Box::new(value.contribution)),
            reversal,
        })
    }

    /// A type in which `Rev<T>` says that a part is compared the other way round.
    fn ordered(&mut self, module: usize, ty: &ast::Type) -> (Type, Reversal) {
        match &ty.kind {
            TypeKind::Tuple(parts) => {
                let (types, reversals): (Vec<Type>, Vec<Reversal>) =
                    parts.iter().map(|part| self.ordered(module, part)).unzip();
                let is_natural = reversals.iter().all(|part| *part == Reversal::Natural);
                let reversal = match is_natural {
                    true => Reversal::Natural,
                    false => Reversal::Parts(reversals),
                };
                (Type::Tuple(types), reversal)
            }
            TypeKind::Named { path, generics, .. }
                if path.names.len() == 1
                    && path.last().as_str() == "Rev"
                    && self.type_path(module, path).is_none() =>
            {
                match generics.as_slice() {
                    [inner] => (self.resolve_type(module, inner), Reversal::Reversed),
                    _ => {
                        self.expect_arity(module, ty.span, "Rev", generics.len(), 1);
                        (super::types::poison(), Reversal::Natural)
                    }
                }
            }
            _ => (self.resolve_type(module, ty), Reversal::Natural),
        }
    }

    /// The `n` of `Top<T>(n)`; 0 for all others, which take none.
    fn combiner_limit(
        &mut self,
        module: usize,
        span: Span,
        name: &str,
        arguments: &[ast::Expr],
    ) -> Option<u64> {
        let number = match arguments {
            [
                ast::Expr {
                    kind: ExprKind::Literal(Literal::Int(number)),
                    ..
                },
            ] => Some(*number),
            _ => None,
        };
        let file = self.file(module);
        if name != "Top" {
            let Some(first) = arguments.first() else {
                return Some(0);
            };
            self.report(
                Diagnostic::error(
                    codes::TYPE_ARGUMENTS,
                    file,
                    first.span,
                    format!("the combiner `{name}` takes nothing in parentheses"),
                )
                .label("not needed")
                .help("remove the parentheses"),
            );
            return None;
        }
        let limit = number.and_then(|number| u64::try_from(number).ok());
        if let Some(limit) = limit.filter(|limit| *limit > 0) {
            return Some(limit);
        }
        if arguments
            .iter()
            .any(|argument| matches!(argument.kind, ExprKind::Error))
        {
            return None;
        }
        self.report(
            Diagnostic::error(
                codes::TYPE_ARGUMENTS,
                file,
                span,
                "`Top` needs how many it keeps, a number above 0",
            )
            .label("how many?")
            .help("write `Top<Int>(10)` for the ten greatest"),
        );
        None
    }

    fn not_a_combiner(&mut self, module: usize, ty: &ast::Type) {
        let file = self.file(module);
        let text = ty.span.of(self.sources.get(file).text()).to_owned();
        let name = match &ty.kind {
            TypeKind::Named { path, .. } => path.last().as_str().to_owned(),
            _ => String::new(),
        };
        let is_open = self.scopes[module].is_open;
        let is_type = matches!(ty.kind, TypeKind::Tuple(_))
            || self.scopes[module].types.contains_key(&name)
            || SCALARS.iter().any(|(scalar, _)| *scalar == name)
            || CONTAINERS.iter().any(|(container, _)| *container == name)
            || name == "Decimal";
        if is_open && !is_type {
            return;
        }
        let diagnostic = Diagnostic::error(
            codes::NOT_A_COMBINER,
            file,
            ty.span,
            match is_type {
                true => format!("`{text}` is a type, and a combiner is needed after `->`"),
                false => format!("there is no combiner `{text}`"),
            },
        )
        .label("not a combiner")
        .note("What follows `->` says how several contributions to one key become one value.");
        if name == "Rev" {
            return self.report(diagnostic.help(
                "`Rev<T>` stands inside `Min`, `Max`, `Top` and `Sorted`, as in `-> Top<(Int, Rev<String>)>(3)`",
            ));
        }
        let near = nearest(&name, COMBINERS.iter().copied());
        self.report(match (is_type, near) {
            (false, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")),
            (true, _) => diagnostic.help(format!(
                "write `Max<{text}>`, `Sum<{text}>` or `One<{text}>`, or make it a column"
            )),
            (false, None) => diagnostic.help(
                "the combiners are Min, Max, Any, All, Set, Map, Count, Sum, Avg, Top, One, Sorted, Lww and your own lattices",
            ),
        });
    }
}

/// The combiner that is not defined at its type: of a map, that of its values.
fn innermost(found: &Found) -> (&'static str, &Type) {
    let (mut combiner, mut contribution) = (&found.combiner, &found.contribution);
    while let (Combiner::Map(inner), Type::Map(_, value)) = (combiner, contribution) {
        (combiner, contribution) = (&**inner, &**value);
    }
    let name = match combiner {
        Combiner::Sum => "Sum",
        Combiner::Avg => "Avg",
        _ => "this combiner",
    };
    (name, contribution)
}
