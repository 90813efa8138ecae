//! What a call or atom wants in its parentheses, while it is being written.

use std::path::Path;

use sheaf_compiler::syntax::TokenKind;

use crate::analysis::Analysis;
use crate::cursor::Cursor;

/// A declaration with the part that the cursor is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHelp {
    /// `needs(package: String, target: String)`
    pub signature: String,
    /// Its columns or parameters, as byte ranges of the signature.
    pub parts: Vec<(u32, u32)>,
    /// Which of them the cursor is in.
    pub active: Option<u32>,
    /// Its documentation, as Markdown.
    pub docs: String,
}

impl Analysis {
    /// What the parentheses around an offset want.
    pub fn signature_help(&self, file: &Path, offset: u32) -> Option<SignatureHelp> {
        let program = self.program(file);
        let cursor = Cursor::new(&program, offset)?;
        let call = cursor.call()?;
        let ((of, name), is_behind_value) = cursor.callee(&call)?;
        let declaration = program.declarations().at(of, name)?;
        let mut parts = Vec::new();
        let mut signature = format!("{}(", declaration.name);
        let shown = declaration.parts.iter().skip(usize::from(is_behind_value));
        for (index, part) in shown.clone().enumerate() {
            if index > 0 {
                signature += ", ";
            }
            let start = signature.len() as u32;
            signature += &part.to_string();
            parts.push((start, signature.len() as u32));
        }
        signature += ")";
        if let Some(result) = &declaration.result {
            signature += &format!(" -> {result}");
        }
        // `name: …` says which one it is.
        let inside = &cursor.before[call.bracket + 1..];
        let argument = inside
            .iter()
            .rposition(|token| token.kind == TokenKind::Comma);
        let argument = &inside[argument.map_or(0, |comma| comma + 1)..];
        let named = match argument {
            [name, colon, ..] if colon.kind == TokenKind::Colon => Some(cursor.text(name)),
            _ => None,
        };
        let by_name = named.and_then(|name| shown.clone().position(|part| part.name == name));
        let active = by_name.unwrap_or(call.commas);
        Some(SignatureHelp {
            signature,
            active: (active < parts.len()).then_some(active as u32),
            parts,
            docs: declaration.docs.clone(),
        })
    }
}
