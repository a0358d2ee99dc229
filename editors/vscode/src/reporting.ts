/** Failures as messages, with a button for what can be done about each. */

import * as vscode from "vscode";
import { plain } from "./ansi";
import { errorData, isCancelled, messageOf, NoServer } from "./connection";
import { installCommand } from "./discovery";

type Action = { label: string; run: () => unknown };

/** Runs what a person asked for; a failure is shown, a cancellation is not. */
export async function reported<T>(task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task();
  } catch (error) {
    if (!isCancelled(error)) void report(error);
    return undefined;
  }
}

export async function report(error: unknown): Promise<void> {
  const actions = await actionsFor(error);
  const message = `Kernel Bridge: ${messageOf(error)}`;
  const mild = errorData(error)?.kind === "NothingToRun";
  const show = mild ? vscode.window.showInformationMessage : vscode.window.showErrorMessage;
  const chosen = await show(message, ...actions.map(({ label }) => label));
  await actions.find(({ label }) => label === chosen)?.run();
}

/** The server has ended by itself; `again`: it is being started once more. */
export async function tellEnded(again: boolean): Promise<void> {
  const actions = [command("Show Log", "kernelBridge.showLog")];
  const message = again
    ? "the server ended by itself and is started again; kernels that were not to be kept alive are gone"
    : "the server has ended by itself, soon after it was started; the next run starts it again";
  const show = again ? vscode.window.showWarningMessage : vscode.window.showErrorMessage;
  const chosen = await show(`Kernel Bridge: ${message}`, ...actions.map(({ label }) => label));
  await actions.find(({ label }) => label === chosen)?.run();
}

async function actionsFor(error: unknown): Promise<Action[]> {
  if (error instanceof NoServer) {
    if (error.kind === "untrusted") return [command("Manage Trust", "workbench.trust.manage")];
    if (error.kind === "missing") return [await install(), openSetting("kernel-bridge.server")];
    return [command("Show Log", "kernelBridge.showLog"), openSetting("kernel-bridge.server")];
  }
  const data = errorData(error);
  switch (data?.kind) {
    case "KernelLaunchFailed":
      return [
        ...(data.hint ? [inTerminal("Run the Command That Mends It", data.hint)] : []),
        command("Select Kernel", "kernelBridge.selectKernel"),
        command("Show Log", "kernelBridge.showLog"),
      ];
    case "KernelNotReady":
    case "NoSuchKernelSpec":
    case "KernelRequired":
      return [command("Select Kernel", "kernelBridge.selectKernel")];
    case "KernelDead":
      return [
        command("Restart Kernel", "kernelBridge.restartKernel"),
        command("Start Kernel", "kernelBridge.startKernel"),
      ];
    case "NotOurs":
    case "KernelUnreachable":
    case "NoSuchKernel":
      return [command("Start Kernel", "kernelBridge.startKernel")];
    case "Untrusted":
      return [command("Manage Trust", "workbench.trust.manage")];
    default:
      return [];
  }
}

function command(label: string, id: string): Action {
  return { label, run: () => vscode.commands.executeCommand(id) };
}

function openSetting(query: string): Action {
  return {
    label: "Open Settings",
    run: () => vscode.commands.executeCommand("workbench.action.openSettings", query),
  };
}

async function install(): Promise<Action> {
  return inTerminal("Install", await installCommand());
}

/** The command is put into a terminal for the person to look at and to send. */
function inTerminal(label: string, line: string): Action {
  return {
    label,
    run: () => {
      const terminal = vscode.window.createTerminal("Kernel Bridge");
      terminal.show();
      terminal.sendText(plain(line).replace(/\s*\n\s*/g, " "), false); // a line end would send it
    },
  };
}
