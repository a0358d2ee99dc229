/** VS Code's notebook controllers: one for all .ipynb files, and one for each results window. */

import * as vscode from "vscode";
import { INTERACTIVE, JUPYTER_NOTEBOOK } from "../file/languages";
import { COMMENTS } from "../server/vocabulary";
import { editorOf } from "./results_notebook";

export const EXTENSION = "kernel-bridge.kernel-bridge";

type Handlers = Required<Pick<vscode.NotebookController, "executeHandler" | "interruptHandler">>;

export class Controllers implements vscode.Disposable {
  /**
   * The controller of .ipynb files, for all kernels. VS Code selects a notebook's only controller without asking, but
   * with several it asks for every new notebook. The label is neutral, because it belongs to the controller.
   */
  private readonly common: vscode.NotebookController;
  private readonly ofResults = new Map<vscode.NotebookDocument, vscode.NotebookController>();
  private readonly selected = new WeakMap<vscode.NotebookDocument, vscode.NotebookController>();
  private readonly selectedEmitter = new vscode.EventEmitter<vscode.NotebookDocument>();
  private readonly closing: vscode.Disposable;
  /** In VS Code's list of kernels, the way to this extension's own list. */
  private another: vscode.NotebookController | undefined;
  private created = 0;

  constructor(private readonly handlers: Handlers) {
    this.common = this.create("kernel-bridge", JUPYTER_NOTEBOOK, "Kernel Bridge");
    this.common.description = "Run cells on a Jupyter kernel";
    this.common.supportedLanguages = [...COMMENTS.keys()]; // no raw cells
    this.closing = vscode.workspace.onDidCloseNotebookDocument((notebook) => {
      this.ofResults.get(notebook)?.dispose();
      this.ofResults.delete(notebook);
    });
  }

  dispose(): void {
    vscode.Disposable.from(
      this.closing,
      this.selectedEmitter,
      this.common,
      ...(this.another ? [this.another] : []),
      ...this.ofResults.values(),
    ).dispose();
  }

  /** The controller that runs the cells of a notebook. */
  of(notebook: vscode.NotebookDocument): vscode.NotebookController {
    return this.ofResults.get(notebook) ?? this.common;
  }

  /** Creates the controller of a results window. Its language is that of the window's input box. */
  createForResults(label: string, language: string): vscode.NotebookController {
    this.another ??= this.create("another-kernel", INTERACTIVE, vscode.l10n.t("Another Kernel…"));
    this.another.description = vscode.l10n.t("Start a kernel, or attach to one");
    // VS Code remembers the IDs of selected controllers when the window reloads.
    const id = `results-${Date.now().toString(36)}-${++this.created}`;
    const controller = this.create(id, INTERACTIVE, label);
    controller.supportedLanguages = [language];
    return controller;
  }

  /** Names the controller of a results window after its kernel. */
  rename(notebook: vscode.NotebookDocument, label: string, language: string): void {
    const controller = this.ofResults.get(notebook);
    if (!controller || (controller.label === label && controller.supportedLanguages?.[0] === language))
      return;
    controller.label = label;
    controller.supportedLanguages = [language];
    controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  }

  /** Whether a results window has its controller. */
  controls(notebook: vscode.NotebookDocument): boolean {
    return this.ofResults.has(notebook);
  }

  /** Assigns a controller of its own to a results window, and selects it. */
  async assign(controller: vscode.NotebookController, editor: vscode.NotebookEditor): Promise<void> {
    this.ofResults.set(editor.notebook, controller);
    await this.select(editor);
  }

  /** Selects this extension's controller for the notebook in an editor. */
  async select(editor: vscode.NotebookEditor): Promise<void> {
    const { notebook } = editor;
    const controller = this.of(notebook);
    if (this.selected.get(notebook) === controller) return;
    const chosen = new Promise<void>((resolve) => {
      const subscription = this.selectedEmitter.event((other) => {
        if (other !== notebook || this.selected.get(notebook) !== controller) return;
        subscription.dispose();
        resolve();
      });
    });
    controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
    await vscode.commands.executeCommand("notebook.selectKernel", {
      notebookEditor: editor,
      id: controller.id,
      extension: EXTENSION,
    });
    await chosen;
  }

  /** Lets the user choose another kernel for the results. The controller stays, and is named after it. */
  private async choose(notebook: vscode.NotebookDocument): Promise<void> {
    const editor = editorOf(notebook);
    if (editor) await this.select(editor);
    await vscode.commands.executeCommand("kernelBridge.selectKernel");
  }

  private create(id: string, type: string, label: string): vscode.NotebookController {
    const controller = vscode.notebooks.createNotebookController(id, type, label);
    controller.supportsExecutionOrder = true;
    controller.executeHandler = this.handlers.executeHandler;
    controller.interruptHandler = this.handlers.interruptHandler;
    controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
      if (selected) {
        this.selected.set(notebook, controller);
        this.selectedEmitter.fire(notebook);
        const own = this.ofResults.get(notebook);
        if (own && own !== controller) void this.choose(notebook);
      } else if (this.selected.get(notebook) === controller) {
        this.selected.delete(notebook);
      }
    });
    return controller;
  }
}
