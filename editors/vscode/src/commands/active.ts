/** What is in front: the file or the notebook that a command is about. */

import * as vscode from "vscode";
import { isRunnable } from "../kernels/running";
import { fileOf, kernelIdOf } from "../notebooks/results_notebook";

/** The editor of the active file or, if results are in front, of the file that they belong to. Throws if there is none. */
export async function activeEditor(): Promise<vscode.TextEditor> {
  const editor = vscode.window.activeTextEditor;
  const notebook = activeNotebook();
  const file = notebook && fileOf(notebook);
  if (file) return await editorOf(file);
  if (editor && !notebook) return editor;
  throw new Error(vscode.l10n.t("no file is open; open a file to run its code"));
}

/** The notebook in front, unless it shows the results of a file. */
export function notebookInFront(): vscode.NotebookDocument | undefined {
  const notebook = activeNotebook();
  return notebook && kernelIdOf(notebook) === undefined ? notebook : undefined;
}

/** VS Code's active text editor may be that of a cell or of the input box of a notebook. */
function activeNotebook(): vscode.NotebookDocument | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor && isRunnable(editor.document.uri)) return undefined;
  return vscode.window.activeNotebookEditor?.notebook;
}

async function editorOf(document: vscode.TextDocument): Promise<vscode.TextEditor> {
  const visible = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  return visible ?? (await vscode.window.showTextDocument(document, { preserveFocus: true }));
}
