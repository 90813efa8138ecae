//! Renders a plan into timely dataflow: row containers, indexes, joins, fixpoints, lattice merges.
