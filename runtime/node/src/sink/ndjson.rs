//! ndjson: one JSON object a row, its fields in the order of the columns.

use sheaf_kernels::words::write_json;

use super::{Encode, Part, SinkError, Table};

/// Writes objects.
#[derive(Debug, Default)]
pub struct Ndjson {
    /// For each column `"name":`.
    names: Vec<String>,
    scratch: String,
}

impl Encode for Ndjson {
    fn begin(&mut self, table: &Table, _: &mut Vec<u8>) -> Result<(), SinkError> {
        self.names = table
            .columns
            .iter()
            .map(|(name, _)| format!("{}:", serde_json::Value::from(name.as_str())))
            .collect();
        Ok(())
    }

    fn rows(&mut self, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), SinkError> {
        for cells in part.cells() {
            self.scratch.clear();
            self.scratch.push('{');
            for (i, ((word, ty, _), name)) in cells.zip(&self.names).enumerate() {
                if i > 0 {
                    self.scratch.push(',');
                }
                self.scratch.push_str(name);
                write_json(
                    word,
                    ty,
                    &part.table.types,
                    part.interner,
                    &mut self.scratch,
                );
            }
            self.scratch.push_str("}\n");
            out.extend_from_slice(self.scratch.as_bytes());
        }
        Ok(())
    }
}
