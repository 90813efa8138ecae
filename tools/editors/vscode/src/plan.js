// The plan of a program as a picture beside its text: a click on a node goes to its source, the cursor marks its nodes.

const vscode = require("vscode");

class PlanView {
  constructor() {
    this.panel = undefined;
    this.uri = undefined;
    this.cursor = vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.mark(textEditor));
  }

  /** Opens the picture that `draw` gives for the file `uri`, or says why there is none. */
  async show(uri, draw) {
    if (!uri) return;
    let svg;
    try {
      svg = picture(await draw());
    } catch (error) {
      vscode.window.showErrorMessage(`No plan: ${error.message ?? error}`);
      return;
    }
    if (!svg) {
      vscode.window.showErrorMessage("No plan: the server sent no picture.");
      return;
    }
    this.uri = vscode.Uri.parse(uri.toString());
    if (!this.panel) {
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.panel = vscode.window.createWebviewPanel("sheaf.plan", "Plan", column, { enableScripts: true });
      this.panel.onDidDispose(() => (this.panel = undefined));
      this.panel.webview.onDidReceiveMessage(place => this.open(place));
    }
    this.panel.title = `Plan of ${this.uri.path.split("/").pop()}`;
    this.panel.webview.html = page(svg);
    const editor = vscode.window.activeTextEditor;
    if (editor) this.mark(editor);
  }

  async open({ file, line, column }) {
    const uri = file && /^\w+:\/\//.test(file) ? vscode.Uri.parse(file) : this.besides(file);
    const place = new vscode.Position(Math.max(0, line - 1), Math.max(0, (column || 1) - 1));
    await vscode.window.showTextDocument(uri, {
      viewColumn: vscode.ViewColumn.One,
      selection: new vscode.Range(place, place),
    });
  }

  /** The file a node names: the shown one, another in its folder, or one with a path of its own. */
  besides(file) {
    if (!file || this.uri.path.endsWith(`/${file}`) || this.uri.fsPath === file) return this.uri;
    return file.startsWith("/") ? vscode.Uri.file(file) : vscode.Uri.joinPath(this.uri, "..", file);
  }

  mark(editor) {
    if (!this.panel || editor.document.uri.toString() !== this.uri.toString()) return;
    const name = this.uri.path.split("/").pop();
    this.panel.webview.postMessage({ name, line: editor.selection.active.line + 1 });
  }

  dispose() {
    this.cursor.dispose();
    this.panel?.dispose();
  }
}

/** What the server answered, as SVG: the text itself or a field of an object. */
function picture(answer) {
  const text = typeof answer === "string" ? answer : answer?.svg;
  return text?.slice(Math.max(0, text.indexOf("<svg")));
}

function page(svg) {
  const nonce = [...Array(24)].map(() => Math.random().toString(36)[2]).join("");
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}';">
<style>
  body { background: #fff; margin: 0; padding: 8px; }
</style>
</head>
<body>
${svg}
<script nonce="${nonce}">
  const editor = acquireVsCodeApi();
  const nodes = [...document.querySelectorAll("[data-line]")];
  for (const node of nodes) {
    node.addEventListener("click", () => {
      const { file, line, column } = node.dataset;
      editor.postMessage({ file, line: Number(line), column: Number(column) });
    });
  }
  window.addEventListener("message", ({ data }) => {
    let first;
    for (const node of nodes) {
      const here = Number(node.dataset.line) === data.line && node.dataset.file?.split("/").pop() === data.name;
      node.classList.toggle("selected", here);
      if (here && !first) first = node;
    }
    first?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
</script>
</body>
</html>`;
}

module.exports = { PlanView };
