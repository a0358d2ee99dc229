const assert = require("node:assert/strict");
const vscode = require("vscode");
const { until } = require("./waiting");

const CODE = ["a_name_of_the_kernel = {'key': 1}", "1\n1 / 0", ""];

async function open(name) {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);
  const cells = CODE.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    execution_count: null,
    metadata: {},
    outputs: [],
    source,
  }));
  const text = JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  return await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(uri));
}

async function runAll(notebookEditor) {
  await vscode.commands.executeCommand("notebook.selectKernel", {
    notebookEditor,
    id: "kernel-bridge",
    extension: "kernel-bridge.kernel-bridge",
  });
  await vscode.commands.executeCommand("notebook.execute");
}

describe("a notebook", () => {
  it("shows errors on the lines of its cells, and completes names from its kernel", async () => {
    const editor = await open("errors.ipynb");
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
});
