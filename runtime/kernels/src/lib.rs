//! Expressions over batches of rows: the batch ABI, symbols and the interpreter.
