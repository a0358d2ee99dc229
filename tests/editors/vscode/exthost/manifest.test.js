const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const TITLES = [
  "Run Selection",
  "Run Line",
  "Run Cell",
  "Run Cell and Advance",
  "Run Above",
  "Run Below",
  "Run All",
  "Start Kernel",
  "Attach to Kernel",
  "Select Kernel",
  "Interrupt Kernel",
  "Restart Kernel",
  "Restart and Run All",
  "Shut Down Kernel",
  "Cancel Run",
  "Show History",
  "Export History to Notebook",
  "Show Log",
];

describe("the extension", () => {
  const extension = vscode.extensions.getExtension("kernel-bridge.kernel-bridge");

  it("registers a command for each title", async () => {
    await extension.activate();
    const { commands } = extension.packageJSON.contributes;
    const registered = await vscode.commands.getCommands(true);
    for (const title of TITLES) {
      const found = commands.find(
        (command) => command.title === title && command.category === "Kernel Bridge",
      );
      assert.ok(found, `no command has the title ${title}`);
      assert.ok(registered.includes(found.command), `${found.command} is not registered`);
    }
    for (const { command } of commands)
      assert.ok(registered.includes(command), `${command} is not registered`);
  });

  it("needs no other extension", () => {
    assert.deepEqual(extension.packageJSON.extensionDependencies ?? [], []);
  });

  it("describes every setting", () => {
    const { configuration } = extension.packageJSON.contributes;
    for (const { properties } of [configuration].flat()) {
      for (const [name, setting] of Object.entries(properties)) {
        assert.match(name, /^kernel-bridge\./);
        assert.ok(
          (setting.markdownDescription ?? setting.description)?.length > 20,
          `${name} is not described`,
        );
      }
    }
  });

  it("contains the files in its manifest", () => {
    const text = JSON.stringify(extension.packageJSON);
    for (const [, file] of text.matchAll(/"((?:\.\/)?media\/[^"]+)"/g))
      assert.ok(fs.existsSync(path.join(extension.extensionPath, file)), `${file} is not in the package`);
  });
});
