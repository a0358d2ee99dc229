/** The settings of the extension. The server reads its settings with `workspace/configuration`. */

import * as vscode from "vscode";

export const SECTION = "kernel-bridge";

export interface Settings {
  serverCommand: string[] | undefined;
  serverPython: string | undefined;
  kernelPython: string | undefined;
  autoStart: boolean;
  keepAlive: boolean;
  codeLens: boolean;
  inlineResults: boolean;
  diagnostics: boolean;
  longRunSeconds: number;
  revealResults: boolean;
  restoreResults: boolean;
}

export function settings(scope?: vscode.Uri): Settings {
  const section = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const text = (name: string) => section.get<string>(name)?.trim() || undefined;
  return {
    serverCommand: commandLine(section.get<string | string[]>("server.command")),
    serverPython: text("server.python"),
    kernelPython: text("kernel.python"),
    autoStart: section.get("autoStart", true),
    keepAlive: section.get("keepAlive", false),
    codeLens: section.get("codeLens", true),
    inlineResults: section.get("inlineResults", true),
    diagnostics: section.get("diagnostics", true),
    longRunSeconds: section.get("longRunSeconds", 10),
    revealResults: section.get("results.reveal", true),
    restoreResults: section.get("results.restore", true),
  };
}

/** Splits a command into words, at spaces outside quotes. */
function commandLine(value: string | string[] | null | undefined): string[] | undefined {
  const words = Array.isArray(value) ? value : (value?.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []);
  const plain = words.map((word) => resolveVariables(word.replace(/^(["'])(.*)\1$/, "$2")));
  return plain.length > 0 && plain[0] !== "" ? plain : undefined;
}

function resolveVariables(text: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const home = process.env.HOME ?? process.env.USERPROFILE ?? "";
  return text
    .replaceAll("${workspaceFolder}", folder)
    .replaceAll("${userHome}", home)
    .replace(/^~(?=[/\\])/, home);
}
