/** A results notebook as a document: its name, metadata, cells and editor column. Does not use the server. */

import * as vscode from "vscode";
import type { Kernel, Run } from "../server/protocol";

/** Metadata of a results notebook, which VS Code saves in its file. */
interface NotebookMetadata {
  metadata?: {
    kernel_bridge?: {
      /** ID of the kernel whose runs are added. */
      kernel_id?: string;
      /** File whose code ran, relative to the workspace. */
      file?: string;
    };
    language_info?: { name?: string };
  };
}

/** The ID of the kernel whose runs are added to a notebook; undefined if it is not a results notebook. */
export function kernelIdOf(notebook: vscode.NotebookDocument): string | undefined {
  return (notebook.metadata as NotebookMetadata).metadata?.kernel_bridge?.kernel_id;
}

/** The ID of the run that a cell was created for. */
export function runIdOf(cell: vscode.NotebookCell): string | undefined {
  const { metadata } = cell.metadata as { metadata?: { kernel_bridge?: { run_id?: string } } };
  return metadata?.kernel_bridge?.run_id;
}

/** The open document whose code ran most recently in a results notebook. */
export function fileOf(notebook: vscode.NotebookDocument): vscode.TextDocument | undefined {
  const file = (notebook.metadata as NotebookMetadata).metadata?.kernel_bridge?.file;
  return file === undefined
    ? undefined
    : vscode.workspace.textDocuments.find(({ uri }) => pathOf(uri) === file);
}

/** Whether a notebook shows the results of a file. */
export function shows(notebook: vscode.NotebookDocument, file: vscode.Uri): boolean {
  return (notebook.metadata as NotebookMetadata).metadata?.kernel_bridge?.file === pathOf(file);
}

function pathOf(file: vscode.Uri): string {
  return vscode.workspace.asRelativePath(file);
}

/** An unused name for the results notebook of a file, or of a kernel without files. */
export function nameFor(file: vscode.Uri | undefined, kernel: Kernel | undefined): vscode.Uri {
  const name = file
    ? file.path
        .split("/")
        .pop()
        ?.replace(/\.\w+$/, "")
    : kernel?.displayName;
  for (let number = 1; ; number++) {
    const path = `${name || "kernel"} results${number === 1 ? "" : ` ${number}`}.ipynb`;
    const uri = vscode.Uri.from({ scheme: "untitled", path });
    if (!vscode.workspace.notebookDocuments.some((other) => other.uri.toString() === uri.toString()))
      return uri;
  }
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
    kernel_bridge: { kernel_id: kernelId, ...(file && { file: pathOf(file) }) },
    ...(kernel && {
      kernelspec: { name: kernel.name, display_name: kernel.displayName, language: kernel.language },
      language_info: kernel.languageInfo ?? { name: kernel.language },
    }),
  };
  return { nbformat: 4, nbformat_minor: 5, ...notebook.metadata, metadata };
}

/** The cell for a run, in the language of its file. */
export function cellOfRun(run: Run, kernel: Kernel | undefined): vscode.NotebookCellData {
  const source = run.textDocument && vscode.Uri.parse(run.textDocument.uri).toString();
  const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === source);
  const language = document?.languageId ?? kernel?.language ?? "plaintext";
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, run.source.trimEnd(), language);
  cell.metadata = { id: run.id, metadata: { kernel_bridge: { run_id: run.id } } };
  return cell;
}

/** A heading before cells that ran on another kernel than those above. */
export function cellOfKernel(kernel: Kernel | undefined): vscode.NotebookCellData {
  const name = new vscode.MarkdownString().appendText(kernel ? `: ${kernel.displayName}` : "").value;
  const text = `<small>*Another kernel${name}*</small>`;
  return new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, text, "markdown");
}

/** The column that shows a notebook, else the one beside the active editor. */
export function columnOf(notebook: vscode.NotebookDocument): vscode.ViewColumn {
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
