//! The server as a client sees it: order, cancellation, panics, shutdown, encodings, dependents.

mod common;

use common::Client;
use serde_json::{Value, json};
use sheaf_lsp::Options;

const PROGRAM: &str = "/// Rows.\ninput edge(src: Int, dst: Int) from csv(\"edge.csv\");\nview loop_(at: Int);\nloop_(a) if edge(a, a);\n";

#[test]
fn requests_see_the_edits_before_them() {
    let mut client = Client::start(Options::default(), "utf-8");
    client.open("/a.sheaf", PROGRAM);
    let hover = client.request("textDocument/hover", client.at("/a.sheaf", 3, 13));
    let text = hover["contents"]["value"].as_str().expect("a text");
    assert!(text.contains("input edge(src: Int, dst: Int)"), "{text}");
    assert!(
        text.contains("**closed**") && text.contains("Rows."),
        "{text}"
    );
    client.change("/a.sheaf", json!([{ "range": { "start": { "line": 1, "character": 6 }, "end": { "line": 1, "character": 10 } }, "text": "link" }]));
    let hover = client.request("textDocument/hover", client.at("/a.sheaf", 1, 7));
    assert!(
        hover["contents"]["value"]
            .as_str()
            .expect("a text")
            .contains("input link(")
    );
    let published = client.diagnostics("/a.sheaf", 2);
    assert!(
        published
            .iter()
            .any(|d| d["code"] == "E0201" || d["code"] == "E0202"),
        "{published:?}"
    );
    client.stop();
}

#[test]
fn a_panic_is_an_error_and_the_server_lives_on() {
    let before_request: fn(&str) = |method| {
        assert!(method != "textDocument/foldingRange", "planted");
    };
    let options = Options {
        before_request: Some(before_request),
    };
    let mut client = Client::start(options, "utf-16");
    client.open("/a.sheaf", PROGRAM);
    for _ in 0..3 {
        let document = json!({ "textDocument": { "uri": "file:///a.sheaf" } });
        let error = client
            .try_request("textDocument/foldingRange", document)
            .expect_err("it panics");
        assert_eq!(error.code, -32603);
        assert!(error.message.contains("planted"), "{}", error.message);
        let hover = client.request("textDocument/hover", client.at("/a.sheaf", 3, 13));
        assert!(!hover.is_null());
    }
    client.stop();
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let mut client = Client::start(Options::default(), "utf-8");
    let error = client
        .try_request("sheaf/unheard", json!({}))
        .expect_err("unknown");
    assert_eq!(error.code, -32601);
    let error = client
        .try_request("textDocument/hover", json!({ "position": 7 }))
        .expect_err("wrong");
    assert_eq!(error.code, -32602);
    let rename = json!({ "textDocument": { "uri": "file:///a.sheaf" }, "position": { "line": 2, "character": 6 }, "newName": "edge" });
    client.open("/a.sheaf", PROGRAM);
    let error = client
        .try_request("textDocument/rename", rename)
        .expect_err("taken");
    assert!(
        error.message.contains("`edge` is already"),
        "{}",
        error.message
    );
    // A file that nobody opened, and a position that is not there.
    let nothing = client.request("textDocument/hover", client.at("/none.sheaf", 99, 99));
    assert_eq!(nothing, Value::Null);
    client.stop();
}

#[test]
fn a_cancelled_request_is_answered_with_an_error() {
    let before_request: fn(&str) = |method| {
        if method == "textDocument/hover" {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    };
    let options = Options {
        before_request: Some(before_request),
    };
    let mut client = Client::start(options, "utf-8");
    client.open("/a.sheaf", PROGRAM);
    let ids: Vec<i32> = (0..4)
        .map(|_| client.send_request("textDocument/hover", client.at("/a.sheaf", 3, 13)))
        .collect();
    for id in &ids[1..] {
        client.notify("$/cancelRequest", json!({ "id": id }));
    }
    assert!(client.response(ids[0]).is_ok());
    for id in &ids[1..] {
        assert_eq!(client.response(*id).expect_err("cancelled").code, -32800);
    }
    client.stop();
}

#[test]
fn shutdown_then_exit_is_a_success() {
    let client = Client::start(Options::default(), "utf-8");
    assert_eq!(client.stop(), 0);
    let mut client = Client::start(Options::default(), "utf-8");
    client.request("shutdown", json!(null));
    let error = client
        .try_request("textDocument/hover", client.at("/a.sheaf", 0, 0))
        .expect_err("it is shut down");
    assert_eq!(error.code, -32600);
    assert_eq!(client.exit(), 0);
    let client = Client::start(Options::default(), "utf-8");
    assert_eq!(client.exit(), 1);
}

#[test]
fn positions_count_what_was_agreed_on() {
    // The smiling face is 4 bytes and 2 units.
    let text = "view ready(name: String);\nready(\"😀é\") if seady(1);\n";
    for (encoding, column) in [("utf-8", 19), ("utf-16", 16)] {
        let mut client = Client::start(Options::default(), encoding);
        client.open("/a.sheaf", text);
        let published = client.diagnostics("/a.sheaf", 1);
        let starts: Vec<_> = published
            .iter()
            .map(|d| d["range"]["start"].clone())
            .collect();
        let expected = json!({ "line": 1, "character": column });
        assert!(starts.contains(&expected), "{encoding}: {published:?}");
        client.stop();
    }
}

#[test]
fn dependents_that_are_not_saved_are_checked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (main, part, manifest) = (path("main.sheaf"), path("part.sheaf"), path("sheaf.toml"));
    std::fs::write(&part, "pub view b(x: Int);\nb(1);\n").expect("written");
    let mut client = Client::start(Options::default(), "utf-8");
    client.open(&main, "use part.b;\nview a(x: Int);\na(x) if b(x);\n");
    assert_eq!(client.diagnostics(&main, 1), Vec::<Value>::new());
    // The module is opened and changed, and nothing saved.
    client.open(&part, "pub view b(x: String);\nb(\"x\");\n");
    let published = client.next_diagnostics(&main);
    assert_eq!(published.len(), 1, "{published:?}");
    client.notify(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": format!("file://{part}") } }),
    );
    assert_eq!(client.next_diagnostics(&main), Vec::<Value>::new());
    // The file of the world changes.
    std::fs::write(&part, "pub view c(x: Int);\nc(1);\n").expect("written");
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": format!("file://{part}"), "type": 2 }] }),
    );
    let published = client.next_diagnostics(&main);
    assert_eq!(published[0]["code"], "E0703", "{published:?}");
    // A manifest comes, and is wrong.
    std::fs::write(&manifest, "[package]\nname = \"a\"\n").expect("written");
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": format!("file://{manifest}"), "type": 1 }] }),
    );
    let published = client.next_diagnostics(&manifest);
    assert_eq!(published[0]["code"], "E0714", "{published:?}");
    std::fs::remove_file(&manifest).expect("removed");
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": format!("file://{manifest}"), "type": 3 }] }),
    );
    assert_eq!(client.next_diagnostics(&manifest), Vec::<Value>::new());
    client.stop();
}
