/**
 * Finds the server: from the settings, then in the selected Python environment, in .venv of the workspace, on PATH,
 * and where uv, pipx and this extension install it.
 */

import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
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

const NAME = "kernel-bridge";

/** The folder of the environment that this extension makes for the server. */
export function serverFolder(storage: string): string {
  return path.join(storage, "server");
}

/** A program of a Python environment. */
export function inFolder(environment: string, name: string): string {
  return process.platform === "win32"
    ? path.join(environment, "Scripts", `${name}.exe`)
    : path.join(environment, "bin", name);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false; // missing or not executable
  }
}

/** Where uv and pipx install commands, and where they are installed themselves: often not on the PATH of a desktop. */
function userFolders(): string[] {
  const { UV_TOOL_BIN_DIR, PIPX_BIN_DIR, XDG_BIN_HOME, XDG_DATA_HOME } = process.env;
  const besideData = XDG_DATA_HOME && path.join(XDG_DATA_HOME, "..", "bin"); // uv's rule
  const own = [".local/bin", ".cargo/bin"].map((folder) => path.join(homedir(), folder));
  const others = process.platform === "win32" ? [] : ["/opt/homebrew/bin", "/usr/local/bin"];
  return [UV_TOOL_BIN_DIR, PIPX_BIN_DIR, XDG_BIN_HOME, besideData, ...own, ...others].filter(
    (folder) => folder !== undefined,
  );
}

/** Finds a program on PATH, then in the folders of the user. */
export async function findProgram(name: string): Promise<string | undefined> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const onPath = (process.env.PATH ?? "").split(path.delimiter);
  for (const folder of [...onPath, ...userFolders()]) {
    const program = path.join(folder, file);
    if (path.isAbsolute(folder) && (await isExecutable(program))) return program;
  }
  return undefined;
}

/** Returns the server's command, or undefined if there is none. `storage` is the folder for the extension's files. */
export async function findServer(storage: string): Promise<ServerCommand | undefined> {
  const { serverCommand, serverPython } = settings();
  if (serverCommand) {
    const [command = "", ...args] = serverCommand;
    if (!args.includes("--stdio")) args.push("--stdio");
    return { command, args, origin: vscode.l10n.t("the setting kernel-bridge.server.command") };
  }
  if (serverPython) {
    const args = ["-P", "-m", "kernel_bridge", "--stdio"]; // -P: import nothing from the workspace
    return { command: serverPython, args, origin: vscode.l10n.t("the setting kernel-bridge.server.python") };
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const selected = await selectedPython(folder);
  if (selected) {
    const command = path.join(path.dirname(selected), process.platform === "win32" ? `${NAME}.exe` : NAME);
    if (await isExecutable(command)) {
      return { command, args: ["--stdio"], origin: vscode.l10n.t("the selected Python environment") };
    }
  }
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    const command = inFolder(path.join(uri.fsPath, ".venv"), NAME);
    if (uri.scheme === "file" && (await isExecutable(command)))
      return { command, args: ["--stdio"], origin: vscode.l10n.t("the environment .venv of the workspace") };
  }
  const found = await findProgram(NAME);
  if (found !== undefined)
    return { command: found, args: ["--stdio"], origin: vscode.l10n.t("PATH or the user's folders") };
  const own = inFolder(serverFolder(storage), NAME);
  if (await isExecutable(own))
    return { command: own, args: ["--stdio"], origin: vscode.l10n.t("its own environment") };
  return undefined;
}
