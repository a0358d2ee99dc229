/** The live results notebooks: one per file, or per group of files that share a kernel, with one cell per run. */

import * as vscode from "vscode";
import { kernelName } from "../kernels/short_paths";
import { notebookTarget } from "../kernels/target";
import { hasEnded, isAlive, type RunEntry, type Session } from "../runs/session";
import type { Kernel, Run } from "../server/protocol";
import { settings } from "../settings";
import { EXTENSION } from "./controllers";
import { Following } from "./following";
import type { Notebooks } from "./notebooks";
import {
  anotherKernel,
  cellOfNote,
  cellOfRun,
  editorOf,
  fileUriOf,
  kernelIdOf,
  languageOf,
  lineOfChange,
  metadataFor,
  metadataOf,
  openWindow,
  runIdOf,
  show,
  titleOf,
} from "./results_notebook";

/** A notebook to which runs are added. */
interface Live {
  /** Its current kernel. The previous kernels of its files also map to this notebook. */
  kernelId: string;
  /** URIs of the files that have run code on one of its kernels, the most recent one last. */
  files: Set<string>;
  document: vscode.NotebookDocument | undefined;
  /** Runs that have no cell yet, and the cells of texts: those of files, and lines about the kernel. */
  waiting: (RunEntry | vscode.NotebookCellData)[];
  adding: Promise<void> | undefined;
}

export class Results implements vscode.Disposable {
  private readonly live = new Map<string, Live>();
  /** Kernels by ID as they last were. */
  private readonly kernels = new Map<string, Kernel>();
  private readonly disposables: vscode.Disposable[] = [new Following()];

  constructor(
    private readonly session: Session,
    private readonly notebooks: Notebooks,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(
      session.onRun((entry) => this.run(entry)),
      session.onKernel((kernel) => this.kernel(kernel)),
      session.onBinding((uri) => this.bound(uri)),
      vscode.window.onDidChangeVisibleNotebookEditors((editors) => {
        for (const editor of editors) void this.adopt(editor);
      }),
    );
    for (const editor of vscode.window.visibleNotebookEditors) void this.adopt(editor);
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The notebook of a kernel's results, if it is open. */
  notebookOf(kernelId: string): vscode.NotebookDocument | undefined {
    const document = this.live.get(kernelId)?.document;
    return document?.isClosed ? undefined : document;
  }

  /** The results in the active window, else those of a kernel. Throws if there are none. */
  shown(kernelId: string | undefined): vscode.NotebookDocument {
    const active = vscode.window.activeNotebookEditor?.notebook;
    if (active && kernelIdOf(active) !== undefined) return active;
    const document = kernelId === undefined ? undefined : this.notebookOf(kernelId);
    if (document) return document;
    throw new Error(vscode.l10n.t("no window shows results; run some code first"));
  }

  /** Resolves when every known run has its cell. */
  async settled(): Promise<void> {
    await Promise.all([...this.live.values()].map(({ adding }) => adding));
  }

  /** Reveals the results of a file or its kernel. Reopens a closed notebook. */
  async reveal(file: vscode.Uri, kernelId: string | undefined): Promise<void> {
    const open = kernelId === undefined ? undefined : this.notebookOf(kernelId);
    if (open) {
      await show(open, false);
      return;
    }
    const isMeant = (run: Run) => run.kernelId === kernelId || fileOfRun(run) === file.toString();
    const entries = [...this.session.runs.values()].filter(({ run }) => isMeant(run));
    for (const entry of entries) this.run(entry, true);
    await this.settled();
    const last = entries.findLast(({ run }) => this.notebookOf(run.kernelId));
    const document = last && this.notebookOf(last.run.kernelId);
    if (!document)
      throw new Error(
        vscode.l10n.t("{0} has no results yet; run some code first", file.path.split("/").pop() ?? ""),
      );
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
    const live = this.liveOf(kernelId);
    live.files.delete(file.toString());
    live.files.add(file.toString());
    live.waiting.push(new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, text, "markdown"));
    if (settings().revealResults || this.notebookOf(kernelId)) this.add(live);
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
    const live = this.liveOf(run.kernelId);
    const file = fileOfRun(run);
    if (file !== undefined) {
      live.files.delete(file);
      live.files.add(file);
    }
    if (!live.waiting.includes(entry)) live.waiting.push(entry);
    if (isAsked || this.notebookOf(run.kernelId) || settings().revealResults) this.add(live);
  }

