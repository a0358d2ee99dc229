/** The whole of an output that is over the budget, from the history: to look at, and to be saved. */

import * as vscode from "vscode";
import { type Connection, messageOf } from "./connection";
import { type Elided, elidedOf } from "./rendering";
import { RESULTS } from "./serializer";
import { hasEnded, type Session } from "./session";

const SCHEME = "kernel-bridge-output";
/** Characters that are asked for at a time: the server goes on answering others in between. */
const SLICE = 4_000_000;

/** A longer output stands in a saved notebook as it does in its cell: VS Code writes it at every change, as a backup. */
const LONGEST_SAVED = 8_000_000;

/** The text of one stream output of a run; undefined when it has more than `limit` characters. */
async function readWhole(connection: Connection, elided: Elided, limit = Number.POSITIVE_INFINITY) {
  const parts: string[] = [];
  for (let start = 0; ; start += SLICE) {
    const { text, total } = await connection.execute("kernel-bridge.readOutput", {
      ...elided,
      start,
      length: SLICE,
    });
    if (total > limit) return undefined;
    parts.push(text);
    if (start + SLICE >= total) return parts.join("");
  }
}

/** What is saved for an output that its cell shows shortened; undefined: the same as the cell shows. */
export async function wholeToSave(
  connection: Connection,
  session: Session,
  elided: Elided,
): Promise<string | undefined> {
  const run = session.runs.get(elided.runId)?.run;
  if (!connection.running || (run && !hasEnded(run))) return undefined;
  try {
    return await readWhole(connection, elided, LONGEST_SAVED);
  } catch (error) {
    connection.log.warn(`the whole of an output of run ${elided.runId} is not saved: ${messageOf(error)}`);
    return undefined;
  }
}

/** Opens it as a document that can be searched and saved, from a link under its cell. */
export function registerWholeOutput(connection: Connection): vscode.Disposable {
  const documents: vscode.TextDocumentContentProvider = {
    provideTextDocumentContent: ({ query }) => readWhole(connection, JSON.parse(query) as Elided),
  };
  const links: vscode.NotebookCellStatusBarItemProvider = {
    provideCellStatusBarItems: (cell) => {
      const elided = cell.outputs.map(elidedOf).find(Boolean);
      if (!elided) return [];
      const text = "$(file-text) Open Whole Output";
      const item = new vscode.NotebookCellStatusBarItem(text, vscode.NotebookCellStatusBarAlignment.Left);
      item.command = {
        title: "Open Whole Output",
        command: "kernelBridge.openWholeOutput",
        arguments: [elided],
      };
      return [item];
    },
  };
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
    ...[RESULTS, "jupyter-notebook"].map((type) =>
      vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, links),
    ),
  );
}

export async function openWhole(elided: unknown): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: "/output.txt", query: JSON.stringify(elided) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
}
