// Writes l10n/bundle.l10n.json, the texts of src/ for translators: l10n.mjs [--check]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { getL10nJson } from "@vscode/l10n-dev";

const BUNDLE = "l10n/bundle.l10n.json";

const names = readdirSync("src", { recursive: true }).filter((name) => name.endsWith(".ts"));
const files = names.map((name) => ({ extension: ".ts", contents: readFileSync(`src/${name}`, "utf8") }));
const texts = await getL10nJson(files);
const sorted = Object.fromEntries(Object.entries(texts).sort(([one], [other]) => (one < other ? -1 : 1)));
const bundle = `${JSON.stringify(sorted, undefined, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(BUNDLE, bundle);
} else if (readFileSync(BUNDLE, "utf8") !== bundle) {
  console.error(`${BUNDLE} differs from the texts of src/: run \`npm run l10n\``);
  process.exitCode = 1;
}
