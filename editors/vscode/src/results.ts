/** The live notebooks of results: one for each kernel, a cell a run. */

import * as vscode from "vscode";
import { JUPYTER_NOTEBOOK, Notebooks } from "./notebooks";
import type { Run } from "./protocol";
import type { RunEntry, Session } from "./session";
import { settings } from "./settings";

/** What our metadata say of a notebook and of a cell; they are written into the file, too. */
interface NotebookMetadata {
  /** As in the file. */
  metadata?: { kernel_bridge?: { kernel_id?: string }; language_info?: { name?: string } };
}

interface Live {
  document: vscode.NotebookDocument | undefined;
  waiting: RunEntry[];
  adding: Promise<void> | undefined;
  scrolling: NodeJS.Timeout | undefined;
}

/** An output has its height only some time after it was given to VS Code, which says nothing then. */
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

  /** The kernel whose runs a notebook shows. */
  static kernelIdOf(notebook: vscode.NotebookDocument): string | undefined {
    return (notebook.metadata as NotebookMetadata).metadata?.kernel_bridge?.kernel_id;
  }

  /** The notebook of a kernel's results, if it is open. */
  notebookOf(kernelId: string): vscode.NotebookDocument | undefined {
    const document = this.live.get(kernelId)?.document;
    return document?.isClosed ? undefined : document;
  }

  /** Resolves once every run that is known has its cell. */
  async settled(): Promise<void> {
    await Promise.all([...this.live.values()].map(({ adding }) => adding));
  }

  /** Brings the results of a kernel into view; those that were closed are there again. */
  async reveal(kernelId: string): Promise<void> {
    for (const entry of this.session.runs.values())
      if (entry.run.kernelId === kernelId) this.run(entry, true);
    await this.settled();
    const document = this.notebookOf(kernelId);
    if (!document) throw new Error("this kernel has run nothing yet");
    await vscode.window.showNotebookDocument(document, { viewColumn: columnOf(document) });
  }

  /** Brings the cell of a run into view. */
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

  /** Has a run shown; a notebook that is not open is opened only when the setting says so, or when it is asked for. */
  private run(entry: RunEntry, open = settings().revealResults): void {
    const { run } = entry;
    if (this.notebooks.cellOf(run.id) || isOfNotebook(run)) return;
    const live = this.liveOf(run.kernelId);
    if (!live.waiting.includes(entry)) live.waiting.push(entry);
    if (open || this.notebookOf(run.kernelId)) this.add(run.kernelId, live);
  }

  private liveOf(kernelId: string): Live {
    let live = this.live.get(kernelId);
    if (!live) {
      live = { document: undefined, waiting: [], adding: undefined, scrolling: undefined };
      this.live.set(kernelId, live);
    }
    return live;
  }

  /**
   * A notebook of results has come into view: if it is the one that was saved under a name, or was left by an
   * earlier window, new runs go there from now on.
   */
  private async adopt(editor: vscode.NotebookEditor): Promise<void> {
    const { notebook } = editor;
    const kernelId = Results.kernelIdOf(notebook);
    if (kernelId === undefined) return;
    const live = this.liveOf(kernelId);
    if (live.document === notebook || live.adding) return;
    live.document = notebook;
    await this.notebooks.select(editor);
    this.notebooks.adopt(notebook);
  }

  /** Keeps the end of the newest run in view while it grows, unless the person has scrolled away. */
  private scroll({ run }: RunEntry): void {
    const live = this.live.get(run.kernelId);
    if (!live?.document || live.scrolling || !settings().scrollResults) return;
    const follow = (left: number) => {
      const editor = vscode.window.visibleNotebookEditors.find(({ notebook }) => notebook === live.document);
      const last = (live.document?.cellCount ?? 0) - 1;
      if (editor?.visibleRanges.some(({ end }) => end > last)) revealEnd(editor, last);
      live.scrolling = left > 0 ? setTimeout(() => follow(left - 1), SCROLL_MS) : undefined;
    };
    live.scrolling = setTimeout(() => follow(SCROLLS), SCROLL_MS);
  }

  private add(kernelId: string, live: Live): void {
    live.adding ??= this.addWaiting(kernelId, live)
      .catch((error: unknown) => this.log.error(`results of kernel ${kernelId}: ${error}`))
      .finally(() => {
        live.adding = undefined;
      });
  }

  private async addWaiting(kernelId: string, live: Live): Promise<void> {
    while (live.waiting.length > 0) {
      const document = await this.open(kernelId, live);
      const left = new Map(document.getCells().map((cell) => [Notebooks.runIdOf(cell), cell]));
      const entries: RunEntry[] = [];
      for (const entry of live.waiting) {
        if (this.notebooks.cellOf(entry.run.id)) continue;
        const cell = left.get(entry.run.id); // of an earlier window
        if (cell) this.notebooks.show(entry.run.id, cell);
        else entries.push(entry);
      }
      live.waiting = [];
      if (entries.length > 0) await this.append(document, entries);
    }
  }

  private async append(document: vscode.NotebookDocument, entries: RunEntry[]): Promise<void> {
    const editor = vscode.window.visibleNotebookEditors.find(({ notebook }) => notebook === document);
    const first = document.cellCount;
    const followed = editor?.visibleRanges.some(({ end }) => end >= first) ?? false;
    const edit = new vscode.WorkspaceEdit();
    edit.set(document.uri, [
      vscode.NotebookEdit.insertCells(
        first,
        entries.map(({ run }) => cellData(run, document)),
      ),
    ]);
    if (!(await vscode.workspace.applyEdit(edit))) throw new Error(`${document.uri} took no cells`);
    const cells = document.getCells().slice(first);
    entries.forEach(({ run }, index) => {
      const cell = cells[index];
      if (cell) this.notebooks.show(run.id, cell);
    });
    if (editor && (followed || first === 0) && settings().scrollResults) {
      revealEnd(editor, document.cellCount - 1);
    }
  }

  private async open(kernelId: string, live: Live): Promise<vscode.NotebookDocument> {
    const left = vscode.workspace.notebookDocuments.find((each) => Results.kernelIdOf(each) === kernelId);
    const document = live.document?.isClosed === false ? live.document : left;
    if (document) {
      live.document = document;
      const viewColumn = columnOf(document);
      const editor =
        vscode.window.visibleNotebookEditors.find(({ notebook }) => notebook === document) ??
        (await vscode.window.showNotebookDocument(document, { viewColumn, preserveFocus: true }));
      await this.notebooks.select(editor);
      return document;
    }
    const uri = this.freeName(kernelId);
    // Made by `openNotebookDocument` it would be called Untitled-1, and be opened a second time, in front of the file.
    await vscode.commands.executeCommand("vscode.openWith", uri, JUPYTER_NOTEBOOK, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: false,
    });
    const editor = vscode.window.visibleNotebookEditors.find(
      ({ notebook }) => notebook.uri.toString() === uri.toString(),
    );
    if (!editor) throw new Error(`VS Code shows no notebook ${uri.path}`);
    live.document = editor.notebook;
    const edit = new vscode.WorkspaceEdit();
    edit.set(uri, [vscode.NotebookEdit.updateNotebookMetadata(this.metadata(kernelId))]);
    await vscode.workspace.applyEdit(edit);
    await this.notebooks.select(editor);
    return live.document;
  }

  /** A name for a notebook that no file has yet, after the file whose runs it shows. */
  private freeName(kernelId: string): vscode.Uri {
    const source = this.session.documentsOf(kernelId)[0];
    const file =
      source === undefined ? this.session.kernels.get(kernelId)?.displayName : vscode.Uri.parse(source).path;
    const stem =
      file
        ?.split("/")
        .pop()
        ?.replace(/\.\w+$/, "") || "kernel";
    for (let number = 1; ; number++) {
      const path = `${stem} results${number === 1 ? "" : ` ${number}`}.ipynb`;
      const uri = vscode.Uri.from({ scheme: "untitled", path });
      if (!vscode.workspace.notebookDocuments.some((other) => other.uri.toString() === uri.toString()))
        return uri;
    }
  }

  private metadata(kernelId: string): Record<string, unknown> {
    const kernel = this.session.kernels.get(kernelId);
    const metadata = {
      kernel_bridge: { kernel_id: kernelId },
      ...(kernel && {
        kernelspec: { name: kernel.name, display_name: kernel.displayName, language: kernel.language },
        language_info: kernel.languageInfo ?? { name: kernel.language },
      }),
    };
    return { metadata, nbformat: 4, nbformat_minor: 5 };
  }
}

