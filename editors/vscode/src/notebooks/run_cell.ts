/** Shows a run in a notebook cell: its state, execution count and times as the cell's execution, and its live outputs. */

import * as vscode from "vscode";
import { type Touched, untouched } from "../runs/outputs";
import { type ElidedMetadata, elidedText, streamItem } from "../runs/rendering";
import { hasEnded, type RunEntry } from "../runs/session";
import type { Output, StreamOutput } from "../server/protocol";
import { type NotRun, reasonOf } from "./not_run";

/** An output of the protocol in the cell. */
interface Shown {
  main: vscode.NotebookCellOutput;
  /** Length of a stream's text in the cell. */
  length: number;
  /** For a stream that exceeds the budget: a note and the newest text. */
  tail?: vscode.NotebookCellOutput;
}

/** Minimum time between two updates of a cell: one frame of the screen, or longer if drawing is slow. */
const FRAME_MS = 16;
const SLOW_FRAME_MS = 200;
const LONG_TEXT = 65_536;
/** After a slow update, wait this many times as long as it took, so that the window stays responsive. */
const BUSY = 3;
const LONGEST_PAUSE_MS = 1000;

export class RunCell {
  private started = false;
  private ended = false;
  private shown: Shown[] = [];
  private touched = untouched();
  /** Whether all outputs of the cell must be replaced, because it shows those of another run. */
  private foreign: boolean;
  private updating = false;
  private wake: () => void = () => {};

  constructor(
    readonly entry: RunEntry,
    private readonly controller: vscode.NotebookController,
    readonly cell: vscode.NotebookCell,
    private readonly notRun: NotRun,
    private readonly log: vscode.LogOutputChannel,
    private readonly toCellOutput: (output: Output) => vscode.NotebookCellOutput,
    private execution?: vscode.NotebookCellExecution,
  ) {
    this.foreign = cell.outputs.length > 0;
    this.update();
  }

  /** The run's state has changed. */
  stateChanged(): void {
    this.notRun.show(this.cell, reasonOf(this.entry.run));
    if (hasEnded(this.entry.run)) this.wake();
    this.update();
  }

  /** The run's outputs have changed. */
  outputsChanged(touched: Touched): void {
    if (touched.cleared) this.touched = untouched();
    this.touched.cleared ||= touched.cleared;
    for (const index of touched.rewritten) this.touched.rewritten.add(index);
    for (const index of touched.grown) this.touched.grown.add(index);
    this.update();
  }

  private update(): void {
    if (this.updating) return;
    this.updating = true;
    this.updateUntilDone().catch((error: unknown) =>
      this.log.error(`the cell of run ${this.entry.run.id}: ${error}`),
    );
  }

  private async updateUntilDone(): Promise<void> {
    try {
      for (;;) {
        const execution = this.begin();
        if (!execution) return;
        if (this.isShown()) {
          if (hasEnded(this.entry.run)) this.end(execution);
          return;
        }
        const since = Date.now();
        try {
          await this.showOutputs(execution);
        } catch (error) {
          if (execution === this.execution) throw error; // else it was released in the meantime
        }
        if (!hasEnded(this.entry.run)) await this.pause(Date.now() - since);
      }
    } finally {
      this.updating = false; // before the next event
    }
  }

  /** Whether the cell shows the outputs of the run as they are now. */
  private isShown(): boolean {
    if (this.entry.asked) return true; // until they arrive, with an event
    const { cleared, rewritten, grown } = this.touched;
    const isTouched = cleared || rewritten.size + grown.size > 0 || this.foreign;
    return !isTouched && this.entry.outputs.length === this.shown.length;
  }

  /** Brings the cell's execution to the state of the run. Returns it once it may show outputs. */
  private begin(): vscode.NotebookCellExecution | undefined {
    const { run } = this.entry;
    if (this.cell.notebook.isClosed || this.cell.index < 0) {
      this.giveUp();
      return undefined;
    }
    if (this.ended && hasEnded(run) && this.isShown()) return undefined;
    if (hasEnded(run) && run.startedAt === undefined) {
      if (this.execution && !this.ended) this.notRun.skip(this.cell, this.execution);
      this.ended = true;
      return undefined;
    }
    // Output may arrive after the run and its execution have ended, and a lost run may continue. VS Code accepts that
    // only from a new execution.
    if (this.ended) {
      this.execution = undefined;
      this.started = this.ended = false;
    }
    this.execution ??= this.controller.createNotebookCellExecution(this.cell);
    const { execution } = this;
    const count = run.executionCount;
    if (count !== undefined && count !== execution.executionOrder) execution.executionOrder = count;
    if (run.state === "queued") return undefined;
    if (!this.started) execution.start(timeOf(run.startedAt));
    this.started = true;
    return execution;
  }

