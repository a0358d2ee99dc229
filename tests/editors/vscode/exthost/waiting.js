/** Waits for conditions that VS Code announces with events. */

const vscode = require("vscode");

const EVENTS = [
  vscode.workspace.onDidChangeNotebookDocument,
  vscode.workspace.onDidOpenNotebookDocument,
  vscode.window.onDidChangeVisibleNotebookEditors,
  vscode.languages.onDidChangeDiagnostics,
];

/** Resolves with the first truthy result of `look`, which is called at every event. The test's timeout applies. */
exports.until = (look) =>
  new Promise((resolve, reject) => {
    const subscriptions = EVENTS.map((event) => event(() => setImmediate(again)));
    function again() {
      try {
        const seen = look();
        if (!seen) return;
        resolve(seen);
      } catch (error) {
        reject(error);
      }
      for (const subscription of subscriptions) subscription.dispose();
    }
    again();
  });

/** Creates a file in the workspace, and shows it in the first column. */
exports.show = async (name, text) => {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  return document;
};

/** Waits until a run with this source has ended. Resolves with its cell. */
exports.ended = (source) =>
  exports.until(() =>
    vscode.workspace.notebookDocuments
      .flatMap((notebook) => notebook.getCells())
      .find(
        (cell) => cell.document.getText() === source && cell.executionSummary?.timing?.endTime !== undefined,
      ),
  );

const CONTROLLER = { id: "kernel-bridge", extension: "kernel-bridge.kernel-bridge" };

/** The cells of a notebook that has not run, as in a file. */
exports.cellsOf = (...sources) =>
  sources.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    execution_count: null,
    metadata: {},
    outputs: [],
    source,
  }));

/** Creates a notebook with these cells, as in a file, and shows it on a controller. */
exports.notebook = async (name, cells, controller = CONTROLLER) => {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);
  const metadata = { language_info: { name: "python" } };
  const text = JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await vscode.workspace.openNotebookDocument(uri);
  const notebookEditor = await vscode.window.showNotebookDocument(document);
  await vscode.commands.executeCommand("notebook.selectKernel", { notebookEditor, ...controller });
  return notebookEditor;
};

exports.runAll = ({ notebook }) => vscode.commands.executeCommand("notebook.execute", notebook.uri);
