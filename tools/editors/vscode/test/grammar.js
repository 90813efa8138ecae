// The TextMate grammar in the engine of Visual Studio Code itself. The cargo tests hold every token of every text
// against the compiler, in another engine; this shows that the two engines agree on what is particular to the grammar.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const oniguruma = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");

const FOLDER = path.join(__dirname, "..");
const ROOT = path.join(FOLDER, "../../..");

/** A line, and the kind of each word in it. */
const LINES = [
  ['input r(from: Int, by: Int) from csv(by: "at") late 5s by at;', { input: "storage", from: "variable keyword", by: "variable keyword" }],
  ["edge(from, to) if arc(from, to), to > from;", { from: "variable", to: "variable", if: "keyword" }],
  ["p(type, view) if plane(type: t, table, ..), not sample(x), sample q(x);", { type: "variable", sample: "entity keyword" }],
  ["on late(id) { schedule late(id) after 1h; reply -x; reply () because \"\\u{1F600}\"; }", { late: "entity", schedule: "keyword", reply: "keyword" }],
  ["r.merge(event) // use", { merge: "entity", event: "variable", use: "comment" }],
  ["/// use", { use: "comment" }],
  ['"if \\n if"', { if: "string" }],
];

async function main() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const file = path.join(FOLDER, "syntaxes/sheaf.tmLanguage.json");
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: sources => new oniguruma.OnigScanner(sources),
      createOnigString: text => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => parseRawGrammar(fs.readFileSync(file, "utf8"), file),
  });
  const grammar = await registry.loadGrammar("source.sheaf");

  for (const [line, words] of LINES) {
    const { tokens } = grammar.tokenizeLine(line, INITIAL);
    for (const [word, kinds] of Object.entries(words)) {
      const found = [...line.matchAll(new RegExp(`(?<!\\w)${word}(?!\\w)`, "g"))].map(match =>
        tokens.find(token => token.startIndex <= match.index && match.index < token.endIndex).scopes.join(" "),
      );
      for (const kind of kinds.split(" ")) {
        assert(found.some(scopes => scopes.includes(` ${kind}`)), `no ${word} of ${line} is a ${kind}: ${found}`);
      }
      for (const scopes of found) {
        const fits = kinds.split(" ").some(kind => scopes.includes(` ${kind}`));
        assert(fits || (kinds.includes("storage") && scopes.includes(" keyword")), `${word} of ${line} is ${scopes}`);
      }
    }
  }

  const files = fs
    .readdirSync(ROOT, { recursive: true })
    .filter(name => name.endsWith(".sheaf") && !/(^|\/)(target|node_modules|\.[^/]*)\//.test(name));
  assert(files.length > 30, `only ${files.length} files`);
  for (const name of files) {
    let state = INITIAL;
    for (const [index, line] of fs.readFileSync(path.join(ROOT, name), "utf8").split("\n").entries()) {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
      state = ruleStack;
      for (const { startIndex, endIndex, scopes } of tokens) {
        const text = line.slice(startIndex, endIndex);
        assert(scopes.length > 1 || !text.trim(), `${name}:${index + 1}: nothing is known of \`${text}\``);
      }
    }
  }
  console.log(`${LINES.length} lines and ${files.length} files are coloured as they should be`);
}

main().catch(error => {
  console.error(error.message);
  process.exit(1);
});
