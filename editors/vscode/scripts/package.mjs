// Packages the extension as kernel-bridge.vsix, with the project's license, changelog and version.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const ROOT = "../..";
const source = readFileSync(`${ROOT}/kernel_bridge/__init__.py`, "utf8");
const version = source.match(/__version__ = "(.+)"/)[1];
const { homepage } = JSON.parse(readFileSync("package.json", "utf8"));
const repository = homepage.replace(/#.*/, "");
const changelog = readFileSync(`${ROOT}/CHANGELOG.md`, "utf8");
copyFileSync(`${ROOT}/LICENSE`, "LICENSE");
writeFileSync("CHANGELOG.md", changelog.replaceAll(/\]\((?!\w+:|#)/g, `](${ROOT}/`));
const options = [
  // vsce makes links absolute, by default as if this folder were the root of the repository.
  ...["--baseContentUrl", `${repository}/blob/HEAD/editors/vscode`],
  ...["--baseImagesUrl", `${repository}/raw/HEAD/editors/vscode`],
  // The version is the Python package's: vsce must neither commit it nor write it to package.json.
  "--no-git-tag-version",
  "--no-update-package-json",
  ...["--out", "kernel-bridge.vsix"],
];
execFileSync(process.execPath, ["node_modules/@vscode/vsce/vsce", "package", version, ...options], {
  stdio: "inherit",
});
