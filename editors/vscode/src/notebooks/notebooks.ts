/**
 * Notebooks and runs: runs cells for VS Code, and knows which cell shows which run.
 *
 * Results windows and .ipynb files differ only in the origin of a cell; this code serves both.
 */

import * as vscode from "vscode";
import { toCellOutput } from "../runs/rendering";
import type { RunEntry, Session } from "../runs/session";
import { inFiles } from "../runs/traceback";
import { isCancelled, messageOf } from "../server/connection";
import type { Output, Run } from "../server/protocol";
import { report } from "../ui/reporting";
import { Controllers } from "./controllers";
import { NotRun, reasonOf } from "./not_run";
import { RunCell } from "./run_cell";

/** The parts of the extension that run a cell. */
export interface CellRunner {
  /** Queues the code of cells together on their notebook's kernel. Empty cells get no run. */
  run(notebook: vscode.NotebookDocument, cells: readonly vscode.NotebookCell[]): Promise<Run[]>;
  interrupt(notebook: vscode.NotebookDocument): Promise<void>;
  /** Makes sure that the notebook has a kernel. Throws if none can be started. */
  ready(notebook: vscode.NotebookDocument): Promise<void>;
}

export class Notebooks implements vscode.Disposable {
  readonly controllers: Controllers;
  private readonly shown = new WeakMap<RunEntry, RunCell>();
  private readonly notRun = new NotRun();
  private readonly disposables: vscode.Disposable[] = [this.notRun];

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
      session.onRun((entry) => this.shown.get(entry)?.stateChanged()),
      session.onOutput(({ entry, touched }) => this.shown.get(entry)?.outputsChanged(touched)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        for (const entry of session.runs.values()) {
          const shown = this.shown.get(entry);
          if (shown?.cell.notebook === notebook) shown.giveUp();
        }
      }),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The cell that shows a run. */
  cellOf(runId: string): vscode.NotebookCell | undefined {
    const cell = this.shownOf(runId)?.cell;
    return cell && !cell.notebook.isClosed && cell.index >= 0 ? cell : undefined;
  }

  private shownOf(runId: string): RunCell | undefined {
    const entry = this.session.runs.get(runId);
    return entry && this.shown.get(entry);
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
    this.notRun.show(cell, reasonOf(entry.run));
    this.shown.set(entry, new RunCell(entry, controller, cell, this.notRun, this.log, render, execution));
  }

  /** Shows cells as pending until the kernel is ready, then queues them together. */
  private async execute(
    controller: vscode.NotebookController,
    cells: vscode.NotebookCell[],
    notebook: vscode.NotebookDocument,
  ): Promise<void> {
    const pending = new Map<string, { cell: vscode.NotebookCell; execution: vscode.NotebookCellExecution }>();
    for (const cell of cells) {
      if (cell.document.getText().trim() === "") continue;
      this.notRun.show(cell, undefined);
      const execution = controller.createNotebookCellExecution(cell);
      pending.set(cell.document.uri.toString(), { cell, execution });
    }
    if (pending.size === 0) return;
    let reason: string | undefined;
    try {
      await this.runner.ready(notebook);
      const left = [...pending.values()].map(({ cell }) => cell).filter(({ index }) => index >= 0);
      for (const run of await this.runner.run(notebook, left)) {
        const uri = run.textDocument?.uri ?? "";
        const found = pending.get(uri);
        if (found) this.show(run.id, found.cell, found.execution);
        pending.delete(uri);
      }
    } catch (error) {
      reason = vscode.l10n.t("Not run: {0}", messageOf(error));
      if (!isCancelled(error)) void report(error);
    }
    for (const { cell, execution } of pending.values()) {
      this.notRun.skip(cell, execution);
      this.notRun.show(cell, reason);
    }
  }
}
