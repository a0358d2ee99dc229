// Bundles the extension: build.mjs [--production] [--watch]
import esbuild from "esbuild";

const production = process.argv.includes("--production");
const options = {
  // The second is loaded by the first when it is needed.
  entryPoints: ["src/extension.ts", "src/language_client.ts"],
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  supported: { "dynamic-import": false }, // it becomes require, which finds the other bundle
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
