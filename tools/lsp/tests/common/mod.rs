//! A client in the same process.
#![allow(dead_code)]

use std::collections::HashMap;
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response, ResponseError};
use serde_json::{Value, json};
use sheaf_lsp::{Options, run};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    connection: Connection,
    server: JoinHandle<u8>,
    next: i32,
    versions: HashMap<String, i32>,
    responses: HashMap<RequestId, Response>,
    published: Vec<Value>,
}

impl Client {
    /// A client whose positions count bytes or units of UTF-16.
    pub fn start(options: Options, encoding: &str) -> Client {
        let (server, connection) = Connection::memory();
        let server = std::thread::spawn(move || run(&server, &options).expect("the server works"));
        let mut client = Client {
            connection,
            server,
            next: 0,
            versions: HashMap::new(),
            responses: HashMap::new(),
            published: Vec::new(),
        };
        let capabilities = json!({ "general": { "positionEncodings": [encoding] } });
        let result = client.request(
            "initialize",
            json!({ "processId": null, "rootUri": null, "capabilities": capabilities }),
        );
        assert_eq!(result["capabilities"]["positionEncoding"], encoding);
        client.notify("initialized", json!({}));
        client
    }

    pub fn notify(&self, method: &str, params: Value) {
        let note = Notification::new(method.to_owned(), params);
        self.connection
            .sender
            .send(note.into())
            .expect("the server lives");
    }

    pub fn send_request(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        let request = Request::new(RequestId::from(self.next), method.to_owned(), params);
        self.connection
            .sender
            .send(request.into())
            .expect("the server lives");
        self.next
    }

    /// Waits for an answer.
    pub fn response(&mut self, id: i32) -> Result<Value, ResponseError> {
        let id = RequestId::from(id);
        loop {
            if let Some(response) = self.responses.remove(&id) {
                return response.response_result;
            }
            self.receive();
        }
    }

    pub fn try_request(&mut self, method: &str, params: Value) -> Result<Value, ResponseError> {
        let id = self.send_request(method, params);
        self.response(id)
    }

    pub fn request(&mut self, method: &str, params: Value) -> Value {
        match self.try_request(method, params) {
            Ok(value) => value,
            Err(error) => panic!("{method}: {}", error.message),
        }
    }

    fn receive(&mut self) {
        let message = self
            .connection
            .receiver
            .recv_timeout(PATIENCE)
            .expect("a message");
        match message {
            Message::Response(response) => {
                self.responses.insert(response.id.clone(), response);
            }
            Message::Notification(note) if note.method == "textDocument/publishDiagnostics" => {
                self.published.push(note.params);
            }
            Message::Notification(_) | Message::Request(_) => {}
        }
    }

    pub fn at(&self, path: &str, line: u32, character: u32) -> Value {
        json!({ "textDocument": { "uri": format!("file://{path}") }, "position": { "line": line, "character": character } })
    }

    pub fn open(&mut self, path: &str, text: &str) {
        self.versions.insert(path.to_owned(), 1);
        let document = json!({ "uri": format!("file://{path}"), "languageId": "sheaf", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Changes a document; gives its new version.
    pub fn change(&mut self, path: &str, changes: Value) -> i32 {
        let version = self.versions.get_mut(path).expect("it is open");
        *version += 1;
        let version = *version;
        let document = json!({ "uri": format!("file://{path}"), "version": version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": changes }),
        );
        version
    }

    /// The diagnostics of a version of a file.
    pub fn diagnostics(&mut self, path: &str, version: i32) -> Vec<Value> {
        self.wait(path, Some(version))
    }

    /// The next diagnostics of a file, whatever its version.
    pub fn next_diagnostics(&mut self, path: &str) -> Vec<Value> {
        self.wait(path, None)
    }

    fn wait(&mut self, path: &str, version: Option<i32>) -> Vec<Value> {
        let uri = format!("file://{path}");
        loop {
            let fits = |found: &Value| {
                found["uri"] == *uri && version.is_none_or(|version| found["version"] == version)
            };
            if let Some(index) = self.published.iter().position(fits) {
                let found = self.published.remove(index);
                return found["diagnostics"].as_array().expect("a list").clone();
            }
            if version.is_some() {
                // What is older than what is waited for is never asked for again.
                self.published.retain(|found| found["uri"] != *uri);
            }
            self.receive();
        }
    }

    /// Shuts the server down; gives its exit status.
    pub fn stop(mut self) -> u8 {
        self.request("shutdown", Value::Null);
        self.exit()
    }

    pub fn exit(self) -> u8 {
        self.notify("exit", json!({}));
        self.server.join().expect("the server ends")
    }
}
