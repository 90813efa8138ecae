//! The manual is true: its blocks run, its tables are shown, its links lead somewhere, and every
//! code has its page. How blocks are marked: `tests/src/manual/mod.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sheaf_compiler::diagnostic::{Code, codes};
use sheaf_tests::manual::{Page, execute, folder, library_pages, pages, pieces_of_code};

/// Codes that no small program gives.
const WITHOUT_PROGRAM: &[&str] = &["E0125"];

#[test]
fn every_block_does_what_its_page_says() {
    let pages = pages();
    let bless = std::env::var_os("SHEAF_BLESS").is_some();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (failed, text) = execute(page);
                    if bless && text != page.text {
                        std::fs::write(folder().join(&page.name), text).expect("a written page");
                    }
                    let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
                    failures.lock().expect("a lock").insert(&page.name, failed);
                }
            });
        }
    });
    let failures: Vec<String> = failures
        .into_inner()
        .expect("a lock")
        .into_values()
        .flatten()
        .collect();
    assert!(
        failures.is_empty(),
        "{} failures\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn what_is_not_so_is_found() {
    let text = "# E0301: a test\n\
        ```csv a.csv\nx\n1\n```\n\
        ```sheaf run\ninput a(x: Int) from csv(\"a.csv\");\noutput a to csv(\"b.csv\");\n```\n\
        ```output b.csv\nx\n2\n```\n\
        ```stdout\nnothing\n```\n\
        ```console\n$ echo one\ntwo\n```\n\
        ```sheaf\nview a(x: Int);\n```\n\
        ```sheaf\nview a(x: Int);\na(1); //~ E0301\n```\n\
        ```sheaf\nview a(x: Int);\na(1);\ntest \"t\" { expect a(2); }\n```\n\
        ```sheaf wrong\nview a(x: Int);\na(\"\" + 1);\n```\n\
        ```sheaf run\ninput a(x: Int) from csv(\"none.csv\");\noutput a to stdout();\n```\n\
        ```sheaf walk\n```\n\
        ```python\n```\n";
    let page = Page::parse("made.md", text);
    let (failures, blessed) = execute(&page);
    let found: Vec<(&str, &str)> = failures
        .iter()
        .map(|failure| (failure.place.as_str(), failure.expected.as_str()))
        .collect();
    let place = |line: usize| page.place(line);
    let expected = [
        (place(11), "x\n2"),
        (place(15), "nothing"),
        (place(18), "$ echo one\ntwo"),
        (place(22), "no diagnostic"),
        (place(26), "E0301"),
        (place(29), "the layout of `sheaf fmt`"),
        (place(29), "its tests pass"),
        (place(34), "one E0301"),
        (place(38), "a run that succeeds"),
        (place(42), "a word of the harness"),
        (place(44), "a block that can be executed"),
    ];
    let expected: Vec<(&str, &str)> = expected.iter().map(|(p, e)| (p.as_str(), *e)).collect();
    assert_eq!(found, expected, "{failures:#?}");
    let mended = text
        .replace("x\n2\n```", "x\n1\n```")
        .replace("nothing\n", "")
        .replace("two", "one");
    assert_eq!(blessed, mended, "only what is shown is rewritten");
}

#[test]
fn every_code_has_its_page() {
    let pages: BTreeMap<String, Page> = pages()
        .into_iter()
        .filter_map(|page| {
            let name = page.name.strip_prefix("errors/")?.strip_suffix(".md")?;
            Some((name.to_owned(), page)).filter(|(name, _)| name.starts_with('E'))
        })
        .collect();
    let registered: Vec<&str> = codes::ALL.iter().map(|(code, _)| code.as_str()).collect();
    let written: Vec<&str> = pages.keys().map(String::as_str).collect();
    assert_eq!(written, registered, "pages, and codes of the registry");
    for (code, title) in codes::ALL {
        let page = &pages[code.as_str()];
        assert_eq!(page.title, format!("{code}: {title}"), "{}", page.name);
        assert_eq!(code.page(), page.text, "{}", page.name);
        let count = |word| page.blocks.iter().filter(|block| block.has(word)).count();
        let needed = usize::from(!WITHOUT_PROGRAM.contains(&code.as_str()));
        for word in ["wrong", "right"] {
            assert!(count(word) >= needed, "{}: no `sheaf {word}`", page.name);
        }
    }
}

