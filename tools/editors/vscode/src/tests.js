// Runs `test` blocks in a terminal, where their output can be read and run again.

const vscode = require("vscode");

/** Runs the tests of a file. */
async function runTests(command, uri) {
  if (!uri) return;
  const file = vscode.Uri.parse(uri.toString());
  await vscode.workspace.textDocuments.find(open => open.uri.toString() === file.toString())?.save();
  const execution = new vscode.ProcessExecution(command, ["test", file.fsPath]);
  const folder = vscode.workspace.getWorkspaceFolder(file) ?? vscode.TaskScope.Workspace;
  const task = new vscode.Task({ type: "sheaf", file: file.fsPath }, folder, "test", "sheaf", execution);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  await vscode.tasks.executeTask(task);
}

module.exports = { runTests };
