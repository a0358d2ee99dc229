/** Times Run All in VS Code's extension host: on this extension's controller, and on one of ten lines. */

const vscode = require("vscode");
const { cellsOf, notebook, runAll, until } = require("./exthost/waiting");

const ROUNDS = 3;
const SOURCES = { "no output": "x = 1", "a printed line": "print('a line')" };
const OURS = { id: "kernel-bridge", extension: "kernel-bridge.kernel-bridge" };
const FLOOR = { id: "floor", extension: "nullExtensionDescription" };

/** The least that a controller does: it answers at once, without a kernel. */
function floor() {
  const controller = vscode.notebooks.createNotebookController(FLOOR.id, "jupyter-notebook", "Floor");
  let order = 0;
  controller.executeHandler = async (cells) => {
    for (const cell of cells) {
      const execution = controller.createNotebookCellExecution(cell);
      execution.executionOrder = ++order;
      execution.start(Date.now());
      const line = vscode.NotebookCellOutputItem.stdout("a line\n");
      if (cell.document.getText().startsWith("print"))
        await execution.appendOutput(new vscode.NotebookCellOutput([line]));
      execution.end(true, Date.now());
    }
  };
  return controller;
}

/** Milliseconds that Run All of a new notebook takes, after one cell has started the kernel. */
async function timed(count, name, source, controller) {
  const cells = cellsOf(...Array.from({ length: count }, () => source));
  const editor = await notebook(name, cells, controller);
  const first = editor.notebook.cellAt(0);
  const last = editor.notebook.cellAt(count - 1);
  await vscode.commands.executeCommand("notebook.cell.execute", {
    ranges: [{ start: 0, end: 1 }],
    document: editor.notebook.uri,
  });
  await until(() => first.executionSummary?.success);
  const since = performance.now();
  await runAll(editor);
  await until(() => last.executionSummary?.success);
  const took = performance.now() - since;
  await editor.notebook.save();
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  return took;
}

exports.run = async () => {
  const controller = floor();
  const file = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "cells.txt");
  const count = Number(Buffer.from(await vscode.workspace.fs.readFile(file)).toString());
  for (const [what, source] of Object.entries(SOURCES)) {
    const measured = { what, ours: [], floor: [] };
    for (let round = 0; round < ROUNDS; round++) {
      const name = `${what} ${round}`;
      measured.ours.push(await timed(count, `${name}.ipynb`, source, OURS));
      measured.floor.push(await timed(count, `${name} floor.ipynb`, source, FLOOR));
    }
    console.log(JSON.stringify(measured));
  }
  controller.dispose();
};
