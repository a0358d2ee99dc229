/** Open documents by their URI, and the names of files. */

import * as vscode from "vscode";

/** The open text document with this URI. */
export function openDocument(uri: string | undefined): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);
}

/** The last part of a path: `a.py`. */
export function fileNameOf({ path }: vscode.Uri): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The name of a file without its extension. */
export function stemOf(uri: vscode.Uri): string {
  return fileNameOf(uri).replace(/\.\w+$/, "");
}

/** Where a new file is proposed: beside the file that it is made from, or in the first folder. */
export function beside(file: vscode.Uri, name: string): vscode.Uri {
  if (file.scheme === "file") return vscode.Uri.joinPath(file, "..", name);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(name);
}
