/** The target of a command: the active document or notebook, and its kernel. */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import { languageAt } from "../file/fences";
import { fileOf, kernelIdOf } from "../notebooks/results_notebook";
import { isAlive, type Session } from "../runs/session";
import type { Kernel } from "../server/protocol";

export interface Target {
  /** URI of the file or notebook to which a kernel is bound. */
  uri: vscode.Uri;
  /** The language of the document, or of the fence at the cursor. */
  languageId: string;
  kernel: Kernel | undefined;
  isNotebook: boolean;
}

/** The target of the active editor or notebook; undefined if there is neither. */
export function activeTarget(session: Session): Target | undefined {
  const notebook = vscode.window.activeNotebookEditor?.notebook;
  if (notebook && vscode.window.activeTextEditor?.document.uri.scheme !== "file") {
    return notebookTarget(session, notebook);
  }
  const editor = vscode.window.activeTextEditor;
  if (editor) {
    const { uri } = editor.document;
    const languageId = languageAt(editor.document, editor.selection.active.line);
    return { uri, languageId, kernel: session.kernelOf(uri, languageId), isNotebook: false };
  }
  return notebook && notebookTarget(session, notebook);
}

/** The target of a notebook. For a results notebook, its kernel, or if no file uses that kernel anymore, its file. */
export function notebookTarget(session: Session, notebook: vscode.NotebookDocument): Target {
  const shown = session.kernels.get(kernelIdOf(notebook) ?? "");
  const file = fileOf(notebook);
  if (!file) {
    const kernel = session.kernelOf(notebook.uri) ?? shown;
    return { uri: notebook.uri, languageId: languageOf(notebook), kernel, isNotebook: true };
  }
  const isUsed = shown && isAlive(shown) && session.documentsOf(shown.id).length > 0;
  const kernel = isUsed ? shown : (session.kernelOf(file.uri) ?? shown);
  return { uri: file.uri, languageId: file.languageId, kernel, isNotebook: true };
}

/** The language of a notebook's first code cell; Python if it has none. */
export function languageOf(notebook: vscode.NotebookDocument): string {
  const cell = notebook.getCells().find(({ kind }) => kind === vscode.NotebookCellKind.Code);
  return cell?.document.languageId ?? "python";
}

/** The active target. Throws if there is none. */
export function requireTarget(session: Session): Target {
  const target = activeTarget(session);
  if (target) return target;
  throw new Error(vscode.l10n.t("no file is open; open a file or notebook to run its code"));
}

/** The kernel of a target. Throws if there is none or it is dead or unreachable. */
export function requireKernel(target: Target): Kernel {
  const kernel = requireAnyKernel(target);
  if (isAlive(kernel)) return kernel;
  const what =
    kernel.state === "dead"
      ? vscode.l10n.t("the kernel of {0} is dead", fileNameOf(target.uri))
      : vscode.l10n.t("the kernel of {0} is unreachable", fileNameOf(target.uri));
  throw new Error(kernel.reason ? `${what}: ${kernel.reason}` : what);
}

/** The kernel of a target, dead or alive. Throws if there is none. */
export function requireAnyKernel(target: Target): Kernel {
  if (target.kernel) return target.kernel;
  throw new Error(
    vscode.l10n.t('{0} has no kernel; start one with "Kernel Bridge: Start Kernel"', fileNameOf(target.uri)),
  );
}
