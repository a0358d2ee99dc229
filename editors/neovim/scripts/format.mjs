// Formats Lua files in place with StyLua and ../.stylua.toml. With --check, only lists files that are not formatted.
//
//     node format.mjs [--check] FILE…

import { readFileSync, writeFileSync } from "node:fs";
import * as stylua from "@johnnymorganz/stylua";

const settings = readFileSync(new URL("../.stylua.toml", import.meta.url), "utf8");
const [check, files] = [process.argv.includes("--check"), process.argv.slice(2).filter((name) => name !== "--check")];

/** StyLua's options from the settings file. A word is a member of the enum that is named after its key. */
function config() {
  const made = stylua.Config.new();
  for (const [, key, value] of settings.matchAll(/^(\w+) = "?(\w+)"?$/gm)) {
    const kind = { syntax: "LuaVersion" }[key] ?? key.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
    made[key] = /^\d+$/.test(value) ? Number(value) : stylua[kind][value];
  }
  return made;
}

for (const file of files) {
  const code = readFileSync(file, "utf8");
  const formatted = stylua.formatCode(code, config(), undefined, stylua.OutputVerification.Full);
  if (formatted !== code && check) {
    console.error(`${file}: not formatted; run make fix`);
    process.exitCode = 1;
  } else if (formatted !== code) {
    writeFileSync(file, formatted);
    console.log(file);
  }
}
