/**
 * Notebooks and runs: the controllers that VS Code runs cells with, and which cell shows which run.
 *
 * The same code serves notebooks of results and any .ipynb; what differs is only where a cell came from.
 */

import * as vscode from "vscode";
import { messageOf } from "./connection";
import type { Run } from "./protocol";
import { ERROR } from "./rendering";
import { runIdOf } from "./results_notebook";
import { RunCell } from "./run_cell";
import type { Session } from "./session";

/** What running a cell takes of the rest of the extension. */
export interface CellRunner {
  /** Runs a cell's code on its notebook's kernel. */
  run(cell: vscode.NotebookCell): Promise<Run>;
  interrupt(notebook: vscode.NotebookDocument): Promise<void>;
  /** Makes sure that the notebook has a kernel; raises with the reason when it gets none. */
  ready(notebook: vscode.NotebookDocument): Promise<void>;
}

/** VS Code's own type of .ipynb, which it reads, writes and renders by itself. */
export const JUPYTER_NOTEBOOK = "jupyter-notebook";
const EXTENSION = "kernel-bridge.kernel-bridge";

export class Notebooks implements vscode.Disposable {
  private readonly controller: vscode.NotebookController;
  private readonly shown = new Map<string, RunCell>();
  private readonly selected = new WeakSet<vscode.NotebookDocument>();
  private readonly selectedEmitter = new vscode.EventEmitter<vscode.NotebookDocument>();
  private readonly disposables: vscode.Disposable[] = [this.selectedEmitter];

  constructor(
    private readonly session: Session,
    private readonly runner: CellRunner,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.controller = this.createController();
    this.disposables.push(
      session.onRun((entry) => this.shown.get(entry.run.id)?.stateChanged()),
      session.onOutput(({ entry, touched }) => this.shown.get(entry.run.id)?.outputsChanged(touched)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        for (const shown of this.shown.values()) if (shown.cell.notebook === notebook) shown.giveUp();
      }),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables, this.controller).dispose();
  }

  /** The cell that shows a run. */
  cellOf(runId: string): vscode.NotebookCell | undefined {
    const cell = this.shown.get(runId)?.cell;
    return cell && !cell.notebook.isClosed && cell.index >= 0 ? cell : undefined;
  }

  /** The cells of this notebook show their runs from now on, instead of those of a notebook that it came from. */
  adopt(notebook: vscode.NotebookDocument): void {
    for (const cell of notebook.getCells()) {
      const runId = runIdOf(cell);
      const shown = runId === undefined ? undefined : this.shown.get(runId);
      if (shown && shown.cell !== cell) shown.moveTo(cell);
    }
  }

  /** Shows a run in a cell from now on. */
  show(runId: string, cell: vscode.NotebookCell, execution?: vscode.NotebookCellExecution): void {
    const entry = this.session.runs.get(runId);
    if (!entry) return;
    this.shown.set(runId, new RunCell(entry, this.controller, cell, this.log, execution));
    for (const id of this.shown.keys()) if (!this.session.runs.has(id)) this.shown.delete(id);
  }

  /** Makes our controller that of a notebook which an editor shows. */
  async select(editor: vscode.NotebookEditor): Promise<void> {
    const { notebook } = editor;
    const { controller } = this;
    if (this.selected.has(notebook)) return;
    const chosen = new Promise<void>((resolve) => {
      const subscription = this.selectedEmitter.event((other) => {
        if (other !== notebook) return;
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

  /**
   * One for all kernels, whose label is therefore neutral: a label belongs to a controller and not to a notebook, and
   * VS Code takes a notebook's only controller without asking, but asks at every new notebook where there are several.
   */
  private createController(): vscode.NotebookController {
    const controller = vscode.notebooks.createNotebookController(
      "kernel-bridge",
      JUPYTER_NOTEBOOK,
      "Kernel Bridge",
    );
    controller.description = "a Jupyter kernel through kernel-bridge";
    controller.supportsExecutionOrder = true;
    controller.executeHandler = (cells, notebook) => this.execute(controller, cells, notebook);
    controller.interruptHandler = (notebook) => this.runner.interrupt(notebook);
    this.disposables.push(
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
        if (selected) {
          this.selected.add(notebook);
          this.selectedEmitter.fire(notebook);
        } else {
          this.selected.delete(notebook);
        }
      }),
    );
    return controller;
  }

  /** Cells wait, as VS Code draws it, until the kernel is there; then they are queued in order. */
  private async execute(
    controller: vscode.NotebookController,
    cells: vscode.NotebookCell[],
    notebook: vscode.NotebookDocument,
  ): Promise<void> {
    const waiting = cells.map((cell) => ({ cell, execution: controller.createNotebookCellExecution(cell) }));
    let failure: unknown;
    let told = false;
    try {
      await this.runner.ready(notebook);
    } catch (error) {
      failure = error;
    }
    for (const { cell, execution } of waiting) {
      if (cell.document.getText().trim() === "") {
        execution.end(undefined);
        continue;
      }
      if (failure === undefined) {
        try {
          const run = await this.runner.run(cell);
          this.show(run.id, cell, execution);
          continue;
        } catch (error) {
          failure = error;
        }
      }
      if (told) execution.end(undefined);
      else await fail(execution, failure);
      told = true;
    }
  }
}

/** Says in a cell why it did not run. */
async function fail(execution: vscode.NotebookCellExecution, error: unknown): Promise<void> {
  execution.start(Date.now());
  const shown = vscode.NotebookCellOutputItem.json(
    { name: "Kernel Bridge", message: messageOf(error) },
    ERROR,
  );
  await execution.replaceOutput(new vscode.NotebookCellOutput([shown], { outputType: "error" }));
  execution.end(false, Date.now());
}
