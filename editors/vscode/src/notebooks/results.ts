/** The live results notebooks: one per file, or per group of files that share a kernel, with one cell per run. */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import { hasEnded, type RunEntry, type Session } from "../runs/session";
import type { Kernel, Run } from "../server/protocol";
import { settings } from "../settings";
import { Following } from "./following";
import type { Notebooks } from "./notebooks";
import {
  anotherKernel,
  cellOfNote,
  cellOfRun,
  kernelIdOf,
  lineOfChange,
  metadataOf,
  runIdOf,
  show,
} from "./results_notebook";
import { type Added, type Live, ResultsWindows } from "./results_windows";

export class Results implements vscode.Disposable {
  private readonly windows: ResultsWindows;
  /** Kernels by ID as they last were. */
  private readonly kernels = new Map<string, Kernel>();
  private readonly disposables: vscode.Disposable[] = [new Following()];

  constructor(
    private readonly session: Session,
    private readonly notebooks: Notebooks,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.windows = new ResultsWindows(session, notebooks.controllers);
    this.disposables.push(
      session.onRun((entry) => this.run(entry)),
      session.onKernel((kernel) => this.kernel(kernel)),
      session.onBinding((uri) => this.bound(uri)),
      vscode.window.onDidChangeVisibleNotebookEditors((editors) => {
        for (const editor of editors) void this.windows.adopt(editor);
      }),
    );
    for (const editor of vscode.window.visibleNotebookEditors) void this.windows.adopt(editor);
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The results in the active window, else those of a kernel. Throws if there are none. */
  shown(kernelId: string | undefined): vscode.NotebookDocument {
    const active = vscode.window.activeNotebookEditor?.notebook;
    if (active && kernelIdOf(active) !== undefined) return active;
    const document = kernelId === undefined ? undefined : this.windows.notebookOf(kernelId);
    if (document) return document;
    throw new Error(vscode.l10n.t("no window shows results; run some code first"));
  }

  /** Resolves when every known run has its cell. */
  private async settled(): Promise<void> {
    await Promise.all([...this.windows.all()].map(({ adding }) => adding));
  }

  /** Reveals the results of a file or its kernel. Reopens a closed notebook. */
  async reveal(file: vscode.Uri, kernelId: string | undefined): Promise<void> {
    const open = kernelId === undefined ? undefined : this.windows.notebookOf(kernelId);
    if (open) {
      await show(open, false);
      return;
    }
    const isMeant = (run: Run) => run.kernelId === kernelId || fileOfRun(run) === file.toString();
    const entries = [...this.session.runs.values()].filter(({ run }) => isMeant(run));
    for (const entry of entries) this.run(entry, true);
    await this.settled();
    const last = entries.findLast(({ run }) => this.windows.notebookOf(run.kernelId));
    const document = last && this.windows.notebookOf(last.run.kernelId);
    if (!document)
      throw new Error(vscode.l10n.t("{0} has no results yet; run some code first", fileNameOf(file)));
    await show(document, false);
  }

  /** Reveals the cell of a run. */
  async revealRun(runId: string): Promise<void> {
    const entry = this.session.runs.get(runId);
    if (entry) this.run(entry, true);
    await this.settled();
    const cell = this.notebooks.cellOf(runId);
    if (!cell) return;
    const editor = await show(cell.notebook, false);
    const range = new vscode.NotebookRange(cell.index, cell.index + 1);
    editor.selections = [range];
    editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  }

  /** Shows a text of a file below its results. */
  text(file: vscode.Uri, kernelId: string, text: string): void {
    const live = this.windows.of(kernelId);
    this.windows.note(live, file.toString());
    live.waiting.push(new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, text, "markdown"));
    if (settings().revealResults || this.windows.notebookOf(kernelId)) this.add(live);
  }

  /** Shows a run in its notebook. Opens a closed one only if it was asked for, or by the setting. */
  private run(entry: RunEntry, isAsked = false): void {
    const { run } = entry;
    if (this.notebooks.cellOf(run.id)) return;
    const notebook = notebookOf(run);
    if (notebook) {
      if (kernelIdOf(notebook) !== undefined) void this.ran(entry, notebook);
      return;
    }
    const live = this.windows.of(run.kernelId);
    const file = fileOfRun(run);
    if (file !== undefined) this.windows.note(live, file);
    if (!live.waiting.includes(entry)) live.waiting.push(entry);
    if (isAsked || this.windows.notebookOf(run.kernelId) || settings().revealResults) this.add(live);
  }

