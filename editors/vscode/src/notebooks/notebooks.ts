/**
 * Notebooks and runs: the controller that runs cells for VS Code, and which cell shows which run.
 *
 * Results notebooks and other .ipynb files differ only in the origin of a cell; this code serves both.
 */

import * as vscode from "vscode";
import { ERROR } from "../runs/rendering";
import type { Session } from "../runs/session";
import { messageOf } from "../server/connection";
import type { Run } from "../server/protocol";
import { runIdOf } from "./results_notebook";
import { RunCell } from "./run_cell";

/** The parts of the extension that run a cell. */
export interface CellRunner {
  /** Runs a cell's code on its notebook's kernel. */
  run(cell: vscode.NotebookCell): Promise<Run>;
  interrupt(notebook: vscode.NotebookDocument): Promise<void>;
  /** Makes sure that the notebook has a kernel. Throws if none can be started. */
  ready(notebook: vscode.NotebookDocument): Promise<void>;
}

/** VS Code's built-in notebook type for .ipynb files. */
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

  /** Shows runs in the cells of this notebook from now on, instead of in the notebook that it was saved from. */
  adopt(notebook: vscode.NotebookDocument): void {
    for (const cell of notebook.getCells()) {
      const runId = runIdOf(cell);
      const shown = runId === undefined ? undefined : this.shown.get(runId);
      if (shown && shown.cell !== cell) shown.moveTo(cell);
    }
  }

  /** Shows a run in a cell. */
  show(runId: string, cell: vscode.NotebookCell, execution?: vscode.NotebookCellExecution): void {
    const entry = this.session.runs.get(runId);
    if (!entry) return;
    this.shown.set(runId, new RunCell(entry, this.controller, cell, this.log, execution));
    for (const id of this.shown.keys()) if (!this.session.runs.has(id)) this.shown.delete(id);
  }

  /** Selects this extension's controller for the notebook in an editor. */
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
   * Creates one controller for all kernels. VS Code selects a notebook's only controller without asking, but with
   * several it asks for every new notebook. The label is neutral, because it belongs to the controller.
   */
  private createController(): vscode.NotebookController {
    const controller = vscode.notebooks.createNotebookController(
      "kernel-bridge",
      JUPYTER_NOTEBOOK,
      "Kernel Bridge",
    );
    controller.description = "Run cells on a Jupyter kernel";
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

  /** Shows cells as pending until the kernel is ready, then queues them in order. */
  private async execute(
    controller: vscode.NotebookController,
    cells: vscode.NotebookCell[],
    notebook: vscode.NotebookDocument,
  ): Promise<void> {
    const waiting = cells.map((cell) => ({ cell, execution: controller.createNotebookCellExecution(cell) }));
    let failure: unknown;
    let reported = false;
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
      if (reported) execution.end(undefined);
      else await fail(execution, failure);
      reported = true;
    }
  }
}

/** Shows in a cell why it did not run. */
async function fail(execution: vscode.NotebookCellExecution, error: unknown): Promise<void> {
  execution.start(Date.now());
  const shown = vscode.NotebookCellOutputItem.json(
    { name: "Kernel Bridge", message: messageOf(error) },
    ERROR,
  );
  await execution.replaceOutput(new vscode.NotebookCellOutput([shown], { outputType: "error" }));
  execution.end(false, Date.now());
}
