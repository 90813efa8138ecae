//! Each feature on marked cursors: `$0` is where the user is.

mod common;

use std::fmt::Write;

use common::{Fixture, at};
use insta::assert_snapshot;
use sheaf_compiler::source::Span;
use sheaf_ide::{Action, CompletionKind};

const PACKAGES: &str = r#"
/// Which package needs which.
input depends(package: String, target: String) from csv("depends.csv");

/// Directly or not.
view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);

view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);

fn double(x: Int) -> Int {
    let y = x * 2;
    y + 1
}

view heavy(name: String, value: Int);
heavy(n, v) if weight(p) -> w, let n = p.upper(), let v = double(w);

output heavy to csv("heavy.csv");

test "a chain" {
    given depends("a", "b");
    expect needs("a", "b");
}
"#;

/// The program above with a cursor before the n-th occurrence of a text.
fn packages(before: &str, n: usize) -> Fixture {
    let (start, _) = PACKAGES.match_indices(before).nth(n).expect("it is there");
    let mut text = PACKAGES.to_owned();
    text.insert_str(start, "$0");
    Fixture::new(&text)
}

fn hover(fixture: &Fixture) -> String {
    let Some(hover) = fixture.analysis.hover(&fixture.file, fixture.offset) else {
        return "nothing".to_owned();
    };
    let mut shown = format!("{}\n{}", fixture.span(hover.span), hover.code);
    if let Some(label) = hover.label {
        let _ = write!(shown, "\nlabel: {}", label.label);
        for (place, reason) in label.path {
            let _ = write!(shown, "\n  {reason} ({})", fixture.place(&place));
        }
    }
    for fact in hover.facts {
        let _ = write!(shown, "\nfact: {fact}");
    }
    for line in hover.docs.lines() {
        let _ = write!(shown, "\n/// {line}");
    }
    shown
}

