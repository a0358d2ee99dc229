/** The whole of an output that is over the budget, from the history. */

import * as vscode from "vscode";
import type { Connection } from "./connection";
import { JUPYTER_NOTEBOOK } from "./notebooks";
import { type Elided, elidedOf } from "./rendering";

const SCHEME = "kernel-bridge-output";
/** Characters that are asked for at a time: the server goes on answering others in between. */
const SLICE = 4_000_000;

/** The text of one stream output of a run. */
async function readWhole(connection: Connection, elided: Elided): Promise<string> {
  const parts: string[] = [];
  for (let start = 0; ; start += SLICE) {
    const { text, total } = await connection.execute("kernel-bridge.readOutput", {
      ...elided,
      start,
      length: SLICE,
    });
    parts.push(text);
    if (start + SLICE >= total) return parts.join("");
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
    vscode.notebooks.registerNotebookCellStatusBarItemProvider(JUPYTER_NOTEBOOK, links),
  );
}

export async function openWhole(elided: unknown): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: "/output.txt", query: JSON.stringify(elided) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
}
