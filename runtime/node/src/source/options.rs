//! The options of sources, checked.

use std::collections::BTreeMap;

use sheaf_ir::Value;

use super::Format;
use super::scalar::Unit;
use crate::names;

/// What a source's options say, with defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the first record names the columns; otherwise they are matched by position.
    pub header: bool,
    /// Between two cells.
    pub delimiter: u8,
    /// Whether `"` encloses cells.
    pub quote: bool,
    /// Texts that mean `None`, beside the empty one.
    pub nulls: Vec<Vec<u8>>,
    /// What integers mean where a Time or Duration is asked for.
    pub unit: Option<Unit>,
    /// The field that holds the record, and the one in it, and so on.
    pub path: Vec<String>,
}

/// Options that a relation's declaration takes, whatever the source.
const ANYWHERE: &[&str] = &["by"];

impl Format {
    /// The names of its options.
    pub fn options(self) -> &'static [&'static str] {
        match self {
            Format::Csv => &["header", "delimiter", "quote", "null", "unit"],
            Format::Tsv => &["header", "quote", "null", "unit"],
            Format::Ndjson => &["path", "null", "unit"],
            Format::Text => &[],
            Format::Parquet => &["unit"],
        }
    }
}

impl Options {
    /// Reads options given by name.
    ///
    /// # Errors
    /// An option that the format does not have or a value that it does not take: message and help.
    pub fn read(
        format: Format,
        stdin: bool,
        given: &BTreeMap<String, Value>,
    ) -> Result<Options, (String, Vec<String>)> {
        let mut options = Options {
            header: true,
            delimiter: if format == Format::Tsv { b'\t' } else { b',' },
            quote: format == Format::Csv,
            nulls: Vec::new(),
            unit: None,
            path: Vec::new(),
        };
        let known = format.options();
        for (name, value) in given {
            if ANYWHERE.contains(&name.as_str()) || (stdin && name == "format") {
                continue;
            }
            if !known.contains(&name.as_str()) {
                let mut help = vec![match known {
                    [] => "this source has no options".to_string(),
                    _ => format!("its options are {}", known.join(", ")),
                }];
                help.extend(names::did_you_mean(name, known.iter().copied()));
                return Err((format!("there is no option {name}"), help));
            }
            let understood = match (name.as_str(), value) {
                ("header", Value::Bool(b)) => {
                    options.header = *b;
                    true
                }
                ("quote", Value::Bool(b)) => {
                    options.quote = *b;
                    true
                }
                ("delimiter", Value::String(text)) => match text.as_bytes() {
                    [b] if b.is_ascii() && !matches!(b, b'"' | b'\n' | b'\r') => {
                        options.delimiter = *b;
                        true
                    }
                    _ => false,
                },
                ("null", Value::String(text)) => {
                    options.nulls.push(text.clone().into_bytes());
                    true
                }
                ("null", Value::List(items) | Value::Set(items)) => items.iter().all(|item| {
                    if let Value::String(text) = item {
                        options.nulls.push(text.clone().into_bytes());
                    }
                    matches!(item, Value::String(_))
                }),
                ("unit", Value::String(text)) => {
                    options.unit = Unit::NAMES
                        .iter()
                        .find(|(name, _)| name == text)
                        .map(|(_, unit)| *unit);
                    options.unit.is_some()
                }
                ("path", Value::String(text)) => {
                    options.path = text.split('.').map(str::to_string).collect();
                    options.path.iter().all(|field| !field.is_empty())
                }
                _ => false,
            };
            if !understood {
                return Err((
                    format!("the option {name} does not take this value"),
                    vec![expectation(name).to_string()],
                ));
            }
        }
        Ok(options)
    }
}

/// What an option takes, as a sentence.
fn expectation(option: &str) -> &'static str {
    match option {
        "header" => "header: false matches columns by position; the default is true",
        "quote" => "quote: true or quote: false says whether \" encloses cells",
        "delimiter" => "a delimiter is one ASCII character, such as delimiter: \";\"",
        "null" => "null is a list of texts, such as null: [\"NA\"]",
        "unit" => "unit is \"s\", \"ms\", \"us\" or \"ns\"",
        _ => "path names a field, such as path: \"Bid\" or path: \"data.bid\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, name: &str, value: Value) -> Result<Options, (String, Vec<String>)> {
        Options::read(format, false, &BTreeMap::from([(name.to_string(), value)]))
    }

    fn text(s: &str) -> Value {
        Value::String(s.into())
    }

    #[test]
    fn what_each_takes() {
        let tab = read(Format::Csv, "delimiter", text("\t")).unwrap();
        assert_eq!(tab.delimiter, b'\t');
        let nulls = read(
            Format::Csv,
            "null",
            Value::List(vec![text("NA"), text("-")]),
        )
        .unwrap();
        assert_eq!(nulls.nulls, [b"NA".to_vec(), b"-".to_vec()]);
        let path = read(Format::Ndjson, "path", text("a.b")).unwrap();
        assert_eq!(path.path, ["a", "b"]);
        for (format, name, value) in [
            (Format::Csv, "delimiter", text("::")),
            (Format::Csv, "delimiter", text("\"")),
            (Format::Csv, "header", text("no")),
            (Format::Csv, "unit", text("min")),
            (Format::Csv, "path", text("a")),
            (Format::Ndjson, "path", text("a..b")),
            (Format::Text, "header", Value::Bool(true)),
        ] {
            assert!(read(format, name, value).is_err(), "{name}");
        }
    }

    #[test]
    fn a_misspelt_option_is_recognised() {
        let (message, help) = read(Format::Csv, "delimeter", text(";")).unwrap_err();
        assert_eq!(message, "there is no option delimeter");
        assert_eq!(help[1], "did you mean delimiter?");
    }
}
