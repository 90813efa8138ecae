//! table: for people. Numbers stand to the right; control characters are shown escaped.

use comfy_table::{Cell, CellAlignment, ContentArrangement, presets};
use sheaf_ir::Type;
use sheaf_kernels::words::display;

use super::{Encode, Part, SinkError, Table};

/// Draws a table when all rows have come, since its widths depend on them.
#[derive(Debug)]
pub struct Drawn {
    table: comfy_table::Table,
}

impl Default for Drawn {
    fn default() -> Drawn {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Disabled);
        Drawn { table }
    }
}

impl Encode for Drawn {
    fn begin(&mut self, table: &Table, _: &mut Vec<u8>) -> Result<(), SinkError> {
        let columns = table.columns.iter();
        self.table
            .set_header(columns.map(|(name, ty)| cell(name, ty)));
        Ok(())
    }

    fn rows(&mut self, part: &Part<'_>, _: &mut Vec<u8>) -> Result<(), SinkError> {
        let shown = |word, ty: &Type| display(word, ty, &part.table.types, part.interner);
        for cells in part.cells() {
            self.table
                .add_row(cells.map(|(word, ty, _)| cell(&shown(word, ty), ty)));
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), SinkError> {
        // Without trailing blanks, so that what is printed can be compared as text.
        for line in self.table.lines() {
            out.extend_from_slice(line.trim_end().as_bytes());
            out.push(b'\n');
        }
        Ok(())
    }
}

fn cell(text: &str, ty: &Type) -> Cell {
    let cell = Cell::new(visible(text));
    match is_right(ty) {
        true => cell.set_alignment(CellAlignment::Right),
        false => cell,
    }
}

fn is_right(ty: &Type) -> bool {
    match ty {
        Type::Option(inner) => is_right(inner),
        _ => ty.is_numeric() || *ty == Type::Duration,
    }
}

/// Text that cannot move the cursor or break a line.
fn visible(text: &str) -> String {
    if text.chars().any(char::is_control) {
        text.chars()
            .flat_map(|c| {
                let escaped = c.is_control();
                let plain = (!escaped).then_some(c);
                let escape = escaped.then(|| c.escape_default());
                plain.into_iter().chain(escape.into_iter().flatten())
            })
            .collect()
    } else {
        text.to_string()
    }
}
