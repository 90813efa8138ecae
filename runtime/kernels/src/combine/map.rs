//! `Map`: a combiner of its own for each key of the contributions.
//!
//! State: for each slot, the slots that its keys have in one accumulator of the combiner inside. A
//! partial state is a map of partial states. Of several keys that fail, the least is reported.

use sheaf_ir::Type;

use crate::words::write_json;
use crate::{EvalError, Interner, Types};

/// What went wrong at a key of a map.
pub(crate) fn at_key(
    error: EvalError,
    key: u64,
    ty: &Type,
    types: &Types,
    interner: &Interner,
) -> EvalError {
    let mut message = String::from("at key ");
    write_json(key, ty, types, interner, &mut message);
    message += ": ";
    message += &error.message;
    EvalError { message, ..error }
}
