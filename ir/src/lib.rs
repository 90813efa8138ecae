//! The common intermediate representation of Sheaf: types, expressions, dataflow graph, text and binary form, verifier, plan.
