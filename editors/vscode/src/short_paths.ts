/** Paths as a person says them: from the workspace, or from their home. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import { legible } from "./ansi";

/** A text with the workspace's folder in it as `.`, and the home as `~`; what follows either is still a path for a shell. */
export function shortPaths(text: string): string {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const only = folders.length === 1 && folders[0]?.uri.scheme === "file" ? folders[0].uri.fsPath : undefined;
  return legible(replaced(replaced(text, only, "."), homedir(), "~"));
}

function replaced(text: string, folder: string | undefined, by: string): string {
  if (!folder || folder === "/") return text;
  return text.split(folder).reduce((before, after) => {
    const isWhole = /^($|[\s/\\),;:])/.test(after) && !/[\w.-]$/.test(before);
    return before + (isWhole ? by : folder) + after;
  });
}
