/** Exports the runs of a kernel to a file. The server writes the file. */

import * as vscode from "vscode";
import { beside, stemOf } from "../file/documents";
import type { Connection } from "../server/connection";
import type { ExportFormat } from "../server/protocol";
import { counted, plural } from "../ui/plural";
import type { Target } from "./target";

const FORMATS: Record<string, ExportFormat> = {
  ".ipynb": "ipynb",
  ".py": "py",
  ".md": "md",
  ".html": "html",
};

export async function exportHistory(connection: Connection, target: Target): Promise<void> {
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export History to Notebook"),
    defaultUri: beside(target.uri, `${stemOf(target.uri) || "history"}.ipynb`),
    filters: {
      [vscode.l10n.t("Notebook")]: ["ipynb"],
      [vscode.l10n.t("Percent Script")]: ["py"],
      Markdown: ["md"],
      HTML: ["html"],
    },
  });
  if (!uri) return;
  const extension = /\.\w+$/.exec(uri.path)?.[0] ?? "";
  const of = target.kernel
    ? { kernelId: target.kernel.id }
    : { textDocument: { uri: target.uri.toString() } };
  const format = FORMATS[extension] ?? "ipynb";
  // The dialog has already asked whether to overwrite the file.
  const written = await connection.execute("kernel-bridge.export", {
    path: uri.fsPath,
    format,
    overwrite: true,
    ...of,
  });
  const { cells, path } = written;
  const message = plural(
    cells,
    vscode.l10n.t("1 run written to {0}", path),
    vscode.l10n.t("{0} runs written to {1}", counted(cells), path),
  );
  const open = vscode.l10n.t("Open");
  if ((await vscode.window.showInformationMessage(message, open)) === open) {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path));
  }
}
