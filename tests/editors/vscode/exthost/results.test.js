const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ended, show, until } = require("./waiting");

const run = (name) => vscode.commands.executeCommand(`kernelBridge.${name}`);
const text = (output) => Buffer.from(output.items[0].data).toString("utf8");

const SOURCE = "# %%\ndef f(x):\n    return 1 / x\n\n# %%\n\ny = 1\nf(0)\n";
const NOTE = vscode.NotebookCellKind.Markup;

describe("the results of a file", () => {
  let document;
  let cell;

  before(async () => {
    document = await show("results.py", SOURCE);
    await run("runAll");
    cell = await ended("y = 1\nf(0)");
  });

  it("are an interactive window that is never dirty", () => {
    assert.equal(cell.notebook.notebookType, "interactive");
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const tab = tabs.find(({ label }) => label.startsWith("results.py · "));
    assert.ok(tab, tabs.map(({ label }) => label).join());
    assert.equal(tab.isDirty, false);
  });

  it("name the lines of the file in a traceback", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of IPython
    const stack = JSON.parse(text(cell.outputs[0])).stack.replace(/\x1b\[[\d;]*m/g, "");
    assert.ok(stack.includes(`File ${document.uri.fsPath}:8\n`), stack);
    assert.ok(stack.includes(`File ${document.uri.fsPath}:3, in f(x)`), stack);
    assert.match(stack, /-> 3 +return 1 \/ x/);
    assert.doesNotMatch(stack, /In ?\[/);
  });

  it("have an input box that runs on the kernel of the file", async () => {
    const { notebook } = cell;
    const before = notebook.cellCount;
    const { inputUri } = await vscode.commands.executeCommand("interactive.open", {}, notebook.uri);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(inputUri, new vscode.Position(0, 0), "y + 41");
    await vscode.workspace.applyEdit(edit);
    await vscode.commands.executeCommand("interactive.execute", notebook.uri);
    const entered = await ended("y + 41");
    assert.equal(entered.document.languageId, "python");
    assert.equal(entered.notebook, notebook);
    assert.equal(text(entered.outputs[0]), "42");
    assert.equal(notebook.cellCount, before + 1);
  });

  it("have a line where the kernel restarted", async () => {
    await run("restartKernel");
    const line = await until(() => cell.notebook.getCells().find(({ kind }) => kind === NOTE));
    assert.match(line.document.getText(), /Restarted.+Python.+variables.+gone/);
  });
});
