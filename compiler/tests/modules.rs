//! Programs of several files.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeMap;

use sheaf_compiler::check::{Checked, LoadedFile, Loader, PackageId, check};
use sheaf_compiler::hir;
use sheaf_compiler::source::Sources;

/// Files in memory.
struct Files(BTreeMap<&'static str, &'static str>);

impl Loader for Files {
    fn load(&mut self, _: PackageId, module: &str) -> Result<Option<LoadedFile>, String> {
        if module == "locked" {
            return Err("permission denied".to_owned());
        }
        let text = self.0.get(module);
        let name = format!("{}.sheaf", module.replace('.', "/"));
        Ok(text.map(|text| LoadedFile {
            name,
            text: (*text).to_owned(),
        }))
    }
}

const SHOP: &str = "
pub record Line { sku: String, qty: Int }
pub enum Kind { Small, Big(Int) }
pub type Sku = String;
pub param limit: Int = 3;
pub input price(sku: Sku, cents: Int) from csv(\"p.csv\");
pub fn double(x: Int) -> Int { helper(x) }
fn helper(x: Int) -> Int { x * 2 }
pub view cheap(sku: Sku);
cheap(s) if price(s, c), c < limit;
";

fn run(root: &str) -> (Checked, String) {
    let files = Files(BTreeMap::from([
        ("shop.prices", SHOP),
        ("circle", "use main2.{b}; pub view a(x: Int); a(x) if b(x);"),
        (
            "main2",
            "use circle.{a}; pub view b(x: Int); b(1); b(x) if a(x), x < 0;",
        ),
        ("left", "pub use right.x;"),
        ("right", "pub use left.x;"),
        (
            "front",
            "pub use shop.prices.{price, cheap, Sku as Text}; pub type Money = Int;\n\
             use shop.prices.double; pub view d(x: Int); d(double(1));",
        ),
        (
            "reports",
            "pub view total(x: Int);\ntotal(1);\noutput total to csv(\"t.csv\");\n\
             test \"t\" { expect total(\"one\"); }\ntest \"u\" { expect total(1); }\n",
        ),
        ("broken", "pub view a(x: Int;\npub view b(x: Int);\nb(1);"),
    ]));
    let mut sources = Sources::new();
    let id = sources.add("main.sheaf", root);
    let checked = check(&mut sources, id, &mut { files });
    let lines: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| d.short(&sources))
        .collect();
    (checked, lines.join("\n"))
}

#[test]
fn names_come_in_through_use() {
    let (checked, lines) = run(
        "use shop.prices.{price, double as twice, limit, Line, Kind};\nuse shop.prices;\n\
         view a(x: Int);\na(twice(c)) if price(_, c), c > limit;\n\
         a(prices.double(c)) if prices.price(s, c), not prices.cheap(s);\n\
         view l(x: Line, k: Kind);\nl(Line { sku: \"a\", qty: 1 }, Big(2));\n\
         view s(x: prices.Sku);\ns(x) if price(x, _);\noutput prices.cheap to stdout();\n",
    );
    assert_eq!(lines, "");
    assert_eq!(checked.program.name, "main");
    let names: Vec<&str> = checked
        .program
        .relations
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        ["a", "l", "s", "shop.prices.cheap", "shop.prices.price"]
    );
    assert_eq!(checked.program.outputs[0].relation, "shop.prices.cheap");
    assert_eq!(checked.program.files, ["main.sheaf", "shop/prices.sheaf"]);
    let text = hir::print(&checked.program);
    assert!(text.contains("not shop.prices.cheap(s)"), "{text}");
    assert!(checked.program.params.contains_key("shop.prices.limit"));
}

#[test]
fn modules_that_use_each_other_in_a_circle_are_told_once() {
    for root in [
        "use circle.a; view c(x: Int); c(x) if a(x);",
        "use main2.b; use circle.a; view c(x: Int); c(x) if a(x), b(x);",
    ] {
        let (checked, lines) = run(root);
        assert_eq!(checked.diagnostics.len(), 1, "{lines}");
        assert_eq!(
            lines,
            "circle.sheaf:1:12: error[E0707]: modules use each other in a circle: \
             `circle` → `main2` → `circle`"
        );
        assert_eq!(checked.diagnostics[0].secondary.len(), 1);
    }
}

