//! The functions of the standard library that are part of the IR, under their names in Sheaf.
//!
//! A name here is both a function of `std.<module>` and, with its first argument before the dot, a
//! member: `std.text.words(t)` is `t.words()`.

use sheaf_ir::{Function, Type};

/// A function of the standard library.
pub(super) struct Intrinsic {
    /// Below `std`.
    pub(super) module: &'static str,
    pub(super) name: &'static str,
    pub(super) function: Function,
    /// Names of the parameters.
    pub(super) parameters: &'static [&'static str],
    /// Known without `use`, before `(`.
    is_prelude: bool,
}

macro_rules! table {
    ($($module:literal $name:literal $function:ident ($($parameter:literal),*) $($prelude:ident)?;)*) => {
        /// All of them, by module.
        pub(super) const TABLE: &[Intrinsic] = &[$(Intrinsic {
            module: $module,
            name: $name,
            function: Function::$function,
            parameters: &[$($parameter),*],
            is_prelude: table!(@ $($prelude)?),
        },)*];
    };
    (@ prelude) => { true };
    (@) => { false };
}

table! {
    "collection" "contains" Contains ("collection", "element");
    "collection" "get" Get ("collection", "key");
    "collection" "len" Len ("collection");
    "collection" "to_list" ToList ("collection");
    "collection" "to_set" ToSet ("collection");
    "convert" "to_float" ToFloat ("value");
    "convert" "to_int" ToInt ("value");
    "convert" "to_nat" ToNat ("value");
    "convert" "to_string" ToString ("value");
    "list" "indexed" Indexed ("list");
    "list" "reverse" Reverse ("list");
    "list" "sort" Sort ("list");
    "list" "take" Take ("list", "n");
    "math" "abs" Abs ("number") prelude;
    "math" "ceil" Ceil ("number");
    "math" "floor" Floor ("number");
    "math" "max" Greatest ("a", "b") prelude;
    "math" "min" Least ("a", "b") prelude;
    "math" "round" Round ("number");
    "math" "sqrt" Sqrt ("number");
    "option" "is_some" IsSome ("option");
    "option" "or" OptionOr ("option", "default");
    "option" "unwrap" Unwrap ("option");
    "set" "difference" Difference ("set", "other");
    "set" "intersect" Intersect ("set", "other");
    "set" "union" Union ("set", "other");
    "text" "ends_with" EndsWith ("text", "suffix");
    "text" "join" JoinText ("list", "separator");
    "text" "lower" Lower ("text");
    "text" "replace" Replace ("text", "from", "to");
    "text" "split" Split ("text", "separator");
    "text" "starts_with" StartsWith ("text", "prefix");
    "text" "trim" Trim ("text");
    "text" "upper" Upper ("text");
    "text" "words" Words ("text");
    "time" "sliding" Sliding ("at", "size", "step");
    "time" "tumbling" Tumbling ("at", "size");
}

/// The aggregates, which take `e for conditions`.
pub(super) const AGGREGATES: &[&str] = &["avg", "count", "max", "min", "sum", "top"];

/// `words` of `std.text`, by index into [`TABLE`].
pub(super) fn find(module: &[&str], name: &str) -> Option<usize> {
    let [module] = module else { return None };
    TABLE
        .iter()
        .position(|entry| entry.module == *module && entry.name == name)
}

/// A function that is known without `use`.
pub(super) fn prelude(name: &str) -> Option<usize> {
    TABLE
        .iter()
        .position(|entry| entry.is_prelude && entry.name == name)
}

/// What `x.name(…)` calls.
pub(super) fn member(name: &str) -> Option<usize> {
    TABLE.iter().position(|entry| entry.name == name)
}

/// The member that is called `name` in other languages.
pub(super) fn foreign(name: &str) -> Option<&'static str> {
    Some(match name {
        "length" | "size" | "count" => "len",
        "lowercase" | "to_lower" | "to_lowercase" | "lcase" => "lower",
        "uppercase" | "to_upper" | "to_uppercase" | "ucase" => "upper",
        "unwrap_or" | "or_else" | "get_or_else" | "default" => "or",
        "strip" => "trim",
        "includes" | "has" => "contains",
        "enumerate" => "indexed",
        "str" | "string" => "to_string",
        _ => return None,
    })
}

/// Names of a module, below `std`.
pub(super) fn names_in(module: &[&str]) -> Vec<&'static str> {
    let in_module = |entry: &&Intrinsic| matches!(module, [only] if *only == entry.module);
    TABLE
        .iter()
        .filter(in_module)
        .map(|entry| entry.name)
        .collect()
}

/// The modules below `std`.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    TABLE.iter().filter_map(move |entry| {
        let is_new = entry.module != last;
        last = entry.module;
        is_new.then_some(entry.module)
    })
}

/// The type that argument `index` must have, given the types of those before it; `None` where
/// several will do or none is known.
pub(super) fn expected(function: &Function, index: usize, before: &[Type]) -> Option<Type> {
    use Type::*;
    Some(match (function, index, before.first()) {
        (Function::Take, 1, _) | (Function::Get, 1, Some(List(_))) => Nat,
        (Function::Get | Function::Contains, 1, Some(Map(key, _))) => (**key).clone(),
        (Function::Contains, 1, Some(List(element) | Set(element))) => (**element).clone(),
        (Function::OptionOr, 1, Some(Option(inner))) => (**inner).clone(),
        (Function::Union | Function::Intersect | Function::Difference, 1, Some(set)) => set.clone(),
        (Function::JoinText, 0, _) => List(Box::new(String)),
        (
            Function::Lower
            | Function::Upper
            | Function::Trim
            | Function::Words
            | Function::Split
            | Function::StartsWith
            | Function::EndsWith
            | Function::Replace,
            _,
            _,
        )
        | (Function::JoinText, 1, _)
        | (Function::Contains, 1, Some(String)) => String,
        (Function::Floor | Function::Ceil | Function::Round | Function::Sqrt, 0, _) => Float,
        (Function::Sliding | Function::Tumbling, 0, _) => Time,
        (Function::Sliding | Function::Tumbling, _, _) => Duration,
        _ => return None,
    })
}
