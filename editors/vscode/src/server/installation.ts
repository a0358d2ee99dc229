/** Installs the server, with a kernel for Python, for a user who agrees: into the selected environment, or for all projects. */

import { spawn } from "node:child_process";
import { homedir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import { plain } from "../ui/ansi";
import { findProgram, inFolder, serverFolder } from "./discovery";
import { selectedPython } from "./python_environment";

const SERVER = "jupyter-kernel-bridge";
const KERNEL = "ipykernel";
const HELP =
  "https://github.com/kernel-bridge/kernel-bridge/blob/HEAD/docs/getting-started/vscode.md#install";

/** Asks Python whether it is new enough (0), and whether its packages can be installed by pip (0), by uv (3) or not (4). */
const PROBE = `
import importlib.util, os, sys, sysconfig
own = sys.prefix == sys.base_prefix
managed = own and os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
old = sys.version_info < (3, 11)
sys.exit(5 if old else 4 if managed else 0 if importlib.util.find_spec("pip") else 3)
`;

type Command = [program: string, ...args: string[]];

/**
 * Offers to install the server. Resolves with true once it is installed, and with false if the user refuses. Throws if
 * the installation fails.
 */
export async function offerServer(log: vscode.LogOutputChannel, storage: string): Promise<boolean> {
  const commands = await plan(storage);
  if (commands.length === 0) {
    await explain();
    return false;
  }
  const message = vscode.l10n.t("Kernel Bridge needs its server to run code, and it is not installed");
  const detail = vscode.l10n.t(
    "Nothing has run yet.\n\nTo install the server and a kernel for Python, this runs:\n{0}",
    commands.map(shown).join("\n"),
  );
  const yes = vscode.l10n.t("Install");
  const settings = vscode.l10n.t("Open Settings");
  const chosen = await vscode.window.showInformationMessage(message, { modal: true, detail }, yes, settings);
  if (chosen === settings) await openSettings();
  if (chosen !== yes) return false;
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Kernel Bridge: Installing the server"),
    cancellable: true,
  };
  await vscode.window.withProgress(options, async (progress, token) => {
    for (const command of commands) {
      log.info(shown(command));
      await run(command, token, (line) => {
        log.info(line);
        progress.report({ message: line });
      });
    }
  });
  return true;
}

/** Says that there is no Python to install the server with, and where to read on. */
async function explain(): Promise<void> {
  const message = vscode.l10n.t("Kernel Bridge needs Python 3.11 or newer, and found none");
  const detail = vscode.l10n.t(
    "Install Python or uv, then run your code again. If you have one already, set its path as kernel-bridge.server.python.",
  );
  const how = vscode.l10n.t("Show How");
  const settings = vscode.l10n.t("Open Settings");
  const chosen = await vscode.window.showWarningMessage(message, { modal: true, detail }, how, settings);
  if (chosen === how) await vscode.env.openExternal(vscode.Uri.parse(HELP));
  if (chosen === settings) await openSettings();
}

/** The commands that install the server where `findServer` finds it; empty: there is no Python for it. */
async function plan(storage: string): Promise<Command[]> {
  const uv = await findProgram("uv");
  const selected = await selectedPython(vscode.workspace.workspaceFolders?.[0]?.uri);
  if (selected) {
    const answer = await exitCode([selected, "-c", PROBE]);
    if (answer === 0) return [[selected, "-m", "pip", "install", SERVER, KERNEL]];
    if (answer === 3 && uv) return [[uv, "pip", "install", "--python", selected, SERVER, KERNEL]];
  }
  if (uv) return [[uv, "tool", "install", "--with", KERNEL, SERVER]];
  const pipx = await findProgram("pipx");
  if (pipx) {
    return [
      [pipx, "install", SERVER],
      [pipx, "inject", SERVER, KERNEL],
    ];
  }
  for (const name of ["python3", "python"]) {
    const python = await findProgram(name);
    if (!python || ![0, 3, 4].includes(await exitCode([python, "-c", PROBE]))) continue;
    const folder = serverFolder(storage);
    const own = inFolder(folder, "python");
    return [
      [python, "-m", "venv", "--clear", folder],
      [own, "-m", "pip", "install", SERVER, KERNEL],
    ];
  }
  return [];
}

async function exitCode(command: Command): Promise<number> {
  const [program, ...args] = command;
  return await new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "ignore", cwd: homedir() });
    child.on("error", () => resolve(-1));
    child.on("exit", (code) => resolve(code ?? -1));
  });
}

/** Runs a command. Cancelling ends it and the processes that it started. Throws if it fails. */
async function run(
  command: Command,
  token: vscode.CancellationToken,
  report: (line: string) => void,
): Promise<void> {
  const [program, ...args] = command;
  const isWindows = process.platform === "win32";
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: homedir(), // Python imports from its folder, which may hold a pip.py
    detached: !isWindows, // a process group of its own, to be ended as a whole
    env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1", NO_COLOR: "1" },
  });
  let last = "";
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      const text = plain(line).trim();
      if (!text) return;
      last = text;
      report(text);
    });
  }
  const cancelling = token.onCancellationRequested(() => {
    if (child.pid === undefined || child.exitCode !== null) return;
    if (isWindows) spawn("taskkill", ["/F", "/T", "/PID", String(child.pid)]);
    else process.kill(-child.pid, "SIGKILL");
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (token.isCancellationRequested) throw new vscode.CancellationError();
    if (code === 0) return;
    throw new Error(
      vscode.l10n.t(
        "the server was not installed: {0} ended with exit code {1}: {2}",
        shown(command),
        code ?? -1,
        last,
      ),
    );
  } finally {
    cancelling.dispose();
  }
}

function shown(command: Command): string {
  return command
    .map((word) => (/[\s"']/.test(word) ? JSON.stringify(word) : path.isAbsolute(word) ? tilde(word) : word))
    .join(" ");
}

function tilde(file: string): string {
  return file.startsWith(homedir() + path.sep) ? `~${file.slice(homedir().length)}` : file;
}

async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettings", "kernel-bridge.server");
}