#[test]
fn hover_tells_what_a_name_stands_for() {
    let cases = [
        ("depends(p", 0),
        ("needs(p, t) if depends", 0),
        ("needs(p, t) if needs", 0),
        ("weight(p) -> w", 0),
        ("q,", 0),
        ("w,", 0),
        ("upper", 0),
        ("double(w", 0),
        ("target: String", 1),
        ("y + 1", 0),
        ("String", 0),
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|(text, n)| hover(&packages(text, *n)))
        .collect();
    assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn hover_tells_what_words_of_the_language_mean() {
    let text = "record Line { view: Int }\nview a(x: Option<Map<String, Int>>, l: Line) -> Set<Int>;\n\
                a(x, l) -> {1} if b(x, l), not c(l.view), maybe d(x);\n";
    let cases = [
        "Option",
        "Map",
        "Int>>",
        "Set",
        "view a",
        "if b",
        "not c",
        "maybe",
        "view: Int",
        "view)",
        "b(x",
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|cursor| {
            let marked = text.replacen(cursor, &format!("$0{cursor}"), 1);
            format!("{cursor}\n{}", hover(&Fixture::new(&marked)))
        })
        .collect();
    let live = "table stock(item: String) -> Max<Int>;\nevent sold(item: String);\n\
                on sold(item) { merge stock(item) -> 1 if $0sample stock(item) -> n because \"why\"; }\n";
    assert_snapshot!(format!(
        "{}\n\nsample\n{}",
        shown.join("\n\n"),
        hover(&Fixture::new(live))
    ));
}

#[test]
fn hover_tells_why_rows_may_still_change() {
    let live = |cursor: &str| {
        let text = r#"
table stock(item: String) -> Max<Int>;
event sold(item: String, n: Int);
on sold(item, n) { merge stock(item) -> n; }
view many(item: String);
many(i) if stock(i) -> n, n > 3;
view few(item: String);
few(i) if stock(i) -> n, not many(i);
"#;
        hover(&Fixture::new(&text.replacen(
            cursor,
            &format!("$0{cursor}"),
            1,
        )))
    };
    let shown = ["stock(item", "many(item", "few(item", "sold(item"].map(live);
    assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn definition_leads_to_the_declaration() {
    let cases = [
        ("depends(p", 0),
        ("q, t);", 0),
        ("upper", 0),
        ("double(w", 0),
        ("heavy to", 0),
        ("needs(\"a\"", 0),
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|(text, n)| {
            let fixture = packages(text, *n);
            let place = fixture.analysis.definition(&fixture.file, fixture.offset);
            format!(
                "{text}: {}",
                place.map_or("nothing".to_owned(), |place| fixture.place(&place))
            )
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

const MODULES: &str = r#"
//- main.sheaf
use shop.prices.price;
use shop.prices as list;

input item(name: String) from csv("item.csv");
view cost(name: String, value: Int);
cost(n, v) if item(n), price(name: n, value: v);
cost(n, v) if item(n), list.price(n, v), list.twice(v) > 1;
output cost to csv("cost.csv");
//- shop/prices.sheaf
//! Prices.
input raw(name: String, value: Int) from csv("raw.csv");
/// What things cost.
pub view price(name: String, value: Int);
price(n, v) if raw(n, v);
pub fn twice(x: Int) -> Int { x * 2 }
"#;

#[test]
fn references_are_found_in_all_files() {
    for (cursor, name) in [
        ("price(name: S", "relation"),
        ("twice(x", "function"),
        ("value: Int);\nprice", "column"),
    ] {
        let fixture = Fixture::new(&MODULES.replacen(cursor, &format!("$0{cursor}"), 1));
        let uses = fixture
            .analysis
            .references(&fixture.file, fixture.offset, &fixture.folders());
        let shown: Vec<String> = uses
            .iter()
            .map(|found| format!("{:?} {}", found.role, fixture.place(&found.place)))
            .collect();
        assert_snapshot!(format!("references_{name}"), shown.join("\n"));
    }
}

#[test]
fn highlights_are_of_one_file() {
    let fixture = packages("q)", 0);
    let found = fixture.analysis.highlights(&fixture.file, fixture.offset);
    let shown: Vec<String> = found
        .iter()
        .map(|(span, role)| format!("{role:?} {}", fixture.span(*span)))
        .collect();
    assert_snapshot!(shown.join("\n"), @r"
    Declares 7:25 `q`
    Reads 7:37 `q`
    ");
}

fn rename(fixture: &Fixture, name: &str) -> String {
    match fixture
        .analysis
        .rename(&fixture.file, fixture.offset, name, &fixture.folders())
    {
        Ok(edits) => {
            let shown: Vec<String> = edits
                .iter()
                .map(|edit| format!("{} -> `{}`", fixture.place(&edit.place), edit.text))
                .collect();
            shown.join("\n")
        }
        Err(reason) => format!("refused: {reason}"),
    }
}

#[test]
fn rename_changes_every_file() {
    let fixture = |cursor: &str| Fixture::new(&MODULES.replacen(cursor, &format!("$0{cursor}"), 1));
    let relation = rename(&fixture("price(name: S"), "tariff");
    let column = rename(&fixture("value: Int);\nprice"), "amount");
    assert_snapshot!(format!("{relation}\n\n{column}"));
}

#[test]
fn rename_expands_shorthand() {
    let text = "input plane(tail: String, model: String) from csv(\"p.csv\");\n\
                view a(x: String);\na(model) if plane(tail: \"x\", model);\n";
    let column = Fixture::new(&text.replacen("model: S", "$0model: S", 1));
    let variable = Fixture::new(&text.replacen("a(model", "a($0model", 1));
    assert_snapshot!(format!(
        "{}\n\n{}",
        rename(&column, "kind"),
        rename(&variable, "m")
    ));
}

#[test]
fn rename_refuses_what_would_mean_something_else() {
    let cases = [
        ("needs(p, t) if depends", 0, "depends"),
        ("needs(p, t) if depends", 0, "Needs"),
        ("needs(p, t) if depends", 0, "a b"),
        ("needs(p, t) if depends", 0, "view"),
        ("q,", 0, "t"),
        ("target: String", 1, "package"),
        ("upper", 0, "lower"),
        ("csv", 0, "tsv"),
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|(text, n, name)| format!("{name}: {}", rename(&packages(text, *n), name)))
        .collect();
    assert_snapshot!(shown.join("\n"));
}

/// The best of what may be written, and all that contain `wanted`.
fn complete(text: &str) -> String {
    let fixture = Fixture::new(text);
    let found = fixture.analysis.completions(&fixture.file, fixture.offset);
    let mut shown = format!("replaces {}", fixture.span(found.replace));
    for item in found.items.iter().take(14) {
        let kind = match item.kind {
            CompletionKind::Declared(kind) => kind.word().to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        let insert = item.insert.replace('\n', "\\n");
        let _ = write!(
            shown,
            "\n{} | {kind} | {} | {insert}",
            item.label, item.detail
        );
    }
    let _ = write!(shown, "\n({} in all)", found.items.len());
    shown
}

const PEOPLE: &str = "input person(name: String, age: Int) from csv(\"p.csv\");\n\
    param limit: Int = 3;\nrecord Line { sku: String, qty: Int }\nenum Shape { Dot, Circle(Float) }\n\
    view old(name: String);\n";

#[test]
fn completion_in_a_body() {
    assert_snapshot!(complete(&format!("{PEOPLE}old(n) if person(n, a), $0;\n")));
}

#[test]
fn completion_of_columns() {
    assert_snapshot!(complete(&format!("{PEOPLE}old(n) if person(n, $0")));
}

#[test]
fn completion_of_named_columns() {
    assert_snapshot!(complete(&format!(
        "{PEOPLE}old(n) if person(name: n, $0);\n"
    )));
}

#[test]
fn completion_of_members_in_a_broken_rule() {
    assert_snapshot!(complete(&format!(
        "{PEOPLE}old(n) if person(n, a), let m = n.tr$0\n\nview x(a: Int);\n"
    )));
}

#[test]
fn variables_of_a_broken_rule_have_types() {
    let types = |rule: &str| {
        let fixture = Fixture::new(&format!(
            "{PEOPLE}input paid(name: String) -> Max<Int> from csv(\"q.csv\");\n\
             view best(name: String) -> Top<Int>(3);\n{rule}\n\nview x(a: Int);\n"
        ));
        let found = fixture.analysis.completions(&fixture.file, fixture.offset);
        let variables = found.items.iter();
        let variables = variables.filter(|item| item.kind == CompletionKind::Variable);
        let shown: Vec<String> = variables
            .map(|item| format!("{}: {}", item.label, item.detail))
            .collect();
        shown.join(", ")
    };
    for (rule, expected) in [
        ("old(n) if person(n, a), a > $0", "a: Int, n: String"),
        (
            "old(n) if person(age: years, name: n), $0",
            "n: String, years: Int",
        ),
        ("old(n) if person(name: n, age), $0", "age: Int, n: String"),
        (
            "old(n) if paid(n) -> money, let m = $0",
            "m: , money: Int, n: String",
        ),
        (
            "best(n) -> most if paid(n) -> p, $0",
            "most: , n: String, p: Int",
        ),
        (
            "best(n) -> p if $0, paid(m) -> p, person(m, ",
            "m: String, n: String, p: Int",
        ),
        ("old(n) if maybe person(_, age), $0", "age: , n: String"),
        ("old(n) if nothing(n, a + 1, b), $0", "a: , b: , n: String"),
    ] {
        assert_eq!(types(rule), expected, "{rule}");
    }
}

#[test]
fn completion_of_fields_and_variants() {
    let field = complete(&format!("{PEOPLE}fn f(l: Line) -> Int {{ l.$0 }}\n"));
    let variant = complete(&format!("{PEOPLE}fn f(l: Line) -> Shape {{ Shape.$0 }}\n"));
    assert_snapshot!(format!("{field}\n\n{variant}"));
}

#[test]
fn completion_of_statements() {
    assert_snapshot!(complete(&format!("{PEOPLE}$0")));
}

#[test]
fn completion_of_types_and_combiners() {
    let ty = complete(&format!("{PEOPLE}view x(a: $0);"));
    let combiner = complete(&format!("{PEOPLE}view x(a: Int) -> M$0;"));
    assert_snapshot!(format!("{ty}\n\n{combiner}"));
}

#[test]
fn completion_of_modules_and_connectors() {
    let shown = [
        "use $0",
        "use std.$0",
        "use std.text.{wo$0",
        "input a(b: Int) from $0",
        "view a(b: Int);\na(1);\noutput a to $0",
        "view a(b: Int);\na(1);\noutput $0",
        "// $0",
        "view a(b: String);\na(\"$0\");",
    ]
    .map(complete);
    assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn signature_help_follows_the_cursor() {
    let cases = [
        "old(n) if person($0",
        "old(n) if person(n, $0);",
        "old(n) if person(age: $0",
        "old(n) if person(n, a), n.replace(\"a\", $0);",
        "old(n) if person(n, a), max(a, $0) > 3;",
        "old(n) if person(n, a), (a + $0;",
        "old($0) if person(n, a);",
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|case| {
            let fixture = Fixture::new(&format!("{PEOPLE}{case}\n"));
            let help = fixture
                .analysis
                .signature_help(&fixture.file, fixture.offset);
            let Some(help) = help else {
                return format!("{case}\n  nothing");
            };
            let active = help.active.map(|active| {
                let (start, end) = help.parts[active as usize];
                &help.signature[start as usize..end as usize]
            });
            format!(
                "{case}\n  {}\n  at {}",
                help.signature,
                active.unwrap_or("none")
            )
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn symbols_are_a_tree() {
    let text = "record Line { sku: String }\nview a(x: Int) -> Max<Int>;\nservice Cart {\n    \
                table item(s: String) -> Max<Int>;\n    request put(s: String) -> Unit;\n}\ntest \"x\" { expect 1 == 1; }\n";
    let fixture = Fixture::new(text);
    fn show(symbols: &[sheaf_ide::Symbol], depth: usize, shown: &mut String) {
        for symbol in symbols {
            let _ = writeln!(
                shown,
                "{}{} {}{}",
                "  ".repeat(depth),
                symbol.kind.word(),
                symbol.name,
                symbol.detail
            );
            show(&symbol.children, depth + 1, shown);
        }
    }
    let mut shown = String::new();
    show(&fixture.analysis.symbols(&fixture.file), 0, &mut shown);
    assert_snapshot!(shown);
}

#[test]
fn workspace_symbols_are_found_by_a_part_of_their_name() {
    let fixture = Fixture::new(MODULES);
    let found = fixture.analysis.find_symbols("RI", &fixture.folders());
    let shown: Vec<String> = found
        .iter()
        .map(|found| fixture.place(&found.place))
        .collect();
    assert_snapshot!(shown.join("\n"), @"shop/prices.sheaf:4:10 `price`");
}

#[test]
fn words_have_classes() {
    let fixture = Fixture::new(MODULES);
    let words = fixture.analysis.words(&fixture.file);
    let shown: Vec<String> = words
        .iter()
        .map(|word| {
            let mut bits = String::new();
            for (bit, is_set) in [
                (" declares", word.declares),
                (" writes", word.writes),
                (" library", word.is_library),
            ] {
                bits += if is_set { bit } else { "" };
            }
            format!("{} {:?}{bits}", fixture.span(word.span), word.class)
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn hints_tell_types_labels_and_strata() {
    let fixture = packages("view needs", 0);
    let whole = Span::new(0, fixture.text().len() as u32);
    let hints = fixture.analysis.hints(&fixture.file, whole);
    let shown: Vec<String> = hints
        .iter()
        .map(|hint| format!("{} {}", at(fixture.text(), hint.offset), hint.text))
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn folds_are_of_more_than_one_line() {
    let text = "use std.text.words;\nuse std.text.lower;\n\n// a\n// b\n\nview a(\n    x: Int,\n);\na(x)\n    if x in [1];\n\
                fn f(x: Int) -> Int {\n    x\n}\n";
    let fixture = Fixture::new(text);
    let folds = fixture.analysis.folds(&fixture.file);
    let shown: Vec<String> = folds
        .iter()
        .map(|fold| {
            let (start, end) = (at(text, fold.span.start), at(text, fold.span.end));
            format!("{:?} {start} to {end}", fold.kind)
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn lenses_are_of_tests_and_the_plan() {
    let fixture = packages("view needs", 0);
    let lenses = fixture.analysis.lenses(&fixture.file);
    let actions: Vec<Action> = lenses.into_iter().map(|lens| lens.action).collect();
    let name = "a chain".to_owned();
    assert_eq!(actions, [Action::ShowPlan, Action::RunTest { name }]);
}

fn mistakes(text: &str) -> String {
    let fixture = Fixture::new(text);
    let mut shown = String::new();
    for mistake in fixture.analysis.mistakes(&fixture.file) {
        let unused = if mistake.is_unused { " unused" } else { "" };
        let _ = writeln!(
            shown,
            "{:?} {}{unused} {}\n{}",
            mistake.severity,
            mistake.code,
            fixture.span(mistake.span),
            mistake.message
        );
        for related in &mistake.related {
            let _ = writeln!(
                shown,
                "  see {}: {}",
                fixture.place(&related.place),
                related.text
            );
        }
        for fix in &mistake.fixes {
            let edits = fix
                .edits
                .iter()
                .map(|edit| format!("{} -> `{}`", fixture.place(&edit.place), edit.text));
            let _ = writeln!(
                shown,
                "  fix {}: {}",
                fix.title,
                edits.collect::<Vec<_>>().join(", ")
            );
        }
    }
    shown
}

#[test]
fn mistakes_have_places_and_fixes() {
    let shown = [
        "view a(x: Int);\nview a(y: Int);\na(1);\n",
        "view a(x: Int);\na(x) if b(x)\nview b(x: Int);\nb(1);\n",
        "input edge(a: Int, b: Int) from csv(\"e.csv\");\nview c(a: Int);\nc(a) if egde(a, b), a > 1;\n",
    ]
    .map(mistakes);
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn fixes_bind_fill_up_add_and_bring_in() {
    let shown = [
        "input edge(a: Int, b: Int) from csv(\"e.csv\");\nview c(a: Int, b: Int);\nc(a, b) if a in [1];\n",
        "input edge(a: Int, b: Int) from csv(\"e.csv\");\nview c(a: Int);\nc(a) if edge(a);\n",
        "input edge(a: Int, b: Int) from csv(\"e.csv\");\nview c(a: Int);\nc(a, b) if edge(a, b);\n",
        "//- t.sheaf\n/// Words.\nview c(a: String);\nc(w) if w in words(\"a b\");$0\n//- b.sheaf\npub fn words(x: String) -> List<String> { [x] }\n",
    ]
    .map(|text| {
        let fixture = Fixture::new(text);
        let whole = Span::new(0, fixture.text().len() as u32);
        let mut shown = String::new();
        for mistake in fixture.analysis.fixable(&fixture.file, whole) {
            let _ = writeln!(shown, "{} {}", mistake.code, fixture.span(mistake.span));
            for fix in &mistake.fixes {
                let edits = fix.edits.iter().map(|edit| format!("{} -> `{}`", fixture.place(&edit.place), edit.text));
                let _ = writeln!(shown, "  {}: {}", fix.title, edits.collect::<Vec<_>>().join(", "));
            }
        }
        shown
    });
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn mistakes_of_other_files_are_told_apart() {
    let fixture = Fixture::new(
        "//- sheaf.toml\n[package]\nname = \"app\"\nversion = \"1\"\n//- main.sheaf\nuse other.b;\nview a(x: Int);\n\
         a(x) if b(x);$0\n//- other.sheaf\npub view b(x: Int);\nb(1) if c(2);\n",
    );
    let own = fixture.analysis.mistakes(&fixture.file);
    assert_eq!(own, [], "the mistakes are in other files");
    let elsewhere = fixture.analysis.mistakes_elsewhere(&fixture.file);
    let shown: Vec<String> = elsewhere
        .iter()
        .map(|(path, mistake)| {
            format!(
                "{} {} {}",
                path.display(),
                mistake.code,
                mistake.message.lines().next().unwrap_or("")
            )
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn formatting_edits_lead_to_the_formatted_text() {
    let text = "view   a( x:Int );\na( 1 ) ;\nview b(x: Int);\nb( 2 );\n";
    let fixture = Fixture::new(text);
    let apply = |edits: Vec<(Span, String)>| {
        let mut changed = text.to_owned();
        for (span, new) in edits.into_iter().rev() {
            changed.replace_range(span.start as usize..span.end as usize, &new);
        }
        changed
    };
    let whole = apply(fixture.analysis.format(&fixture.file, None).expect("sound"));
    assert_eq!(
        whole,
        fixture.analysis.formatted(&fixture.file).expect("sound")
    );
    let last = Span::new(text.find("b( 2").expect("it") as u32, text.len() as u32);
    let part = apply(
        fixture
            .analysis
            .format(&fixture.file, Some(last))
            .expect("sound"),
    );
    assert_eq!(
        part,
        "view   a( x:Int );\na( 1 ) ;\nview b(x: Int);\nb(2);\n"
    );
    let broken = Fixture::new("view a(");
    assert!(broken.analysis.format(&broken.file, None).is_err());
}
