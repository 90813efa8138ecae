//! What `sheaf-ide` answers, in the protocol's words.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use gen_lsp_types as lsp;
use sheaf_ide::{
    Action, Class, Completion, CompletionKind, Fix, FoldKind, Found, Kind, Lens, Role,
    SignatureHelp, Symbol, TextEdit, Word,
};

use crate::convert::{Context, markdown};

/// Classes of words as the client is told of them, in this order.
pub const CLASSES: &[(Class, &str)] = &[
    (Class::Keyword, "keyword"),
    (Class::String, "string"),
    (Class::Number, "number"),
    (Class::Operator, "operator"),
    (Class::Relation, "class"),
    (Class::Event, "event"),
    (Class::Function, "function"),
    (Class::Method, "method"),
    (Class::Param, "parameter"),
    (Class::Variable, "variable"),
    (Class::Column, "property"),
    (Class::Type, "type"),
    (Class::Record, "struct"),
    (Class::Enum, "enum"),
    (Class::Variant, "enumMember"),
    (Class::Module, "namespace"),
    (Class::Attribute, "decorator"),
];

/// Names of the bits of [`modifiers`].
pub const MODIFIERS: &[&str] = &["declaration", "modification", "defaultLibrary"];

fn modifiers(word: &Word) -> u32 {
    u32::from(word.declares) | u32::from(word.writes) << 1 | u32::from(word.is_library) << 2
}

pub fn words(context: &Context, path: &Path, words: &[Word]) -> lsp::SemanticTokens {
    let mut data = Vec::new();
    let mut last = lsp::Position::default();
    for word in words {
        let range = context.range(path, word.span);
        let line = range.start.line - last.line;
        let class = CLASSES.iter().position(|(class, _)| *class == word.class);
        data.push(lsp::SemanticToken {
            delta_line: line,
            delta_start: match line {
                0 => range.start.character - last.character,
                _ => range.start.character,
            },
            length: range.end.character - range.start.character,
            token_type: class.unwrap_or_default() as u32,
            token_modifiers_bitset: modifiers(word),
        });
        last = range.start;
    }
    lsp::SemanticTokens {
        result_id: None,
        data,
    }
}

pub fn symbol_kind(kind: Kind) -> lsp::SymbolKind {
    match kind {
        Kind::Input | Kind::View | Kind::Table => lsp::SymbolKind::Class,
        Kind::Event | Kind::Message | Kind::Request | Kind::Timer => lsp::SymbolKind::Event,
        Kind::Function | Kind::Foreign => lsp::SymbolKind::Function,
        Kind::Param => lsp::SymbolKind::Constant,
        Kind::Record => lsp::SymbolKind::Struct,
        Kind::Enum => lsp::SymbolKind::Enum,
        Kind::Alias | Kind::Lattice => lsp::SymbolKind::Interface,
        Kind::Service | Kind::Agent | Kind::Coordinate => lsp::SymbolKind::Module,
        Kind::Test => lsp::SymbolKind::Method,
        Kind::Column => lsp::SymbolKind::Field,
        Kind::Variant => lsp::SymbolKind::EnumMember,
    }
}

