//! Programs of several files.

// Tests may look at the world; the crate may not.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeMap;

use sheaf_compiler::check::{Checked, LoadedModule, Loader, check};
use sheaf_compiler::hir;
use sheaf_compiler::source::Sources;

/// Files in memory.
struct Files(BTreeMap<&'static str, &'static str>);

impl Loader for Files {
    fn load(&mut self, module: &str) -> Result<Option<LoadedModule>, String> {
        if module == "locked" {
            return Err("permission denied".to_owned());
        }
        let text = self.0.get(module);
        let name = format!("{}.sheaf", module.replace('.', "/"));
        Ok(text.map(|text| LoadedModule {
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
        ("broken", "pub view a(x: Int;\npub view b(x: Int);\nb(1);"),
    ]));
    let mut sources = Sources::new();
    let id = sources.add("dir/main.sheaf", root);
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
    assert_eq!(
        checked.program.files,
        ["dir/main.sheaf", "shop/prices.sheaf"]
    );
    let text = hir::print(&checked.program);
    assert!(text.contains("not shop.prices.cheap(s)"), "{text}");
    assert!(checked.program.params.contains_key("shop.prices.limit"));
}

#[test]
fn modules_may_use_each_other_in_a_circle() {
    let (checked, lines) = run("use circle.a; view c(x: Int); c(x) if a(x);");
    assert_eq!(lines, "");
    let recursive: Vec<_> = checked
        .program
        .strata
        .iter()
        .filter(|s| s.recursive)
        .collect();
    assert_eq!(recursive.len(), 1);
    assert_eq!(recursive[0].relations, ["circle.a", "main2.b"]);
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
