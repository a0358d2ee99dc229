/** Writing a kernel's runs to a file, which the server does. */

import * as vscode from "vscode";
import type { Connection } from "./connection";
import type { ExportFormat } from "./protocol";
import type { Target } from "./target";

const FORMATS: Record<string, ExportFormat> = {
  ".ipynb": "ipynb",
  ".py": "py",
  ".md": "md",
  ".html": "html",
};

export async function exportHistory(connection: Connection, target: Target): Promise<void> {
  const uri = await vscode.window.showSaveDialog({
    title: "Export the history to a notebook",
    defaultUri: proposed(target.uri),
    filters: { Notebook: ["ipynb"], "Percent script": ["py"], Markdown: ["md"], HTML: ["html"] },
  });
  if (!uri) return;
  const extension = /\.\w+$/.exec(uri.path)?.[0] ?? "";
  const of = target.kernel
    ? { kernelId: target.kernel.id }
    : { textDocument: { uri: target.uri.toString() } };
  const format = FORMATS[extension] ?? "ipynb";
  // The dialog has asked already whether the file is to be replaced.
  const written = await connection.execute("kernel-bridge.export", {
    path: uri.fsPath,
    format,
    overwrite: true,
    ...of,
  });
  const message = `${written.cells} runs were written to ${written.path}`;
  if ((await vscode.window.showInformationMessage(message, "Open")) === "Open") {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(written.path));
  }
}

function proposed(source: vscode.Uri): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${
    source.path
      .split("/")
      .pop()
      ?.replace(/\.\w+$/, "") || "history"
  }.ipynb`;
  if (source.scheme === "file") return vscode.Uri.joinPath(source, "..", name);
  return folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(name);
}
