/** Continues the cells of notebooks whose kernel was kept: its open runs, and those that ended after the last save. */

import * as vscode from "vscode";
import type { Ran } from "../runs/ran";
import { hasEnded, type RunEntry, type Session } from "../runs/session";
import { type Connection, messageOf } from "../server/connection";
import type { Kernel } from "../server/protocol";
import { settings } from "../settings";
import type { Notebooks } from "./notebooks";
import { editorOf, kernelIdOf } from "./results_notebook";

export interface Parts {
  connection: Connection;
  session: Session;
  notebooks: Notebooks;
  ran: Ran;
}

export class Reopened implements vscode.Disposable {
  /** Notebooks with a kept kernel that were not shown yet: VS Code selects the controller of a shown notebook. */
  private readonly hidden = new Map<vscode.NotebookDocument, Kernel>();
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly parts: Parts) {
    this.disposables = [
      parts.session.onBinding((uri) => this.bound(uri)),
      vscode.workspace.onDidOpenNotebookDocument((notebook) => this.opened(notebook)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.hidden.delete(notebook)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.openedAll()),
      vscode.window.onDidChangeVisibleNotebookEditors((editors) => {
        for (const { notebook } of editors) this.shown(notebook);
      }),
    ];
    this.openedAll();
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private openedAll(): void {
    for (const notebook of vscode.workspace.notebookDocuments) this.opened(notebook);
  }

  /** Starts the server, which then finds the kept kernels of open notebooks. */
  private opened({ uri }: vscode.NotebookDocument): void {
    const { connection, ran } = this.parts;
    if (!vscode.workspace.isTrusted || !settings(uri).restoreResults || !ran.has(uri)) return;
    connection
      .start()
      .catch((error: unknown) => connection.log.warn(`cannot look for a kept kernel: ${messageOf(error)}`));
  }

  private bound(uri: string): void {
    const kernel = this.parts.session.kernelOf(uri);
    const notebook = vscode.workspace.notebookDocuments.find((each) => each.uri.toString() === uri);
    if (!notebook || kernel?.origin !== "attached" || kernelIdOf(notebook) !== undefined) return;
    this.hidden.set(notebook, kernel);
    this.shown(notebook);
  }

  private shown(notebook: vscode.NotebookDocument): void {
    const kernel = this.hidden.get(notebook);
    const editor = editorOf(notebook);
    if (!kernel || !editor) return;
    this.hidden.delete(notebook);
    this.restore(editor, kernel).catch((error: unknown) =>
      this.parts.connection.log.warn(`cannot restore the cells of ${notebook.uri.path}: ${messageOf(error)}`),
    );
  }

  private async restore(editor: vscode.NotebookEditor, kernel: Kernel): Promise<void> {
    const { session, notebooks } = this.parts;
    const { notebook } = editor;
    const savedAt = await timeOf(notebook.uri);
    const newest = new Map<vscode.NotebookCell, RunEntry>();
    for (const entry of session.runs.values()) {
      const cell = entry.run.kernelId === kernel.id && cellOf(entry, notebook);
      if (cell) newest.set(cell, entry);
    }
    const missing = [...newest].filter(
      ([, { run }]) =>
        !notebooks.cellOf(run.id) && (!hasEnded(run) || Date.parse(run.endedAt ?? "") > savedAt),
    );
    if (missing.length > 0) await notebooks.controllers.select(editor);
    for (const [cell, { run }] of missing) if (cell.index >= 0) notebooks.show(run.id, cell);
  }
}

/** When the file was written; what ended before is in it, or was removed from it. */
async function timeOf(uri: vscode.Uri): Promise<number> {
  try {
    return (await vscode.workspace.fs.stat(uri)).mtime;
  } catch {
    return Number.NEGATIVE_INFINITY; // it was never saved
  }
}

/** The cell that a run came from. One that was edited since shows no results, but that it is running. */
function cellOf({ run }: RunEntry, notebook: vscode.NotebookDocument): vscode.NotebookCell | undefined {
  const { notebookDocument, cellId, source } = run;
  if (!notebookDocument || vscode.Uri.parse(notebookDocument.uri).toString() !== notebook.uri.toString())
    return undefined;
  const isSame = (cell: vscode.NotebookCell) => cell.document.getText().trim() === source.trim();
  const cells = notebook.getCells().filter(({ kind }) => kind === vscode.NotebookCellKind.Code);
  const cell = cells.find(cellId === undefined ? isSame : ({ metadata }) => metadata.id === cellId);
  return cell && (isSame(cell) || !hasEnded(run)) ? cell : undefined;
}