pub fn symbol(context: &Context, path: &Path, symbol: &Symbol) -> lsp::DocumentSymbol {
    let children = symbol.children.iter();
    let children: Vec<_> = children
        .map(|child| self::symbol(context, path, child))
        .collect();
    #[allow(deprecated, reason = "the field is there")]
    lsp::DocumentSymbol {
        // An empty name is against the protocol.
        name: if symbol.name.is_empty() {
            " ".to_owned()
        } else {
            symbol.name.clone()
        },
        detail: (!symbol.detail.is_empty()).then(|| symbol.detail.clone()),
        kind: symbol_kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: context.range(path, symbol.span.to(symbol.name_span)),
        selection_range: context.range(path, symbol.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}

pub fn found(context: &Context, found: &Found) -> lsp::WorkspaceSymbol {
    lsp::WorkspaceSymbol {
        location: lsp::WorkspaceSymbolLocation::Location(context.location(&found.place)),
        data: None,
        base_symbol_information: lsp::BaseSymbolInformation {
            name: found.name.clone(),
            kind: symbol_kind(found.kind),
            tags: None,
            container_name: found.container.clone(),
        },
    }
}

pub fn completion(range: lsp::Range, item: &Completion) -> lsp::CompletionItem {
    let kind = match item.kind {
        CompletionKind::Declared(kind) => match kind {
            Kind::Input | Kind::View | Kind::Table => lsp::CompletionItemKind::Class,
            Kind::Event | Kind::Message | Kind::Request | Kind::Timer => {
                lsp::CompletionItemKind::Event
            }
            Kind::Function | Kind::Foreign | Kind::Test => lsp::CompletionItemKind::Function,
            Kind::Param => lsp::CompletionItemKind::Constant,
            Kind::Record => lsp::CompletionItemKind::Struct,
            Kind::Enum => lsp::CompletionItemKind::Enum,
            Kind::Alias | Kind::Lattice => lsp::CompletionItemKind::Interface,
            Kind::Service | Kind::Agent | Kind::Coordinate => lsp::CompletionItemKind::Module,
            Kind::Column => lsp::CompletionItemKind::Field,
            Kind::Variant => lsp::CompletionItemKind::EnumMember,
        },
        CompletionKind::Variable => lsp::CompletionItemKind::Variable,
        CompletionKind::Keyword => lsp::CompletionItemKind::Keyword,
        CompletionKind::Snippet => lsp::CompletionItemKind::Snippet,
        CompletionKind::Type => lsp::CompletionItemKind::Interface,
        CompletionKind::Module => lsp::CompletionItemKind::Module,
        CompletionKind::Connector => lsp::CompletionItemKind::Function,
    };
    let edit = lsp::TextEdit {
        range,
        new_text: item.insert.clone(),
    };
    let docs = markdown(item.docs.clone());
    lsp::CompletionItem {
        label: item.label.clone(),
        kind: Some(kind),
        detail: (!item.detail.is_empty()).then(|| item.detail.clone()),
        documentation: (!item.docs.is_empty()).then_some(lsp::Documentation::MarkupContent(docs)),
        sort_text: Some(format!("{}{}", item.rank, item.label)),
        insert_text_format: Some(match item.is_snippet {
            true => lsp::InsertTextFormat::Snippet,
            false => lsp::InsertTextFormat::PlainText,
        }),
        text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(edit)),
        ..Default::default()
    }
}

pub fn signature(help: &SignatureHelp) -> lsp::SignatureHelp {
    // Offsets of labels count units of UTF-16, whatever positions count.
    let units = |end: u32| help.signature[..end as usize].encode_utf16().count() as u32;
    let parts = help.parts.iter();
    let parameters = parts.map(|&(start, end)| lsp::ParameterInformation {
        label: lsp::ParameterInformationLabel::Tuple((units(start), units(end))),
        documentation: None,
    });
    let docs = markdown(help.docs.clone());
    let active = help.active.map(lsp::ActiveParameter::Int);
    lsp::SignatureHelp {
        signatures: vec![lsp::SignatureInformation {
            label: help.signature.clone(),
            documentation: (!help.docs.is_empty())
                .then_some(lsp::Documentation::MarkupContent(docs)),
            parameters: Some(parameters.collect()),
            active_parameter: active,
        }],
        active_signature: Some(0),
        active_parameter: active,
    }
}

pub fn highlight_kind(role: Role) -> lsp::DocumentHighlightKind {
    match role {
        Role::Declares | Role::Binds | Role::Writes => lsp::DocumentHighlightKind::Write,
        Role::Reads => lsp::DocumentHighlightKind::Read,
    }
}

pub fn fold(context: &Context, path: &Path, fold: &sheaf_ide::Fold) -> lsp::FoldingRange {
    let range = context.range(path, fold.span);
    // The line with the closing bracket stays.
    let (text, _) = context.text(path);
    let ends_with_bracket = fold.span.of(&text).ends_with([')', ']', '}']);
    let end_line =
        range.end.line - u32::from(ends_with_bracket && range.end.line > range.start.line + 1);
    lsp::FoldingRange {
        start_line: range.start.line,
        end_line,
        kind: match fold.kind {
            FoldKind::Code => None,
            FoldKind::Comment => Some(lsp::FoldingRangeKind::Comment),
            FoldKind::Uses => Some(lsp::FoldingRangeKind::Imports),
        },
        ..Default::default()
    }
}

pub fn edits(context: &Context, edits: &[TextEdit]) -> lsp::WorkspaceEdit {
    let mut by_file: BTreeMap<&Path, Vec<lsp::TextEdit>> = BTreeMap::new();
    for edit in edits {
        let range = context.range(&edit.place.file, edit.place.span);
        let new_text = edit.text.clone();
        let list = by_file.entry(&edit.place.file).or_default();
        list.push(lsp::TextEdit { range, new_text });
    }
    let changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = by_file
        .into_iter()
        .map(|(path, edits)| (context.uri(path), edits))
        .collect();
    lsp::WorkspaceEdit {
        changes: Some(changes),
        ..Default::default()
    }
}

pub fn fix(
    context: &Context,
    fix: &Fix,
    diagnostic: lsp::Diagnostic,
    is_only: bool,
) -> lsp::CodeAction {
    lsp::CodeAction {
        title: fix.title.clone(),
        kind: Some(lsp::CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic]),
        is_preferred: Some(is_only),
        edit: Some(edits(context, &fix.edits)),
        ..Default::default()
    }
}

/// Commands of the client: what the lenses call. The server has [`SHOW_PLAN`] itself.
pub const RUN_TEST: &str = "sheaf.runTest";
/// Answers the plan of a program as a drawing.
pub const SHOW_PLAN: &str = "sheaf.showPlan";

pub fn lens(context: &Context, path: &Path, lens: &Lens) -> lsp::CodeLens {
    let uri = context.uri(path).0;
    let (title, command, arguments) = match &lens.action {
        Action::RunTest { name } => ("Run test", RUN_TEST, vec![uri.into(), name.clone().into()]),
        Action::ShowPlan => ("Explain plan", "sheaf.openPlan", vec![uri.into()]),
    };
    lsp::CodeLens {
        range: context.range(path, lens.span),
        command: Some(lsp::Command {
            title: title.to_owned(),
            command: command.to_owned(),
            arguments: Some(arguments),
            ..Default::default()
        }),
        data: None,
    }
}