#[test]
fn the_chapter_of_the_library_is_what_its_files_say() {
    for (name, text) in library_pages() {
        let path = folder().join(&name);
        if std::env::var_os("SHEAF_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, text).expect("a written page");
        } else {
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                written == text,
                "{name} is not up to date: SHEAF_BLESS=1 writes it"
            );
        }
    }
}

#[test]
fn the_index_of_errors_lists_every_code() {
    const FAMILIES: &[(&str, &str)] = &[
        ("E01", "Syntax"),
        ("E02", "Names"),
        ("E03", "Types and safety"),
        ("E04", "Strata"),
        ("E05", "Order"),
        ("E06", "Services"),
        ("E07", "Modules and packages"),
        ("E08", "Deploy"),
        ("E09", "Run time"),
    ];
    let mut text = String::from(
        "# Errors\n\n\
         Each mistake gives one message: what is wrong, where, why, and what to do next. Its code has a page with a wrong\n\
         program and the same program mended. `sheaf explain E0301` prints the page; `sheaf explain` alone lists all codes.\n",
    );
    for (family, about) in FAMILIES {
        let of_family = |(code, _): &&(Code, &str)| code.as_str().starts_with(family);
        let mut codes = codes::ALL.iter().filter(of_family).peekable();
        if codes.peek().is_some() {
            text += &format!("\n## {about}\n\n");
        }
        for (code, title) in codes {
            text += &format!("- [{code}]({code}.md): {title}\n");
        }
    }
    let path = folder().join("errors/index.md");
    if std::env::var_os("SHEAF_BLESS").is_some() {
        std::fs::write(path, text).expect("a written page");
    } else {
        let written = std::fs::read_to_string(path).expect("the index");
        assert!(
            written == text,
            "errors/index.md is not up to date: SHEAF_BLESS=1 writes it"
        );
    }
}

#[test]
fn every_row_of_the_reference_is_shown() {
    let mut missing = Vec::new();
    for page in pages()
        .iter()
        .filter(|page| page.name.starts_with("reference/"))
    {
        let shown: BTreeSet<&str> = page.blocks.iter().flat_map(|b| b.values("row")).collect();
        let rows = page.tables.iter().flat_map(|table| &table.rows);
        let mut written = BTreeSet::new();
        for (line, cell) in rows {
            let pieces = pieces_of_code(cell);
            if pieces.is_empty() {
                missing.push(format!("{}: no code in the first cell", page.place(*line)));
            }
            for piece in pieces {
                if !shown.contains(piece.as_str()) {
                    missing.push(format!("{}: no block for `{piece}`", page.place(*line)));
                }
                written.insert(piece);
            }
        }
        for row in shown.iter().filter(|row| !written.contains(**row)) {
            missing.push(format!("{}: no row `{row}`", page.name));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let pages: BTreeMap<String, Page> = pages().into_iter().map(|p| (p.name.clone(), p)).collect();
    let summary = &pages["SUMMARY.md"];
    let listed: BTreeSet<&str> = summary
        .links
        .iter()
        .map(|(_, link)| link.as_str())
        .collect();
    for name in pages.keys().filter(|name| *name != "SUMMARY.md") {
        assert!(
            listed.contains(name.as_str()),
            "{name} is not in SUMMARY.md"
        );
    }
    for page in pages.values() {
        for (line, link) in &page.links {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let name = match path {
                "" => page.name.clone(),
                path => resolve(&page.name, path),
            };
            let Some(target) = pages.get(&name) else {
                let exists = folder().join(&name).exists();
                assert!(exists, "{}: no page {link}", page.place(*line));
                continue;
            };
            let leads = anchor.is_empty() || target.anchors.iter().any(|a| a == anchor);
            assert!(leads, "{}: no heading {link}", page.place(*line));
        }
    }
}

/// A path relative to the page `from`, below the folder of the pages.
fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." if !parts.is_empty() => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
