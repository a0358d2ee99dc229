/**
 * Prompts for input(), one at a time. Esc interrupts the kernel.
 *
 * VS Code has one input box: the palette, or the box of another extension, hides it. That is no answer. The prompt waits
 * in the status bar, and comes back with a click there or when the user returns to an editor.
 */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import { kernelName } from "../kernels/short_paths";
import type { Session } from "../runs/session";
import type { StdinAnswer, StdinRequest } from "../server/protocol";
import { label, legible, plain } from "./ansi";
import { setContextKey } from "./context_keys";
import { counted } from "./plural";

interface Prompt {
  params: StdinRequest;
  /** What the user has typed so far. */
  value: string;
  answer(answer: StdinAnswer | null): void;
}

export class Prompts implements vscode.Disposable {
  /** The first one is shown. */
  private readonly waiting: Prompt[] = [];
  private box: vscode.InputBox | undefined;
  private readonly item = vscode.window.createStatusBarItem("input", vscode.StatusBarAlignment.Left, 0);
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly session: Session) {
    this.item.name = vscode.l10n.t("Kernel Bridge: Input");
    this.item.command = "kernelBridge.answerInput";
    this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    const show = () => this.show();
    this.disposables = [
      this.item,
      vscode.commands.registerCommand("kernelBridge.answerInput", show),
      vscode.commands.registerCommand("kernelBridge.cancelInput", () => this.box && this.end(null)),
      vscode.window.onDidChangeActiveTextEditor(show),
      vscode.window.onDidChangeActiveNotebookEditor(show),
      vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
        if (kind === vscode.TextEditorSelectionChangeKind.Mouse) this.show();
      }),
    ];
  }

  dispose(): void {
    this.box?.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Asks the user. Returns null if the user cancels, or if the server cancels the request. */
  ask(params: StdinRequest, token: vscode.CancellationToken): Promise<StdinAnswer | null> {
    return new Promise((answer) => {
      const prompt = { params, value: "", answer };
      this.waiting.push(prompt);
      token.onCancellationRequested(() => this.remove(prompt, null));
      this.update();
      this.show();
    });
  }

  /** Withdraws all prompts, because the server has exited. */
  withdraw(): void {
    for (const prompt of [...this.waiting]) this.remove(prompt, null);
  }

  private end(answer: StdinAnswer | null): void {
    const [prompt] = this.waiting;
    if (prompt) this.remove(prompt, answer);
  }

  private remove(prompt: Prompt, answer: StdinAnswer | null): void {
    const index = this.waiting.indexOf(prompt);
    if (index < 0) return;
    this.waiting.splice(index, 1);
    prompt.answer(answer);
    if (index === 0) this.close();
    this.update();
    this.show();
  }

  private close(): void {
    const { box } = this;
    this.box = undefined;
    box?.dispose(); // hides it
  }

  private show(): void {
    const [prompt] = this.waiting;
    if (!prompt || this.box) return;
    const box = vscode.window.createInputBox();
    this.box = box;
    const text = plain(prompt.params.prompt).trim().replace(/\s+/g, " ");
    box.prompt = text ? label(text) : vscode.l10n.t("The code is waiting for input.");
    box.value = prompt.value;
    box.password = prompt.params.password;
    box.ignoreFocusOut = true;
    box.onDidChangeValue((value) => {
      prompt.value = value;
    });
    box.onDidAccept(() => this.end({ value: box.value }));
    box.onDidHide(() => {
      if (this.box !== box) return; // it was answered
      this.close();
      this.update();
    });
    this.update(); // before the box is there: Esc must not only hide it
    box.show();
  }

  private update(): void {
    const [prompt] = this.waiting;
    setContextKey("hasPrompt", prompt !== undefined);
    setContextKey("asks", this.box !== undefined);
    if (this.box) this.box.title = this.title();
    if (!prompt || this.box) {
      this.item.hide();
      return;
    }
    this.item.text = `$(comment-unresolved) ${vscode.l10n.t("{0} waits for input", label(this.nameOf(prompt)))}`;
    this.item.tooltip = vscode.l10n.t("Click to answer.");
    this.item.show();
  }

  private title(): string {
    const [prompt] = this.waiting;
    if (!prompt) return "";
    const name = legible(this.nameOf(prompt));
    const { length } = this.waiting;
    return length === 1 ? name : vscode.l10n.t("{0} (1 of {1} that wait for input)", name, counted(length));
  }

  /** The file that asks, and its kernel. */
  private nameOf({ params }: Prompt): string {
    const run = this.session.runs.get(params.runId)?.run;
    const uri = (run?.notebookDocument ?? run?.textDocument)?.uri;
    const file = uri && fileNameOf(vscode.Uri.parse(uri));
    const kernel = this.session.kernels.get(params.kernelId);
    return [file, kernel && kernelName(kernel)].filter(Boolean).join(" · ");
  }
}
