/** What a command is about: the document or notebook in front of the person, and its kernel. */

import * as vscode from "vscode";
import type { Kernel } from "./protocol";
import { fileOf, kernelIdOf } from "./results_notebook";
import { isAlive, type Session } from "./session";

export interface Target {
  /** Of the file or notebook that kernels are bound to. */
  uri: vscode.Uri;
  languageId: string;
  kernel: Kernel | undefined;
  isNotebook: boolean;
}

/** The active editor's or notebook's target; undefined where neither is there. */
export function activeTarget(session: Session): Target | undefined {
  const notebook = vscode.window.activeNotebookEditor?.notebook;
  if (notebook && vscode.window.activeTextEditor?.document.uri.scheme !== "file") {
    return notebookTarget(session, notebook);
  }
  const document = vscode.window.activeTextEditor?.document;
  if (document) {
    const { uri, languageId } = document;
    return { uri, languageId, kernel: session.kernelOf(uri), isNotebook: false };
  }
  return notebook && notebookTarget(session, notebook);
}

/** A notebook of results stands for the kernel that it shows, and once no file has that any more, for its file. */
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

/** The language of a notebook: of its kernelspec, its file, or its first code cell. */
export function languageOf(notebook: vscode.NotebookDocument): string {
  const cell = notebook.getCells().find(({ kind }) => kind === vscode.NotebookCellKind.Code);
  return cell?.document.languageId ?? "python";
}

/** The active target; raises where there is none. */
export function requireTarget(session: Session): Target {
  const target = activeTarget(session);
  if (target) return target;
  throw new Error("no file is open; open the file or notebook whose code should run");
}

/** The living kernel of a target; raises where there is none. */
export function requireKernel(target: Target): Kernel {
  const kernel = requireAnyKernel(target);
  if (isAlive(kernel)) return kernel;
  const reason = kernel.reason ? `: ${kernel.reason}` : "";
  throw new Error(`the kernel of ${nameOf(target)} is ${kernel.state}${reason}`);
}

/** The kernel of a target, dead or alive; raises where there is none. */
export function requireAnyKernel(target: Target): Kernel {
  if (target.kernel) return target.kernel;
  throw new Error(`${nameOf(target)} has no running kernel; "Kernel Bridge: Start Kernel" starts one`);
}

function nameOf({ uri }: Target): string {
  return uri.path.split("/").pop() ?? "";
}
