// Packages the extension as kernel-bridge.vsix, with the license and the version of the Python package.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";

const source = readFileSync("../../kernel_bridge/__init__.py", "utf8");
const version = source.match(/__version__ = "(.+)"/)[1];
const { homepage } = JSON.parse(readFileSync("package.json", "utf8"));
const repository = homepage.replace(/#.*/, "");
copyFileSync("../../LICENSE", "LICENSE");
const options = [
  // vsce resolves the links of the README from the root of the repository by default.
  ...["--baseContentUrl", `${repository}/blob/HEAD/editors/vscode`],
  ...["--baseImagesUrl", `${repository}/raw/HEAD/editors/vscode`],
  "--no-dependencies",
  "--no-git-tag-version",
  "--no-update-package-json",
  ...["--out", "kernel-bridge.vsix"],
];
execFileSync(process.execPath, ["node_modules/@vscode/vsce/vsce", "package", version, ...options], {
  stdio: "inherit",
});
