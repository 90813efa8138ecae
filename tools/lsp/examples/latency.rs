//! How long the language server takes on a large file, in CPU time of all its threads.
//!
//! `cargo run --release -p sheaf-lsp --example latency [LINES] [ROUNDS]` edits a generated program of
//! 10,000 lines 100 times and asks for everything else 100 times; `… --example latency generate
//! [LINES]` prints the program. The client's share of the work (making messages) is counted, too.

use std::time::Instant;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use sheaf_lsp::{Options, run};

const FILE: &str = "file:///latency.sheaf";

/// Groups of declarations, rules, functions and tests, each about its own data.
fn generate(lines: usize) -> String {
    let mut text = String::from("//! Generated.\n\nparam limit: Int = 3;\n");
    let mut group = 0;
    while text.lines().count() + 40 <= lines {
        text += &GROUP.replace("{}", &group.to_string());
        group += 1;
    }
    while text.lines().count() < lines {
        text += "\n";
    }
    text
}

const GROUP: &str = r#"
/// Flights of group {}.
input flight{}(origin: String, target: String, km: Int) from csv("flight{}.csv");

/// Which airport leads to which.
view reach{}(origin: String, target: String);
reach{}(a, b) if flight{}(a, b, _);
reach{}(a, c) if reach{}(a, b), flight{}(b, c, _);

/// Kilometres from each airport.
view total{}(origin: String) -> Sum<Int>;
total{}(a) -> d if flight{}(a, _, d), d > limit, d != 17;

view shortest{}(origin: String, target: String) -> Min<Int>;
shortest{}(a, b) -> d if flight{}(a, b, d), d >= 0;
shortest{}(a, c) -> max(d + e, 0) if shortest{}(a, b) -> d, flight{}(b, c, e), e >= 0;

view far{}(origin: String, target: String);
far{}(a, b) if reach{}(a, b), not flight{}(a, b, _), a != b;

fn double{}(x: Int) -> Int {
    let y = x * 2;
    if y > 100 { 100 } else { y + 1 }
}

view label{}(name: String, value: Int);
label{}(n, v) if total{}(a) -> t, let n = a.upper(), let v = double{}(t);

output far{} to csv("far{}.csv");

test "group {}" {
    given flight{}("a", "b", 20), flight{}("b", "c", 30);
    expect reach{}("a", "c"), total{}("a") -> 20;
}
"#;

/// CPU time of all threads of this process, in milliseconds; where the system does not tell it, the
/// time that has passed.
fn cpu(start: Instant) -> f64 {
    let of_thread = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    match std::fs::read_dir("/proc/self/task") {
        Ok(tasks) => {
            tasks
                .filter_map(Result::ok)
                .filter_map(of_thread)
                .sum::<f64>()
                / 1e6
        }
        Err(_) => start.elapsed().as_secs_f64() * 1e3,
    }
}

struct Client {
    connection: Connection,
    next: i32,
    start: Instant,
}

impl Client {
    fn notify(&self, method: &str, params: Value) {
        let note = Notification::new(method.to_owned(), params);
        self.connection
            .sender
            .send(note.into())
            .expect("the server lives");
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection
            .sender
            .send(request.into())
            .expect("the server lives");
        loop {
            if let Message::Response(response) = self.connection.receiver.recv().expect("an answer")
                && response.id == id
            {
                return response
                    .response_result
                    .unwrap_or_else(|error| panic!("{method}: {}", error.message));
            }
        }
    }

    fn wait_for_diagnostics(&self, version: i32) {
        loop {
            if let Message::Notification(note) = self.connection.receiver.recv().expect("a message")
                && note.method == "textDocument/publishDiagnostics"
                && note.params["version"] == version
            {
                return;
            }
        }
    }

    fn timed<T>(&mut self, times: &mut Vec<f64>, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = cpu(self.start);
        let result = work(self);
        times.push(cpu(self.start) - before);
        result
    }
}

