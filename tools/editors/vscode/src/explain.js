// `Sheaf: Explain an Error Code`: the page of a code, beside the text.

const { execFile } = require("node:child_process");
const vscode = require("vscode");

const SCHEME = "sheaf-explanation";

/** The code of the diagnostic at the cursor. */
function codeHere() {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return undefined;
  const here = vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter(({ range }) => range.start.line <= editor.selection.active.line)
    .filter(({ range }) => editor.selection.active.line <= range.end.line);
  const code = here[0]?.code;
  return typeof code === "object" ? code.value : code;
}

async function explain(given) {
  const code =
    given ??
    (await vscode.window.showInputBox({ prompt: "The code of an error", placeHolder: "E0301", value: codeHere() }));
  if (!code) return;
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `${String(code).trim().toUpperCase()}.md` });
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
}

/** Registers the command and where its pages come from: `sheaf explain CODE`. */
function registerExplanations(serverPath) {
  const content = {
    provideTextDocumentContent: uri =>
      new Promise(resolve => {
        const code = uri.path.replace(/\.md$/, "");
        execFile(serverPath(), ["explain", code], (error, page, complaint) => {
          resolve(error ? complaint || error.message : page);
        });
      }),
  };
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, content),
    vscode.commands.registerCommand("sheaf.explain", explain),
  );
}

module.exports = { registerExplanations };
