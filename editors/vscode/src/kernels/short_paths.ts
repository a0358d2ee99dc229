/** Shortens paths for display: relative to the workspace or to the home folder. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import type { Kernel } from "../server/protocol";
import { legible } from "../ui/ansi";

/** Replaces the workspace folder in a text with `.`, and the home folder with `~`. A shell still understands the paths. */
export function shortPaths(text: string): string {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const only = folders.length === 1 && folders[0]?.uri.scheme === "file" ? folders[0].uri.fsPath : undefined;
  return legible(replaced(replaced(text, only, "."), homedir(), "~"));
}

/** The name of a kernel for the user. */
export function kernelName(kernel: Kernel): string {
  return shortPaths(kernel.displayName);
}

function replaced(text: string, folder: string | undefined, by: string): string {
  if (!folder || folder === "/") return text;
  return text.split(folder).reduce((before, after) => {
    const isWhole = /^($|[\s/\\),;:])/.test(after) && !/[\w.-]$/.test(before);
    return before + (isWhole ? by : folder) + after;
  });
}
