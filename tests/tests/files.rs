//! Sources and sinks as a user meets them: formats, compression, globs, streams, and bad input.

use std::io::Write;
use std::process::{Command, Stdio};

use sheaf_tests::{Project, has_client, sheaf};

const ECHO: &str = "input x(name: String, n: Int) from csv(\"x.csv\");\n\
    view seen(name: String, n: Int);\nseen(a, n) if x(a, n);\noutput seen to csv(\"seen.csv\");\n";

#[test]
fn every_format_reads_the_same_rows() {
    let expected = "name,n\nink,-2\npen,1\n";
    let sources = [
        (
            "csv(\"x.csv\")",
            "x.csv",
            "n,name,other\n1,pen,z\n-2,ink,\n",
        ),
        ("csv(\"x.csv\", header: false)", "x.csv", "pen,1\nink,-2\n"),
        (
            "csv(\"x.csv\", delimiter: \";\")",
            "x.csv",
            "name;n\r\npen;1\r\nink;-2\r\n",
        ),
        ("tsv(\"x.tsv\")", "x.tsv", "name\tn\npen\t1\nink\t-2\n"),
        (
            "ndjson(\"x.jsonl\")",
            "x.jsonl",
            "{\"name\":\"pen\",\"n\":1}\n\n{\"n\":-2,\"name\":\"ink\"}\n",
        ),
        (
            "ndjson(\"x.jsonl\", path: \"a\")",
            "x.jsonl",
            "{\"a\":{\"name\":\"pen\",\"n\":1}}\n{\"b\":1}\n{\"a\":{\"n\":-2,\"name\":\"ink\"}}\n",
        ),
    ];
    for (source, file, text) in sources {
        let program = ECHO.replace("csv(\"x.csv\");", &format!("{source};"));
        let project = Project::new(&[("p.sheaf", &program), (file, text)]);
        project.run(&["run", "p.sheaf"]).ok();
        assert_eq!(project.read("seen.csv"), expected, "{source}");
    }
}

#[test]
fn compressed_files_and_globs_read_like_plain_ones() {
    let text = "name,n\npen,1\n";
    for client in ["gzip", "zstd"] {
        if !has_client(client) {
            continue;
        }
        let project = Project::new(&[
            ("p.sheaf", &ECHO.replace("x.csv", "parts/*")),
            ("parts/a.csv", text),
            ("parts/b.csv", "name,n\nink,-2\n"),
        ]);
        let status = Command::new(client)
            .args(["-q", "parts/a.csv"])
            .current_dir(project.path())
            .status()
            .expect("the client starts");
        assert!(status.success());
        if project.has("parts/a.csv") {
            std::fs::remove_file(project.path().join("parts/a.csv")).expect("removed");
        }
        project.run(&["run", "p.sheaf"]).ok();
        assert_eq!(
            project.read("seen.csv"),
            "name,n\nink,-2\npen,1\n",
            "{client}"
        );
    }
}

