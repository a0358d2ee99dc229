/** The live results notebooks: one per file, or per group of files that share a kernel, with one cell per run. */

import * as vscode from "vscode";
import { isAlive, type RunEntry, type Session } from "../runs/session";
import type { Run } from "../server/protocol";
import { settings } from "../settings";
import { JUPYTER_NOTEBOOK, type Notebooks } from "./notebooks";
import {
  cellOfKernel,
  cellOfRun,
  columnOf,
  editorOf,
  kernelIdOf,
  metadataFor,
  nameFor,
  runIdOf,
  shows,
} from "./results_notebook";

/** A notebook to which runs are added. */
interface Live {
  /** Its current kernel. The previous kernels of its files also map to this notebook. */
  kernelId: string;
  /** URIs of the files that have run code on one of its kernels, the most recent one last. */
  files: Set<string>;
  document: vscode.NotebookDocument | undefined;
  waiting: RunEntry[];
  adding: Promise<void> | undefined;
  scrolling: NodeJS.Timeout | undefined;
}

/** VS Code computes the height of an output later and fires no event, so scrolling is repeated for a while. */
const SCROLL_MS = 150;
const SCROLLS = 6;

export class Results implements vscode.Disposable {
  private readonly live = new Map<string, Live>();
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly session: Session,
    private readonly notebooks: Notebooks,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(
      session.onRun((entry) => this.run(entry)),
      session.onOutput(({ entry }) => this.scroll(entry)),
      vscode.window.onDidChangeVisibleNotebookEditors((editors) => {
        for (const editor of editors) void this.adopt(editor);
      }),
    );
  }

  dispose(): void {
    for (const { scrolling } of this.live.values()) clearTimeout(scrolling);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The notebook of a kernel's results, if it is open. */
  notebookOf(kernelId: string): vscode.NotebookDocument | undefined {
    const document = this.live.get(kernelId)?.document;
    return document?.isClosed ? undefined : document;
  }

  /** Resolves when every known run has its cell. */
  async settled(): Promise<void> {
    await Promise.all([...this.live.values()].map(({ adding }) => adding));
  }

  /** Reveals the results of a file or its kernel. Reopens a closed notebook. */
  async reveal(file: vscode.Uri, kernelId: string | undefined): Promise<void> {
    const isMeant = (run: Run) => run.kernelId === kernelId || fileOfRun(run) === file.toString();
    const entries = [...this.session.runs.values()].filter(({ run }) => isMeant(run));
    for (const entry of entries) this.run(entry, true);
    await this.settled();
    const last = entries.findLast(({ run }) => this.notebookOf(run.kernelId));
    const document = last && this.notebookOf(last.run.kernelId);
    if (!document) throw new Error(`${file.path.split("/").pop()} has no results yet; run some code first`);
    await vscode.window.showNotebookDocument(document, { viewColumn: columnOf(document) });
  }

  /** Reveals the cell of a run. */
  async revealRun(runId: string): Promise<void> {
    const entry = this.session.runs.get(runId);
    if (entry) this.run(entry, true);
    await this.settled();
    const cell = this.notebooks.cellOf(runId);
    if (!cell) return;
    const editor = await vscode.window.showNotebookDocument(cell.notebook, {
      viewColumn: columnOf(cell.notebook),
    });
    const range = new vscode.NotebookRange(cell.index, cell.index + 1);
    editor.selections = [range];
    editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  }

  /** Shows a run in its notebook. Opens a closed notebook only if `open`, by default the user's setting. */
  private run(entry: RunEntry, open = settings().revealResults): void {
    const { run } = entry;
    if (this.notebooks.cellOf(run.id) || isOfNotebook(run)) return;
    const live = this.liveOf(run.kernelId);
    const file = fileOfRun(run);
    if (file !== undefined) {
      live.files.delete(file);
      live.files.add(file);
    }
    if (!live.waiting.includes(entry)) live.waiting.push(entry);
    if (open || this.notebookOf(run.kernelId)) this.add(live);
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
        scrolling: undefined,
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
   * Adds new runs to a results notebook that has become visible, if its kernel is known: the notebook was saved under
   * another name, or left open by an earlier window.
   */
  private async adopt(editor: vscode.NotebookEditor): Promise<void> {
    const { notebook } = editor;
    const kernelId = kernelIdOf(notebook);
    if (kernelId === undefined || !this.session.kernels.has(kernelId)) return;
    const live = this.liveOf(kernelId);
    if (live.kernelId !== kernelId || live.document === notebook || live.adding) return;
    live.document = notebook;
    await this.notebooks.select(editor);
    this.notebooks.adopt(notebook);
  }

  /** Keeps the end of the newest run visible while it grows, unless the user has scrolled away. */
  private scroll({ run }: RunEntry): void {
    const live = this.live.get(run.kernelId);
    if (!live?.document || live.scrolling || !settings().scrollResults) return;
    const follow = (left: number) => {
      const editor = live.document && editorOf(live.document);
      const last = (live.document?.cellCount ?? 0) - 1;
      if (editor?.visibleRanges.some(({ end }) => end > last)) revealEnd(editor, last);
      live.scrolling = left > 0 ? setTimeout(() => follow(left - 1), SCROLL_MS) : undefined;
    };
    live.scrolling = setTimeout(() => follow(SCROLLS), SCROLL_MS);
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
      const entries: RunEntry[] = [];
      for (const entry of live.waiting) {
        if (this.notebooks.cellOf(entry.run.id)) continue;
        const cell = left.get(entry.run.id); // left by an earlier window
        if (cell) this.notebooks.show(entry.run.id, cell);
        else entries.push(entry);
      }
      live.waiting = [];
      if (entries.length > 0) await this.append(document, live, entries);
    }
  }

  private async append(document: vscode.NotebookDocument, live: Live, entries: RunEntry[]): Promise<void> {
    const editor = editorOf(document);
    const first = document.cellCount;
    const followed = editor?.visibleRanges.some(({ end }) => end >= first) ?? false;
    const edits: vscode.NotebookEdit[] = [];
    const before = kernelIdOf(document);
    if (before !== live.kernelId || !this.isOfFile(document, live))
      edits.push(vscode.NotebookEdit.updateNotebookMetadata(this.metadata(document, live)));
    const cells = this.cellsOf(entries, first === 0 ? undefined : before);
    edits.push(vscode.NotebookEdit.insertCells(first, cells));
    const edit = new vscode.WorkspaceEdit();
    edit.set(document.uri, edits);
    if (!(await vscode.workspace.applyEdit(edit)))
      throw new Error(`VS Code did not add cells to ${document.uri}`);
    const made = new Map(
      document
        .getCells(new vscode.NotebookRange(first, document.cellCount))
        .map((cell) => [runIdOf(cell), cell]),
    );
    for (const { run } of entries) {
      const cell = made.get(run.id);
      if (cell) this.notebooks.show(run.id, cell);
    }
    if (editor && (followed || first === 0) && settings().scrollResults) {
      revealEnd(editor, document.cellCount - 1);
    }
  }

  /** The cells of runs, with a heading before each run whose kernel differs from the one before. */
  private cellsOf(entries: RunEntry[], before: string | undefined): vscode.NotebookCellData[] {
    const cells: vscode.NotebookCellData[] = [];
    let last = before;
    for (const { run } of entries) {
      const kernel = this.session.kernels.get(run.kernelId);
      if (last !== undefined && last !== run.kernelId) cells.push(cellOfKernel(kernel));
      last = run.kernelId;
      cells.push(cellOfRun(run, kernel));
    }
    return cells;
  }

  private isOfFile(document: vscode.NotebookDocument, live: Live): boolean {
    const file = newest(live);
    return file === undefined || shows(document, file);
  }

  private metadata(document: vscode.NotebookDocument, live: Live): Record<string, unknown> {
    const kernel = this.session.kernels.get(live.kernelId);
    return metadataFor(document, live.kernelId, kernel, newest(live));
  }

  private async open(live: Live): Promise<vscode.NotebookDocument> {
    const document = live.document?.isClosed === false ? live.document : this.findLeft(live);
    if (document) {
      live.document = document;
      const editor =
        editorOf(document) ??
        (await vscode.window.showNotebookDocument(document, {
          viewColumn: columnOf(document),
          preserveFocus: true,
        }));
      await this.notebooks.select(editor);
      return document;
    }
    const uri = nameFor(newest(live), this.session.kernels.get(live.kernelId));
    // `openNotebookDocument` would name it Untitled-1, and VS Code would open it a second time, over the file.
    await vscode.commands.executeCommand("vscode.openWith", uri, JUPYTER_NOTEBOOK, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: false,
    });
    const editor = vscode.window.visibleNotebookEditors.find(
      ({ notebook }) => notebook.uri.toString() === uri.toString(),
    );
    if (!editor) throw new Error(`VS Code did not open the notebook ${uri.path}`);
    live.document = editor.notebook;
    await this.notebooks.select(editor);
    return live.document;
  }

  /** A notebook left open by an earlier window: one of this kernel, or an unsaved one of this file. */
  private findLeft(live: Live): vscode.NotebookDocument | undefined {
    const all = vscode.workspace.notebookDocuments;
    const file = newest(live);
    const taken = new Set([...this.live.values()].map(({ document }) => document));
    return (
      all.find((each) => kernelIdOf(each) === live.kernelId) ??
      all.find((each) => each.isUntitled && !taken.has(each) && file !== undefined && shows(each, file))
    );
  }
}

function fileOfRun({ textDocument }: Run): string | undefined {
  return textDocument && vscode.Uri.parse(textDocument.uri).toString();
}

/** The file that ran code most recently. */
function newest({ files }: Live): vscode.Uri | undefined {
  const uri = [...files].at(-1);
  return uri === undefined ? undefined : vscode.Uri.parse(uri);
}

function revealEnd(editor: vscode.NotebookEditor, last: number): void {
  editor.revealRange(new vscode.NotebookRange(last, last + 1), vscode.NotebookEditorRevealType.Default);
}

/** Whether a run came from a notebook cell, which shows it already. */
function isOfNotebook({ notebookDocument }: Run): boolean {
  if (!notebookDocument) return false;
  const uri = vscode.Uri.parse(notebookDocument.uri).toString();
  return vscode.workspace.notebookDocuments.some((notebook) => notebook.uri.toString() === uri);
}
