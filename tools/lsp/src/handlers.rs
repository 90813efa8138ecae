//! Requests: which there are, and how each is answered.

use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Request, Response};

use crate::convert::Context;
use crate::lines::Encoding;
use crate::uri;

/// The encoding of positions: bytes if the client can count them.
pub fn encoding(params: &lsp::InitializeParams) -> Encoding {
    let general = params.capabilities.general.as_ref();
    let known = general.and_then(|general| general.position_encodings.as_ref());
    match known.is_some_and(|known| known.contains(&lsp::PositionEncodingKind::UTF8)) {
        true => Encoding::Utf8,
        false => Encoding::Utf16,
    }
}

/// The folders that the client works in.
pub fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let folders = &params.workspace_folders_initialize_params.workspace_folders;
    match folders {
        Some(lsp::WorkspaceFolders::WorkspaceFolderList(folders)) => folders
            .iter()
            .map(|folder| uri::to_path(&folder.uri))
            .collect(),
        Some(lsp::WorkspaceFolders::Null) | None => {
            #[allow(deprecated, reason = "older clients say nothing else")]
            let root = params.root_uri.as_ref();
            root.map(uri::to_path).into_iter().collect()
        }
    }
}

/// Whether the client can say when files change.
pub fn can_watch(params: &lsp::InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    watched
        .and_then(|watched| watched.dynamic_registration)
        .unwrap_or(false)
}

/// Whether an open document is a program, and not a manifest.
pub fn is_program(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != "toml")
}

/// What this server can do.
pub fn capabilities(encoding: Encoding) -> lsp::ServerCapabilities {
    lsp::ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(lsp::TextDocumentSync::Options(
            lsp::TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(lsp::TextDocumentSyncKind::Incremental),
                ..Default::default()
            },
        )),
        hover_provider: Some(lsp::HoverProvider::Bool(true)),
        ..Default::default()
    }
}

/// Answers a request.
pub fn answer(context: &Context, request: Request) -> Response {
    let mut route = Route {
        context,
        request: Some(request),
        response: None,
    };
    route.on::<lsp::HoverRequest>(hover);
    route.finish()
}

/// Finds the handler of a request.
struct Route<'c> {
    context: &'c Context,
    request: Option<Request>,
    response: Option<Response>,
}

impl Route<'_> {
    /// Answers requests of this kind.
    fn on<R: lsp::Request>(
        &mut self,
        handle: fn(&Context, R::Params) -> Result<R::Result, String>,
    ) -> &mut Self {
        let method = R::METHOD;
        let Some(request) = self
            .request
            .take_if(|request| request.method == method.as_str())
        else {
            return self;
        };
        let params = serde_json::from_value::<R::Params>(request.params);
        self.response = Some(match params.map(|params| handle(self.context, params)) {
            Ok(Ok(result)) => Response::new_ok(request.id, result),
            Ok(Err(message)) => {
                Response::new_err(request.id, ErrorCode::RequestFailed as i32, message)
            }
            Err(error) => {
                let code = ErrorCode::InvalidParams as i32;
                Response::new_err(request.id, code, error.to_string())
            }
        });
        self
    }

    fn finish(self) -> Response {
        match (self.response, self.request) {
            (Some(response), _) => response,
            (None, Some(request)) => {
                let message = format!("there is no request `{}`", request.method);
                Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message)
            }
            (None, None) => unreachable!("a request is answered or left"),
        }
    }
}

/// A file and an offset in it.
fn at(context: &Context, params: &lsp::TextDocumentPositionParams) -> (PathBuf, u32) {
    let path = uri::to_path(&params.text_document.uri);
    let offset = context.offset(&path, params.position);
    (path, offset)
}

fn hover(context: &Context, params: lsp::HoverParams) -> Result<Option<lsp::Hover>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let hover = context.analysis.hover(&path, offset);
    Ok(hover.map(|hover| context.hover(&path, &hover)))
}
