// Visual Studio Code in a browser, with the packaged extension and the real server, as a user would work with them.
//
//   ./install.sh && npm test -- [SCREENSHOT]     with SHEAF and CHROMIUM for other places of the two programs
//
// Not part of continuous integration: installing code-server compiles for minutes.

const assert = require("node:assert");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const ROOT = path.resolve(__dirname, "../../../../..");
const SHEAF = process.env.SHEAF ?? path.join(ROOT, "target/release/sheaf");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const VSIX = path.resolve(__dirname, "../../sheaf.vsix");
const CODE_SERVER = path.join(path.dirname(require.resolve("code-server/package.json")), "out/node/entry.js");
const SCREENSHOT = process.argv[2];
const PORT = process.env.PORT ?? "8421";

const PROGRAM = `\
//! Which packages does each package pull in, directly or not?
input depends(package: String, target: String) from csv("depends.csv");

view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);

/// How much a package brings with it.
view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);

/// Nothing depends on these.
view leaf(package: String);
leaf(p) if depends(p, _), not depnds(_, p);

output weight to csv("weight.csv", order: [-weight, package]);
output leaf to csv("leaf.csv");

test "a chain is followed to its end" {
    given depends("a", "b"), depends("b", "c");
    expect needs("a", "c"), weight("a") -> 2, leaf("a");
}
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sheaf-end-to-end-"));
const project = path.join(folder, "packages");
const file = path.join(project, "packages.sheaf");
const data = path.join(folder, "data");
const folders = ["--user-data-dir", data, "--extensions-dir", path.join(folder, "extensions")];
const environment = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };

function prepare() {
  fs.mkdirSync(project, { recursive: true });
  fs.writeFileSync(file, PROGRAM);
  fs.writeFileSync(path.join(project, "depends.csv"), "package,target\na,b\nb,c\n");
  fs.mkdirSync(path.join(data, "User"), { recursive: true });
  const settings = {
    "sheaf.server.path": SHEAF,
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": true,
    "security.workspace.trust.enabled": false,
    "telemetry.telemetryLevel": "off",
    "editor.minimap.enabled": false,
    "files.autoSave": "off",
  };
  fs.writeFileSync(path.join(data, "User/settings.json"), JSON.stringify(settings));
  execFileSync(process.execPath, [CODE_SERVER, ...folders, "--install-extension", VSIX], {
    stdio: "inherit",
    env: environment,
  });
}

async function serve() {
  const given = ["--auth", "none", "--bind-addr", `127.0.0.1:${PORT}`, "--disable-telemetry", "--disable-update-check"];
  const more = ["--disable-workspace-trust", "--disable-getting-started-override"];
  const server = spawn(process.execPath, [CODE_SERVER, ...folders, ...given, ...more, project], {
    stdio: ["ignore", "pipe", "inherit"],
    env: environment,
  });
  await new Promise((resolve, reject) => {
    server.stdout.on("data", text => String(text).includes("listening on") && resolve());
    server.on("exit", status => reject(new Error(`code-server ended with ${status}`)));
  });
  return server;
}

async function command(page, name) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input.input");
  await input.waitFor();
  await input.fill(`>${name}`);
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.waitForTimeout(500);
  await page.keyboard.press("Enter");
}

async function goTo(page, line, column) {
  await page.keyboard.press("Control+G");
  const input = page.locator(".quick-input-widget input.input");
  await input.fill(`:${line}:${column}`);
  await page.waitForTimeout(300);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
}

/** The text of the file once it has been saved and is as expected. */
async function saved(page, fits) {
  await page.keyboard.press("Control+S");
  for (let tries = 0; tries < 100; tries += 1) {
    const text = fs.readFileSync(file, "utf8");
    if (fits(text)) return text;
    await page.waitForTimeout(100);
  }
  throw new Error(`the file is not as expected:\n${fs.readFileSync(file, "utf8")}`);
}

async function work(page) {
  await page.goto(`http://127.0.0.1:${PORT}/?folder=${project}`);
  await page.locator(".explorer-folders-view").waitFor({ timeout: 120_000 });
  await page.keyboard.press("Control+P");
  await page.locator(".quick-input-widget input.input").fill("packages.sheaf");
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.waitForTimeout(1000);
  await page.keyboard.press("Enter");
  await page.locator(".editor-instance .view-line").first().waitFor();

  console.log("diagnostics");
  await page.locator(".squiggly-error").first().waitFor({ timeout: 60_000 });
  await command(page, "View: Focus Problems");
  const problem = page.locator(".markers-panel .monaco-list-row", { hasText: "E0201" }).first();
  await problem.waitFor();
  console.log(`  ${(await problem.innerText()).replace(/\s+/g, " ")}`);

  console.log("quick fix");
  await command(page, "View: Focus Active Editor Group");
  await goTo(page, 14, 32);
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget .monaco-list-row", { hasText: "depends" }).first().waitFor();
  await page.waitForTimeout(500);
  await page.keyboard.press("Enter");
  await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  await saved(page, text => text === PROGRAM.replace("depnds", "depends"));

  console.log("completion");
  await goTo(page, 17, 40);
  await page.keyboard.press("Enter");
  await page.keyboard.type("output wei");
  await page.keyboard.press("Control+Space");
  const suggestion = page.locator(".suggest-widget .monaco-list-row", { hasText: "weight" }).first();
  await suggestion.waitFor();
  await page.keyboard.press("Escape");
  for (let i = 0; i < "output wei".length + 1; i += 1) await page.keyboard.press("Backspace");

  console.log("rename");
  await goTo(page, 13, 7);
  await page.keyboard.press("F2");
  const box = page.locator(".rename-box input");
  await box.fill("free");
  await box.press("Enter");
  const renamed = PROGRAM.replace("depnds", "depends").replace(/\bleaf\b(?!\.csv)/g, "free");
  await page.waitForTimeout(1000);
  await saved(page, text => text === renamed);

  console.log("formatting when the file is saved");
  await goTo(page, 5, 12);
  await page.keyboard.type("   ");
  await saved(page, text => text === renamed);

  console.log("plan");
  await command(page, "Sheaf: Show Plan");
  const picture = await planFrame(page);
  const node = picture.locator("[data-line='6']").first();
  await node.waitFor({ timeout: 30_000 });

  console.log("from the text to the plan");
  await command(page, "View: Focus First Editor Group");
  await goTo(page, 6, 1);
  await picture.locator("[data-line='6'].selected").first().waitFor();

  console.log("from the plan to the text");
  await picture.locator("[data-line='10']").first().click();
  await page.locator(".line-numbers.active-line-number", { hasText: /^10$/ }).first().waitFor();

  console.log("hover");
  await goTo(page, 6, 30);
  await command(page, "Show or Focus Hover");
  const hover = page.locator(".monaco-hover-content", { hasText: "depends(package: String, target: String)" });
  await hover.first().waitFor();
  console.log(`  ${(await hover.first().innerText()).replace(/\s+/g, " ")}`);
  await page.keyboard.press("Escape");

  console.log("a mistake beside the plan");
  await goTo(page, 14, 34);
  await page.keyboard.press("Delete");
  await page.locator(".squiggly-error").first().waitFor();
  await page.locator(".markers-panel .monaco-list-row", { hasText: "E0201" }).first().waitFor();
  if (!SCREENSHOT) return;
  await command(page, "View: Toggle Primary Side Bar Visibility");
  await goTo(page, 10, 2);
  await command(page, "Show or Focus Hover");
  await page.locator(".monaco-hover-content", { hasText: "view weight(" }).first().waitFor();
  await page.waitForTimeout(1000);
  await page.screenshot({ path: SCREENSHOT });
}

/** The innermost frame that shows the plan. */
async function planFrame(page) {
  for (let tries = 0; tries < 300; tries += 1) {
    for (const frame of page.frames()) {
      const found = await frame.locator("svg [data-line]").count().catch(() => 0);
      if (found && frame !== page.mainFrame()) return frame;
    }
    await page.waitForTimeout(100);
  }
  throw new Error("no picture of the plan");
}

async function main() {
  prepare();
  const server = await serve();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
  try {
    await work(page);
    console.log("all of it works");
  } catch (error) {
    await page.screenshot({ path: path.join(folder, "failed.png") });
    console.error(`${error.stack}\nwhat was to be seen: ${path.join(folder, "failed.png")}`);
    process.exitCode = 1;
  } finally {
    await browser.close();
    server.kill();
  }
  if (!process.exitCode) fs.rmSync(folder, { recursive: true, force: true });
}

main();
