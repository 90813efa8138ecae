//! The main loop: edits in order, requests on a view of the texts, diagnostics of the latest texts only.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use sheaf_ide::Workspace;

use crate::convert::Context;
use crate::disk::Disk;
use crate::documents::{Document, Documents};
use crate::handlers;
use crate::lines::Encoding;
use crate::pool::Pool;
use crate::publish::{Found, News, Published, check};
use crate::uri;

/// How a server is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Called with the method of each request before it is answered, where it is answered. A test
    /// lets it panic.
    pub before_request: Option<fn(&str)>,
}

/// Threads that answer requests.
const READERS: usize = 2;

/// How long the texts must have been left alone before they are checked.
const QUIET: Duration = Duration::from_millis(5);

/// Serves one client; gives the exit status.
///
/// # Errors
/// The connection broke: why.
pub fn run(connection: &Connection, options: &Options) -> Result<u8, String> {
    let start = connection.initialize_start();
    let (id, params) = match start {
        Ok(start) => start,
        // `exit` may come first.
        Err(_) => return Ok(1),
    };
    let params: lsp::InitializeParams =
        serde_json::from_value(params).map_err(|error| error.to_string())?;
    let encoding = handlers::encoding(&params);
    let result = lsp::InitializeResult {
        capabilities: handlers::capabilities(encoding),
        server_info: Some(lsp::ServerInfo {
            name: "sheaf".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    let result = serde_json::to_value(result).map_err(|error| error.to_string())?;
    let initialized = connection.initialize_finish(id, result);
    initialized.map_err(|error| error.to_string())?;
    let (sender, finished) = unbounded();
    let mut server = Server {
        client: connection.sender.clone(),
        pool: Pool::new(READERS)?,
        checker: Pool::new(1)?,
        finished: sender,
        options: *options,
        encoding,
        workspace: Workspace::new(Arc::new(Disk)),
        documents: Arc::default(),
        folders: Arc::new(handlers::folders(&params)),
        pending: HashMap::new(),
        dirty: BTreeSet::new(),
        is_checking: false,
        published: Published::default(),
        is_shut_down: false,
    };
    if handlers::can_watch(&params) {
        server.watch_files();
    }
    server.work(&connection.receiver, &finished)
}

/// What a thread has finished.
enum Finished {
    Answer(RequestId, Response),
    Checked(Option<Vec<Found>>),
}

struct Server {
    client: Sender<Message>,
    pool: Pool,
    checker: Pool,
    finished: Sender<Finished>,
    options: Options,
    encoding: Encoding,
    workspace: Workspace,
    documents: Arc<Documents>,
    folders: Arc<Vec<PathBuf>>,
    /// Requests that are not answered, and whether the client has cancelled them.
    pending: HashMap<RequestId, Arc<AtomicBool>>,
    /// Open files that are to be checked.
    dirty: BTreeSet<PathBuf>,
    is_checking: bool,
    published: Published,
    is_shut_down: bool,
}

impl Server {
    fn work(
        &mut self,
        messages: &Receiver<Message>,
        finished: &Receiver<Finished>,
    ) -> Result<u8, String> {
        loop {
            let must_check = !self.dirty.is_empty() && !self.is_checking;
            let wait = if must_check { QUIET } else { Duration::MAX };
            select! {
                recv(messages) -> message => match message {
                    Ok(Message::Notification(note)) if note.method == "exit" => {
                        return Ok(u8::from(!self.is_shut_down));
                    }
                    Ok(message) => self.take(message)?,
                    // The client is gone.
                    Err(_) => return Ok(u8::from(!self.is_shut_down)),
                },
                recv(finished) -> done => if let Ok(done) = done {
                    self.finish(done)?;
                },
                default(wait) => self.check(),
            }
        }
    }

    fn send(&self, message: impl Into<Message>) -> Result<(), String> {
        let sent = self.client.send(message.into());
        sent.map_err(|_| "the client is gone".to_owned())
    }

    fn take(&mut self, message: Message) -> Result<(), String> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(note) => {
                self.notification(note);
                Ok(())
            }
            Message::Response(_) => Ok(()),
        }
    }

    // Requests

    fn request(&mut self, request: Request) -> Result<(), String> {
        if self.is_shut_down {
            let message = "the server is shut down".to_owned();
            return self.send(Response::new_err(
                request.id,
                ErrorCode::InvalidRequest as i32,
                message,
            ));
        }
        if request.method == "shutdown" {
            self.is_shut_down = true;
            return self.send(Response::new_ok(request.id, ()));
        }
        let is_cancelled = Arc::new(AtomicBool::new(false));
        self.pending
            .insert(request.id.clone(), is_cancelled.clone());
        let context = self.context();
        let finished = self.finished.clone();
        let before = self.options.before_request;
        self.pool.spawn(move || {
            let id = request.id.clone();
            let answer = match is_cancelled.load(Ordering::Relaxed) {
                true => Ok(cancelled(&id)),
                false => catch_unwind(AssertUnwindSafe(|| {
                    if let Some(before) = before {
                        before(&request.method);
                    }
                    handlers::answer(&context, request)
                })),
            };
            let response = match answer {
                Ok(_) if is_cancelled.load(Ordering::Relaxed) => cancelled(&id),
                Ok(response) => response,
                Err(panic) => {
                    let message = format!("the server made a mistake: {}", reason(&*panic));
                    Response::new_err(id.clone(), ErrorCode::InternalError as i32, message)
                }
            };
            let _ = finished.send(Finished::Answer(id, response));
        });
        Ok(())
    }

    fn context(&self) -> Context {
        Context::new(
            self.workspace.analysis(),
            self.documents.clone(),
            self.encoding,
            self.folders.clone(),
        )
    }

    fn finish(&mut self, done: Finished) -> Result<(), String> {
        match done {
            Finished::Answer(id, response) => {
                self.pending.remove(&id);
                self.send(response)
            }
            Finished::Checked(found) => {
                self.is_checking = false;
                // What was found in a text that has changed since is on its way again.
                let mut found = found.unwrap_or_default();
                found.retain(|found| {
                    let document = self.documents.get(&found.root);
                    document.is_some_and(|document| document.version == found.version)
                });
                let news = self.published.update(found);
                self.publish(news)
            }
        }
    }

    // Notifications

    fn notification(&mut self, note: Notification) {
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Some(lsp::DidOpenTextDocumentParams { text_document }) = read(note) {
                    let text: Arc<str> = Arc::from(text_document.text);
                    let path = uri::to_path(&text_document.uri);
                    let document = Document {
                        uri: text_document.uri,
                        version: text_document.version,
                        text: text.clone(),
                    };
                    Arc::make_mut(&mut self.documents).insert(path.clone(), document);
                    self.workspace.set(&path, text);
                    self.changed(&path);
                }
            }
            "textDocument/didChange" => {
                if let Some(change) = read::<lsp::DidChangeTextDocumentParams>(note) {
                    let path = uri::to_path(&change.text_document.text_document_identifier.uri);
                    let documents = Arc::make_mut(&mut self.documents);
                    let version = change.text_document.version;
                    let text =
                        documents.change(&path, version, change.content_changes, self.encoding);
                    if let Some(text) = text {
                        self.workspace.set(&path, text);
                        self.changed(&path);
                    }
                }
            }
            "textDocument/didClose" => {
                if let Some(close) = read::<lsp::DidCloseTextDocumentParams>(note) {
                    let path = uri::to_path(&close.text_document.uri);
                    Arc::make_mut(&mut self.documents).remove(&path);
                    self.workspace.close(&path);
                    self.dirty.remove(&path);
                    let news = self.published.close(&path);
                    let _ = self.publish(news);
                    self.changed(&path);
                }
            }
            "workspace/didChangeWatchedFiles" => {
                if let Some(watched) = read::<lsp::DidChangeWatchedFilesParams>(note) {
                    for change in watched.changes {
                        let path = uri::to_path(&change.uri);
                        self.workspace.changed(&path);
                        self.changed(&path);
                    }
                }
            }
            "workspace/didChangeWorkspaceFolders" => {
                if let Some(change) = read::<lsp::DidChangeWorkspaceFoldersParams>(note) {
                    let folders = Arc::make_mut(&mut self.folders);
                    for folder in change.event.removed {
                        let path = uri::to_path(&folder.uri);
                        folders.retain(|known| *known != path);
                    }
                    let added = change.event.added.iter();
                    folders.extend(added.map(|folder| uri::to_path(&folder.uri)));
                }
            }
            "$/cancelRequest" => {
                let id = note.params.get("id").cloned();
                let id = id.and_then(|id| serde_json::from_value::<RequestId>(id).ok());
                if let Some(is_cancelled) = id.and_then(|id| self.pending.get(&id)) {
                    is_cancelled.store(true, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }

    /// Notes what must be checked again after a file has changed.
    fn changed(&mut self, path: &Path) {
        let analysis = self.workspace.analysis();
        let open = self.documents.iter().map(|(path, _)| path);
        let programs = open.filter(|open| handlers::is_program(open));
        let stale = programs.filter(|root| *root == path || !analysis.is_checked(root));
        self.dirty.extend(stale.cloned());
    }

    // Diagnostics

    fn check(&mut self) {
        if self.is_checking || self.dirty.is_empty() {
            return;
        }
        self.is_checking = true;
        let roots: Vec<PathBuf> = std::mem::take(&mut self.dirty).into_iter().collect();
        let context = self.context();
        let finished = self.finished.clone();
        self.checker.spawn(move || {
            let found = catch_unwind(AssertUnwindSafe(|| check(&context, &roots)));
            let _ = finished.send(Finished::Checked(found.ok()));
        });
    }

    fn publish(&self, news: Vec<News>) -> Result<(), String> {
        for news in news {
            let document = self.documents.get(&news.path);
            let uri = document.map_or_else(|| uri::from_path(&news.path), |open| open.uri.clone());
            let params = lsp::PublishDiagnosticsParams {
                uri,
                version: news.version,
                diagnostics: news.diagnostics,
            };
            let method = "textDocument/publishDiagnostics".to_owned();
            self.send(Notification::new(method, params))?;
        }
        Ok(())
    }

    /// Asks the client to say when files change that programs may be made of.
    fn watch_files(&self) {
        let watch = |pattern: &str| serde_json::json!({ "globPattern": pattern });
        let params = serde_json::json!({
            "registrations": [{
                "id": "files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {
                    "watchers": [watch("**/*.sheaf"), watch("**/sheaf.toml")],
                },
            }],
        });
        let id = RequestId::from("watch".to_owned());
        let method = "client/registerCapability".to_owned();
        let _ = self.send(Request::new(id, method, params));
    }
}

fn read<P: DeserializeOwned>(note: Notification) -> Option<P> {
    serde_json::from_value(note.params).ok()
}

fn cancelled(id: &RequestId) -> Response {
    let message = "cancelled".to_owned();
    Response::new_err(id.clone(), ErrorCode::RequestCanceled as i32, message)
}

/// What a panic said.
fn reason(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    text.or(owned).unwrap_or("it does not say which")
}
