//! Whether the cases of a `match` are complete, and whether each is of use.
//!
//! After L. Maranget, "Warnings for pattern matching" (2007): a row of patterns is useful after others
//! if some value fits it and none of them; a match is complete if a row of wildcards is not useful.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_ir::{Nominal, Type};

use super::body::Body;
use super::construct::Constructor;
use super::types::short_name;
use crate::syntax::ast::{Pattern, PatternKind};

/// A pattern reduced to what matters here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Fits everything.
    Any,
    /// Fits some values, nobody knows which: literals of endless types, equality tests.
    Some,
    /// Constructor `index` of its type, with its parts.
    Case(usize, Vec<Shape>),
}

/// What is wrong with a list of cases.
pub(super) struct Outcome {
    /// A pattern that no case takes.
    pub(super) missing: Option<String>,
    /// Cases that nothing gets to.
    pub(super) unreachable: Vec<usize>,
}

type Types = BTreeMap<String, Nominal>;

/// Steps after which the question is given up: it is exponential at worst.
const MAX_STEPS: usize = 1_000_000;

/// Checks the cases of a value of type `ty`; `None` if that takes too long.
pub(super) fn check(cases: &[Shape], ty: &Type, types: &Types) -> Option<Outcome> {
    let mut search = Search { types, steps: 0 };
    let rows: Vec<Vec<Shape>> = cases.iter().map(|case| vec![case.clone()]).collect();
    let mut unreachable = Vec::new();
    for index in 1..rows.len() {
        if search
            .useful(&rows[..index], &rows[index], std::slice::from_ref(ty))?
            .is_none()
        {
            unreachable.push(index);
        }
    }
    let missing = search.useful(&rows, &[Shape::Any], std::slice::from_ref(ty))?;
    Some(Outcome {
        missing: missing.and_then(|row| row.into_iter().next()),
        unreachable,
    })
}

/// One constructor of a type: how it is written, and the types of its parts.
struct Case {
    name: String,
    parts: Vec<Type>,
}

/// All constructors of a type; `None` if they are endless.
fn cases_of(ty: &Type, types: &Types) -> Option<Vec<Case>> {
    let case = |name: &str, parts: Vec<Type>| Case {
        name: name.to_owned(),
        parts,
    };
    Some(match ty {
        Type::Bool => vec![case("false", Vec::new()), case("true", Vec::new())],
        Type::Option(inner) => vec![
            case("None", Vec::new()),
            case("Some", vec![(**inner).clone()]),
        ],
        Type::Tuple(parts) => vec![case("", parts.clone())],
        Type::Named(name) => match types.get(name)? {
            Nominal::Record(fields) => {
                vec![case(
                    &short_name(name),
                    fields.iter().map(|(_, ty)| ty.clone()).collect(),
                )]
            }
            Nominal::Enum(variants) => variants
                .iter()
                .map(|(variant, parts)| case(variant, parts.clone()))
                .collect(),
        },
        _ => return None,
    })
}

struct Search<'t> {
    types: &'t Types,
    steps: usize,
}

impl Search<'_> {
    /// A row of values, as patterns, that fits `row` and none of `rows`; the outer `None` is giving up.
    fn useful(
        &mut self,
        rows: &[Vec<Shape>],
        row: &[Shape],
        types: &[Type],
    ) -> Option<Option<Vec<String>>> {
        self.steps += 1 + rows.len();
        if self.steps > MAX_STEPS {
            return None;
        }
        let (Some((first, rest)), Some((ty, other_types))) =
            (row.split_first(), types.split_first())
        else {
            return Some(rows.is_empty().then(Vec::new));
        };
        let wild = |rows: &[Vec<Shape>]| -> Vec<Vec<Shape>> {
            let fits = rows.iter().filter(|row| row[0] == Shape::Any);
            fits.map(|row| row[1..].to_vec()).collect()
        };
        let used = rows.iter().any(|row| matches!(row[0], Shape::Case(..)));
        match first {
            Shape::Case(index, parts) => {
                let Some(cases) = cases_of(ty, self.types) else {
                    return Some(Some(vec!["_".to_owned(); types.len()]));
                };
                let Some(case) = cases.get(*index) else {
                    return Some(Some(vec!["_".to_owned(); types.len()]));
                };
                let row: Vec<Shape> = parts.iter().chain(rest).cloned().collect();
                self.with_case(rows, *index, case, &row, ty, other_types)
            }
            // Its values are not known: useful unless everything is taken.
            Shape::Any | Shape::Some => {
                let cases = cases_of(ty, self.types).filter(|_| used);
                let Some(cases) = cases else {
                    let found = self.useful(&wild(rows), rest, other_types)?;
                    return Some(found.map(|mut found| {
                        found.insert(0, "_".to_owned());
                        found
                    }));
                };
                for (index, case) in cases.iter().enumerate() {
                    let parts = std::iter::repeat_n(Shape::Any, case.parts.len());
                    let row: Vec<Shape> = parts.chain(rest.iter().cloned()).collect();
                    let found = self.with_case(rows, index, case, &row, ty, other_types)?;
                    if found.is_some() {
                        return Some(found);
                    }
                }
                Some(None)
            }
        }
    }

    /// [`Search::useful`] for values whose first part is made by `case`.
    fn with_case(
        &mut self,
        rows: &[Vec<Shape>],
        index: usize,
        case: &Case,
        row: &[Shape],
        ty: &Type,
        other_types: &[Type],
    ) -> Option<Option<Vec<String>>> {
        let arity = case.parts.len();
        let rows: Vec<Vec<Shape>> = rows
            .iter()
            .filter_map(|row| {
                let parts = match &row[0] {
                    Shape::Any => vec![Shape::Any; arity],
                    Shape::Case(other, parts) if *other == index => parts.clone(),
                    Shape::Case(..) | Shape::Some => return None,
                };
                Some(parts.into_iter().chain(row[1..].iter().cloned()).collect())
            })
            .collect();
        let types: Vec<Type> = case.parts.iter().chain(other_types).cloned().collect();
        let found = self.useful(&rows, row, &types)?;
        Some(found.map(|found| {
            let (parts, rest) = found.split_at(arity);
            let written = match (ty, parts) {
                (Type::Named(name), _)
                    if matches!(self.types.get(name), Some(Nominal::Record(_))) =>
                {
                    format!("{} {{ .. }}", case.name)
                }
                (Type::Tuple(_), parts) => format!("({})", parts.join(", ")),
                (_, []) => case.name.clone(),
                (_, parts) => format!("{}({})", case.name, parts.join(", ")),
            };
            std::iter::once(written)
                .chain(rest.iter().cloned())
                .collect()
        }))
    }
}

