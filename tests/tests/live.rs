//! Live programs at the command: they check, they are refused once where they would run, and every
//! place where order can matter is listed.

use sheaf_tests::Project;

const PROGRAM: &str = "service Kv {
    table value(key: String) -> Lww<String>;
    request put(key: String, text: String) -> Unit;
    request get(key: String) -> Option<String>;
    on put(key, text) as r { merge value(key) -> Lww(r.at, text); reply (); }
    on get(key) { reply text if maybe sample value(key) -> text because \"a read may be old\"; }
}
test \"what is put is there\" { in Kv { given put(\"a\", \"1\"); expect value(\"a\") -> \"1\"; } }
";

#[test]
fn a_live_program_checks_and_is_refused_once() {
    let project = Project::new(&[("kv.sheaf", PROGRAM)]);
    let checked = project.run(&["check", "kv.sheaf"]).ok();
    assert_eq!(checked.stdout, "");
    for command in ["run", "test"] {
        let refused = project.run(&[command, "kv.sheaf"]);
        assert_eq!(refused.code, Some(1), "{command}");
        assert_eq!(
            refused.stderr.matches("E0199").count(),
            1,
            "{}",
            refused.stderr
        );
        assert_eq!(
            refused.stderr.matches("error").count(),
            1,
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn order_points_are_listed_with_reason_and_cost() {
    let project = Project::new(&[
        ("kv.sheaf", PROGRAM),
        ("data.sheaf", "view a(x: Int);\na(1);\n"),
    ]);
    let listed = project.run(&["explain", "--order", "kv.sheaf"]).ok();
    let lines: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", listed.stdout);
    for part in [
        "kv.sheaf:6:39",
        "sample",
        "value(key) -> text",
        "a read may be old",
    ] {
        assert!(lines[1].contains(part), "{part}: {}", lines[1]);
    }
    let none = project.run(&["explain", "--order", "data.sheaf"]).ok();
    assert!(
        none.stdout.contains("order matters nowhere"),
        "{}",
        none.stdout
    );
}