  private end(execution: vscode.NotebookCellExecution): void {
    const { run } = this.entry;
    this.ended = true;
    execution.end(run.state === "ok", timeOf(run.endedAt));
  }

  /** Waits before the next update, but not longer than the run takes. `took` includes the time that the window took. */
  private pause(took: number): Promise<void> {
    const long = this.entry.outputs.some(
      (output) => output.output_type === "stream" && output.text.length > LONG_TEXT,
    );
    const least = (long ? SLOW_FRAME_MS : FRAME_MS) - took;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(least, Math.min(BUSY * took, LONGEST_PAUSE_MS)));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Stops updating, because the notebook was closed or the cell was deleted. */
  giveUp(): void {
    if (!this.ended) this.execution?.end(undefined); // VS Code remembers the executions of closed notebooks
    this.execution = undefined;
    this.foreign = false;
    this.touched = untouched();
    this.shown = this.entry.outputs.map((output) => ({ main: this.toCellOutput(output), length: 0 }));
    this.started = true;
    this.ended = true;
  }

  private async showOutputs(execution: vscode.NotebookCellExecution): Promise<void> {
    const { outputs } = this.entry;
    const touched = this.touched;
    this.touched = untouched();
    if (touched.cleared || this.foreign || !this.canUpdate(touched)) {
      this.foreign = false;
      this.shown = outputs.map((output, index) => this.show(output, index));
      await execution.replaceOutput(this.shown.flatMap(both));
      return;
    }
    for (const index of touched.rewritten) {
      const output = outputs[index];
      const place = this.shown[index];
      if (output && place) await this.rewrite(execution, output, place);
    }
    for (const index of touched.grown) {
      const output = outputs[index];
      const place = this.shown[index];
      if (output && place && !touched.rewritten.has(index)) await this.grow(execution, output, place);
    }
    if (outputs.length > this.shown.length) {
      const first = this.shown.length;
      const added = outputs.slice(first).map((output, index) => this.show(output, first + index));
      this.shown.push(...added);
      await execution.appendOutput(added.flatMap(both));
    }
  }

  /** Whether outputs can be updated one by one. They cannot if one in the middle gets a second part. */
  private canUpdate(touched: Touched): boolean {
    for (const index of [...touched.grown, ...touched.rewritten]) {
      const output = this.entry.outputs[index];
      const place = this.shown[index];
      if (!place) continue;
      const elided = output?.output_type === "stream" && output.elided !== undefined;
      if (elided !== (place.tail !== undefined) && (!elided || index < this.shown.length - 1)) return false;
    }
    return true;
  }

  private show(output: Output, index: number): Shown {
    const main = this.toCellOutput(output);
    if (output.output_type !== "stream") return { main, length: 0 };
    const tail = this.tailOutput(output, index);
    return tail ? { main, length: output.text.length, tail } : { main, length: output.text.length };
  }

  private tailOutput(output: StreamOutput, index: number): vscode.NotebookCellOutput | undefined {
    const text = elidedText(output);
    if (text === undefined) return undefined;
    const metadata: ElidedMetadata = { outputType: "stream", elided: { runId: this.entry.run.id, index } };
    return new vscode.NotebookCellOutput([streamItem(output.name, text)], { ...metadata });
  }

  private async rewrite(
    execution: vscode.NotebookCellExecution,
    output: Output,
    place: Shown,
  ): Promise<void> {
    place.length = output.output_type === "stream" ? output.text.length : 0;
    await execution.replaceOutputItems(this.toCellOutput(output).items, place.main);
    await this.showTail(execution, output, place);
  }

  private async grow(execution: vscode.NotebookCellExecution, output: Output, place: Shown): Promise<void> {
    if (output.output_type !== "stream") return;
    const added = output.text.slice(place.length);
    place.length = output.text.length;
    if (added) await execution.appendOutputItems(streamItem(output.name, added), place.main);
    await this.showTail(execution, output, place);
  }

  private async showTail(
    execution: vscode.NotebookCellExecution,
    output: Output,
    place: Shown,
  ): Promise<void> {
    if (output.output_type !== "stream") return;
    const tail = this.tailOutput(output, this.shown.indexOf(place));
    if (!tail) return;
    if (place.tail) {
      await execution.replaceOutputItems(tail.items, place.tail);
    } else {
      place.tail = tail;
      await execution.appendOutput(tail);
    }
  }
}

function both({ main, tail }: Shown): vscode.NotebookCellOutput[] {
  return tail ? [main, tail] : [main];
}

function timeOf(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}