impl Body<'_, '_> {
    /// The shape of a pattern that has been found right for `ty`.
    pub(super) fn shape(&mut self, pattern: &Pattern, ty: &Type) -> Shape {
        self.shape_in(pattern, ty, &mut BTreeSet::new())
    }

    /// The same, given the names that earlier parts of the pattern bind: the second `x` is a test.
    fn shape_in(&mut self, pattern: &Pattern, ty: &Type, seen: &mut BTreeSet<String>) -> Shape {
        match (&pattern.kind, ty) {
            (PatternKind::Wildcard | PatternKind::Error, _) => Shape::Any,
            (PatternKind::Name(name), _) => {
                let is_test = self.is_bound(name.as_str())
                    || self.checker.is_param(self.module, name.as_str())
                    || !seen.insert(name.as_str().to_owned());
                match is_test {
                    true => Shape::Some,
                    false => Shape::Any,
                }
            }
            (PatternKind::Literal(crate::syntax::ast::Literal::Bool(value)), _) => {
                Shape::Case(usize::from(*value), Vec::new())
            }
            (PatternKind::Literal(_) | PatternKind::Expr(_), _) => Shape::Some,
            (PatternKind::Tuple(parts), Type::Tuple(types)) => {
                let parts = parts.iter().zip(types);
                Shape::Case(
                    0,
                    parts
                        .map(|(part, ty)| self.shape_in(part, ty, seen))
                        .collect(),
                )
            }
            (PatternKind::Constructor { path, arguments }, _) => {
                match (self.constructor(&path.names, Some(ty)), ty) {
                    (Some(Constructor::None), _) => Shape::Case(0, Vec::new()),
                    (Some(Constructor::Some), Type::Option(inner)) => {
                        let parts = arguments
                            .iter()
                            .map(|part| self.shape_in(part, inner, seen));
                        Shape::Case(1, parts.collect())
                    }
                    (Some(Constructor::Variant(_, index, types)), _) => {
                        let parts = arguments.iter().zip(&types);
                        let parts = parts
                            .map(|(part, ty)| self.shape_in(part, ty, seen))
                            .collect();
                        Shape::Case(index as usize, parts)
                    }
                    _ => Shape::Some,
                }
            }
            (PatternKind::Record { fields, .. }, Type::Named(name)) => {
                let declared = match self.checker.types.get(name) {
                    Some(Nominal::Record(declared)) => declared.clone(),
                    _ => return Shape::Some,
                };
                let mut parts = vec![Shape::Any; declared.len()];
                for field in fields {
                    let index = declared
                        .iter()
                        .position(|(name, _)| name == field.name.as_str());
                    if let Some(index) = index {
                        parts[index] = self.shape_in(&field.pattern, &declared[index].1, seen);
                    }
                }
                Shape::Case(0, parts)
            }
            _ => Shape::Some,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(cases: &[Shape], ty: &Type) -> Option<String> {
        check(cases, ty, &Types::new()).expect("few steps").missing
    }

    #[test]
    fn finds_what_is_missing() {
        let option = Type::Option(Box::new(Type::Bool));
        let some = |shape| Shape::Case(1, vec![shape]);
        let none = Shape::Case(0, Vec::new());
        assert_eq!(missing(&[none.clone(), some(Shape::Any)], &option), None);
        assert_eq!(
            missing(&[none.clone(), some(Shape::Some)], &option),
            Some("Some(_)".into())
        );
        let only_true = some(Shape::Case(1, Vec::new()));
        assert_eq!(
            missing(&[none, only_true], &option),
            Some("Some(false)".into())
        );
        assert_eq!(missing(&[Shape::Some], &Type::Int), Some("_".into()));
    }

    #[test]
    fn finds_what_is_never_reached() {
        let cases = [Shape::Any, Shape::Some];
        let outcome = check(&cases, &Type::Int, &Types::new()).expect("few steps");
        assert_eq!(outcome.unreachable, vec![1]);
    }
}
