/** The context keys of menus, keybindings and the palette. VS Code evaluates all of those again for each key that is set. */

import * as vscode from "vscode";

const values = new Map<string, unknown>();

/** Sets a context key, unless it has that value. */
export function setContextKey(name: string, value: unknown): void {
  if (values.get(name) === value) return;
  values.set(name, value);
  void vscode.commands.executeCommand("setContext", `kernelBridge.${name}`, value);
}
