/** Environments without ipykernel: asks the user before anything runs, and installs it. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { Connection } from "../server/connection";
import { errorData } from "../server/connection";
import type { KernelInstall } from "../server/protocol";
import { shortPaths } from "./short_paths";

/** Asks what to do about an environment without ipykernel. Resolves with undefined if the user cancels. */
export async function askToInstall(install: KernelInstall): Promise<"install" | "choose" | undefined> {
  const message = vscode.l10n.t("The environment {0} has no ipykernel", nameOf(install.python));
  const detail = vscode.l10n.t(
    "A kernel for Python needs it. Nothing has run yet.\n\nTo install it, this command runs:\n{0}",
    shortPaths(install.command),
  );
  const yes = vscode.l10n.t("Install ipykernel");
  const other = vscode.l10n.t("Choose Another Kernel");
  const chosen = await vscode.window.showInformationMessage(message, { modal: true, detail }, yes, other);
  if (chosen === yes) return "install";
  return chosen === other ? "choose" : undefined;
}

/** Installs ipykernel for an interpreter, with progress that can be cancelled. */
export async function installKernel(connection: Connection, { python }: KernelInstall): Promise<void> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Kernel Bridge: Installing ipykernel in {0}", nameOf(python)),
    cancellable: true,
  };
  try {
    await vscode.window.withProgress(options, async (progress, token) => {
      const report = (message: string) => progress.report({ message });
      const { output } = await connection.execute("kernel-bridge.installKernel", { python }, token, report);
      connection.log.info(output);
    });
  } catch (error) {
    const data = errorData(error);
    if (data?.kind === "InstallFailed") connection.log.error(data.output);
    throw error;
  }
}

/** An environment as a person calls it: its folder, relative to the workspace. */
function nameOf(python: string): string {
  const folder = path.dirname(python);
  const isInside = ["bin", "scripts"].includes(path.basename(folder).toLowerCase());
  return shortPaths(isInside ? path.dirname(folder) : folder).replace(/^\.[/\\]/, "");
}