#[test]
fn a_circle_of_re_exports_is_a_circle() {
    let (_, lines) = run("use left.x; view c(n: Int); c(n) if x(n);");
    assert_eq!(
        lines,
        "left.sheaf:1:15: error[E0707]: modules use each other in a circle: `left` → `right` → `left`"
    );
}

#[test]
fn re_exports_are_seen_through() {
    let (checked, lines) = run(
        "use front.{price, Money}; use front; view a(x: Money); a(c) if price(s, c), front.cheap(s);",
    );
    assert_eq!(lines, "");
    assert!(checked.program.relations.contains_key("shop.prices.price"));
    let (_, lines) = run("use front.double; view a(x: Int); a(double(1));");
    assert_eq!(
        lines,
        "main.sheaf:1:11: error[E0704]: `double` of module `front` is not public"
    );
}

#[test]
fn outputs_and_tests_of_other_modules_are_checked_and_not_run() {
    let (checked, lines) =
        run("use reports.total; view a(x: Int); a(x) if total(x); output a to stdout();");
    assert_eq!(
        lines,
        "reports.sheaf:4:25: error[E0301]: `Int` is needed here, and this is `String`"
    );
    let outputs = &checked.program.outputs;
    assert_eq!(
        outputs.iter().map(|o| &*o.relation).collect::<Vec<_>>(),
        ["a"]
    );
    assert!(checked.program.tests.is_empty());
}

#[test]
fn the_library_is_reached_by_module_and_by_full_path() {
    for text in [
        "use std.text; a(text.lower(\"A\"));",
        "use std.{text, list}; a(text.lower(\"A\")); a(\"b\") if list.contains([1], 1);",
        "use std.text as t; a(t.lower(\"A\"));",
        "use std.text.{lower}; a(lower(\"A\"));",
        "a(std.text.lower(\"A\"));",
    ] {
        let (_, lines) = run(&format!("view a(w: String); {text}"));
        assert_eq!(lines, "", "{text}");
    }
}

#[test]
fn what_can_be_wrong_with_modules() {
    let cases = [
        (
            "use shop.prices.helper; view a(x: Int); a(helper(1));",
            "E0704",
        ),
        (
            "use shop.prices; view a(x: Int); a(prices.helper(1));",
            "E0704",
        ),
        (
            "use shop.prices.prise; view a(x: Int); a(x) if prise(_, x);",
            "E0703",
        ),
        (
            "use shopp.price; view a(x: Int); a(x) if price(_, x);",
            "E0701",
        ),
        (
            "use locked.price; view a(x: Int); a(x) if price(_, x);",
            "E0702",
        ),
        (
            "use std.txt.words; view a(w: String); a(w) if w in words(\"a b\");",
            "E0705",
        ),
        (
            "view a(w: String); a(w) if w in std.text.wrods(\"a b\");",
            "E0705",
        ),
        ("use shop.prices.cheap; cheap(\"a\");", "E0706"),
        ("use shop.prices.price; view a(x: Int); a(1);", "E0216"),
        (
            "use shop.prices.price; use shop.prices.cheap as price; view a(s: String); a(s) if price(s, _);",
            "E0202",
        ),
    ];
    for (text, code) in cases {
        let (checked, lines) = run(text);
        let codes: Vec<&str> = checked
            .diagnostics
            .iter()
            .map(|d| d.code.as_str())
            .collect();
        assert_eq!(codes, [code], "{text}\n{lines}");
    }
}

#[test]
fn a_broken_module_is_reported_once_and_its_names_are_silent() {
    let (_, lines) = run("use broken.{a, b};\nview c(x: Int);\nc(x) if a(x), b(x);");
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.starts_with("broken.sheaf:1:"), "{lines}");
}
