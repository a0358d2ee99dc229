/** The notebook of a results window: its title, metadata and cells, and how it is shown. Does not use the server. */

import * as vscode from "vscode";
import { fileNameOf, openDocument } from "../file/documents";
import { INTERACTIVE } from "../file/languages";
import { kernelName } from "../kernels/short_paths";
import type { Kernel, Run } from "../server/protocol";

/** Metadata of the notebook, which VS Code keeps when a window reloads. */
interface NotebookMetadata {
  metadata?: {
    kernel_bridge?: {
      /** ID of the kernel whose runs are added. */
      kernel_id?: string;
      /** URI of the file whose code ran most recently. */
      file?: string;
    };
    language_info?: { name?: string };
  };
}

/** The ID of the kernel whose runs are added to a notebook; undefined if it shows no results. */
export function kernelIdOf(notebook: vscode.NotebookDocument): string | undefined {
  if (notebook.notebookType !== INTERACTIVE) return undefined; // also a copy that was saved as a file
  return (notebook.metadata as NotebookMetadata).metadata?.kernel_bridge?.kernel_id;
}

/** The ID of the run that a cell was created for. */
export function runIdOf(cell: vscode.NotebookCell): string | undefined {
  const { metadata } = cell.metadata as { metadata?: { kernel_bridge?: { run_id?: string } } };
  return metadata?.kernel_bridge?.run_id;
}

/** The URI of the file whose code ran most recently. */
export function fileUriOf(notebook: vscode.NotebookDocument): string | undefined {
  return (notebook.metadata as NotebookMetadata).metadata?.kernel_bridge?.file;
}

/** The open document of that file. */
export function fileOf(notebook: vscode.NotebookDocument): vscode.TextDocument | undefined {
  return openDocument(fileUriOf(notebook));
}

/** The title of the results of a file, or of a kernel without files. */
export function titleOf(file: vscode.Uri | undefined, kernel: Kernel | undefined): string {
  return [file && fileNameOf(file), kernel && kernelName(kernel)].filter(Boolean).join(" · ");
}

/** The new metadata of a notebook to which runs of this kernel are added. */
export function metadataFor(
  notebook: vscode.NotebookDocument,
  kernelId: string,
  kernel: Kernel | undefined,
  file: vscode.Uri | undefined,
): Record<string, unknown> {
  const metadata = {
    ...(notebook.metadata as NotebookMetadata).metadata,
    kernel_bridge: { kernel_id: kernelId, ...(file && { file: file.toString() }) },
    ...(kernel && {
      kernelspec: { name: kernel.name, display_name: kernel.displayName, language: kernel.language },
      language_info: kernel.languageInfo ?? { name: kernel.language },
    }),
  };
  return { nbformat: 4, nbformat_minor: 5, ...notebook.metadata, metadata };
}

/** VS Code's ID of the language of a file, or of a kernel without files. */
export function languageOf(file: vscode.Uri | undefined, kernel: Kernel | undefined): string {
  const document = openDocument(file?.toString());
  return document?.languageId ?? kernel?.language.toLowerCase() ?? "plaintext";
}

/** The cell for a run, in the language of its file. */
export function cellOfRun(run: Run, kernel: Kernel | undefined): vscode.NotebookCellData {
  const file = run.textDocument && vscode.Uri.parse(run.textDocument.uri);
  const language = languageOf(file, kernel);
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, run.source.trimEnd(), language);
  cell.metadata = metadataOf(run);
  return cell;
}

/** The metadata of the cell for a run. */
export function metadataOf(run: Run): Record<string, unknown> {
  return { id: run.id, metadata: { kernel_bridge: { run_id: run.id } } };
}

/** Removes all cells. */
export async function clear(notebook: vscode.NotebookDocument): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  const all = new vscode.NotebookRange(0, notebook.cellCount);
  edit.set(notebook.uri, [vscode.NotebookEdit.deleteCells(all)]);
  await vscode.workspace.applyEdit(edit);
}

/** A line between the cells. */
export function cellOfNote(note: string): vscode.NotebookCellData {
  const text = `<small>*${new vscode.MarkdownString().appendText(note).value}*</small>`;
  return new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, text, "markdown");
}

/** The line before cells that ran on another kernel than those above. */
export function anotherKernel(kernel: Kernel | undefined): string {
  return kernel ? vscode.l10n.t("Another kernel: {0}", kernelName(kernel)) : vscode.l10n.t("Another kernel");
}

/** The line about the end or restart of a kernel. */
export function lineOfChange(before: Kernel | undefined, now: Kernel): string | undefined {
  if (!before) return undefined;
  const time = new Date().toLocaleTimeString(vscode.env.language, { hour: "2-digit", minute: "2-digit" });
  if (now.epoch > before.epoch)
    return vscode.l10n.t("Restarted {0} at {1}; its variables are gone", kernelName(now), time);
  if (now.state !== "dead" || before.state === "dead") return undefined;
  const reason = now.reason?.split("\n")[0];
  return reason === undefined
    ? vscode.l10n.t("{0} ended at {1}; its variables are gone", kernelName(now), time)
    : vscode.l10n.t("{0} ended at {1}: {2}", kernelName(now), time, reason);
}

/** VS Code's answer to `interactive.open`. */
interface Opened {
  notebookEditor?: vscode.NotebookEditor;
}

/** Opens a new interactive window beside the active editor, and selects a controller for it. */
export async function openWindow(title: string, controller: string): Promise<vscode.NotebookEditor> {
  const options = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
  const opened = await vscode.commands.executeCommand<Opened>(
    "interactive.open",
    options,
    undefined,
    controller,
    title,
  );
  if (!opened.notebookEditor)
    throw new Error(vscode.l10n.t("VS Code did not open a window for the results of {0}", title));
  return opened.notebookEditor;
}

/** Shows a notebook in the column where it is open, else beside the active editor. */
export async function show(
  notebook: vscode.NotebookDocument,
  preserveFocus: boolean,
): Promise<vscode.NotebookEditor> {
  if (notebook.notebookType !== INTERACTIVE)
    return await vscode.window.showNotebookDocument(notebook, {
      viewColumn: columnOf(notebook),
      preserveFocus,
    });
  const opened = await vscode.commands.executeCommand<Opened>(
    "interactive.open",
    { preserveFocus },
    notebook.uri,
  );
  if (!opened.notebookEditor)
    throw new Error(vscode.l10n.t("VS Code did not show the results {0}", notebook.uri.path));
  return opened.notebookEditor;
}

/** The column that shows a notebook, else the one beside the active editor. */
function columnOf(notebook: vscode.NotebookDocument): vscode.ViewColumn {
  const uri = notebook.uri.toString();
  for (const group of vscode.window.tabGroups.all) {
    const shown = group.tabs.some(
      ({ input }) => input instanceof vscode.TabInputNotebook && input.uri.toString() === uri,
    );
    if (shown) return group.viewColumn;
  }
  return vscode.ViewColumn.Beside;
}

export function editorOf(notebook: vscode.NotebookDocument): vscode.NotebookEditor | undefined {
  return vscode.window.visibleNotebookEditors.find((editor) => editor.notebook === notebook);
}
