//! Programs written by hand in the IR's text form run like any other.

use sheaf_tests::{LAYOUTS, Project, root};

/// A hand-written program of the IR's own tests, its inputs, and what it writes: to a file, or to
/// standard output where there is no name.
fn runs(program: &str, inputs: &[(&str, &str)], output: Option<&str>, expected: &str) {
    let path = root().join("ir/tests/files").join(program);
    let text = std::fs::read_to_string(path).expect("a hand-written program");
    for layout in LAYOUTS {
        let project = Project::new(&[&[(program, text.as_str())], inputs].concat());
        let finished = project.run(&[&["run", program], *layout].concat()).ok();
        let written = match output {
            Some(name) => project.read(name),
            None => finished.stdout,
        };
        assert_eq!(written, expected, "{program} {layout:?}");
    }
}

#[test]
fn closure() {
    let inputs = [("depends.csv", "package,target\na,b\nb,c\n")];
    runs(
        "closure.sir",
        &inputs,
        Some("needs.csv"),
        "package,target\na,b\na,c\nb,c\n",
    );
}

#[test]
fn least_path() {
    let inputs = [("edges.csv", "src,dst,cost\na,b,2\nb,c,3\na,c,9\n")];
    runs(
        "min_path.sir",
        &inputs,
        Some("dist.csv"),
        "src,dst,cost\na,c,5\nb,c,3\na,b,2\n",
    );
}

#[test]
fn negation() {
    let inputs = [("roads.csv", "from,to\nOslo,Bergen\nLima,Quito\n")];
    runs("stranded.sir", &inputs, None, "name\nLima\nQuito\n");
}

#[test]
fn mean() {
    let flights = format!("carrier,delay\n{}A,NA\n", "A,1\nA,2\n".repeat(6));
    let inputs = [
        ("airlines.csv", "carrier,name\nA,Alpha\n"),
        ("flights.csv", flights.as_str()),
    ];
    let table = "┌───────┬──────┬────┐\n│ name  ┆ mean ┆  n │\n╞═══════╪══════╪════╡\n\
                 │ Alpha ┆  1.5 ┆ 13 │\n└───────┴──────┴────┘\n";
    runs("average.sir", &inputs, None, table);
}
