const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ended, show, until } = require("./waiting");

const run = (name, ...args) => vscode.commands.executeCommand(`kernelBridge.${name}`, ...args);
const text = (item) => Buffer.from(item.data).toString("utf8");

const RICH = `\
from IPython.display import display, HTML, Latex, Markdown, JSON, SVG
display(HTML("<b>bold</b>"), Latex("$x^2$"), Markdown("*slanted*"), JSON({"a": [1, 2]}))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'))
print("\\x1b[31mred\\x1b[0m")`;

const IN_PLACE = `\
from IPython.display import display, clear_output
handle = display("one", display_id=True)
handle.update("two")
print("gone")
clear_output()
print("stays")
handle = display("three", display_id=True)
handle.update("four")`;

async function runAll(name, source) {
  const document = await show(name, source);
  await run("runAll");
  return { document, cell: await ended(source) };
}

describe("a run", () => {
  it("is a cell with its state, execution count and time", async () => {
    const { cell } = await runAll("count.py", "6 * 7");
    const { success, executionOrder, timing } = cell.executionSummary;
    assert.equal(success, true);
    assert.equal(executionOrder, 1);
    assert.ok(timing.endTime >= timing.startTime);
    assert.equal(text(cell.outputs[0].items.find(({ mime }) => mime === "text/plain")), "42");
    assert.equal(vscode.window.activeTextEditor.document.fileName.endsWith("count.py"), true);
  });

  it("puts the type that VS Code renders first in every output", async () => {
    const { cell } = await runAll("rich.py", RICH);
    const mimes = cell.outputs.map((output) => output.items.map(({ mime }) => mime));
    for (const mime of ["text/html", "text/latex", "text/markdown", "application/json", "image/svg+xml"])
      assert.ok(
        mimes.some((each) => each[0] === mime),
        `${mime} is not shown first: ${JSON.stringify(mimes)}`,
      );
    const stream = cell.outputs.at(-1).items[0];
    assert.equal(stream.mime, "application/vnd.code.notebook.stdout");
    assert.equal(text(stream), "\x1b[31mred\x1b[0m\n");
  });

  it("updates its outputs in place", async () => {
    const { cell } = await runAll("place.py", IN_PLACE);
    assert.deepEqual(
      cell.outputs.map(({ items }) => text(items[0])),
      ["stays\n", "'four'"],
    );
  });

  it("that fails is a failed cell, and a diagnostic that the next run removes", async () => {
    const failing = "x = 1\nx / 0";
    const { document, cell } = await runAll("fails.py", failing);
    assert.equal(cell.executionSummary.success, false);
    assert.equal(cell.outputs[0].items[0].mime, "application/vnd.code.notebook.error");
    const [problem] = await until(
      () =>
        vscode.languages.getDiagnostics(document.uri).length > 0 &&
        vscode.languages.getDiagnostics(document.uri),
    );
    assert.equal(problem.range.start.line, 1);
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
    assert.match(problem.message, /ZeroDivisionError: division by zero/);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(1, 0, 1, 5), "x / 1");
    await vscode.workspace.applyEdit(edit);
    await run("runAll");
    await ended("x = 1\nx / 1");
    await until(() => vscode.languages.getDiagnostics(document.uri).length === 0);
  });

  it("of a cell starts with the link above it", async () => {
    const document = await show("cells.py", "# %%\n'first'\n# %%\n'second'\n");
    const lenses = await vscode.commands.executeCommand("vscode.executeCodeLensProvider", document.uri);
    const second = lenses.find(
      ({ command, range }) => command.title.includes("Run Cell") && range.start.line === 2,
    );
    await vscode.commands.executeCommand(second.command.command, ...second.command.arguments);
    const cell = await until(() =>
      vscode.workspace.notebookDocuments
        .flatMap((notebook) => notebook.getCells())
        .find((each) => each.document.getText().includes("'second'") && each.executionSummary?.success),
    );
    assert.equal(text(cell.outputs[0].items.find(({ mime }) => mime === "text/plain")), "'second'");
  });

  it("has its proposal inserted below it, as one step to undo", async () => {
    const source = "get_ipython().set_next_input('a = 1\\nb')";
    const document = await show("proposal.py", `# %%\n${source}\n\n# %%\n2\n`);
    await run("runCell", 1);
    await ended(source);
    const before = document.getText();
    await run("insertNextInput");
    const inserted = before.replace(`${source}\n`, `${source}\n\n# %%\na = 1\nb\n`);
    assert.equal(document.getText(), inserted);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), before);
  });
});
