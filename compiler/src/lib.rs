//! From Sheaf source text to a checked program to IR; pure.
