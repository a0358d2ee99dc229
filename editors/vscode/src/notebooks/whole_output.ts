/** Opens the whole text of an output that exceeds the budget, from the history. */

import * as vscode from "vscode";
import { NOTEBOOKS } from "../file/languages";
import { type Elided, elidedOf } from "../runs/rendering";
import type { Connection } from "../server/connection";

const SCHEME = "kernel-bridge-output";
/** Characters per request, so that the server can respond to other requests in between. */
const SLICE = 4_000_000;

/** Reads the whole text of a stream output. */
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

/** Adds a link under cells with a shortened output, which opens the whole text as a document. */
export function registerWholeOutput(connection: Connection): vscode.Disposable {
  const documents: vscode.TextDocumentContentProvider = {
    provideTextDocumentContent: ({ query }) => readWhole(connection, JSON.parse(query) as Elided),
  };
  const links: vscode.NotebookCellStatusBarItemProvider = {
    provideCellStatusBarItems: (cell) => {
      const elided = cell.outputs.map(elidedOf).find(Boolean);
      if (!elided) return [];
      const title = vscode.l10n.t("Open Whole Output");
      const item = new vscode.NotebookCellStatusBarItem(
        `$(file-text) ${title}`,
        vscode.NotebookCellStatusBarAlignment.Left,
      );
      item.command = {
        title,
        command: "kernelBridge.openWholeOutput",
        arguments: [elided],
      };
      return [item];
    },
  };
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
    ...NOTEBOOKS.map((type) => vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, links)),
  );
}

export async function openWhole(elided: unknown): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: "/output.txt", query: JSON.stringify(elided) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
}
