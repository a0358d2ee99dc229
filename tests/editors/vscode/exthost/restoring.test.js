const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ended, show, until } = require("./waiting");

const run = (name, ...args) => vscode.commands.executeCommand(`kernelBridge.${name}`, ...args);

/** The text of all hovers at the end of a line. */
async function hoverAt(document, line) {
  const hovers = await vscode.commands.executeCommand(
    "vscode.executeHoverProvider",
    document.uri,
    document.lineAt(line).range.end,
  );
  return hovers.flatMap(({ contents }) => contents.map(({ value }) => value)).join("\n");
}

/** Waits until the problems of a document are on these lines. */
const problemsOn = (document, ...lines) =>
  until(() => {
    const found = vscode.languages.getDiagnostics(document.uri).map(({ range }) => range.start.line);
    return found.length === lines.length && lines.every((line) => found.includes(line));
  });

/** Opens a file without a reference to its document, which would delay that the document is closed with its editor. */
async function open(uri) {
  await vscode.commands.executeCommand("vscode.open", uri, vscode.ViewColumn.One);
  return vscode.window.visibleTextEditors.find(({ document }) => `${document.uri}` === `${uri}`).document;
}

/** Runs a text as the whole content of an open document. Resolves with its cell. */
async function runText(document, text) {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
  await run("runAll");
  return await ended(text);
}

describe("the results of a file", () => {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "results.py");

  it("come back when it is opened again, with its problems", async () => {
    await vscode.workspace.fs.writeFile(uri, Buffer.from("answer = 6 * 7\nmissing\n"));
    const document = await open(uri);
    await run("runAll");
    await problemsOn(document, 1);
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    await problemsOn(document);
    const again = await open(uri);
    await problemsOn(again, 1);
    assert.match(await hoverAt(again, 1), /NameError/);
  });

  it("tell that the kernel was restarted, and are no problems then", async () => {
    const document = await open(uri);
    await run("restartKernel");
    await problemsOn(document);
    assert.match(await hoverAt(document, 1), /before the restart/);
  });

  it("are no problem if they were interrupted", async () => {
    const source = "import time\nwhile True: time.sleep(0.01)";
    const document = await show("endless.py", `${source}\n`);
    void run("runAll");
    await until(() =>
      vscode.workspace.notebookDocuments
        .flatMap((notebook) => notebook.getCells())
        .some((cell) => cell.document.getText() === source),
    );
    await run("interruptKernel");
    await ended(source);
    assert.match(await hoverAt(document, 1), /interrupted/);
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
  });
});

describe("a kernel", () => {
  it("that was shut down restarts, and one that is kept has its variables", async () => {
    const document = await show("lifetime.py", "");
    await runText(document, "kept = 1");
    await run("shutDownKernel");
    await run("restartKernel");
    const restarted = await runText(document, "known = 'kept' in globals()\nassert not known");
    assert.equal(restarted.executionSummary.success, true);
    await run("keepKernel");
    const attached = await runText(document, "assert known is False");
    assert.equal(attached.executionSummary.success, true);
    await run("shutDownKernel");
  });
});

describe("the example", () => {
  it("is a file with cells, which is not saved yet", async () => {
    await run("openExample");
    const { document } = vscode.window.activeTextEditor;
    assert.ok(document.isUntitled);
    assert.equal(document.languageId, "python");
    const lenses = await vscode.commands.executeCommand("vscode.executeCodeLensProvider", document.uri);
    assert.ok(lenses.filter(({ command }) => command.title.includes("Run Cell")).length >= 4);
  });
});
