/** The windows of results: one for each file, or group of files that share a kernel, opened when a run needs one. */

import * as vscode from "vscode";
import { kernelName } from "../kernels/short_paths";
import { notebookTarget } from "../kernels/target";
import { isAlive, type RunEntry, type Session } from "../runs/session";
import { type Controllers, EXTENSION } from "./controllers";
import {
  editorOf,
  fileUriOf,
  kernelIdOf,
  languageOf,
  metadataFor,
  openWindow,
  show,
  titleOf,
} from "./results_notebook";

/** A window to which results are added. */
export interface Live {
  /** Its current kernel. The previous kernels of its files also map to this notebook. */
  kernelId: string;
  /** URIs of the files that have run code on one of its kernels, the most recent one last. */
  files: Set<string>;
  document: vscode.NotebookDocument | undefined;
  /** Runs that have no cell yet, and the cells of texts: those of files, and lines about the kernel. */
  waiting: Added[];
  adding: Promise<void> | undefined;
}

/** A run, or a text between the runs. */
export type Added = RunEntry | vscode.NotebookCellData;

export class ResultsWindows {
  private readonly live = new Map<string, Live>();

  constructor(
    private readonly session: Session,
    private readonly controllers: Controllers,
  ) {}

  /** All windows, open or not. */
  all(): Set<Live> {
    return new Set(this.live.values());
  }

  /** The window of a kernel's results, if it is open and the kernel its current one. */
  openOf(kernelId: string): Live | undefined {
    const live = this.live.get(kernelId);
    return live?.kernelId === kernelId && live.document?.isClosed === false ? live : undefined;
  }

  /** The notebook of a kernel's results, if it is open. */
  notebookOf(kernelId: string): vscode.NotebookDocument | undefined {
    const document = this.live.get(kernelId)?.document;
    return document?.isClosed ? undefined : document;
  }

  /** The notebook of a kernel: its own, or the one of an earlier kernel of the same file. */
  of(kernelId: string): Live {
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
  async adopt(editor: vscode.NotebookEditor): Promise<void> {
    const { notebook } = editor;
    const kernelId = kernelIdOf(notebook);
    if (kernelId === undefined || this.controllers.controls(notebook)) return;
    const live = this.of(kernelId);
    if (live.kernelId !== kernelId || (live.document && live.document !== notebook) || live.adding) return;
    live.document = notebook;
    const file = fileUriOf(notebook);
    if (file !== undefined && live.files.size === 0) live.files.add(file);
    await this.control(editor, live);
  }

  /** Notes that a file has run code in a window. */
  note({ files }: Live, file: string): void {
    files.delete(file);
    files.add(file);
  }

  /** Names the controller of an open window after its kernel. */
  rename(live: Live, document = live.document): void {
    if (document?.isClosed === false) this.controllers.rename(document, ...this.named(live));
  }

  /** The edits that name a window after its kernel and file. */
  retitled(document: vscode.NotebookDocument, live: Live): vscode.NotebookEdit[] {
    this.rename(live, document);
    const file = newest(live);
    const isCurrent = kernelIdOf(document) === live.kernelId && fileUriOf(document) === file?.toString();
    if (isCurrent) return [];
    const kernel = this.session.kernels.get(live.kernelId);
    return [vscode.NotebookEdit.updateNotebookMetadata(metadataFor(document, live.kernelId, kernel, file))];
  }

  /** The name and the language of the controller of a results window. */
  private named(live: Live): [string, string] {
    const target = live.document && notebookTarget(this.session, live.document);
    const kernel = target?.kernel ?? this.session.kernels.get(live.kernelId); // a new window has no metadata yet
    return [kernel ? kernelName(kernel) : vscode.l10n.t("No Kernel"), languageOf(newest(live), kernel)];
  }

  /** Makes sure that a results window has its own controller. */
  private async control(editor: vscode.NotebookEditor, live: Live): Promise<void> {
    if (this.controllers.controls(editor.notebook)) return;
    await this.controllers.assign(this.controllers.createForResults(...this.named(live)), editor);
  }

  /** The notebook of a window, which is opened if it is closed. */
  async open(live: Live): Promise<vscode.NotebookDocument> {
    const document = live.document?.isClosed === false ? live.document : this.findLeft(live);
    if (document) {
      live.document = document;
      await this.control(editorOf(document) ?? (await show(document, true)), live);
      return document;
    }
    const kernel = this.session.kernels.get(live.kernelId);
    const controller = this.controllers.createForResults(...this.named(live));
    const title = titleOf(newest(live), kernel);
    const editor = await openWindow(title, `${EXTENSION}/${controller.id}`);
    live.document = editor.notebook;
    await this.controllers.assign(controller, editor);
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

/** The file that ran code most recently. */
function newest({ files }: Live): vscode.Uri | undefined {
  const uri = [...files].at(-1);
  return uri === undefined ? undefined : vscode.Uri.parse(uri);
}
