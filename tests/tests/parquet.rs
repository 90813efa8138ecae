//! Parquet files of other tools: what they hold, and that what is not read cannot be missed.

use sheaf_tests::{Project, root};

/// Written by pyarrow; see `tests/fixtures/trips.py`.
fn trips(program: &str) -> Project {
    let project = Project::new(&[("trips.sheaf", program)]);
    let data = std::fs::read(root().join("tests/fixtures/trips.parquet")).expect("its data");
    project.write("trips.parquet", data);
    project
}

/// Runs, and gives standard output and what was not read: row groups, rows, columns of row groups.
fn run(project: &Project, arguments: &[&str]) -> (String, [u64; 3]) {
    let all = [&["run", "trips.sheaf", "--stats=json"], arguments].concat();
    let finished = project.run(&all).ok();
    // Behind what is said about error rows.
    let last = finished.stderr.lines().last().expect("statistics");
    let statistics: serde_json::Value = serde_json::from_str(last).expect("statistics");
    let skipped = &statistics["inputs"][0]["skipped"];
    let count = |name: &str| skipped[name].as_u64().unwrap_or(0);
    let counts = [count("row_groups"), count("rows"), count("columns")];
    (finished.stdout, counts)
}

const ALL: &str = r#"
input trip(
    id: Int,
    city: String,
    day: Date,
    at: Time,
    price: Decimal(2),
    km: Float,
    seats: Nat,
    note: Option<String>,
    balance: Int,
    tags: List<String>,
) from parquet("trips.parquet");
"#;