  /** Names the window after its kernel, and adds a line when the kernel has restarted or ended. */
  private kernel(kernel: Kernel): void {
    const line = lineOfChange(this.kernels.get(kernel.id), kernel);
    this.kernels.set(kernel.id, kernel);
    const live = this.live.get(kernel.id);
    if (live?.kernelId !== kernel.id || !live.document || live.document.isClosed) return;
    this.notebooks.controllers.rename(live.document, ...this.named(live));
    if (line === undefined) return;
    live.waiting.push(cellOfNote(line));
    this.add(live);
  }

  /** Names the window of a file after the kernel that the user has chosen for it. */
  private bound(uri: string): void {
    for (const live of new Set(this.live.values()))
      if (live.document?.isClosed === false && live.files.has(uri))
        this.notebooks.controllers.rename(live.document, ...this.named(live));
  }

  /** Notes the run of a cell from the input box in the cell, or shows a run of such a cell again after a reload. */
  private async ran({ run }: RunEntry, notebook: vscode.NotebookDocument): Promise<void> {
    const cells = notebook.getCells();
    const left = cells.find((cell) => runIdOf(cell) === run.id);
    if (left) this.notebooks.show(run.id, left);
    const cell = cells.find(({ document }) => document.uri.toString() === fileOfRun(run));
    if (left || !cell || hasEnded(run)) return;
    const edits = [vscode.NotebookEdit.updateCellMetadata(cell.index, metadataOf(run))];
    const live = this.liveOf(run.kernelId);
    if (live.document === notebook) edits.push(...this.retitled(notebook, live));
    const edit = new vscode.WorkspaceEdit();
    edit.set(notebook.uri, edits);
    await vscode.workspace.applyEdit(edit);
  }

  /** The notebook of a kernel: its own, or the one of an earlier kernel of the same file. */
  private liveOf(kernelId: string): Live {
    const known = this.live.get(kernelId);
    if (known?.kernelId === kernelId) return known;
    const live = this.leftBy(this.session.documentsOf(kernelId)) ??
      known ?? {
        kernelId,
        files: new Set(),
        document: undefined,
        waiting: [],
        adding: undefined,
      };
    if (live !== known) live.kernelId = kernelId;
    this.live.set(kernelId, live);
    return live;
  }

  /** The newest notebook of one of these files whose kernel has ended or has no files anymore. */
  private leftBy(uris: string[]): Live | undefined {
    return [...this.live.values()].findLast(({ kernelId, files }) => {
      const kernel = this.session.kernels.get(kernelId);
      const isUsed = kernel && isAlive(kernel) && this.session.documentsOf(kernelId).length > 0;
      return !isUsed && uris.some((uri) => files.has(uri));
    });
  }