  /** Names the window after its kernel, and adds a line when the kernel has restarted or ended. */
  private kernel(kernel: Kernel): void {
    const line = lineOfChange(this.kernels.get(kernel.id), kernel);
    this.kernels.set(kernel.id, kernel);
    const live = this.windows.openOf(kernel.id);
    if (!live) return;
    this.windows.rename(live);
    if (line === undefined) return;
    live.waiting.push(cellOfNote(line));
    this.add(live);
  }

  /** Names the window of a file after the kernel that the user has chosen for it. */
  private bound(uri: string): void {
    for (const live of this.windows.all()) if (live.files.has(uri)) this.windows.rename(live);
  }

  /** Notes the run of a cell from the input box in the cell, or shows a run of such a cell again after a reload. */
  private async ran({ run }: RunEntry, notebook: vscode.NotebookDocument): Promise<void> {
    const cells = notebook.getCells();
    const left = cells.find((cell) => runIdOf(cell) === run.id);
    if (left) this.notebooks.show(run.id, left);
    const cell = cells.find(({ document }) => document.uri.toString() === fileOfRun(run));
    if (left || !cell || hasEnded(run)) return;
    const edits = [vscode.NotebookEdit.updateCellMetadata(cell.index, metadataOf(run))];
    const live = this.windows.of(run.kernelId);
    if (live.document === notebook) edits.push(...this.windows.retitled(notebook, live));
    const edit = new vscode.WorkspaceEdit();
    edit.set(notebook.uri, edits);
    await vscode.workspace.applyEdit(edit);
  }

  private add(live: Live): void {
    live.adding ??= this.addWaiting(live)
      .catch((error: unknown) => this.log.error(`results of kernel ${live.kernelId}: ${error}`))
      .finally(() => {
        live.adding = undefined;
      });
  }

  private async addWaiting(live: Live): Promise<void> {
    while (live.waiting.length > 0) {
      const document = await this.windows.open(live);
      const left = new Map(document.getCells().map((cell) => [runIdOf(cell), cell]));
      const entries: Added[] = [];
      for (const entry of live.waiting) {
        if (isCell(entry)) entries.push(entry);
        else if (!this.notebooks.cellOf(entry.run.id)) {
          const cell = left.get(entry.run.id); // left by an earlier window
          if (cell) this.notebooks.show(entry.run.id, cell);
          else entries.push(entry);
        }
      }
      live.waiting = [];
      if (entries.length > 0) await this.append(document, live, entries);
    }
  }

  private async append(document: vscode.NotebookDocument, live: Live, entries: Added[]): Promise<void> {
    const first = document.cellCount;
    const before = kernelIdOf(document);
    const edits = this.windows.retitled(document, live);
    const cells = this.cellsOf(entries, first === 0 ? undefined : before);
    edits.push(vscode.NotebookEdit.insertCells(first, cells));
    const edit = new vscode.WorkspaceEdit();
    edit.set(document.uri, edits);
    if (!(await vscode.workspace.applyEdit(edit)))
      throw new Error(vscode.l10n.t("VS Code did not add cells to {0}", document.uri.toString()));
    const made = new Map(
      document
        .getCells(new vscode.NotebookRange(first, document.cellCount))
        .map((cell) => [runIdOf(cell), cell]),
    );
    for (const entry of entries) {
      const cell = isCell(entry) ? undefined : made.get(entry.run.id);
      if (cell && !isCell(entry)) this.notebooks.show(entry.run.id, cell);
    }
  }

  /** The cells of runs and lines, with a line before each run whose kernel differs from the one before. */
  private cellsOf(entries: Added[], before: string | undefined): vscode.NotebookCellData[] {
    const cells: vscode.NotebookCellData[] = [];
    let last = before;
    for (const entry of entries) {
      if (isCell(entry)) {
        cells.push(entry);
        continue;
      }
      const { run } = entry;
      const kernel = this.session.kernels.get(run.kernelId);
      if (last !== undefined && last !== run.kernelId) cells.push(cellOfNote(anotherKernel(kernel)));
      last = run.kernelId;
      cells.push(cellOfRun(run, kernel));
    }
    return cells;
  }
}

function isCell(entry: Added): entry is vscode.NotebookCellData {
  return entry instanceof vscode.NotebookCellData;
}

function fileOfRun({ textDocument }: Run): string | undefined {
  return textDocument && vscode.Uri.parse(textDocument.uri).toString();
}

/** The open notebook with the cell that a run came from, and which shows the run. */
function notebookOf({ notebookDocument }: Run): vscode.NotebookDocument | undefined {
  if (!notebookDocument) return undefined;
  const uri = vscode.Uri.parse(notebookDocument.uri).toString();
  return vscode.workspace.notebookDocuments.find((notebook) => notebook.uri.toString() === uri);
}