function revealEnd(editor: vscode.NotebookEditor, last: number): void {
  editor.revealRange(new vscode.NotebookRange(last, last + 1), vscode.NotebookEditorRevealType.Default);
}

/** Where a notebook is shown already, else beside the active editor. */
function columnOf(notebook: vscode.NotebookDocument): vscode.ViewColumn {
  const uri = notebook.uri.toString();
  for (const group of vscode.window.tabGroups.all) {
    const shows = group.tabs.some(
      ({ input }) => input instanceof vscode.TabInputNotebook && input.uri.toString() === uri,
    );
    if (shows) return group.viewColumn;
  }
  return vscode.ViewColumn.Beside;
}

/** Whether a run came from a cell of a notebook, which shows it itself. */
function isOfNotebook(run: Run): boolean {
  const uri = run.textDocument?.uri;
  if (uri === undefined) return false;
  const parsed = vscode.Uri.parse(uri).toString();
  return vscode.workspace.notebookDocuments.some((notebook) => notebook.uri.toString() === parsed);
}

function cellData(run: Run, notebook: vscode.NotebookDocument): vscode.NotebookCellData {
  const source = run.textDocument && vscode.Uri.parse(run.textDocument.uri).toString();
  const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === source);
  const info = (notebook.metadata as NotebookMetadata).metadata?.language_info;
  const language = document?.languageId ?? info?.name ?? "plaintext";
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, run.source.trimEnd(), language);
  cell.metadata = { id: run.id, metadata: { kernel_bridge: { run_id: run.id } } };
  return cell;
}
