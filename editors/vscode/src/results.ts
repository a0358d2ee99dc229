/** The live notebooks of results: one for each kernel, a cell a run. */

import * as vscode from "vscode";
import type { Notebooks } from "./notebooks";
import type { Run } from "./protocol";
import { RESULTS } from "./serializer";
import type { RunEntry, Session } from "./session";
import { settings } from "./settings";

/** What our metadata say of a notebook and of a cell; they are written into the file, too. */
interface NotebookMetadata {
  kernel_bridge?: { kernel_id?: string };
}

interface Live {
  document: vscode.NotebookDocument | undefined;
  waiting: RunEntry[];
  adding: Promise<void> | undefined;
}

export class Results implements vscode.Disposable {
  private readonly live = new Map<string, Live>();
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly session: Session,
    private readonly notebooks: Notebooks,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(session.onRun((entry) => this.run(entry)));
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The kernel whose runs a notebook shows. */
  static kernelIdOf(notebook: vscode.NotebookDocument): string | undefined {
    return (notebook.metadata as NotebookMetadata).kernel_bridge?.kernel_id;
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
    for (const entry of this.session.runs.values()) if (entry.run.kernelId === kernelId) this.run(entry);
    await this.settled();
    const document = this.notebookOf(kernelId);
    if (!document) throw new Error("this kernel has run nothing yet");
    await vscode.window.showNotebookDocument(document, { viewColumn: columnOf(document) });
  }

  /** Brings the cell of a run into view. */
  async revealRun(runId: string): Promise<void> {
    const entry = this.session.runs.get(runId);
    if (entry) this.run(entry);
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

  private run(entry: RunEntry): void {
    const { run } = entry;
    if (this.notebooks.cellOf(run.id) || isOfNotebook(run)) return;
    let live = this.live.get(run.kernelId);
    if (!live) {
      live = { document: undefined, waiting: [], adding: undefined };
      this.live.set(run.kernelId, live);
    }
    if (!live.waiting.includes(entry)) live.waiting.push(entry);
    this.add(run.kernelId, live);
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
      const entries = live.waiting.filter(({ run }) => !this.notebooks.cellOf(run.id));
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
      const last = document.cellCount - 1;
      editor.revealRange(new vscode.NotebookRange(last, last + 1), vscode.NotebookEditorRevealType.Default);
    }
  }

  private async open(kernelId: string, live: Live): Promise<vscode.NotebookDocument> {
    if (live.document && !live.document.isClosed) return live.document;
    const uri = this.freeName(kernelId);
    // Made by `openNotebookDocument` it would be called Untitled-1, and be opened a second time, in front of the file.
    await vscode.commands.executeCommand("vscode.openWith", uri, RESULTS, {
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
    return {
      kernel_bridge: { kernel_id: kernelId },
      ...(kernel && {
        kernelspec: { name: kernel.name, display_name: kernel.displayName, language: kernel.language },
        language_info: kernel.languageInfo ?? { name: kernel.language },
      }),
    };
  }
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
  const { language_info: info } = notebook.metadata as { language_info?: { name?: string } };
  const language = document?.languageId ?? info?.name ?? "plaintext";
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, run.source.trimEnd(), language);
  cell.metadata = { id: run.id, metadata: { kernel_bridge: { run_id: run.id } } };
  return cell;
}
