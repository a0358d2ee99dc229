// Writes l10n/bundle.l10n.json, the texts of src/ for translators. l10n.mjs --check tells whether it is up to date, and
// lists texts that no translator would see.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { getL10nJson } from "@vscode/l10n-dev";
import ts from "typescript";

const BUNDLE = "l10n/bundle.l10n.json";
const GENERATED = /(protocol|vocabulary)\.ts$/;
/** Words with a space between them, or a capitalised word. */
const TEXT = /\p{L}{2,}[,;:.]? \p{L}{2,}|^[A-Z][a-z]+$|\p{L}{2,} \{\}|\{\} \p{L}{2,}/u;
/** Names, shell commands, parts of tracebacks, and other texts for programs. */
const NO_TEXT =
  /^Kernel Bridge(: \{\})?$|^Jupyter Notebook Renderers$|\b(pip|tool|pipx) install |^\{\}File |^@tag:|^<|^request |^Scripts$|^\nimport /;

/** The places of texts that do not pass through l10n.t, except what only the log shows. */
function untranslatable(name, contents) {
  const file = ts.createSourceFile(name, contents, ts.ScriptTarget.ES2022, true);
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && /\b(l10n\.t|log\.\w+)$/.test(node.expression.getText())) return;
    if (ts.isImportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    const text = textOf(node);
    if (text !== undefined && TEXT.test(text) && !NO_TEXT.test(text) && !isCompared(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`src/${name}:${line + 1}: ${JSON.stringify(text)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join("{}");
}

function isCompared({ parent }) {
  return ts.isCaseClause(parent) || ts.isBinaryExpression(parent);
}

// A renderer runs in a webview, where VS Code offers no translations.
const names = readdirSync("src", { recursive: true }).filter(
  (name) => /\.tsx?$/.test(name) && !name.startsWith("renderer"),
);
const files = names.map((name) => ({
  name,
  extension: ".ts",
  contents: readFileSync(`src/${name}`, "utf8"),
}));
const texts = await getL10nJson(files);
const sorted = Object.fromEntries(Object.entries(texts).sort(([one], [other]) => (one < other ? -1 : 1)));
const bundle = `${JSON.stringify(sorted, undefined, 2)}\n`;

if (process.argv.includes("--check")) {
  const written = files.filter(({ name }) => !GENERATED.test(name));
  const problems = written.flatMap(({ name, contents }) => untranslatable(name, contents));
  if (problems.length > 0) problems.unshift("these texts do not pass through vscode.l10n.t:");
  if (readFileSync(BUNDLE, "utf8") !== bundle)
    problems.push(`${BUNDLE} is out of date: run \`npm run l10n\``);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  writeFileSync(BUNDLE, bundle);
}
