const assert = require("node:assert/strict");
const vscode = require("vscode");
const { cellsOf, notebook, runAll, until } = require("./waiting");

const textOf = (cell) =>
  cell.outputs.map(({ items: [first] }) => Buffer.from(first.data).toString()).join("");

describe("a notebook", () => {
  it("shows errors on the lines of its cells, and completes names from its kernel", async () => {
    const editor = await notebook(
      "errors.ipynb",
      cellsOf("a_name_of_the_kernel = {'key': 1}", "1\n1 / 0", ""),
    );
    const [first, second, third] = editor.notebook.getCells();
    await runAll(editor);
    const [problem] = await until(() => {
      const found = vscode.languages.getDiagnostics(second.document.uri);
      return found.length > 0 && found;
    });
    assert.equal(problem.range.start.line, 1);
    assert.match(problem.message, /ZeroDivisionError: division by zero/);
    await until(() => first.executionSummary?.success === true && second.executionSummary?.success === false);
    assert.equal(third.executionSummary?.success, undefined);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(third.document.uri, new vscode.Position(0, 0), "a_name_of");
    await vscode.workspace.applyEdit(edit);
    const completion = await vscode.commands.executeCommand(
      "vscode.executeCompletionItemProvider",
      third.document.uri,
      new vscode.Position(0, 9),
    );
    const labels = completion.items.map(({ label }) => label.label ?? label);
    assert.ok(labels.includes("a_name_of_the_kernel"), labels.slice(0, 20).join());
  });

  it("follows its cells while they run, and after that", async () => {
    const waits = `import pathlib, time
shown = display("as it ended", display_id=True)
print("before")
while not pathlib.Path("go").exists(): time.sleep(0.01)
print("after")`;
    const editor = await notebook("moving.ipynb", cellsOf(waits, "'second'", "shown.update('updated')"));
    const [moved, second, last] = editor.notebook.getCells();
    await runAll(editor);
    await until(() => textOf(moved).includes("before"));
    editor.selections = [new vscode.NotebookRange(0, 1)];
    await vscode.commands.executeCommand("notebook.cell.moveDown");
    assert.equal(moved.index, 1);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(moved.document.uri, new vscode.Position(0, 0), "# edited\n");
    await vscode.workspace.applyEdit(edit);
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(editor.notebook.uri, "../go"), Buffer.from(""));
    await until(() => last.executionSummary?.success && textOf(moved).includes("'updated'"));
    assert.equal(textOf(moved), "'updated'before\nafter\n");
    assert.equal(textOf(second), "'second'");
    await until(() => moved.executionSummary?.success === true);
    assert.ok(second.executionSummary.executionOrder > moved.executionSummary.executionOrder);
  });
});