#[test]
fn standard_input_and_output_are_files_too() {
    let project = Project::new(&[("p.sheaf", ECHO)]);
    let mut child = sheaf(project.path())
        .args(["run", "p.sheaf", "--input", "x=-", "--output", "seen=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sheaf starts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(b"name,n\npen,1\n")
        .expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "name,n\npen,1\n");
}

#[test]
fn outputs_quote_what_must_be_quoted_and_keep_the_order_asked_for() {
    let program = "input x(name: String, n: Int) from csv(\"x.csv\");\n\
        view seen(name: String, n: Int);\nseen(a, n) if x(a, n);\n\
        output seen to csv(\"seen.csv\", order: [-n, name]);\n";
    let text = "name,n\n\"a,b\",1\n\"say \"\"hi\"\"\",1\n\"two\nlines\",3\né,2\n";
    let project = Project::new(&[("p.sheaf", program), ("x.csv", text)]);
    project.run(&["run", "p.sheaf"]).ok();
    assert_eq!(
        project.read("seen.csv"),
        "name,n\n\"two\nlines\",3\né,2\n\"a,b\",1\n\"say \"\"hi\"\"\",1\n"
    );
}

#[test]
fn bad_input_names_file_line_column_and_both_sides() {
    let cases = [
        ("name,n\npen,1\nink,two\n", "x.csv:3:5", "two"),
        ("name,n\npen,1\nink\n", "x.csv:3", "ink"),
        ("name,m\npen,1\n", "x.csv", "name, m"),
        (
            "name,n\npen,99999999999999999999\n",
            "x.csv:2:5",
            "99999999999999999999",
        ),
    ];
    for (text, place, found) in cases {
        let project = Project::new(&[("p.sheaf", ECHO), ("x.csv", text)]);
        let finished = project.run(&["run", "p.sheaf"]);
        assert_eq!(finished.code, Some(1), "{text}");
        assert!(
            finished.stderr.contains(place),
            "{place} in\n{}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains(found),
            "{found} in\n{}",
            finished.stderr
        );
        assert!(!project.has("seen.csv"), "a failed run leaves no output");
    }
    let project = Project::new(&[("p.sheaf", ECHO)]);
    let finished = project.run(&["run", "p.sheaf"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("x.csv"), "{}", finished.stderr);
}

#[test]
fn skipped_rows_are_said_and_so_is_what_may_differ() {
    let program = "input x(name: String, n: Int) from csv(\"x.csv\");\n\
        view seen(name: String, n: Int);\nseen(a, n) if x(a, n);\n\
        view total() -> Sum<Int>;\ntotal() -> n if x(_, n);\n\
        output seen to csv(\"seen.csv\");\noutput total to csv(\"total.csv\");\n";
    let text = "name,n\npen,1\nink,two\n";
    let project = Project::new(&[("p.sheaf", program), ("x.csv", text)]);
    let finished = project.run(&["run", "p.sheaf", "--on-error", "skip"]).ok();
    assert_eq!(project.read("seen.csv"), "name,n\npen,1\n");
    assert!(finished.stderr.contains("total"), "{}", finished.stderr);
    assert!(
        !finished.stderr.contains("seen"),
        "a monotone view only misses rows"
    );
    let finished = project
        .run(&[
            "run",
            "p.sheaf",
            "--on-error",
            "collect",
            "--errors",
            "bad.ndjson",
        ])
        .ok();
    assert!(finished.stderr.contains("total"), "{}", finished.stderr);
    assert_eq!(project.read("bad.ndjson").lines().count(), 1);
    assert!(project.read("bad.ndjson").contains("two"));
}

#[test]
fn missing_values_are_none_where_the_column_allows_it() {
    let program = "input x(name: String, n: Option<Int>) from csv(\"x.csv\", null: [\"NA\"]);\n\
        view known(name: String, n: Int);\nknown(a, n) if x(a, Some(n));\n\
        view unknown(name: String);\nunknown(a) if x(a, None);\n\
        output known to csv(\"known.csv\");\noutput unknown to csv(\"unknown.csv\");\n";
    let project = Project::new(&[
        ("p.sheaf", program),
        ("x.csv", "name,n\npen,1\nink,NA\ncap,\n"),
    ]);
    project.run(&["run", "p.sheaf"]).ok();
    assert_eq!(project.read("known.csv"), "name,n\npen,1\n");
    assert_eq!(project.read("unknown.csv"), "name\ncap\nink\n");
}

#[test]
fn the_database_next_door_agrees() {
    if !has_client("sqlite3") {
        return;
    }
    let mut rows = String::from("a,b,w\n");
    for i in 0..400 {
        rows += &format!("n{},n{},{}\n", i * 7 % 83, i * 11 % 97, i % 10);
    }
    let program = "input e(a: String, b: String, w: Int) from csv(\"e.csv\");\n\
        view path(a: String, b: String);\npath(a, b) if e(a, b, _);\n\
        path(a, c) if path(a, b), e(b, c, _);\n\
        view degree(a: String) -> Sum<Int>;\ndegree(a) -> w if e(a, _, w);\n\
        view sink(b: String);\nsink(b) if e(_, b, _), not e(b, _, _);\n\
        output path to csv(\"path.csv\");\noutput degree to csv(\"degree.csv\");\n\
        output sink to csv(\"sink.csv\");\n";
    let project = Project::new(&[("p.sheaf", program), ("e.csv", &rows)]);
    project.run(&["run", "p.sheaf"]).ok();
    let script = ".mode csv\n.headers on\n.separator , \"\\n\"\n.import e.csv e\n\
        .once path.sql.csv\nwith recursive path(a, b) as (select a, b from e union \
        select path.a, e.b from path join e on e.a = path.b) select * from path order by a, b;\n\
        .once degree.sql.csv\nselect a, sum(w) as degree from e group by a order by a;\n\
        .once sink.sql.csv\nselect distinct b from e where b not in (select a from e) order by b;\n";
    let mut child = Command::new("sqlite3")
        .current_dir(project.path())
        .stdin(Stdio::piped())
        .spawn()
        .expect("sqlite3 starts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(script.as_bytes())
        .expect("written");
    assert!(child.wait().expect("it ends").success());
    for name in ["path", "degree", "sink"] {
        assert_eq!(
            project.read(&format!("{name}.csv")),
            project.read(&format!("{name}.sql.csv")),
            "{name}"
        );
    }
}
