//! Generated programs are well formed: the checker takes them, and warns at most of climbs.

use sheaf_compiler::check::{LoadedFile, Loader, PackageId, check};
use sheaf_compiler::source::Sources;
use sheaf_oracle::generate::generate;

/// Generated programs stand alone.
struct NoModules;

impl Loader for NoModules {
    fn load(&mut self, _: PackageId, _: &str) -> Result<Option<LoadedFile>, String> {
        Ok(None)
    }
}

#[test]
fn the_checker_takes_generated_programs() {
    let count = 1000;
    let mut refused = Vec::new();
    for seed in 0..count {
        let case = generate(seed);
        let mut sources = Sources::new();
        let root = sources.add("program.sheaf", case.program.clone());
        let checked = check(&mut sources, root, &mut NoModules);
        if checked.has_errors() {
            let errors = checked.diagnostics.iter().map(|d| d.short(&sources));
            let errors: Vec<String> = errors.filter(|text| text.contains("error")).collect();
            refused.push(format!(
                "seed {seed}: {}\n{}",
                errors.join("\n"),
                case.program
            ));
        }
    }
    assert!(
        refused.is_empty(),
        "{} of {count} are refused; the first ones:\n{}",
        refused.len(),
        refused[..refused.len().min(5)].join("\n\n")
    );
}
