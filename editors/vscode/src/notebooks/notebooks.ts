/**
 * Notebooks and runs: runs cells for VS Code, and knows which cell shows which run.
 *
 * Results windows and .ipynb files differ only in the origin of a cell; this code serves both.
 */

import * as vscode from "vscode";
import { ERROR, toCellOutput } from "../runs/rendering";
import type { Session } from "../runs/session";
import { inFiles } from "../runs/traceback";
import { messageOf } from "../server/connection";
import type { Output, Run } from "../server/protocol";
import { Controllers } from "./controllers";
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

export class Notebooks implements vscode.Disposable {
  readonly controllers: Controllers;
  private readonly shown = new Map<string, RunCell>();
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly session: Session,
    private readonly runner: CellRunner,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.controllers = new Controllers({
      executeHandler: (cells, notebook, controller) => this.execute(controller, cells, notebook),
      interruptHandler: (notebook) => this.runner.interrupt(notebook),
    });
    this.disposables.push(
      this.controllers,
      session.onRun((entry) => this.shown.get(entry.run.id)?.stateChanged()),
      session.onOutput(({ entry, touched }) => this.shown.get(entry.run.id)?.outputsChanged(touched)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        for (const shown of this.shown.values()) if (shown.cell.notebook === notebook) shown.giveUp();
      }),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
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
    const controller = this.controllers.of(cell.notebook);
    const render = (output: Output) => {
      const isError = output.output_type === "error";
      return toCellOutput(isError ? inFiles(output, entry.run, this.session.runs.values()) : output);
    };
    this.shown.set(runId, new RunCell(entry, controller, cell, this.log, render, execution));
    for (const id of this.shown.keys()) if (!this.session.runs.has(id)) this.shown.delete(id);
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
