//! Requests: which there are, and how each is answered.

use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Request, Response};

use crate::convert::Context;
use crate::features;
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
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(vec![".".to_owned(), "(".to_owned(), ",".to_owned()]),
            ..Default::default()
        }),
        signature_help_provider: Some(lsp::SignatureHelpOptions {
            trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
            ..Default::default()
        }),
        definition_provider: Some(lsp::DefinitionProvider::Bool(true)),
        references_provider: Some(lsp::ReferencesProvider::Bool(true)),
        document_highlight_provider: Some(lsp::DocumentHighlightProvider::Bool(true)),
        document_symbol_provider: Some(lsp::DocumentSymbolProvider::Bool(true)),
        workspace_symbol_provider: Some(lsp::WorkspaceSymbolProvider::Bool(true)),
        code_action_provider: Some(lsp::CodeActionProvider::CodeActionOptions(
            lsp::CodeActionOptions {
                code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix]),
                ..Default::default()
            },
        )),
        code_lens_provider: Some(lsp::CodeLensOptions::default()),
        document_formatting_provider: Some(lsp::DocumentFormattingProvider::Bool(true)),
        document_range_formatting_provider: Some(lsp::DocumentRangeFormattingProvider::Bool(true)),
        rename_provider: Some(lsp::RenameProvider::RenameOptions(lsp::RenameOptions {
            prepare_provider: Some(true),
            ..Default::default()
        })),
        folding_range_provider: Some(lsp::FoldingRangeProvider::Bool(true)),
        execute_command_provider: Some(lsp::ExecuteCommandOptions {
            commands: vec![features::SHOW_PLAN.to_owned()],
            ..Default::default()
        }),
        semantic_tokens_provider: Some(lsp::SemanticTokensProvider::SemanticTokensOptions(
            lsp::SemanticTokensOptions {
                legend: lsp::SemanticTokensLegend {
                    token_types: features::CLASSES
                        .iter()
                        .map(|(_, name)| (*name).to_owned())
                        .collect(),
                    token_modifiers: features::MODIFIERS
                        .iter()
                        .map(|name| (*name).to_owned())
                        .collect(),
                },
                full: Some(lsp::Full::Bool(true)),
                ..Default::default()
            },
        )),
        inlay_hint_provider: Some(lsp::InlayHintProvider::Bool(true)),
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
    route
        .on::<lsp::HoverRequest>(hover)
        .on::<lsp::CompletionRequest>(completion)
        .on::<lsp::SignatureHelpRequest>(signature_help)
        .on::<lsp::DefinitionRequest>(definition)
        .on::<lsp::ReferencesRequest>(references)
        .on::<lsp::DocumentHighlightRequest>(highlights)
        .on::<lsp::DocumentSymbolRequest>(symbols)
        .on::<lsp::WorkspaceSymbolRequest>(workspace_symbols)
        .on::<lsp::CodeActionRequest>(actions)
        .on::<lsp::CodeLensRequest>(lenses)
        .on::<lsp::DocumentFormattingRequest>(format)
        .on::<lsp::DocumentRangeFormattingRequest>(format_range)
        .on::<lsp::PrepareRenameRequest>(prepare_rename)
        .on::<lsp::RenameRequest>(rename)
        .on::<lsp::FoldingRangeRequest>(folds)
        .on::<lsp::SemanticTokensRequest>(semantic_tokens)
        .on::<lsp::InlayHintRequest>(hints)
        .on::<lsp::ExecuteCommandRequest>(execute);
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

fn completion(
    context: &Context,
    params: lsp::CompletionParams,
) -> Result<Option<lsp::CompletionResponse>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let found = context.analysis.completions(&path, offset);
    let range = context.range(&path, found.replace);
    let items = found
        .items
        .iter()
        .map(|item| features::completion(range, item));
    Ok(Some(lsp::CompletionResponse::CompletionItemList(
        items.collect(),
    )))
}

fn signature_help(
    context: &Context,
    params: lsp::SignatureHelpParams,
) -> Result<Option<lsp::SignatureHelp>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let help = context.analysis.signature_help(&path, offset);
    Ok(help.as_ref().map(features::signature))
}

fn definition(
    context: &Context,
    params: lsp::DefinitionParams,
) -> Result<Option<lsp::DefinitionResponse>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let place = context.analysis.definition(&path, offset);
    Ok(place.map(|place| {
        let location = context.location(&place);
        lsp::DefinitionResponse::Definition(lsp::Definition::Location(location))
    }))
}

fn references(
    context: &Context,
    params: lsp::ReferenceParams,
) -> Result<Option<Vec<lsp::Location>>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let declared = context.analysis.definition(&path, offset);
    let uses = context.analysis.references(&path, offset, &context.folders);
    let uses = uses.iter().filter(|found| {
        params.context.include_declaration || declared.as_ref() != Some(&found.place)
    });
    Ok(Some(
        uses.map(|found| context.location(&found.place)).collect(),
    ))
}

fn highlights(
    context: &Context,
    params: lsp::DocumentHighlightParams,
) -> Result<Option<Vec<lsp::DocumentHighlight>>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let found = context.analysis.highlights(&path, offset);
    let found = found
        .into_iter()
        .map(|(span, role)| lsp::DocumentHighlight {
            range: context.range(&path, span),
            kind: Some(features::highlight_kind(role)),
        });
    Ok(Some(found.collect()))
}

