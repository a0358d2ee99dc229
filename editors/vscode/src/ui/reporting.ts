/** Shows failures as messages, with buttons for possible remedies. */

import * as vscode from "vscode";
import { errorData, isCancelled, messageOf, NoServer } from "../server/connection";
import { plain } from "./ansi";

type Action = { label: string; run: () => unknown };

/** Runs a task for the user. Shows a failure, but not a cancellation. */
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
  await offer(actions, (...labels) => show(message, ...labels));
}

/** Reports that the server has exited unexpectedly; `again` if it is being restarted. */
export async function reportExit(again: boolean): Promise<void> {
  const actions = [showLog()];
  const message = again
    ? vscode.l10n.t(
        "the server exited unexpectedly and is restarting; kernels that are not kept alive were lost",
      )
    : vscode.l10n.t("the server exited again soon after its restart; it will start with the next run");
  const show = again ? vscode.window.showWarningMessage : vscode.window.showErrorMessage;
  await offer(actions, (...labels) => show(`Kernel Bridge: ${message}`, ...labels));
}

/** Shows a message with a button for each action, and does what the user chooses. */
async function offer(
  actions: Action[],
  show: (...labels: string[]) => Thenable<string | undefined>,
): Promise<void> {
  const chosen = await show(...actions.map(({ label }) => label));
  await actions.find(({ label }) => label === chosen)?.run();
}

async function actionsFor(error: unknown): Promise<Action[]> {
  if (error instanceof NoServer) {
    if (error.kind === "untrusted") return [command(vscode.l10n.t("Manage Trust"), "workbench.trust.manage")];
    return [showLog(), openSetting("kernel-bridge.server")];
  }
  const data = errorData(error);
  switch (data?.kind) {
    case "KernelLaunchFailed":
      return [...fixes(data.hint), selectKernel(), showLog()];
    case "InstallFailed":
      return [...fixes(data.hint), showLog(), selectKernel()];
    case "KernelNotReady":
    case "NoSuchKernelSpec":
    case "KernelRequired":
      return [selectKernel()];
    case "KernelDead":
      return [
        command(vscode.l10n.t("Restart Kernel"), "kernelBridge.restartKernel"),
        command(vscode.l10n.t("Start Kernel"), "kernelBridge.startKernel"),
      ];
    case "NotOurs":
    case "KernelUnreachable":
    case "NoSuchKernel":
      return [command(vscode.l10n.t("Start Kernel"), "kernelBridge.startKernel")];
    case "Untrusted":
      return [command(vscode.l10n.t("Manage Trust"), "workbench.trust.manage")];
    default:
      return [];
  }
}

function command(label: string, id: string): Action {
  return { label, run: () => vscode.commands.executeCommand(id) };
}

function showLog(): Action {
  return command(vscode.l10n.t("Show Log"), "kernelBridge.showLog");
}

function selectKernel(): Action {
  return command(vscode.l10n.t("Select Kernel"), "kernelBridge.selectKernel");
}

/** The shell command that fixes the problem, if there is one. */
function fixes(hint: string | undefined): Action[] {
  return hint ? [inTerminal(vscode.l10n.t("Open Fix in Terminal"), hint)] : [];
}

function openSetting(query: string): Action {
  return {
    label: vscode.l10n.t("Open Settings"),
    run: () => vscode.commands.executeCommand("workbench.action.openSettings", query),
  };
}

/** Types a command into a terminal, for the user to check and run. */
function inTerminal(label: string, line: string): Action {
  return {
    label,
    run: () => {
      const terminal = vscode.window.createTerminal("Kernel Bridge");
      terminal.show();
      terminal.sendText(plain(line).replace(/\s*\n\s*/g, " "), false); // a newline would run it
    },
  };
}
