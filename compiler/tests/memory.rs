//! What is kept between two checks changes nothing: random edits of every program of the project, each
//! parsed and checked with what is known of the text before and without.

#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use sheaf_compiler::check::{Checked, Memory, NoModules, Survey, survey};
use sheaf_compiler::source::{FileId, Sources};
use sheaf_compiler::syntax::{Parsed, parse, reparse};

const FILE: FileId = FileId(0);

/// Edits of each program; `SHEAF_EDITS=1000` makes a long run.
fn edits() -> usize {
    let edits = std::env::var("SHEAF_EDITS").ok();
    edits.map_or(40, |edits| edits.parse().expect("edits are a number"))
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

fn programs() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.')
            {
                folders.push(path);
            } else if name.ends_with(".sheaf") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 20);
    found
}

/// Another text: a stretch of it replaced by what people type, or the edit before taken back.
fn edit(text: &str, random: &mut Random) -> String {
    let boundary = |text: &str, mut offset: usize| {
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let at = boundary(text, random.below(text.len() + 1));
    let removed = match random.below(3) {
        0 => 0,
        1 => 1,
        _ => random.below(12),
    };
    let end = boundary(text, (at + removed).min(text.len())).max(at);
    let typed = [
        "",
        "",
        "x",
        " ",
        "\n",
        ";",
        ")",
        "1",
        "\"",
        "é",
        "not ",
        "a(b)",
        "/// d\n",
        "// c\n",
        "p(1);\n",
        "view q(a: Int);\n",
        "fn f(a: Int) -> Int { a }\n",
        "}",
        "{",
        "/*",
    ];
    let typed = typed[random.below(typed.len())];
    format!("{}{typed}{}", &text[..at], &text[end..])
}

fn checked(name: &str, text: &str, memory: &mut Memory) -> (Checked, Survey) {
    let mut sources = Sources::new();
    let root = sources.add(name.to_owned(), text.to_owned());
    survey(&mut sources, root, &mut NoModules, memory)
}

fn assert_same_tree(new: &Parsed, fresh: &Parsed, text: &str) {
    assert_eq!(new.tree, fresh.tree, "{text}");
    assert_eq!(new.tokens, fresh.tokens, "{text}");
    assert_eq!(format!("{:?}", new.trivia), format!("{:?}", fresh.trivia));
    assert_eq!(
        format!("{:?}", new.diagnostics),
        format!("{:?}", fresh.diagnostics),
        "{text}"
    );
}

#[test]
fn edited_texts_are_parsed_as_fresh_ones() {
    let (mut reused, mut all) = (0, 0);
    for path in programs() {
        let original = std::fs::read_to_string(&path).expect("a text");
        let mut random = Random(original.len() as u64);
        let mut before = original.clone();
        for _ in 0..edits() {
            // From the last right text, as an editor does it.
            let text = match random.below(8) {
                0 => original.clone(),
                _ => edit(&before, &mut random),
            };
            let (tree, unused) = reparse(FILE, &text, &before, parse(FILE, &before));
            let fresh = parse(FILE, &text);
            assert_same_tree(&tree, &fresh, &text);
            if let Some(unused) = &unused {
                assert_same_tree(unused, &parse(FILE, &before), &before);
            }
            all += 1;
            reused += usize::from(unused.is_none());
            if fresh.diagnostics.is_empty() {
                before = text;
            }
        }
    }
    assert!(reused * 10 > all, "only {reused} of {all} used the tree");
}

#[test]
fn edited_texts_are_checked_as_fresh_ones() {
    for path in programs() {
        let name = path.display().to_string();
        let original = std::fs::read_to_string(&path).expect("a text");
        let mut random = Random(original.len() as u64 + 7);
        let mut memory = Memory::default();
        let mut text = original.clone();
        for _ in 0..edits() {
            text = match random.below(4) {
                0 => original.clone(),
                _ => edit(&text, &mut random),
            };
            let (program, names) = checked(&name, &text, &mut memory);
            let (fresh, fresh_names) = checked(&name, &text, &mut Memory::default());
            assert_eq!(program.program, fresh.program, "{name}: {text}");
            assert_eq!(
                format!("{:?}", program.diagnostics),
                format!("{:?}", fresh.diagnostics),
                "{name}: {text}"
            );
            assert_eq!(names.expressions, fresh_names.expressions, "{name}: {text}");
            assert_eq!(names.variables, fresh_names.variables, "{name}: {text}");
            assert_eq!(
                format!("{:?}", names.modules),
                format!("{:?}", fresh_names.modules)
            );
        }
    }
}

/// Who uses a name that another rule has reported must be told when that rule is gone.
#[test]
fn what_one_rule_hides_from_another_comes_to_light() {
    let with = "input a(x: Int) from csv(\"a.csv\");\nview b(x: Int);\nview c(x: Int);\nb(x) if a(x), nowhere(x);\nc(x) if a(x), nowhere(x);\noutput b to csv(\"b.csv\");\noutput c to csv(\"c.csv\");\n";
    let without = with.replace("b(x) if a(x), nowhere(x);\n", "b(x) if a(x);\n");
    let mut memory = Memory::default();
    for text in [with, &without, with, &without] {
        let (program, _) = checked("p.sheaf", text, &mut memory);
        let (fresh, _) = checked("p.sheaf", text, &mut Memory::default());
        assert!(program.has_errors());
        assert_eq!(
            format!("{:?}", program.diagnostics),
            format!("{:?}", fresh.diagnostics)
        );
    }
}
