/** Finds the server: from the settings, then in the selected Python environment, then on PATH. */

import { access, constants } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { settings } from "../settings";
import { selectedPython } from "./python_environment";

/** A command line that speaks LSP on stdio. */
export interface ServerCommand {
  command: string;
  args: string[];
  /** Source of the command, for the log. */
  origin: string;
}

const NAME = process.platform === "win32" ? "kernel-bridge.exe" : "kernel-bridge";

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false; // missing or not executable
  }
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    const file = path.join(folder, name);
    if (path.isAbsolute(folder) && (await isExecutable(file))) return file;
  }
  return undefined;
}

/** Returns the server's command, or undefined if there is none. */
export async function findServer(): Promise<ServerCommand | undefined> {
  const { serverCommand, serverPython } = settings();
  if (serverCommand) {
    const [command = "", ...args] = serverCommand;
    if (!args.includes("--stdio")) args.push("--stdio");
    return { command, args, origin: "the setting kernel-bridge.server.command" };
  }
  if (serverPython) {
    const args = ["-P", "-m", "kernel_bridge", "--stdio"]; // -P: import nothing from the workspace
    return { command: serverPython, args, origin: "the setting kernel-bridge.server.python" };
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const selected = await selectedPython(folder);
  if (selected) {
    const command = path.join(path.dirname(selected), NAME);
    if (await isExecutable(command)) {
      return { command, args: ["--stdio"], origin: "the selected Python environment" };
    }
  }
  const command = await onPath(NAME);
  return command === undefined ? undefined : { command, args: ["--stdio"], origin: "PATH" };
}

/** Returns a command that installs the server where `findServer` finds it. */
export async function installCommand(): Promise<string> {
  const selected = await selectedPython(vscode.workspace.workspaceFolders?.[0]?.uri);
  if (selected) return `${quoted(selected)} -m pip install jupyter-kernel-bridge`;
  for (const [program, command] of [
    ["uv", "uv tool install jupyter-kernel-bridge"],
    ["pipx", "pipx install jupyter-kernel-bridge"],
  ] as const) {
    if (await onPath(process.platform === "win32" ? `${program}.exe` : program)) return command;
  }
  return "python3 -m pip install --user jupyter-kernel-bridge";
}

function quoted(word: string): string {
  return /\s/.test(word) ? `"${word}"` : word;
}
