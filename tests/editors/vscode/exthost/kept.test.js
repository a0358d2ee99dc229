const assert = require("node:assert/strict");
const fs = require("node:fs");
const vscode = require("vscode");
const { cellsOf, notebook, runAll, show, until } = require("./waiting");

const run = (name) => vscode.commands.executeCommand(`kernelBridge.${name}`);
const textOf = (cell) => cell.outputs.map(({ items: [item] }) => Buffer.from(item.data).toString()).join("");
const uriOf = (name) => vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);

const WAITS = `\
import pathlib, time
print("begun")
while not pathlib.Path("continue").exists(): time.sleep(0.01)
print("continued")`;

/** The process of the server, a child of the extension host. */
function serverPid() {
  const children = fs.readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const isServer = (pid) => fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("kernel_bridge");
  return Number(children.trim().split(" ").find(isServer));
}

/** The cell with this source in a window of results. */
const resultOf = (source) =>
  vscode.workspace.notebookDocuments
    .filter(({ notebookType }) => notebookType === "interactive")
    .flatMap((results) => results.getCells())
    .find((cell) => cell.document.getText() === source);

describe("a kept kernel", function () {
  this.timeout(120_000); // two kernels, which the recorder and the next server take over

  const keepAlive = (value) =>
    vscode.workspace.getConfiguration("kernel-bridge").update("keepAlive", value, false);

  before(() => keepAlive(true));
  after(() => keepAlive(undefined));

  it("continues its runs when the server was killed", async () => {
    const editor = await notebook("kept.ipynb", cellsOf("'before'", WAITS, "'queued'"));
    const [before, running, queued] = editor.notebook.getCells();
    await runAll(editor);
    await until(() => textOf(running).includes("begun"));
    await show("kept.py", `# %%\n${WAITS}\n# %%\n'after'\n`);
    await run("runAll");
    const result = await until(() => {
      const cell = resultOf(WAITS);
      return cell && resultOf("'after'") && textOf(cell).includes("begun") && cell;
    });
    const cells = [running, result];
    process.kill(serverPid(), "SIGKILL");
    const isOpen = ({ executionSummary }) => executionSummary.timing?.endTime === undefined;
    await until(() => !cells.some(isOpen));
    await until(() => cells.every(isOpen));
    await run("keepKernel"); // detaches from the busy kernel, and attaches again
    await vscode.workspace.fs.writeFile(uriOf("continue"), Buffer.from(""));
    const waiting = [queued, resultOf("'after'")];
    await until(() => [...cells, ...waiting].every(({ executionSummary }) => executionSummary?.success));
    assert.deepEqual(cells.map(textOf), ["begun\ncontinued\n", "begun\ncontinued\n"]);
    assert.deepEqual([before, ...waiting].map(textOf), ["'before'", "'queued'", "'after'"]);
    assert.equal(queued.executionSummary.executionOrder, 3);
    const sources = result.notebook.getCells().map((cell) => cell.document.getText());
    assert.deepEqual(sources, [WAITS, "'after'"]); // nothing was added, such as that variables are gone

    await run("shutDownKernel");
    await vscode.window.showNotebookDocument(editor.notebook);
    await run("shutDownKernel");
  });
});