  /**
   * Adds new runs to results that have become visible, left open by an earlier window. Their kernel is unknown if it
   * ended with that window.
   */
  private async adopt(editor: vscode.NotebookEditor): Promise<void> {
    const { notebook } = editor;
    const kernelId = kernelIdOf(notebook);
    if (kernelId === undefined || this.notebooks.controllers.controls(notebook)) return;
    const live = this.liveOf(kernelId);
    if (live.kernelId !== kernelId || (live.document && live.document !== notebook) || live.adding) return;
    live.document = notebook;
    const file = fileUriOf(notebook);
    if (file !== undefined && live.files.size === 0) live.files.add(file);
    await this.control(editor, live);
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
      const document = await this.open(live);
      const left = new Map(document.getCells().map((cell) => [runIdOf(cell), cell]));
      const entries: (RunEntry | vscode.NotebookCellData)[] = [];
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

  private async append(
    document: vscode.NotebookDocument,
    live: Live,
    entries: (RunEntry | vscode.NotebookCellData)[],
  ): Promise<void> {
    const first = document.cellCount;
    const before = kernelIdOf(document);
    const edits = this.retitled(document, live);
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
  private cellsOf(
    entries: (RunEntry | vscode.NotebookCellData)[],
    before: string | undefined,
  ): vscode.NotebookCellData[] {
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

  /** The edits that name a window after its kernel and file. */
  private retitled(document: vscode.NotebookDocument, live: Live): vscode.NotebookEdit[] {
    this.notebooks.controllers.rename(document, ...this.named(live));
    const file = newest(live);
    const isCurrent = kernelIdOf(document) === live.kernelId && fileUriOf(document) === file?.toString();
    if (isCurrent) return [];
    const kernel = this.session.kernels.get(live.kernelId);
    return [vscode.NotebookEdit.updateNotebookMetadata(metadataFor(document, live.kernelId, kernel, file))];
  }

  /** The name and the language of the controller of a results window. */
  private named(live: Live): [string, string] {
    const kernel = live.document
      ? notebookTarget(this.session, live.document).kernel
      : this.session.kernels.get(live.kernelId);
    return [kernel ? kernelName(kernel) : vscode.l10n.t("No Kernel"), languageOf(newest(live), kernel)];
  }

  /** Makes sure that a results window has its own controller. */
  private async control(editor: vscode.NotebookEditor, live: Live): Promise<void> {
    const { controllers } = this.notebooks;
    if (controllers.controls(editor.notebook)) return;
    await controllers.assign(controllers.createForResults(...this.named(live)), editor);
  }

  private async open(live: Live): Promise<vscode.NotebookDocument> {
    const document = live.document?.isClosed === false ? live.document : this.findLeft(live);
    if (document) {
      live.document = document;
      await this.control(editorOf(document) ?? (await show(document, true)), live);
      return document;
    }
    const kernel = this.session.kernels.get(live.kernelId);
    const controller = this.notebooks.controllers.createForResults(...this.named(live));
    const title = titleOf(newest(live), kernel);
    const editor = await openWindow(title, `${EXTENSION}/${controller.id}`);
    live.document = editor.notebook;
    await this.notebooks.controllers.assign(controller, editor);
    return live.document;
  }

  /** Results left open by an earlier window: those of this kernel, or of this file. */
  private findLeft(live: Live): vscode.NotebookDocument | undefined {
    const all = vscode.workspace.notebookDocuments.filter((each) => kernelIdOf(each) !== undefined);
    const taken = new Set([...this.live.values()].map(({ document }) => document));
    return (
      all.find((each) => kernelIdOf(each) === live.kernelId) ??
      all.find((each) => !taken.has(each) && fileUriOf(each) === newest(live)?.toString())
    );
  }
}

function isCell(entry: RunEntry | vscode.NotebookCellData): entry is vscode.NotebookCellData {
  return entry instanceof vscode.NotebookCellData;
}

function fileOfRun({ textDocument }: Run): string | undefined {
  return textDocument && vscode.Uri.parse(textDocument.uri).toString();
}

/** The file that ran code most recently. */
function newest({ files }: Live): vscode.Uri | undefined {
  const uri = [...files].at(-1);
  return uri === undefined ? undefined : vscode.Uri.parse(uri);
}

/** The open notebook with the cell that a run came from, and which shows the run. */
function notebookOf({ notebookDocument }: Run): vscode.NotebookDocument | undefined {
  if (!notebookDocument) return undefined;
  const uri = vscode.Uri.parse(notebookDocument.uri).toString();
  return vscode.workspace.notebookDocuments.find((notebook) => notebook.uri.toString() === uri);
}
