//! The manual, executed: every code block of `docs/src` does what its page says.
//!
//! The blocks of a page share one folder, and are executed from top to bottom:
//!
//! - `csv depends.csv`, or any other language with a name after it: a file in the folder.
//! - `sheaf`: a whole program, in the file `program.sheaf`. It is checked, and has exactly the
//!   diagnostics that stand beside their lines: `//~ E0301`, several codes separated by spaces. One
//!   without errors is laid out as by `sheaf fmt`, except on error pages, and its `test` blocks pass. Words after `sheaf`:
//!     - `continue`: the text goes to the end of the program before it;
//!     - `run`: it is run over the files of the folder, and succeeds;
//!     - `live`: it is checked only;
//!     - `name=first.sheaf`: the name of the program's file;
//!     - `file=shop/prices.sheaf`: no program but a module that the programs after it may use;
//!     - `row="not atom"`: the block shows what the row of a table says (see below);
//!     - `wrong` and `right` stand on error pages only. The first has the page's code and no other
//!       diagnostic; where nothing is wrong with the text, it is run and fails with it. The second
//!       has none; on a page of family E09 it is run, of E05 and E06 it is checked only.
//!     - `example`, in the chapter of the standard library, which is made from `stdlib/`: no program but
//!       expressions that are true, with the functions of the page in scope.
//! - `output needs.csv` and `stdout`: a file that the last `run` wrote, and its standard output.
//! - `console`: the lines with `$ ` are run by a shell, and print the lines below them.
//! - `sh`, `sql`, `datalog`, `text` without a name: shown and not executed.
//!
//! In `reference/`, each piece of code in the first cell of a table's row is shown by a block of the
//! page that says `row="…"` with that code.
//!
//! With `SHEAF_BLESS=1` what `output`, `stdout` and `console` blocks show is rewritten, nothing else.

mod execute;
mod library;
mod page;

pub use execute::{Failure, execute};
pub use library::library_pages;
pub use page::{Block, Page, Table, pieces_of_code};

use std::path::{Path, PathBuf};

/// The folder of the pages.
pub fn folder() -> PathBuf {
    crate::root().join("docs/src")
}

/// Every page, in the order of their names.
pub fn pages() -> Vec<Page> {
    let folder = folder();
    let mut names = Vec::new();
    collect(&folder, &mut names);
    names.sort();
    names
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a page");
            let name = path.strip_prefix(&folder).expect("below the folder");
            Page::parse(&name.to_string_lossy(), &text)
        })
        .collect()
}

fn collect(folder: &Path, names: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of pages") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            names.push(path);
        }
    }
}
