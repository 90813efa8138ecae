//! The words of the language, as they may be written.

/// Statements with which an item begins, as snippets.
pub(crate) const ITEMS: &[(&str, &str)] = &[
    (
        "input",
        "input ${1:name}(${2:column}: ${3:String}) from csv(\"${4:file.csv}\");",
    ),
    ("view", "view ${1:name}(${2:column}: ${3:String});"),
    ("output", "output ${1:view} to csv(\"${2:file.csv}\");"),
    ("param", "param ${1:name}: ${2:Int} = ${3:1};"),
    (
        "fn",
        "fn ${1:name}(${2:x}: ${3:Int}) -> ${4:Int} {\n    $0\n}",
    ),
    ("record", "record ${1:Name} { ${2:field}: ${3:Int} }"),
    ("enum", "enum ${1:Name} { ${2:First}, ${3:Second} }"),
    ("type", "type ${1:Name} = ${2:Int};"),
    ("use", "use ${1:std.text}.{${2:words}};"),
    (
        "test",
        "test \"${1:what it promises}\" {\n    given ${2:row};\n    expect ${3:row};\n}",
    ),
    (
        "lattice",
        "lattice ${1:Name} on ${2:Int} {\n    fn bottom() -> ${2:Int} { ${3:0} }\n    fn join(a: ${2:Int}, b: ${2:Int}) -> ${2:Int} { ${4:a} }\n}",
    ),
    (
        "table",
        "table ${1:name}(${2:key}: ${3:String}) -> ${4:Max<Int>};",
    ),
    ("event", "event ${1:name}(${2:column}: ${3:String});"),
    ("message", "message ${1:name}(${2:column}: ${3:String});"),
    (
        "request",
        "request ${1:name}(${2:column}: ${3:String}) -> ${4:String};",
    ),
    ("timer", "timer ${1:name} every ${2:1s};"),
    ("service", "service ${1:Name} {\n    $0\n}"),
    ("agent", "agent ${1:Name}(${2:key}: ${3:Int}) {\n    $0\n}"),
    ("on", "on ${1:event}(${2:column}) {\n    $0\n}"),
    (
        "extern",
        "extern ${1:wasm} \"${2:module.wasm}\" {\n    $0\n}",
    ),
    (
        "coordinate",
        "coordinate ${1:name} by ${2:key} because \"${3:why}\" {\n    $0\n}",
    ),
    ("pub", "pub "),
    (
        "monotone",
        "monotone fn ${1:name}(${2:x}: ${3:Int}) -> ${4:Int} {\n    $0\n}",
    ),
];

/// Words that stand before or between conditions.
pub(super) const CONDITION_WORDS: &[&str] = &[
    "not", "exists", "maybe", "let", "in", "for", "if", "else", "match", "true", "false", "sample",
    "final", "because",
];

pub(super) const EFFECTS: &[(&str, &str)] = &[
    ("merge", "merge ${1:table}(${2:key}) -> ${3:value};"),
    ("remove", "remove ${1:table}(${2:key});"),
    ("seal", "seal ${1:table}(${2:key});"),
    ("send", "send ${1:message}(${2:value}) to ${3:Service};"),
    ("schedule", "schedule ${1:event}(${2:value}) after ${3:1s};"),
    ("reply", "reply ${1:value};"),
];

pub(crate) const TYPES: &[&str] = &[
    "Bool", "Int", "Nat", "Float", "Decimal", "String", "Bytes", "Date", "Time", "Duration", "Id",
    "RowId", "Option", "List", "Set", "Map", "Unit",
];

pub(crate) const COMBINERS: &[&str] = &[
    "Min", "Max", "Any", "All", "Set", "Map", "Lww", "One", "Count", "Sum", "Avg", "Top", "Sorted",
];

pub(super) const SOURCES: &[&str] = &["csv", "tsv", "ndjson", "text", "stdin", "parquet"];
pub(super) const SINKS: &[&str] = &["csv", "tsv", "ndjson", "table", "stdout", "parquet"];
