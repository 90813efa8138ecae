//! Generates the parser from its grammar.

fn main() {
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    lalrpop::Configuration::new()
        .set_out_dir(out)
        .emit_rerun_directives(true)
        .process_file("src/syntax/grammar.lalrpop")
        .expect("the grammar is LR(1)");
}
