//! ndjson: one JSON object a row, its fields in the order of the columns.

use sheaf_kernels::words::write_json;
use sheaf_kernels::{Interner, Rows};

use super::{Encode, SinkError, Table};

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

    fn rows(
        &mut self,
        table: &Table,
        rows: &Rows,
        range: std::ops::Range<usize>,
        interner: &Interner,
        out: &mut Vec<u8>,
    ) -> Result<(), SinkError> {
        for index in range {
            self.scratch.clear();
            self.scratch.push('{');
            let cells = rows.row(index).iter().zip(&table.columns).zip(&self.names);
            for (i, ((&word, (_, ty)), name)) in cells.enumerate() {
                if i > 0 {
                    self.scratch.push(',');
                }
                self.scratch.push_str(name);
                write_json(word, ty, &table.types, interner, &mut self.scratch);
            }
            self.scratch.push_str("}\n");
            out.extend_from_slice(self.scratch.as_bytes());
        }
        Ok(())
    }

    fn end(&mut self, _: &Table, _: &mut Vec<u8>) -> Result<(), SinkError> {
        Ok(())
    }
}
