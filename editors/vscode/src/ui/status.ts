/** Shows the kernel of the active file or notebook in the status bar and the language status, and sets context keys. */

import * as vscode from "vscode";
import { hasMarkers, offersCells } from "../file/cells";
import { isFenced } from "../file/fences";
import { LANGUAGES, NOTEBOOKS } from "../file/languages";
import { activeTarget, type Target } from "../kernels/target";
import { isKept, type Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { Activity } from "./activity";
import { label, legible } from "./ansi";
import { setContextKey } from "./context_keys";
import { describe, tooltip } from "./description";

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
    this.bar.name = vscode.l10n.t("Kernel");
    this.language.name = vscode.l10n.t("Kernel");
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
    const type = vscode.window.activeNotebookEditor?.notebook.notebookType;
    const isOffered =
      target !== undefined &&
      (isCode || target.kernel !== undefined || (target.isNotebook && NOTEBOOKS.includes(type ?? "")));
    setContextKey("hasTarget", isOffered);
    if (!isOffered) {
      this.bar.hide();
      return;
    }
    const command = { title: vscode.l10n.t("Select Kernel"), command: "kernelBridge.selectKernel" };
    const description = describe(target, this.isBusy(target));
    const { text, detail, severity, icon } = description;
    this.bar.text = `$(${icon}) ${label(text)}`;
    this.bar.tooltip = tooltip(target, description);
    this.bar.command = command.command;
    const spoken = vscode.l10n.t("Kernel: {0}, {1}", legible(text), legible(detail));
    this.bar.accessibilityInformation = { label: spoken, role: "button" };
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

  private isBusy({ kernel }: Target): boolean {
    return kernel !== undefined && this.activity.isBusy(kernel.id);
  }

  /** Sets the context keys of menus and keybindings. */
  private updateKeys(target: Target | undefined): void {
    const document = vscode.window.activeTextEditor?.document;
    const alive = target?.kernel !== undefined && target.kernel.state !== "dead";
    setContextKey("hasKernel", alive);
    const last =
      target && (target.kernel ?? this.session.lastKernelOf(target.uri.toString(), target.languageId));
    setContextKey("canRestart", last !== undefined);
    setContextKey("isKept", target?.kernel !== undefined && isKept(target.kernel));
    setContextKey("busy", alive && this.isBusy(target));
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
