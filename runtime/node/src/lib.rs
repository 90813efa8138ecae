//! Runs a program: sources and sinks, worker processes, shuffled tests.
