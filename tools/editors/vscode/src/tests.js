// Runs `test` blocks in a terminal, where their output can be read and run again.

const vscode = require("vscode");

/** Runs the tests of a file, or those of one name. */
async function runTests(command, uri, name) {
  if (!uri) return;
  const file = vscode.Uri.parse(uri.toString());
  await vscode.workspace.textDocuments.find(open => open.uri.toString() === file.toString())?.save();
  const execution = new vscode.ProcessExecution(command, [
    ...["test", file.fsPath],
    ...(name ? ["--only", name] : []),
  ]);
  const folder = vscode.workspace.getWorkspaceFolder(file) ?? vscode.TaskScope.Workspace;
  const task = new vscode.Task({ type: "sheaf", file: file.fsPath, name }, folder, name ?? "test", "sheaf", execution);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  await vscode.tasks.executeTask(task);
}

module.exports = { runTests };
