// The Sheaf extension: starts `sheaf lsp` and adds what the protocol has no words for.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { PlanView } = require("./plan");
const { registerExplanations } = require("./explain");
const { runTests } = require("./tests");

/** Leaves it to `start` to say that the server did not start. */
class Client extends LanguageClient {
  error(message, data, showNotification) {
    super.error(message, data, this.hasStarted ? showNotification : false);
  }
}

/** @type {Client | undefined} */
let client;

function serverPath() {
  return vscode.workspace.getConfiguration("sheaf").get("server.path") || "sheaf";
}

async function start(plan) {
  const command = serverPath();
  client = new Client(
    "sheaf",
    "Sheaf",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "sheaf" }],
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.sheaf,sheaf.toml}") },
      middleware: {
        // The server draws, the editor shows.
        executeCommand: (name, given, next) =>
          name === "sheaf.showPlan" ? plan.show(given[0], () => next(name, given)) : next(name, given),
      },
    },
  );
  try {
    await client.start();
    client.hasStarted = true;
  } catch (error) {
    const choice = await vscode.window.showErrorMessage(
      `The Sheaf server did not start (${command} lsp): ${error.message ?? error}`,
      "Open Settings",
    );
    if (choice) vscode.commands.executeCommand("workbench.action.openSettings", "sheaf.server.path");
  }
}

async function stop() {
  const running = client;
  client = undefined;
  // A server that never started, or is gone, has nothing to stop.
  if (running?.needsStop()) await running.stop().catch(() => undefined);
}

function activeUri() {
  const editor = vscode.window.activeTextEditor;
  return editor?.document.languageId === "sheaf" ? editor.document.uri.toString() : undefined;
}

async function openPlan(plan, given) {
  const uri = given ?? activeUri();
  if (!uri || !client) return;
  const request = { command: "sheaf.showPlan", arguments: [uri.toString()] };
  await plan.show(uri, () => client.sendRequest("workspace/executeCommand", request));
}

async function activate(context) {
  const plan = new PlanView();
  context.subscriptions.push(
    plan,
    registerExplanations(serverPath),
    vscode.commands.registerCommand("sheaf.openPlan", uri => openPlan(plan, uri)),
    vscode.commands.registerCommand("sheaf.runTests", uri => runTests(serverPath(), uri ?? activeUri())),
    // Behind the server's code lenses.
    vscode.commands.registerCommand("sheaf.runTest", (uri, name) => runTests(serverPath(), uri, name)),
    vscode.commands.registerCommand("sheaf.restartServer", async () => {
      await stop();
      await start(plan);
    }),
    vscode.workspace.onDidChangeConfiguration(async change => {
      if (!change.affectsConfiguration("sheaf.server.path")) return;
      await stop();
      await start(plan);
    }),
  );
  await start(plan);
}

module.exports = { activate, deactivate: stop };
