/** Shows the kernel of the active file or notebook in the status bar and the language status, and sets context keys. */

import * as vscode from "vscode";
import { hasMarkers, offersCells } from "../file/cells";
import { isFenced } from "../file/fences";
import { LANGUAGES } from "../file/languages";
import { isRunnable } from "../kernels/running";
import { activeTarget, type Target } from "../kernels/target";
import type { Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { Kernel } from "../server/protocol";
import type { Activity } from "./activity";
import { label, legible } from "./ansi";
import { setContextKey } from "./context_keys";

const ICONS: Record<Kernel["state"], string> = {
  starting: "loading~spin",
  restarting: "loading~spin",
  idle: "circle-large-outline",
  busy: "circle-large-filled",
  dead: "error",
  unreachable: "warning",
};

/** The only commands that the tooltip can run. A link in a kernel's name cannot run any. */
const LINKS = [
  ["Interrupt", "interruptKernel"],
  ["Restart", "restartKernel"],
  ["Shut Down", "shutDownKernel"],
  ["Show Results", "showResults"],
];

/** Minimum time between two updates while a kernel works: the number of queued runs changes with each of them. */
const COUNT_MS = 100;

export class Status implements vscode.Disposable {
  private readonly bar = vscode.window.createStatusBarItem("kernel", vscode.StatusBarAlignment.Right, 100.2);
  private readonly language = vscode.languages.createLanguageStatusItem("kernel-bridge", [...LANGUAGES]);
  private readonly disposables: vscode.Disposable[];
  /** Whether the active file offers cells. */
  private hasCells = false;
  private counting: NodeJS.Timeout | undefined;

  constructor(
    private readonly session: Session,
    private readonly activity: Activity,
    connection: Connection,
  ) {
    this.bar.name = "Kernel";
    this.language.name = "Kernel";
    const update = () => this.update();
    this.disposables = [
      this.bar,
      this.language,
      session.onKernel(({ id }) => this.kernel(id)),
      activity.onChange(update),
      session.onBinding(update),
      connection.onState(update),
      vscode.window.onDidChangeActiveTextEditor(update),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (isFenced(textEditor.document)) this.update();
      }),
      vscode.window.onDidChangeActiveNotebookEditor(update),
      vscode.workspace.onDidGrantWorkspaceTrust(update),
      vscode.workspace.onDidChangeTextDocument((event) => this.edited(event)),
    ];
    setContextKey("languages", LANGUAGES);
    this.update();
  }

  dispose(): void {
    clearTimeout(this.counting);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** A kernel has another state or queue. Its `activity` reports when it becomes busy or free. */
  private kernel(id: string): void {
    if (!this.activity.isBusy(id)) this.update();
    else this.counting ??= setTimeout(() => this.update(), COUNT_MS);
  }

  private update(): void {
    clearTimeout(this.counting);
    this.counting = undefined;
    const target = activeTarget(this.session);
    this.updateKeys(target);
    const document = vscode.window.activeTextEditor?.document;
    const isCode =
      document && isFenced(document)
        ? offersCells(document, false)
        : target && LANGUAGES.includes(target.languageId);
    if (!target || !(isCode || target.kernel || target.isNotebook)) {
      this.bar.hide();
      return;
    }
    const command = { title: "Select Kernel", command: "kernelBridge.selectKernel" };
    const { text, detail, severity, icon } = this.describe(target);
    this.bar.text = `$(${icon}) ${label(text)}`;
    this.bar.tooltip = this.tooltip(target, detail);
    this.bar.command = command.command;
    this.bar.accessibilityInformation = { label: legible(`Kernel: ${text}, ${detail}`) };
    this.bar.backgroundColor =
      severity === vscode.LanguageStatusSeverity.Error
        ? new vscode.ThemeColor("statusBarItem.errorBackground")
        : undefined;
    this.bar.show();
    this.language.text = label(text);
    this.language.detail = legible(detail);
    this.language.severity = severity;
    this.language.busy = icon.endsWith("~spin");
    this.language.command = command;
  }

  private describe({ kernel, uri }: Target) {
    const { Error: failed, Warning: warning, Information: information } = vscode.LanguageStatusSeverity;
    if (!vscode.workspace.isTrusted) {
      return {
        text: "Kernel Bridge: restricted",
        detail: "the workspace is not trusted",
        severity: warning,
        icon: "lock",
      };
    }
    if (!isRunnable(uri)) {
      return {
        text: "Kernel Bridge: virtual workspace",
        detail: "a kernel needs a folder on disk",
        severity: warning,
        icon: "circle-slash",
      };
    }
    if (!kernel) {
      const detail = "the first run starts one";
      return { text: "No Kernel", detail, severity: information, icon: "circle-slash" };
    }
    const state = this.activity.isBusy(kernel.id) ? "busy" : kernel.state;
    const queue = kernel.queued > 0 ? ` · ${kernel.queued} queued` : "";
    const severity =
      kernel.state === "dead" ? failed : kernel.state === "unreachable" ? warning : information;
    return {
      text: `${kernel.displayName}${kernel.queued > 0 ? ` (${kernel.queued})` : ""}`,
      detail: `${state}${queue}${kernel.reason ? `: ${kernel.reason}` : ""}`,
      severity,
      icon: ICONS[state],
    };
  }

  private tooltip({ kernel }: Target, detail: string): vscode.MarkdownString {
    const text = new vscode.MarkdownString("", true);
    text.isTrusted = { enabledCommands: LINKS.map(([, id]) => `kernelBridge.${id}`) };
    if (!kernel) {
      text.appendMarkdown(`**No kernel**: ${detail}\n\nClick to choose a kernel.`);
      return text;
    }
    const isKept = kernel.keepAlive || kernel.origin === "attached";
    const rows = [
      ["state", detail],
      ["kernelspec", kernelspecOf(kernel)],
      ["folder", kernel.cwd],
      ["process", kernel.pid === undefined ? undefined : `${kernel.pid} (${kernel.origin})`],
      ["when the window closes", isKept ? "keeps running" : "shuts down"],
    ];
    text.appendMarkdown("**").appendText(legible(kernel.displayName)).appendMarkdown("**\n\n");
    for (const [name, value] of rows) {
      if (value === undefined) continue;
      text.appendMarkdown(`- ${name}: `);
      text.appendText(legible(value.split("\n")[0] ?? ""));
      text.appendMarkdown("\n");
    }
    const links = LINKS.map(([title, id]) => `[${title}](command:kernelBridge.${id})`);
    text.appendMarkdown(`\n${links.join(" · ")}`);
    return text;
  }

  /** Sets the context keys of menus and keybindings. */
  private updateKeys(target: Target | undefined): void {
    const document = vscode.window.activeTextEditor?.document;
    const alive = target?.kernel !== undefined && target.kernel.state !== "dead";
    setContextKey("hasKernel", alive);
    setContextKey("canRestart", target?.kernel !== undefined);
    setContextKey("busy", alive && target?.kernel !== undefined && this.activity.isBusy(target.kernel.id));
    this.hasCells = document !== undefined && this.offersCells(document);
    setContextKey("hasCells", this.hasCells);
  }

  private offersCells(document: vscode.TextDocument): boolean {
    const hasKernel = this.session.kernelOf(document.uri) !== undefined;
    return LANGUAGES.includes(document.languageId) && offersCells(document, hasKernel);
  }

  /** Looks for cells after an edit. A file without cells is not read again: only new lines can contain its first. */
  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (document !== vscode.window.activeTextEditor?.document) return;
    const isNew = ({ range: { start }, text }: vscode.TextDocumentContentChangeEvent) =>
      hasMarkers(document, start.line, start.line + text.split("\n").length);
    if (!this.hasCells && !isFenced(document) && !contentChanges.some(isNew)) return;
    this.hasCells = this.offersCells(document);
    setContextKey("hasCells", this.hasCells);
  }
}

function kernelspecOf(kernel: Kernel): string {
  const implementation = [kernel.implementation, kernel.implementationVersion].filter(Boolean).join(" ");
  return [kernel.name, implementation].filter(Boolean).join(", ");
}
