const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ended, show } = require("./waiting");

const run = (name) => vscode.commands.executeCommand(`kernelBridge.${name}`);
const editor = () => vscode.window.activeTextEditor;
const cursors = () => editor().selections.map(({ active }) => active.line);

/** Puts a cursor on each of the lines, and waits until VS Code reports them. */
async function put(...lines) {
  const wanted = lines.map((line) => new vscode.Selection(line, 0, line, 0));
  const areThere = (selections) => wanted.every((each, index) => selections[index]?.isEqual(each));
  if (areThere(editor().selections)) return;
  const reported = new Promise((resolve) => {
    const subscription = vscode.window.onDidChangeTextEditorSelection(({ selections }) => {
      if (!areThere(selections)) return;
      subscription.dispose();
      resolve();
    });
  });
  editor().selections = wanted;
  await reported;
}

describe("the flow of a script", () => {
  it("runs statements one by one, in a file that was never saved", async () => {
    const content = "a = 1\n\nif a:\n    'first'\n# a comment\n'second'";
    const document = await vscode.workspace.openTextDocument({ language: "python", content });
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    await put(0);
    await Promise.all([1, 2, 3].map(() => run("runStatementAndAdvance"))); // keys faster than the kernel
    for (const source of ["a = 1", "if a:\n    'first'", "'second'"]) await ended(source);
    assert.equal(document.getText(), `${content}\n`);
    assert.deepEqual(cursors(), [6]);
    await run("runStatementAndAdvance"); // there is none
    await put(2);
    await run("runToLine");
    await ended("a = 1");
    await put(4);
    await run("runFromLine");
    await ended("# a comment\n'second'");
  });

  it("runs and edits cells of a file with CRLF and a byte order mark", async () => {
    const document = await show("windows.py", "\ufeff# %% one\r\n'one'\r\n\r\n# %% two\r\n'two'\r\n");
    assert.equal(document.eol, vscode.EndOfLine.CRLF);
    await put(0);
    await Promise.all([run("runCellAndAdvance"), run("runCellAndInsertBelow")]);
    await ended("'one'");
    await ended("'two'");
    const grown = "# %% one\r\n'one'\r\n\r\n# %% two\r\n'two'\r\n\r\n# %%\r\n";
    assert.equal(document.getText(), grown);
    assert.deepEqual(cursors(), [7]);
    await run("moveCellsUp");
    assert.equal(document.getText(), "# %% one\r\n'one'\r\n\r\n# %%\r\n\r\n# %% two\r\n'two'\r\n");
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), grown);
    await document.save();
    const saved = Buffer.from(await vscode.workspace.fs.readFile(document.uri)).toString("utf8");
    assert.equal(saved, `\ufeff${grown}`);
  });

  it("runs and edits the cells of all cursors, in the editor that has the focus", async () => {
    const document = await show("split.py", "# %%\n'here'\n# %%\n0\n# %%\n'there'\n");
    const left = editor();
    await put(3);
    await vscode.window.showTextDocument(document, vscode.ViewColumn.Two);
    await put(1, 5);
    await run("runCellAndAdvance");
    await ended("'here'");
    await ended("'there'");
    assert.deepEqual(cursors(), [8]);
    await put(1, 5);
    await run("deleteCells");
    assert.equal(document.getText(), "# %%\n0\n# %%\n");
    assert.equal(left.selection.active.line, 1);
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
  });

  it("shows text in the results, in order", async () => {
    await show("text.py", "# %% [markdown]\n# # Title\n#\n# *text*\n# %%\n'below the title'\n");
    await put(0);
    await Promise.all([run("runCellAndAdvance"), run("runCell")]);
    const cell = await ended("'below the title'");
    const title = cell.notebook.cellAt(cell.index - 1);
    assert.equal(title.kind, vscode.NotebookCellKind.Markup);
    assert.equal(title.document.getText(), "# Title\n\n*text*");
  });

  it("adds no cell after the last fence, and nothing after an empty cell", async () => {
    const fences = "# Title\n\n```{python}\n'in a fence'\n```\n";
    const markdown = await show("fences.md", fences);
    await put(0);
    await run("runCellAndAdvance");
    assert.deepEqual(cursors(), [3]);
    await run("runCellAndAdvance");
    await ended("'in a fence'");
    assert.equal(markdown.getText(), fences);
    const script = await show("empty.py", "# %%\n\n");
    await put(0);
    await run("runCellAndAdvance");
    assert.equal(script.getText(), "# %%\n\n");
  });
});