#[test]
fn every_column_is_what_the_other_tool_wrote() {
    let project = trips(&format!(
        "{ALL}\noutput trip to csv(\"all.csv\");\noutput trip to parquet(\"again.parquet\");\n"
    ));
    let (_, skipped) = run(&project, &[]);
    assert_eq!(skipped, [0, 0, 0]);
    let text = project.read("all.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 301);
    assert_eq!(lines[0], "id,city,day,at,price,km,seats,note,balance,tags");
    assert_eq!(
        lines[1],
        "0,Bonn,2026-01-01,2026-01-01T00:00:00Z,0.00,NaN,0,,0,[]"
    );
    assert_eq!(
        lines[171],
        "170,Ulm,2026-01-18,2026-01-01T02:50:00Z,8.50,42.5,2,,-1,\"[\"\"a\"\",\"\"b\"\"]\""
    );
    assert!(lines[300].contains(",note 299,299,"), "{}", lines[300]);
    // What Sheaf writes, it reads again.
    project
        .run(&["run", "trips.sheaf", "--input", "trip=again.parquet"])
        .ok();
    assert_eq!(project.read("all.csv"), text);
}

#[test]
fn columns_that_nobody_uses_are_not_read() {
    let project = trips(&format!(
        "{ALL}\nview cheap(id: Int);\ncheap(id) if trip(id: id, seats: 0, ..);\noutput cheap to csv(\"out.csv\");\n"
    ));
    let (_, skipped) = run(&project, &[]);
    // Eight others in six row groups.
    assert_eq!(skipped, [0, 0, 48]);
    assert_eq!(project.read("out.csv").lines().count(), 1 + 43);
}

#[test]
fn row_groups_that_lead_to_nothing_are_not_read() {
    for (condition, rows, groups) in [
        ("trip(id: id, ..), id >= 250", 50, 5),
        ("trip(id: id, ..), 250 <= id, id < 260", 10, 5),
        ("trip(id: id, ..), id == 7", 1, 5),
        ("trip(id: id, ..), id > 1000", 0, 6),
        ("trip(id: id, day: day, ..), day < \"2026-01-03\"", 20, 5),
        (
            "trip(id: id, at: at, ..), at > \"2026-01-01T04:00:00Z\"",
            59,
            4,
        ),
        ("trip(id: id, price: price, ..), price <= limit", 61, 4),
        ("trip(id: id, note: Some(_), ..)", 100, 4),
        // A NaN is above all numbers, and each row group has one.
        ("trip(id: id, km: km, ..), km > 70.0", 25, 0),
        ("trip(id: id, km: km, ..), km < 5.0", 19, 5),
        ("trip(id: id, city: city, ..), city == \"Ulm\"", 100, 0),
        ("trip(id: id, city: city, ..), city > \"Z\"", 0, 6),
    ] {
        let program = format!(
            "{ALL}\nparam limit: Decimal(2) = 3.00;\nview kept(id: Int);\nkept(id) if {condition};\noutput kept to csv(\"out.csv\");\n"
        );
        let project = trips(&program);
        let (_, skipped) = run(&project, &[]);
        assert_eq!(
            project.read("out.csv").lines().count() - 1,
            rows,
            "{condition}"
        );
        assert_eq!(skipped[0], groups, "{condition}");
        assert_eq!(skipped[1], 50 * groups, "{condition}");
        let (_, threads) = run(&project, &["--workers", "3"]);
        assert_eq!(threads, skipped, "{condition}");
    }
}

#[test]
fn a_row_group_is_read_if_any_reader_wants_it() {
    let project = trips(&format!(
        "{ALL}\nview kept(id: Int);\nkept(id) if trip(id: id, ..), id > 250;\nkept(id) if trip(id: id, ..), id < 20;\noutput kept to csv(\"out.csv\");\n"
    ));
    let (_, skipped) = run(&project, &[]);
    assert_eq!(skipped[0], 4);
    assert_eq!(project.read("out.csv").lines().count() - 1, 49 + 20);
}

#[test]
fn a_bad_cell_is_found_where_nobody_looks() {
    // `balance` is no Nat in one row of the fourth row group; nobody uses the column.
    let program = ALL.replace("balance: Int", "balance: Nat");
    let project = trips(&format!(
        "{program}\nview kept(id: Int);\nkept(id) if trip(id: id, ..), id > 250;\noutput kept to csv(\"out.csv\");\n"
    ));
    let finished = project.run(&["run", "trips.sheaf"]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.stderr.contains(
            "trips.parquet:171:9: expected Nat in column balance, found -1: it is negative"
        ),
        "{}",
        finished.stderr
    );
    let (_, skipped) = run(&project, &["--on-error=skip"]);
    // The first three and the fifth; the fourth holds the bad row.
    assert_eq!(skipped[0], 4);
    // A null where there is no Option is as bad.
    let program = ALL.replace("note: Option<String>", "note: String");
    project.write("trips.sheaf", format!("{program}\nview kept(id: Int);\nkept(id) if trip(id: id, ..), id > 250;\noutput kept to csv(\"out.csv\");\n"));
    let finished = project.run(&["run", "trips.sheaf"]);
    assert!(
        finished
            .stderr
            .contains("trips.parquet:1:8: expected String in column note, found nothing"),
        "{}",
        finished.stderr
    );
}

#[test]
fn what_fails_is_shown_with_all_of_its_columns() {
    let project = trips(&format!(
        "{ALL}\nview share(n: Int);\nshare(100 / id) if trip(id: id, ..), id < 1;\noutput share to csv(\"out.csv\");\n"
    ));
    let finished = project.run(&["run", "trips.sheaf"]);
    assert_eq!(finished.code, Some(1));
    for part in ["E0902", "city = ", "Bonn"] {
        assert!(
            finished.stderr.contains(part),
            "{part}: {}",
            finished.stderr
        );
    }
}

#[test]
fn what_is_no_parquet_is_said() {
    let project = trips(&format!("{ALL}\noutput trip to csv(\"all.csv\");\n"));
    for content in ["", "id,city\n1,Bonn\n", "PAR1PAR1"] {
        project.write("trips.parquet", content);
        let finished = project.run(&["run", "trips.sheaf"]);
        assert_eq!(finished.code, Some(1));
        assert!(
            finished
                .stderr
                .contains("trips.parquet is no Parquet file that can be read"),
            "{}",
            finished.stderr
        );
    }
}
