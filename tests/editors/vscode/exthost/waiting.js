/** Waiting for what VS Code tells by events. */

const vscode = require("vscode");

const EVENTS = [
  vscode.workspace.onDidChangeNotebookDocument,
  vscode.workspace.onDidOpenNotebookDocument,
  vscode.window.onDidChangeVisibleNotebookEditors,
  vscode.languages.onDidChangeDiagnostics,
];

/** Resolves with what `look` gives once it gives something; it looks again at every event. The test's limit bounds it. */
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

/** A file of the workspace, shown in the first column. */
exports.show = async (name, text) => {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  return document;
};

/** The cell of a run with this source, once it has ended. */
exports.ended = (source) =>
  exports.until(() =>
    vscode.workspace.notebookDocuments
      .flatMap((notebook) => notebook.getCells())
      .find(
        (cell) => cell.document.getText() === source && cell.executionSummary?.timing?.endTime !== undefined,
      ),
  );