fn report(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!(
        "{name:<34} p50 {:>8.2} ms   p99 {:>8.2} ms",
        at(0.5),
        at(0.99)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (is_generate, numbers) = match arguments.split_first() {
        Some((first, rest)) if first == "generate" => (true, rest),
        _ => (false, arguments.as_slice()),
    };
    let number = |index: usize, default: usize| {
        numbers
            .get(index)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (lines, rounds) = (number(0, 10_000), number(1, 100));
    let text = generate(lines);
    if is_generate {
        print!("{text}");
        return;
    }
    let (server, connection) = Connection::memory();
    let server = std::thread::spawn(move || run(&server, &Options::default()));
    let mut client = Client {
        connection,
        next: 0,
        start: Instant::now(),
    };
    let general = json!({ "general": { "positionEncodings": ["utf-8"] } });
    client.request(
        "initialize",
        json!({ "processId": null, "rootUri": null, "capabilities": general }),
    );
    client.notify("initialized", json!({}));
    let document = json!({ "uri": FILE, "languageId": "sheaf", "version": 0, "text": text });
    client.notify("textDocument/didOpen", json!({ "textDocument": document }));
    client.wait_for_diagnostics(0);
    // A rule in the middle of the file.
    let middle = text
        .lines()
        .enumerate()
        .skip(lines / 2)
        .find(|(_, line)| line.starts_with("label"));
    let (line, rule) = middle.expect("a rule");
    let column = rule.find("total").expect("an atom");
    println!("{} lines, {rounds} rounds, CPU time", text.lines().count());

    // Something is written into the rule, and taken away; in between a name of it is unknown, or its
    // syntax is wrong.
    let at = |character: usize| json!({ "line": line, "character": character });
    let mut version = 0;
    for (name, typed) in [
        ("didChange -> publishDiagnostics", "x"),
        ("the same with wrong syntax", "("),
    ] {
        let mut times = Vec::new();
        for round in 0..rounds {
            version += 1;
            let (end, written) = if round % 2 == 0 {
                (column, typed)
            } else {
                (column + 1, "")
            };
            let change =
                json!({ "range": { "start": at(column), "end": at(end) }, "text": written });
            client.timed(&mut times, |client| {
                let document = json!({ "uri": FILE, "version": version });
                client.notify(
                    "textDocument/didChange",
                    json!({ "textDocument": document, "contentChanges": [change] }),
                );
                client.wait_for_diagnostics(version);
            });
        }
        report(name, times);
    }

    let position =
        |character: usize| json!({ "textDocument": { "uri": FILE }, "position": at(character) });
    let document = json!({ "textDocument": { "uri": FILE } });
    let visible = json!({ "textDocument": { "uri": FILE }, "range": { "start": { "line": line - 30, "character": 0 }, "end": { "line": line + 30, "character": 0 } } });
    let mut formatting = document.clone();
    formatting["options"] = json!({ "tabSize": 4, "insertSpaces": true });
    let mut range_formatting = visible.clone();
    range_formatting["options"] = formatting["options"].clone();
    let mut references = position(column);
    references["context"] = json!({ "includeDeclaration": true });
    let mut renaming = position(column);
    renaming["newName"] = json!("renamed");
    let mut actions = visible.clone();
    actions["context"] = json!({ "diagnostics": [] });
    let member = rule.find("upper").expect("a member");
    let requests = [
        ("textDocument/hover", position(column)),
        ("textDocument/completion", position(column + 2)),
        ("textDocument/completion", position(member)),
        (
            "textDocument/signatureHelp",
            position(rule.find("(t)").expect("a call") + 1),
        ),
        ("textDocument/definition", position(column)),
        ("textDocument/references", references),
        ("textDocument/documentHighlight", position(column)),
        ("textDocument/documentSymbol", document.clone()),
        ("workspace/symbol", json!({ "query": "reach" })),
        ("textDocument/codeAction", actions),
        ("textDocument/codeLens", document.clone()),
        ("textDocument/formatting", formatting),
        ("textDocument/rangeFormatting", range_formatting),
        ("textDocument/prepareRename", position(column)),
        ("textDocument/rename", renaming),
        ("textDocument/foldingRange", document.clone()),
        ("textDocument/semanticTokens/full", document),
        ("textDocument/inlayHint", visible),
    ];
    for (index, (method, params)) in requests.into_iter().enumerate() {
        let mut times = Vec::new();
        for _ in 0..rounds {
            // Each request comes first after an edit: nothing is known yet but the diagnostics.
            version += 1;
            let change = json!({ "range": { "start": at(0), "end": at(0) }, "text": "" });
            let document = json!({ "uri": FILE, "version": version });
            client.notify(
                "textDocument/didChange",
                json!({ "textDocument": document, "contentChanges": [change] }),
            );
            client.wait_for_diagnostics(version);
            client.timed(&mut times, |client| client.request(method, params.clone()));
        }
        let name = method.rsplit_once('/').map_or(method, |(_, name)| name);
        let name = match (name, index) {
            ("completion", 2) => "completion of members",
            ("full", _) => "semanticTokens",
            (name, _) => name,
        };
        report(name, times);
    }
    client.request("shutdown", Value::Null);
    client.notify("exit", json!({}));
    let _ = server.join();
}
