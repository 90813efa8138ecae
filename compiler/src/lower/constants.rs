//! Values of expressions that only build something out of literals.

use std::collections::BTreeMap;

use sheaf_ir::value::Float;
use sheaf_ir::{Expr, ExprKind, Function, Value};

/// The value of an expression of literals, constructors and signs; `None` if it needs more.
pub(super) fn literal(expr: &Expr) -> Option<Value> {
    let (function, arguments) = match &expr.kind {
        ExprKind::Constant(value) => return Some(value.clone()),
        ExprKind::Call(function, arguments) => (function, arguments),
        _ => return None,
    };
    let mut parts: Vec<Value> = arguments.iter().map(literal).collect::<Option<_>>()?;
    Some(match (function, parts.as_mut_slice()) {
        (Function::Tuple | Function::Record(_), _) => Value::Tuple(parts),
        (Function::Variant(_, index), _) => Value::Variant(*index, parts),
        (Function::None(_), _) => Value::Option(None),
        (Function::Some, [_]) => Value::Option(parts.pop().map(Box::new)),
        (Function::List(_), _) => Value::List(parts),
        (Function::Set(_), _) => {
            parts.sort();
            parts.dedup();
            Value::Set(parts)
        }
        (Function::Map(..), _) => {
            let mut entries = BTreeMap::new();
            let mut parts = parts.into_iter();
            while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                entries.insert(key, value);
            }
            Value::Map(entries.into_iter().collect())
        }
        (Function::ToInt, [Value::Nat(n)]) => Value::Int(*n),
        (Function::Neg, [Value::Int(n) | Value::Nat(n)]) => Value::Int(n.checked_neg()?),
        (Function::Neg, [Value::Float(x)]) => Value::Float(Float::new(-x.get())),
        (Function::Neg, [Value::Decimal(n)]) => Value::Decimal(n.checked_neg()?),
        (Function::Neg, [Value::Duration(n)]) => Value::Duration(n.checked_neg()?),
        _ => return None,
    })
}
