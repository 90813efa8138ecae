//! What need not be read of a file, by its statistics.

use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use sheaf_ir::Type;
use sheaf_ir::encoding::encode_whole;
use sheaf_ir::plan::reads::{Comparison, Holds, Reads, Test};

use super::column::Column;

/// Whether no row of a row group leads to anything, neither to rows nor to errors.
pub fn is_fruitless(reads: &Reads, columns: &[Option<Column>], group: &RowGroupMetaData) -> bool {
    let fails = |test: &Test| {
        columns.get(test.column).is_some_and(|column| {
            column
                .as_ref()
                .is_some_and(|column| never(&test.holds, column, group.column(column.place)))
        })
    };
    !reads.readers.is_empty()
        && reads.readers.iter().all(|tests| tests.iter().any(fails))
        && columns
            .iter()
            .flatten()
            .all(|column| column.cannot_fail(group.column(column.place)))
}

/// Whether no value of a part of the file passes.
fn never(holds: &Holds, column: &Column, chunk: &ColumnChunkMetaData) -> bool {
    let (comparison, value) = match holds {
        Holds::IsSome => return column.is_empty(chunk),
        Holds::IsNone => return column.is_full(chunk),
        Holds::Compares(..) if column.is_empty(chunk) => return true,
        Holds::Compares(comparison, value) => (comparison, encode_whole(value)),
    };
    let Some((least, greatest)) = column.bounds(chunk) else {
        return false;
    };
    // A NaN is above all other floats, and not in the statistics.
    let above = column.exceeds_bounds();
    match comparison {
        Comparison::Eq => value < least || (!above && value > greatest),
        Comparison::Lt => least >= value,
        Comparison::Le => least > value,
        Comparison::Gt => !above && greatest <= value,
        Comparison::Ge => !above && greatest < value,
    }
}

/// The text of a symbol that stands for a value nobody looks at; `None` for an inline type, whose
/// word may be 0.
pub fn filler(ty: &Type) -> Option<Vec<u8>> {
    Some(match ty {
        ty if ty.is_inline() => return None,
        Type::String | Type::Bytes => Vec::new(),
        Type::Id | Type::RowId => vec![0; 16],
        // The first variant.
        Type::Named(_) => vec![0; 2],
        // No value and no elements.
        _ => vec![0],
    })
}
