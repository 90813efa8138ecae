//! A page of the manual, read: its title, code blocks, tables, links and headings.

/// A code block between two lines of three backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first word behind the backticks.
    pub language: String,
    /// The other words, those with `=` as name and value.
    pub words: Vec<(String, Option<String>)>,
    /// The line of the page on which `body` begins, from 1.
    pub line: usize,
    /// What stands between, with its last line break.
    pub body: String,
}

impl Block {
    /// Whether a word stands there.
    pub fn has(&self, word: &str) -> bool {
        let is_it = |(name, value): &(String, Option<String>)| name == word && value.is_none();
        self.words.iter().any(is_it)
    }

    /// The values of a name, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.words.iter().filter(move |(n, _)| n == name);
        named.filter_map(|(_, value)| value.as_deref())
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Each row's line, from 1, and its first cell.
    pub rows: Vec<(usize, String)>,
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Below the folder of the pages.
    pub name: String,
    /// All of it.
    pub text: String,
    /// The first heading.
    pub title: String,
    /// In order.
    pub blocks: Vec<Block>,
    /// In order.
    pub tables: Vec<Table>,
    /// Line and target of each link, in order.
    pub links: Vec<(usize, String)>,
    /// The anchors of all headings.
    pub anchors: Vec<String>,
}

impl Page {
    /// Reads a page.
    pub fn parse(name: &str, text: &str) -> Page {
        let mut page = Page {
            name: name.to_owned(),
            text: text.to_owned(),
            ..Page::default()
        };
        let mut open: Option<Block> = None;
        let mut table: Option<Table> = None;
        for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line)) {
            if let Some(block) = &mut open {
                if line.trim_end() == "```" {
                    page.blocks.extend(open.take());
                } else {
                    block.body.push_str(line);
                    block.body.push('\n');
                }
                continue;
            }
            if line.starts_with('|') {
                let cell = first_cell(line);
                match &mut table {
                    None => table = Some(Table { rows: Vec::new() }),
                    Some(_) if cell.trim_matches(['-', ':', ' ']).is_empty() => {}
                    Some(table) => table.rows.push((number, cell)),
                }
            } else {
                page.tables.extend(table.take());
            }
            if let Some(info) = line.strip_prefix("```") {
                open = Some(block(info, number + 1));
                continue;
            }
            if line.starts_with('#') {
                let heading = line.trim_start_matches('#').trim();
                if page.title.is_empty() {
                    page.title = heading.to_owned();
                }
                page.anchors.push(anchor(heading));
            }
            let targets = links(line).into_iter();
            page.links.extend(targets.map(|target| (number, target)));
        }
        page.tables.extend(table);
        assert!(open.is_none(), "{name}: a code block is not closed");
        page
    }

    /// The line of the page, as `docs/src/tour.md:17`.
    pub fn place(&self, line: usize) -> String {
        format!("docs/src/{}:{line}", self.name)
    }
}

/// The pieces between single backticks.
pub fn pieces_of_code(text: &str) -> Vec<String> {
    let pieces = text.split('`').skip(1).step_by(2);
    pieces.map(str::to_owned).collect()
}

fn block(info: &str, line: usize) -> Block {
    let mut words = split(info).into_iter();
    Block {
        language: words.next().unwrap_or_default(),
        words: words
            .map(|word| match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            })
            .collect(),
        line,
        body: String::new(),
    }
}

/// Words separated by spaces, except inside of quotes, which are removed. What begins with a single
/// quote may hold double ones.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for character in text.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if character == '"' || character == '\'' => quote = Some(character),
            None if character == ' ' => words.push(std::mem::take(&mut word)),
            _ => word.push(character),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The text up to the second bar, without `\` before bars that are text.
fn first_cell(line: &str) -> String {
    let mut cell = String::new();
    let mut characters = line.chars().skip(1);
    while let Some(character) = characters.next() {
        match character {
            '|' => break,
            '\\' => match characters.next() {
                Some('|') => cell.push('|'),
                other => {
                    cell.push('\\');
                    cell.extend(other);
                }
            },
            _ => cell.push(character),
        }
    }
    cell.trim().to_owned()
}

/// The targets of `[text](target)`, except in pieces of code.
fn links(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect();
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The name under which a heading can be linked to: small letters, digits, `-` for spaces.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => Some(character).filter(|c| c.is_alphanumeric()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A `page`\n\
        See [there](other.md#a-b), not `[here](x)`.\n\
        | item | meaning |\n|---|---|\n| `a \\| b` | or |\n| `c` `d` | two |\n\
        ```sheaf run name=a.sheaf row=\"a | b\" row='test \"t\" { }'\n\
        view a(x: Int);\n```\n\
        ```csv x.csv\nx\n1\n```\n";

    #[test]
    fn a_page_has_blocks_tables_links_and_anchors() {
        let page = Page::parse("p.md", PAGE);
        assert_eq!(page.title, "A `page`");
        assert_eq!(page.anchors, ["a-page"]);
        assert_eq!(page.links, [(2, "other.md#a-b".to_owned())]);
        let cells: Vec<&str> = page.tables[0]
            .rows
            .iter()
            .map(|(_, c)| c.as_str())
            .collect();
        assert_eq!(cells, ["`a | b`", "`c` `d`"]);
        assert_eq!(pieces_of_code(cells[1]), ["c", "d"]);
        assert_eq!(page.tables[0].rows[0].0, 5);
        let [program, file] = &page.blocks[..] else {
            panic!("two blocks");
        };
        assert!(program.has("run") && !program.has("name"));
        let rows: Vec<&str> = program.values("row").collect();
        assert_eq!(rows, ["a | b", "test \"t\" { }"]);
        assert_eq!((program.line, file.line), (8, 11));
        assert_eq!(
            (file.language.as_str(), file.body.as_str()),
            ("csv", "x\n1\n")
        );
        assert!(file.has("x.csv"));
        assert_eq!(page.place(8), "docs/src/p.md:8");
    }
}
