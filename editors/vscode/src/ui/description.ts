/** Describes the kernel of a file or notebook for the status bar, its hover and screen readers. */

import * as vscode from "vscode";
import { isRunnable } from "../kernels/running";
import { kernelName } from "../kernels/short_paths";
import type { Target } from "../kernels/target";
import { isKept } from "../runs/session";
import type { Kernel } from "../server/protocol";
import { legible } from "./ansi";
import { counted, runsQueued } from "./plural";

export interface Description {
  icon: string;
  text: string;
  detail: string;
  severity: vscode.LanguageStatusSeverity;
}

const ICONS: Record<Kernel["state"], string> = {
  starting: "loading~spin",
  restarting: "loading~spin",
  idle: "circle-large-outline",
  busy: "circle-large-filled",
  dead: "error",
  unreachable: "warning",
};

/** `isBusy`: the kernel runs code or has queued runs, also in the gap between two of them. */
export function describe({ kernel, uri }: Target, isBusy: boolean): Description {
  const { Error: failed, Warning: warning, Information: information } = vscode.LanguageStatusSeverity;
  if (!vscode.workspace.isTrusted) {
    const text = vscode.l10n.t("Kernel Bridge: restricted");
    const detail = vscode.l10n.t("the workspace is not trusted");
    return { icon: "lock", text, detail, severity: warning };
  }
  if (!isRunnable(uri)) {
    const text = vscode.l10n.t("Kernel Bridge: virtual workspace");
    const detail = vscode.l10n.t("a kernel needs a folder on disk");
    return { icon: "circle-slash", text, detail, severity: warning };
  }
  if (!kernel) {
    const detail = vscode.l10n.t("the first run starts one");
    return { icon: "circle-slash", text: vscode.l10n.t("No Kernel"), detail, severity: information };
  }
  const { queued, reason } = kernel;
  const name = kernelName(kernel);
  const state = isBusy ? "busy" : kernel.state;
  return {
    icon: ICONS[state],
    text: queued > 0 ? `${name} (${counted(queued)})` : name,
    detail:
      [wordFor(state), ...(queued > 0 ? [runsQueued(queued)] : [])].join(" · ") +
      (reason ? `: ${reason}` : ""),
    severity: state === "dead" ? failed : state === "unreachable" ? warning : information,
  };
}

function wordFor(state: Kernel["state"]): string {
  const words: Record<Kernel["state"], string> = {
    starting: vscode.l10n.t("starting"),
    restarting: vscode.l10n.t("restarting"),
    idle: vscode.l10n.t("idle"),
    busy: vscode.l10n.t("busy"),
    dead: vscode.l10n.t("dead"),
    unreachable: vscode.l10n.t("unreachable"),
  };
  return words[state];
}

export function tooltip({ kernel }: Target, { text, detail }: Description): vscode.MarkdownString {
  const shown = new vscode.MarkdownString("", true);
  shown
    .appendMarkdown("**")
    .appendText(kernel ? kernelName(kernel) : legible(text))
    .appendMarkdown("**\n\n");
  for (const [name, value] of kernel ? rowsOf(kernel, detail) : []) {
    if (!value) continue;
    shown
      .appendMarkdown(`- ${name}: `)
      .appendText(legible(value.split("\n")[0] ?? ""))
      .appendMarkdown("\n");
  }
  if (!kernel) shown.appendText(legible(detail)).appendMarkdown("\n");
  const commands = kernel ? commandsFor(kernel) : [];
  // No others: a link in the name of a kernel cannot run a command.
  shown.isTrusted = { enabledCommands: commands.map(([, id]) => `kernelBridge.${id}`) };
  const links = commands.map(([title, id]) => `[${title}](command:kernelBridge.${id})`);
  shown.appendMarkdown(`\n${[...links, vscode.l10n.t("Click to choose a kernel.")].join(" · ")}`);
  return shown;
}

function rowsOf(kernel: Kernel, detail: string): [string, string | undefined][] {
  const implementation = [kernel.implementation, kernel.implementationVersion].filter(Boolean).join(" ");
  return [
    [vscode.l10n.t("state"), detail],
    [vscode.l10n.t("kernelspec"), [kernel.name, implementation].filter(Boolean).join(", ")],
    [vscode.l10n.t("folder"), kernel.cwd],
    [vscode.l10n.t("process"), kernel.pid === undefined ? undefined : `${kernel.pid} (${kernel.origin})`],
    [
      vscode.l10n.t("when the window closes"),
      isKept(kernel) ? vscode.l10n.t("keeps running") : vscode.l10n.t("shuts down"),
    ],
  ];
}

function commandsFor(kernel: Kernel): [string, string][] {
  if (kernel.state === "dead")
    return [
      [vscode.l10n.t("Restart"), "restartKernel"],
      [vscode.l10n.t("Show Results"), "showResults"],
    ];
  return [
    [vscode.l10n.t("Interrupt"), "interruptKernel"],
    [vscode.l10n.t("Restart"), "restartKernel"],
    [vscode.l10n.t("Shut Down"), "shutDownKernel"],
    ...(isKept(kernel) ? [] : [[vscode.l10n.t("Keep Running"), "keepKernel"] as [string, string]]),
    [vscode.l10n.t("Show Results"), "showResults"],
  ];
}
