// Bundles the extension: build.mjs [--production] [--watch]
import esbuild from "esbuild";

const production = process.argv.includes("--production");
const options = {
  // The first bundle loads the second on demand.
  entryPoints: { extension: "src/extension.ts", language_client: "src/server/language_client.ts" },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  supported: { "dynamic-import": false }, // becomes require, which finds the other bundle
  external: ["vscode", "./language_client"],
  minify: production,
  sourcemap: !production,
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
}
