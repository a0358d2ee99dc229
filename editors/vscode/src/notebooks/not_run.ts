/** Cells that did not run, or not to their end: why is shown below them, and their notebook stays as it was. */

import * as vscode from "vscode";
import { NOTEBOOKS } from "../file/languages";
import type { Run } from "../server/protocol";

export class NotRun implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  private readonly reasons = new WeakMap<vscode.NotebookCell, string>();
  /** The execution counts that cells had in their file before they were queued. */
  private readonly counts = new WeakMap<vscode.NotebookCell, number>();
  private readonly skipped = new Set<vscode.NotebookCell>();
  private restoring: Promise<void> | undefined;
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCellStatusBarItems = this.emitter.event;
  private readonly disposables = [
    this.emitter,
    ...NOTEBOOKS.map((type) => vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, this)),
    vscode.workspace.onDidChangeNotebookDocument((event) => this.changed(event)),
  ];

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /**
   * Keeps the execution counts of cells that are being queued. At this event, and only for a cell without a new count,
   * VS Code's support for .ipynb files removes the count from the file.
   */
  private changed({ cellChanges }: vscode.NotebookDocumentChangeEvent): void {
    for (const { cell, executionSummary, outputs } of cellChanges) {
      const count: unknown = cell.metadata.execution_count;
      const isReset = executionSummary && executionSummary.executionOrder === undefined && !outputs;
      if (isReset && typeof count === "number") this.counts.set(cell, count);
    }
  }

  /** Ends the execution of a cell that did not run, without a trace in its notebook. */
  skip(cell: vscode.NotebookCell, execution: vscode.NotebookCellExecution): void {
    execution.executionOrder = this.counts.get(cell);
    execution.end(undefined);
    this.skipped.add(cell);
    this.restoring ??= this.restore().finally(() => {
      this.restoring = undefined;
    });
  }

  /** Shows below a cell why it has no result; undefined removes it. */
  show(cell: vscode.NotebookCell, reason: string | undefined): void {
    if (this.reasons.get(cell) === reason) return;
    if (reason === undefined) this.reasons.delete(cell);
    else this.reasons.set(cell, reason);
    this.emitter.fire();
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    const reason = this.reasons.get(cell);
    if (reason === undefined) return [];
    const text = `$(circle-slash) ${reason.split("\n")[0]}`;
    const item = new vscode.NotebookCellStatusBarItem(text, vscode.NotebookCellStatusBarAlignment.Left);
    item.tooltip = reason;
    return [item];
  }

  /** Puts execution counts back, those of many cells in one edit. */
  private async restore(): Promise<void> {
    while (this.skipped.size > 0) {
      const edits = new Map<vscode.Uri, vscode.NotebookEdit[]>();
      for (const cell of this.skipped) {
        const count = this.counts.get(cell);
        if (count === undefined || cell.index < 0) continue;
        const metadata = { ...cell.metadata, execution_count: count };
        const edit = vscode.NotebookEdit.updateCellMetadata(cell.index, metadata);
        edits.set(cell.notebook.uri, [...(edits.get(cell.notebook.uri) ?? []), edit]);
      }
      this.skipped.clear();
      const edit = new vscode.WorkspaceEdit();
      for (const [uri, changes] of edits) edit.set(uri, changes);
      if (edits.size > 0) await vscode.workspace.applyEdit(edit);
    }
  }
}

/** Why a run has no result, or not a whole one. */
export function reasonOf({ state, reason = "", detached }: Run): string | undefined {
  switch (state) {
    case "aborted":
    case "cancelled":
      return vscode.l10n.t("Not run: {0}", reason);
    case "lost":
      return detached
        ? vscode.l10n.t("May still run: {0}", reason)
        : vscode.l10n.t("Did not finish: {0}", reason);
    default:
      return undefined;
  }
}
