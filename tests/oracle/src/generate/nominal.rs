//! Records and enums of generated programs.

use super::kind::{Bindings, Kind};

/// A record or enum as it is declared.
#[derive(Debug)]
pub struct Nominal {
    /// Its name.
    pub name: &'static str,
    /// Its type parameters.
    parameters: &'static [char],
    parts: Parts,
}

#[derive(Debug)]
enum Parts {
    Record(&'static [(&'static str, &'static str)]),
    Enum(&'static [(&'static str, &'static [&'static str])]),
}

/// Parts with their kinds.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Fields.
    Record(Vec<(&'static str, Kind)>),
    /// Variants, the first one without a value of the enum itself.
    Enum(Vec<(&'static str, Vec<Kind>)>),
}

/// All that programs declare.
pub const ALL: &[Nominal] = &[
    Nominal {
        name: "Point",
        parameters: &[],
        parts: Parts::Record(&[("x", "Int"), ("y", "Int")]),
    },
    Nominal {
        name: "Label",
        parameters: &[],
        parts: Parts::Record(&[("text", "String"), ("place", "Option<Point>")]),
    },
    Nominal {
        name: "Pair",
        parameters: &['A', 'B'],
        parts: Parts::Record(&[("first", "A"), ("second", "B")]),
    },
    Nominal {
        name: "Shade",
        parameters: &[],
        parts: Parts::Enum(&[
            ("Dark", &[]),
            ("Light", &[]),
            ("Mixed", &["Int"]),
            ("Titled", &["String", "Nat"]),
        ]),
    },
    Nominal {
        name: "Either",
        parameters: &['A', 'B'],
        parts: Parts::Enum(&[("Left", &["A"]), ("Right", &["B"])]),
    },
    Nominal {
        name: "Tree",
        parameters: &['T'],
        parts: Parts::Enum(&[("Leaf", &["T"]), ("Node", &["List<Tree<T>>"])]),
    },
];

/// The declared type of a name.
///
/// # Panics
/// If there is none.
pub fn of(name: &str) -> &'static Nominal {
    let found = ALL.iter().find(|nominal| nominal.name == name);
    found.unwrap_or_else(|| panic!("{name} is not declared"))
}

impl Nominal {
    /// Its parts, for these type arguments.
    pub fn shape(&self, arguments: &[Kind]) -> Shape {
        let parameters = self.parameters.iter().copied();
        let bindings: Bindings = parameters.zip(arguments.iter().cloned()).collect();
        let kind = |text: &&str| Kind::parse(text).with(&bindings);
        match self.parts {
            Parts::Record(fields) => Shape::Record(
                fields
                    .iter()
                    .map(|(name, text)| (*name, kind(text)))
                    .collect(),
            ),
            Parts::Enum(variants) => Shape::Enum(
                variants
                    .iter()
                    .map(|(name, parts)| (*name, parts.iter().map(kind).collect()))
                    .collect(),
            ),
        }
    }

    /// Its name and those of its variants.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names = vec![self.name];
        if let Parts::Enum(variants) = self.parts {
            names.extend(variants.iter().map(|variant| variant.0));
        }
        names
    }

    /// The declaration.
    pub fn declaration(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(char::to_string).collect();
        let parameters = match parameters.as_slice() {
            [] => String::new(),
            some => format!("<{}>", some.join(", ")),
        };
        let (word, parts): (&str, Vec<String>) = match self.parts {
            Parts::Record(fields) => (
                "record",
                fields
                    .iter()
                    .map(|(name, kind)| format!("{name}: {kind}"))
                    .collect(),
            ),
            Parts::Enum(variants) => (
                "enum",
                variants
                    .iter()
                    .map(|(name, parts)| match parts {
                        [] => name.to_string(),
                        some => format!("{name}({})", some.join(", ")),
                    })
                    .collect(),
            ),
        };
        format!(
            "{word} {}{parameters} {{ {} }}",
            self.name,
            parts.join(", ")
        )
    }
}
