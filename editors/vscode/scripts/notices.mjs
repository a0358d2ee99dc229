// Writes the licenses of the packages in the bundles to THIRD-PARTY-NOTICES.txt.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Raises an error if a package has neither a license file nor the name of a license. */
export function writeNotices(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const folder = input.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
    if (folder) folders.add(folder);
  }
  const notices = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
    if (!file && !license) throw new Error(`${folder} has no license`);
    const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : `License: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
  const line = `\n${"-".repeat(80)}\n\n`;
  writeFileSync(
    "THIRD-PARTY-NOTICES.txt",
    `Kernel Bridge for VS Code contains the following packages.\n${line}${notices.join(line)}`,
  );
}
