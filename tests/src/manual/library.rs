//! The chapter of the standard library, made from the documentation in `stdlib/`.
//!
//! Each module is a page, each function a section: its signature, what it does, its examples. The
//! examples become `sheaf example` blocks, which the harness executes like all others.

use std::fmt::Write;

/// A declaration that other files can use, with its documentation.
struct Declared {
    /// `fn len<T>(list: List<T>) -> Nat`; a type whole.
    text: String,
    name: String,
    docs: Vec<String>,
}

/// A module: what it is about, and what it declares, in the order of its text.
struct Module {
    name: String,
    docs: Vec<String>,
    declared: Vec<Declared>,
}

/// The pages of the chapter, by name: the index, and one for each module.
pub fn library_pages() -> Vec<(String, String)> {
    let modules = modules();
    let mut pages = vec![("std/index.md".to_owned(), index(&modules))];
    for module in &modules {
        pages.push((format!("std/{}.md", module.name), page(module)));
    }
    pages
}

fn modules() -> Vec<Module> {
    let folder = crate::root().join("stdlib");
    let mut modules: Vec<Module> = std::fs::read_dir(folder)
        .expect("the folder of the library")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sheaf"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            read(&name, &std::fs::read_to_string(&path).expect("a module"))
        })
        .collect();
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    modules
}

fn read(name: &str, text: &str) -> Module {
    let mut module = Module {
        name: name.to_owned(),
        docs: Vec::new(),
        declared: Vec::new(),
    };
    let mut docs: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        let plain = |text: &str| text.strip_prefix(' ').unwrap_or(text).to_owned();
        if let Some(text) = trimmed.strip_prefix("//!") {
            module.docs.push(plain(text));
        } else if let Some(text) = trimmed.strip_prefix("///") {
            docs.push(plain(text));
        } else if !trimmed.starts_with('@') {
            // Functions of the runtime stand indented, in an `extern` block; they are public.
            let is_indented = trimmed != line && trimmed.contains("fn ");
            let public = trimmed
                .strip_prefix("pub ")
                .or(is_indented.then_some(trimmed));
            if let Some((start, docs)) = public.filter(|_| !docs.is_empty()).zip(Some(&mut docs)) {
                let mut text = start.to_owned();
                let is_function = start.contains("fn ");
                let ends: &[char] = if is_function {
                    &['{', ';']
                } else {
                    &['}', ';']
                };
                while !text.contains(ends) {
                    let Some(next) = lines.next() else { break };
                    text.push('\n');
                    text.push_str(next);
                }
                if is_function {
                    text.truncate(text.find(ends).unwrap_or(text.len()));
                }
                module.declared.push(Declared {
                    name: declared_name(&text),
                    text: text.trim_end().to_owned(),
                    docs: std::mem::take(docs),
                });
            }
            docs.clear();
        }
    }
    module
}

/// The word behind `fn`, `enum`, `record` or `type`.
fn declared_name(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words
        .skip_while(|word| !["fn", "enum", "record", "type"].contains(word))
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

fn page(module: &Module) -> String {
    let mut page = format!("# std.{}\n", module.name);
    let _ = write!(page, "\n{}\n", module.docs.join("\n"));
    for declared in &module.declared {
        let _ = write!(
            page,
            "\n## {}\n\n```text\n{}\n```\n\n",
            declared.name, declared.text
        );
        for line in &declared.docs {
            let line = match line.as_str() {
                "```sheaf" => "```sheaf example",
                line => line,
            };
            let _ = writeln!(page, "{line}");
        }
    }
    page
}

fn index(modules: &[Module]) -> String {
    let mut page = String::from(
        "# Standard library\n\n\
         A function is brought in by `use std.text.words;`, called by its full name, `std.text.words(t)`, or written\n\
         behind its first argument, `t.words()`, which needs neither. This chapter is made from the library's own text;\n\
         its examples are executed.\n",
    );
    for module in modules {
        let names = module.declared.iter().map(|declared| {
            let Declared { name, .. } = declared;
            format!("[{name}]({}.md#{})", module.name, name.to_lowercase())
        });
        let names = Vec::from_iter(names).join(", ");
        let about = module.docs.first().map_or("", String::as_str);
        let _ = write!(
            page,
            "\n## [std.{0}]({0}.md)\n\n{about}\n\n{names}\n",
            module.name
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_becomes_a_page() {
        let text = "//! Texts.\n\nextern intrinsic \"text\" {\n    /// How long.\n    ///\n    /// ```sheaf\n    \
            /// len(\"a\") == 1\n    /// ```\n    @name(\"length\")\n    fn len(text: String) -> Nat;\n}\n\n\
            /// A pair.\npub enum Pair {\n    Two,\n}\n\n/// Hidden.\nfn hidden(x: Int) -> Int { x }\n\n\
            /// Shown.\npub fn shown(x: Int) -> Int { x }\n";
        let expected = "# std.text\n\nTexts.\n\n## len\n\n```text\nfn len(text: String) -> Nat\n```\n\nHow long.\n\n\
            ```sheaf example\nlen(\"a\") == 1\n```\n\n## Pair\n\n```text\nenum Pair {\n    Two,\n}\n```\n\nA pair.\n\n\
            ## shown\n\n```text\nfn shown(x: Int) -> Int\n```\n\nShown.\n";
        assert_eq!(page(&read("text", text)), expected);
    }
}
