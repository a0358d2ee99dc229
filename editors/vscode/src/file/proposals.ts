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
  if (entry?.run.nextInput === undefined) throw new Error("the kernel proposes no next input here");
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

/** Sets the context key of the keybinding. */
export function offerKey(places: Places): vscode.Disposable {
  const update = () => {
    const editor = vscode.window.activeTextEditor;
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
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error("VS Code did not insert the code");
}

/** Offers the proposal of a notebook cell below it. */
export class CellProposals implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCellStatusBarItems = this.emitter.event;
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly session: Session) {
    this.disposables = [
      this.emitter,
      session.onRun(({ run }) => run.nextInput !== undefined && this.emitter.fire()),
      session.onInserted(() => this.emitter.fire()),
      ...NOTEBOOKS.map((type) => vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, this)),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    const uri = cell.document.uri.toString();
    const newest = [...this.session.runs.values()].findLast(({ run }) => run.textDocument?.uri === uri);
    const lines = newest && proposedLines(newest.run);
    if (!newest || lines === undefined) return [];
    const item = new vscode.NotebookCellStatusBarItem(
      `$(insert) Insert ${lines}`,
      vscode.NotebookCellStatusBarAlignment.Left,
    );
    item.tooltip = "Insert what the kernel proposes as its next input";
    item.command = {
      title: "Insert What the Kernel Proposes",
      command: "kernelBridge.insertNextInput",
      arguments: [newest.run.id],
    };
    return [item];
  }
}
