//! Compiles the generated parser.

fn main() {
    cc::Build::new()
        .include("src")
        .file("src/parser.c")
        // Generated code.
        .warnings(false)
        .compile("tree-sitter-sheaf");
    println!("cargo::rerun-if-changed=src/parser.c");
    println!("cargo::rerun-if-changed=src/tree_sitter");
}
