/** Keeps the newest output of the results in view, unless the user has scrolled away from it. */

import * as vscode from "vscode";
import { editorOf, kernelIdOf } from "./results_notebook";

export class Following implements vscode.Disposable {
  /** The first visible cell of each editor, by index. */
  private readonly firsts = new WeakMap<vscode.NotebookEditor, number>();
  /** Results that the user has scrolled up. */
  private readonly left = new WeakSet<vscode.NotebookDocument>();
  private readonly subscriptions: vscode.Disposable;

  constructor() {
    this.subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeNotebookEditorVisibleRanges(({ notebookEditor }) =>
        this.scrolled(notebookEditor),
      ),
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, cellChanges, contentChanges }) => {
        const isShown = cellChanges.some(({ outputs, executionSummary }) => outputs ?? executionSummary);
        if (isShown || contentChanges.length > 0) this.changed(notebook);
      }),
    );
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  /** Output that grows moves the last cell out of view, but only the user moves the first one down. */
  private scrolled(editor: vscode.NotebookEditor): void {
    const { notebook, visibleRanges } = editor;
    const first = Math.min(...visibleRanges.map(({ start }) => start));
    const isAtEnd = visibleRanges.some(({ end }) => end >= notebook.cellCount);
    if (isAtEnd) this.left.delete(notebook);
    else if (first < (this.firsts.get(editor) ?? 0)) this.left.add(notebook);
    this.firsts.set(editor, first);
  }

  /** VS Code has applied a change, and itself scrolls when the output of the last cell gets its height. */
  private changed(notebook: vscode.NotebookDocument): void {
    if (kernelIdOf(notebook) === undefined || this.left.has(notebook)) return;
    const range = new vscode.NotebookRange(notebook.cellCount - 1, notebook.cellCount);
    editorOf(notebook)?.revealRange(range, vscode.NotebookEditorRevealType.Default);
  }
}
