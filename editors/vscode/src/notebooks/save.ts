/** Saves the results in a window as an .ipynb file with whole outputs. The server writes the file. */

import * as vscode from "vscode";
import { beside, stemOf } from "../file/documents";
import { JUPYTER_NOTEBOOK } from "../file/languages";
import type { Session } from "../runs/session";
import type { Connection } from "../server/connection";
import { kernelIdOf, runIdOf } from "./results_notebook";

/** Lets the user choose a file, writes the runs shown in a window to it, and opens it on the same kernel. */
export async function saveResults(
  connection: Connection,
  session: Session,
  results: vscode.NotebookDocument,
  file: vscode.Uri,
): Promise<void> {
  const runIds = results.getCells().flatMap((cell) => runIdOf(cell) ?? []);
  if (runIds.length === 0)
    throw new Error(vscode.l10n.t("this window has no results to save; run some code first"));
  const name = vscode.l10n.t("{0} results", stemOf(file) || "kernel");
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Save Results as Notebook"),
    defaultUri: beside(file, `${name}.ipynb`),
    filters: { [vscode.l10n.t("Notebook")]: ["ipynb"] },
  });
  if (!uri) return;
  // The dialog has already asked whether to overwrite the file.
  const params = { path: uri.fsPath, format: "ipynb", overwrite: true, runIds } as const;
  const { path } = await connection.execute("kernel-bridge.export", params);
  const saved = vscode.Uri.file(path);
  const kernelId = kernelIdOf(results);
  if (kernelId !== undefined) {
    const textDocument = { uri: saved.toString() };
    await connection.execute("kernel-bridge.bindKernel", { textDocument, kernelId });
    session.bind(textDocument.uri, kernelId);
  }
  await vscode.commands.executeCommand("vscode.openWith", saved, JUPYTER_NOTEBOOK);
}
