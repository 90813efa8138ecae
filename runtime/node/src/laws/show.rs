//! Values as a program writes them.

use sheaf_ir::{Nominal, Type, Value};
use sheaf_kernels::words::{display, word_of};
use sheaf_kernels::{Environment, Interner};

/// A value of a type in the syntax of Sheaf. What has no literal is shown as outputs write it.
pub(super) fn show(value: &Value, ty: &Type, environment: &Environment) -> String {
    let one = |value: &Value, ty: &Type| show(value, ty, environment);
    let all = |values: &[Value], ty: &Type| {
        let shown: Vec<String> = values.iter().map(|value| one(value, ty)).collect();
        shown.join(", ")
    };
    let parts = |values: &[Value], types: &mut dyn Iterator<Item = &Type>| {
        let shown: Vec<String> = values.iter().zip(types).map(|(v, ty)| one(v, ty)).collect();
        shown.join(", ")
    };
    match (value, ty) {
        (Value::String(text), _) => quoted(text),
        (Value::Option(None), _) => "None".to_string(),
        (Value::Option(Some(value)), Type::Option(ty)) => format!("Some({})", one(value, ty)),
        (Value::List(items), Type::List(ty)) => format!("[{}]", all(items, ty)),
        (Value::Set(items), Type::Set(ty)) => format!("{{{}}}", all(items, ty)),
        (Value::Map(entries), Type::Map(..)) if entries.is_empty() => "{:}".to_string(),
        (Value::Map(entries), Type::Map(key, value)) => {
            let entry = |(k, v): &(Value, Value)| format!("{}: {}", one(k, key), one(v, value));
            let shown: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", shown.join(", "))
        }
        (Value::Tuple(values), Type::Tuple(types)) => {
            format!("({})", parts(values, &mut types.iter()))
        }
        (_, Type::Named(name)) => match (value, environment.types.get(name)) {
            (Value::Tuple(values), Some(Nominal::Record(fields))) => {
                let field = |((field, ty), value): (&(String, Type), &Value)| {
                    format!("{field}: {}", one(value, ty))
                };
                let shown: Vec<String> = fields.iter().zip(values).map(field).collect();
                format!("{} {{ {} }}", short(name), shown.join(", "))
            }
            (Value::Variant(index, values), Some(Nominal::Enum(variants))) => {
                match variants.get(*index as usize) {
                    Some((variant, _)) if values.is_empty() => variant.clone(),
                    Some((variant, types)) => {
                        format!("{variant}({})", parts(values, &mut types.iter()))
                    }
                    None => String::new(),
                }
            }
            _ => String::new(),
        },
        (scalar, ty) => {
            let interner = Interner::default();
            let word = word_of(scalar, ty, &interner);
            display(word, ty, &environment.types, &interner)
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The last part of a qualified name, without the types that its copy was made for.
pub(super) fn short(name: &str) -> &str {
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit('.').next().unwrap_or(plain)
}
