/** Progress in the status bar, where it covers no code. A click cancels. */

import * as vscode from "vscode";
import { label, legible } from "./ansi";

/** Tasks that take longer than this show progress. */
const PATIENCE_MS = 400;
/** A longer text would take the place of other items. */
const LONGEST = 60;

const CANCEL = "kernelBridge.cancelTask";
const running = new Map<number, vscode.CancellationTokenSource>();
let started = 0;

/** Registers the command of the items. */
export function registerProgress(): vscode.Disposable {
  return vscode.commands.registerCommand(CANCEL, (id: number) => running.get(id)?.cancel());
}

/** Runs a task, and shows progress if it is slow. */
export async function withProgress<T>(
  title: string,
  task: (token: vscode.CancellationToken) => Promise<T>,
): Promise<T> {
  const source = new vscode.CancellationTokenSource();
  const item = new ProgressItem(source);
  const late = setTimeout(() => item.show(title), PATIENCE_MS);
  try {
    return await task(source.token);
  } finally {
    clearTimeout(late);
    item.dispose();
    source.dispose();
  }
}

/** An item that shows how far something is, and cancels it. */
export class ProgressItem implements vscode.Disposable {
  private readonly id = ++started;
  private item: vscode.StatusBarItem | undefined;

  constructor(source: vscode.CancellationTokenSource) {
    running.set(this.id, source);
  }

  show(title: string, message = ""): void {
    this.item ??= this.create();
    const text = [title, message].filter(Boolean).join(": ");
    const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
    this.item.text = `$(loading~spin) ${label(short)}`;
    this.item.tooltip = vscode.l10n.t("{0}. Click to cancel.", legible(title));
    this.item.accessibilityInformation = {
      label: vscode.l10n.t("{0}. Activate to cancel.", legible(text)),
      role: "button",
    };
    this.item.show();
  }

  dispose(): void {
    running.delete(this.id);
    this.item?.dispose();
  }

  private create(): vscode.StatusBarItem {
    const item = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Left, -1);
    item.name = vscode.l10n.t("Kernel Bridge: Progress");
    item.command = { title: vscode.l10n.t("Cancel"), command: CANCEL, arguments: [this.id] };
    return item;
  }
}
