//! The types of generated programs.
//!
//! Templates of expressions name them as text; in those a single capital letter is a type parameter.

use std::collections::BTreeMap;
use std::fmt;

use super::nominal::{self, Shape};

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `true` and `false`.
    Bool,
    /// 64-bit integers.
    Int,
    /// Those from 0.
    Nat,
    /// Binary floating point.
    Float,
    /// Exact numbers with so many places.
    Decimal(u8),
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// Days.
    Date,
    /// Moments.
    Time,
    /// Lengths of time.
    Duration,
    /// Identities.
    Id,
    /// A value or `None`.
    Option(Box<Kind>),
    /// A list.
    List(Box<Kind>),
    /// A set.
    Set(Box<Kind>),
    /// A map.
    Map(Box<Kind>, Box<Kind>),
    /// A tuple.
    Tuple(Vec<Kind>),
    /// A record or enum of [`nominal::ALL`], with its type arguments.
    Named(&'static str, Vec<Kind>),
    /// A type parameter of a template.
    Parameter(char),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |kinds: &[Kind]| -> String {
            let kinds: Vec<String> = kinds.iter().map(Kind::to_string).collect();
            kinds.join(", ")
        };
        match self {
            Kind::Decimal(places) => write!(f, "Decimal({places})"),
            Kind::Option(inner) => write!(f, "Option<{inner}>"),
            Kind::List(inner) => write!(f, "List<{inner}>"),
            Kind::Set(inner) => write!(f, "Set<{inner}>"),
            Kind::Map(key, value) => write!(f, "Map<{key}, {value}>"),
            Kind::Tuple(parts) => write!(f, "({})", list(parts)),
            Kind::Named(name, arguments) if arguments.is_empty() => f.write_str(name),
            Kind::Named(name, arguments) => write!(f, "{name}<{}>", list(arguments)),
            Kind::Parameter(name) => write!(f, "{name}"),
            simple => write!(f, "{simple:?}"),
        }
    }
}

/// What type parameters stand for.
pub type Bindings = BTreeMap<char, Kind>;

impl Kind {
    /// An option of a kind.
    pub fn option(inner: Kind) -> Kind {
        Kind::Option(Box::new(inner))
    }

    /// A list of a kind.
    pub fn list(inner: Kind) -> Kind {
        Kind::List(Box::new(inner))
    }

    /// A set of a kind.
    pub fn set(inner: Kind) -> Kind {
        Kind::Set(Box::new(inner))
    }

    /// A map of kinds.
    pub fn map(key: Kind, value: Kind) -> Kind {
        Kind::Map(Box::new(key), Box::new(value))
    }

    /// The kind that a text names.
    ///
    /// # Panics
    /// If it names none: templates are part of this crate.
    pub fn parse(text: &str) -> Kind {
        let mut rest = text;
        let kind = read(&mut rest);
        assert!(rest.is_empty(), "{text} is no kind");
        kind
    }

    /// Whether csv has a cell for it.
    pub fn is_scalar(&self) -> bool {
        match self {
            Kind::Option(inner) => !matches!(**inner, Kind::Option(_)) && inner.is_scalar(),
            Kind::List(_) | Kind::Set(_) | Kind::Map(..) | Kind::Tuple(_) | Kind::Named(..) => {
                false
            }
            _ => true,
        }
    }

    /// The kind with its parameters replaced; one that stands for nothing remains.
    pub fn with(&self, bindings: &Bindings) -> Kind {
        let all = |kinds: &[Kind]| kinds.iter().map(|kind| kind.with(bindings)).collect();
        match self {
            Kind::Option(inner) => Kind::option(inner.with(bindings)),
            Kind::List(inner) => Kind::list(inner.with(bindings)),
            Kind::Set(inner) => Kind::set(inner.with(bindings)),
            Kind::Map(key, value) => Kind::map(key.with(bindings), value.with(bindings)),
            Kind::Tuple(parts) => Kind::Tuple(all(parts)),
            Kind::Named(name, arguments) => Kind::Named(name, all(arguments)),
            Kind::Parameter(name) => bindings.get(name).unwrap_or(self).clone(),
            simple => simple.clone(),
        }
    }

    /// Makes this template equal to a kind, if its parameters allow.
    pub fn fits(&self, kind: &Kind, bindings: &mut Bindings) -> bool {
        match (self, kind) {
            (Kind::Parameter(name), _) => {
                bindings.entry(*name).or_insert_with(|| kind.clone()) == kind
            }
            (Kind::Option(a), Kind::Option(b))
            | (Kind::List(a), Kind::List(b))
            | (Kind::Set(a), Kind::Set(b)) => a.fits(b, bindings),
            (Kind::Map(a, x), Kind::Map(b, y)) => a.fits(b, bindings) && x.fits(y, bindings),
            (Kind::Tuple(a), Kind::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.fits(b, bindings))
            }
            (Kind::Named(a, x), Kind::Named(b, y)) => {
                a == b && x.iter().zip(y).all(|(x, y)| x.fits(y, bindings))
            }
            (a, b) => a == b,
        }
    }

    /// Fields or variants of a record or enum, with their kinds.
    ///
    /// # Panics
    /// If it is neither.
    pub fn shape(&self) -> Shape {
        match self {
            Kind::Named(name, arguments) => nominal::of(name).shape(arguments),
            other => panic!("{other} is no record or enum"),
        }
    }
}

fn read(rest: &mut &str) -> Kind {
    if is_next(rest, "(") {
        return Kind::Tuple(list(rest, ")"));
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    *rest = behind;
    if let ("Decimal", true) = (name, is_next(rest, "(")) {
        let (places, behind) = rest.split_once(')').expect("places end");
        *rest = behind;
        return Kind::Decimal(places.parse().expect("places are a number"));
    }
    let mut arguments = match is_next(rest, "<") {
        true => list(rest, ">"),
        false => Vec::new(),
    };
    match (name, arguments.as_mut_slice()) {
        ("Bool", []) => Kind::Bool,
        ("Int", []) => Kind::Int,
        ("Nat", []) => Kind::Nat,
        ("Float", []) => Kind::Float,
        ("String", []) => Kind::String,
        ("Bytes", []) => Kind::Bytes,
        ("Date", []) => Kind::Date,
        ("Time", []) => Kind::Time,
        ("Duration", []) => Kind::Duration,
        ("Id", []) => Kind::Id,
        ("Option", [inner]) => Kind::option(inner.clone()),
        ("List", [inner]) => Kind::list(inner.clone()),
        ("Set", [inner]) => Kind::set(inner.clone()),
        ("Map", [key, value]) => Kind::map(key.clone(), value.clone()),
        (parameter, []) if parameter.len() == 1 => {
            Kind::Parameter(parameter.chars().next().expect("one letter"))
        }
        _ => Kind::Named(nominal::of(name).name, arguments),
    }
}

/// Kinds between commas up to an end.
fn list(rest: &mut &str, end: &str) -> Vec<Kind> {
    let mut kinds = vec![read(rest)];
    while is_next(rest, ", ") {
        kinds.push(read(rest));
    }
    assert!(is_next(rest, end), "{end} is missing before {rest:?}");
    kinds
}

fn is_next(rest: &mut &str, wanted: &str) -> bool {
    let behind = rest.strip_prefix(wanted);
    *rest = behind.unwrap_or(rest);
    behind.is_some()
}
