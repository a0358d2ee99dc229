// Bundles the extension and its renderer: build.mjs [--production] [--watch]
import { rmSync } from "node:fs";
import esbuild from "esbuild";
import { writeNotices } from "./notices.mjs";

const production = process.argv.includes("--production");
const common = {
  bundle: true,
  minify: production,
  sourcemap: !production,
  logLevel: "warning",
  metafile: true,
};
const extension = {
  ...common,
  // The first bundle loads the second on demand.
  entryPoints: { extension: "src/extension.ts", language_client: "src/server/language_client.ts" },
  outdir: "dist",
  platform: "node",
  target: "node20",
  format: "cjs",
  supported: { "dynamic-import": false }, // becomes require, which finds the other bundle
  external: ["vscode", "./language_client"],
};
const renderer = {
  ...common,
  entryPoints: ["src/renderer/index.ts", "src/renderer/altair.ts"],
  outdir: "dist/renderer",
  chunkNames: "[name]-[hash]",
  platform: "browser",
  target: "es2022",
  format: "esm",
  splitting: true, // each type's libraries are a file of their own, loaded when an output needs them
  sourcemap: false,
};

rmSync("dist", { recursive: true, force: true }); // the names of chunks change with their content
if (process.argv.includes("--watch")) {
  for (const options of [extension, renderer]) await (await esbuild.context(options)).watch();
} else {
  const built = await Promise.all([extension, renderer].map((options) => esbuild.build(options)));
  writeNotices(built.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
}