fn symbols(
    context: &Context,
    params: lsp::DocumentSymbolParams,
) -> Result<Option<lsp::DocumentSymbolResponse>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let symbols = context.analysis.symbols(&path);
    let symbols = symbols
        .iter()
        .map(|symbol| features::symbol(context, &path, symbol));
    Ok(Some(lsp::DocumentSymbolResponse::DocumentSymbolList(
        symbols.collect(),
    )))
}

fn workspace_symbols(
    context: &Context,
    params: lsp::WorkspaceSymbolParams,
) -> Result<Option<lsp::WorkspaceSymbolResponse>, String> {
    let found = context
        .analysis
        .find_symbols(&params.query, &context.folders);
    let found = found.iter().map(|found| features::found(context, found));
    Ok(Some(lsp::WorkspaceSymbolResponse::WorkspaceSymbolList(
        found.collect(),
    )))
}

fn actions(
    context: &Context,
    params: lsp::CodeActionParams,
) -> Result<Option<Vec<lsp::CodeActionResponse>>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let range = context.span(&path, params.range);
    let mut actions = Vec::new();
    for mistake in context.analysis.fixable(&path, range) {
        let diagnostic = context.diagnostic(&path, &mistake);
        let is_only = mistake.fixes.len() == 1;
        for fix in &mistake.fixes {
            let action = features::fix(context, fix, diagnostic.clone(), is_only);
            actions.push(lsp::CodeActionResponse::CodeAction(action));
        }
    }
    Ok(Some(actions))
}

fn lenses(
    context: &Context,
    params: lsp::CodeLensParams,
) -> Result<Option<Vec<lsp::CodeLens>>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let lenses = context.analysis.lenses(&path);
    Ok(Some(
        lenses
            .iter()
            .map(|lens| features::lens(context, &path, lens))
            .collect(),
    ))
}

fn format(
    context: &Context,
    params: lsp::DocumentFormattingParams,
) -> Result<Option<Vec<lsp::TextEdit>>, String> {
    let path = uri::to_path(&params.text_document.uri);
    Ok(formatted(context, &path, None))
}

fn format_range(
    context: &Context,
    params: lsp::DocumentRangeFormattingParams,
) -> Result<Option<Vec<lsp::TextEdit>>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let range = context.span(&path, params.range);
    Ok(formatted(context, &path, Some(range)))
}

/// Nothing for a text with syntax errors, which the diagnostics tell.
fn formatted(
    context: &Context,
    path: &Path,
    range: Option<sheaf_compiler::source::Span>,
) -> Option<Vec<lsp::TextEdit>> {
    let edits = context.analysis.format(path, range).ok()?;
    let edits = edits.into_iter().map(|(span, new_text)| lsp::TextEdit {
        range: context.range(path, span),
        new_text,
    });
    Some(edits.collect())
}

fn prepare_rename(
    context: &Context,
    params: lsp::PrepareRenameParams,
) -> Result<Option<lsp::PrepareRenameResult>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let span = context.analysis.renamable(&path, offset)?;
    let (text, _) = context.text(&path);
    Ok(Some(lsp::PrepareRenameResult::PrepareRenamePlaceholder(
        lsp::PrepareRenamePlaceholder {
            range: context.range(&path, span),
            placeholder: span.of(&text).to_owned(),
        },
    )))
}

fn rename(
    context: &Context,
    params: lsp::RenameParams,
) -> Result<Option<lsp::WorkspaceEdit>, String> {
    let (path, offset) = at(context, &params.text_document_position_params);
    let edits = context
        .analysis
        .rename(&path, offset, &params.new_name, &context.folders)?;
    Ok(Some(features::edits(context, &edits)))
}

fn folds(
    context: &Context,
    params: lsp::FoldingRangeParams,
) -> Result<Option<Vec<lsp::FoldingRange>>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let folds = context.analysis.folds(&path);
    Ok(Some(
        folds
            .iter()
            .map(|fold| features::fold(context, &path, fold))
            .collect(),
    ))
}

fn semantic_tokens(
    context: &Context,
    params: lsp::SemanticTokensParams,
) -> Result<Option<lsp::SemanticTokens>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let words = context.analysis.words(&path);
    Ok(Some(features::words(context, &path, &words)))
}

fn hints(
    context: &Context,
    params: lsp::InlayHintParams,
) -> Result<Option<Vec<lsp::InlayHint>>, String> {
    let path = uri::to_path(&params.text_document.uri);
    let range = context.span(&path, params.range);
    let hints = context.analysis.hints(&path, range).into_iter();
    let hints = hints.map(|hint| lsp::InlayHint {
        position: context
            .range(
                &path,
                sheaf_compiler::source::Span::new(hint.offset, hint.offset),
            )
            .start,
        label: lsp::Label::String(hint.text),
        kind: hint.is_type.then_some(lsp::InlayHintKind::Type),
        text_edits: None,
        tooltip: None,
        padding_left: Some(!hint.is_type),
        padding_right: None,
        data: None,
    });
    Ok(Some(hints.collect()))
}

/// `sheaf.showPlan` with the URI of a program answers its plan as SVG.
fn execute(
    context: &Context,
    params: lsp::ExecuteCommandParams,
) -> Result<Option<lsp::LspAny>, String> {
    let arguments = params.arguments.unwrap_or_default();
    match (
        params.command.as_str(),
        arguments.first().and_then(|first| first.as_str()),
    ) {
        (features::SHOW_PLAN, Some(uri)) => {
            let path = uri::to_path(&lsp::Uri::from(uri));
            Ok(Some(context.analysis.plan_drawing(&path)?.into()))
        }
        (features::SHOW_PLAN, None) => Err("say of which program: its URI".to_owned()),
        (other, _) => Err(format!("there is no command `{other}`")),
    }
}
