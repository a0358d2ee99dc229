/** The code that a kernel proposes as its next input (`%load`, `%recall`): offered, and inserted if the user asks for it. */

import * as vscode from "vscode";
import type { RunEntry, Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { Run } from "../server/protocol";
import { setContextKey } from "../ui/context_keys";
import { counted, plural } from "../ui/plural";
import { NOTEBOOKS } from "./languages";
import type { Places } from "./places";

/** The size of a run's proposal; undefined if it has none. */
export function proposedLines({ nextInput }: Run): string | undefined {
  if (nextInput === undefined) return undefined;
  const lines = nextInput.replace(/\n$/, "").split("\n").length;
  return plural(lines, vscode.l10n.t("1 line"), vscode.l10n.t("{0} lines", counted(lines)));
}

/** Inserts the proposal of a run: into its file by an edit of the server, or as a cell of its notebook. */
export async function insertProposal(
  connection: Connection,
  session: Session,
  entry: RunEntry | undefined,
): Promise<void> {
  if (entry?.run.nextInput === undefined)
    throw new Error(vscode.l10n.t("the kernel proposes no next input here"));
  const cell = cellOf(entry.run);
  if (cell) await insertCell(cell, entry.run.nextInput, entry.run.nextInputReplaces === true);
  else await connection.execute("kernel-bridge.insertNextInput", { runId: entry.run.id });
  session.inserted(entry);
}

/** The run whose proposal a command inserts: the one at the cursor, or the lowest one in the document that has any. */
export function proposingRun(
  places: Places,
  { document, selection }: vscode.TextEditor,
): RunEntry | undefined {
  const proposing = places.of(document).filter(({ entry }) => entry.run.nextInput !== undefined);
  const { line } = selection.active;
  const here = proposing.find(({ first, last }) => first <= line && line <= last);
  return (here ?? proposing.toSorted((one, other) => one.first - other.first).at(-1))?.entry;
}

/** Sets the context keys of what can be done with the results of the active file. */
export function offerKeys(places: Places): vscode.Disposable {
  const update = () => {
    const editor = vscode.window.activeTextEditor;
    setContextKey("hasInline", editor !== undefined && places.of(editor.document).length > 0);
    setContextKey("hasProposal", editor !== undefined && proposingRun(places, editor) !== undefined);
  };
  return vscode.Disposable.from(places.onChange(update), vscode.window.onDidChangeActiveTextEditor(update));
}

function cellOf(run: Run): vscode.NotebookCell | undefined {
  if (!run.notebookDocument) return undefined;
  return vscode.workspace.notebookDocuments
    .flatMap((notebook) => notebook.getCells())
    .find(({ document }) => document.uri.toString() === run.textDocument?.uri);
}

async function insertCell(cell: vscode.NotebookCell, code: string, replaces: boolean): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  const { document, notebook, kind, index } = cell;
  if (replaces) edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), code.trimEnd());
  else {
    const added = new vscode.NotebookCellData(kind, code.trimEnd(), document.languageId);
    edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(index + 1, [added])]);
  }
  if (!(await vscode.workspace.applyEdit(edit)))
    throw new Error(vscode.l10n.t("VS Code did not insert the code"));
}

/** Offers the proposal of a notebook cell below it. */
export class CellProposals implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCellStatusBarItems = this.emitter.event;
  private readonly disposables: vscode.Disposable[];
  /** The runs with a proposal, by the URIs of their cells. */
  private readonly proposing = new Map<string, Run>();

  constructor(session: Session) {
    this.disposables = [
      this.emitter,
      session.onRun(({ run }) => this.changed(run)),
      session.onInserted(({ run }) => this.changed(run)),
      ...NOTEBOOKS.map((type) => vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, this)),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private changed(run: Run): void {
    if (!run.notebookDocument || !run.textDocument) return;
    const uri = vscode.Uri.parse(run.textDocument.uri).toString();
    if (run.nextInput !== undefined) this.proposing.set(uri, run);
    else if (!this.proposing.delete(uri)) return;
    this.emitter.fire();
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    const run = this.proposing.get(cell.document.uri.toString());
    const lines = run && proposedLines(run);
    if (!run || lines === undefined) return [];
    const item = new vscode.NotebookCellStatusBarItem(
      `$(insert) ${vscode.l10n.t("Insert {0}", lines)}`,
      vscode.NotebookCellStatusBarAlignment.Left,
    );
    item.tooltip = vscode.l10n.t("Insert what the kernel proposes as its next input");
    item.command = {
      title: vscode.l10n.t("Insert What the Kernel Proposes"),
      command: "kernelBridge.insertNextInput",
      arguments: [run.id],
    };
    return [item];
  }
}
