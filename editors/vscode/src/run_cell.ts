/** One run shown by one notebook cell: its state, count and times as the cell's execution, its outputs as they change. */

import * as vscode from "vscode";
import { type Touched, untouched } from "./outputs";
import type { Output, StreamOutput } from "./protocol";
import { type ElidedMetadata, elidedText, streamItem, toCellOutput, toReason } from "./rendering";
import { hasEnded, type RunEntry } from "./session";

/** An output of the wire as it stands in the cell. */
interface Shown {
  main: vscode.NotebookCellOutput;
  /** Of a stream: how much of its text stands in the cell. */
  length: number;
  /** Of a stream over the budget: what says so, and the newest text. */
  tail?: vscode.NotebookCellOutput;
}

/** The least time between two updates of one cell: a frame of the screen, more for what is long to draw. */
const FRAME_MS = 16;
const SLOW_FRAME_MS = 200;
const LONG_TEXT = 65_536;
/** A window that needs long for an update is left alone for this many times as long. */
const BUSY = 3;
const LONGEST_PAUSE_MS = 1000;

export class RunCell {
  private execution: vscode.NotebookCellExecution | undefined;
  private started = false;
  private ended = false;
  /** It was given up before its end. */
  private unfinished = false;
  private shown: Shown[] = [];
  private touched = untouched();
  /** What `shown` holds is of another cell: the next update replaces all. */
  private foreign = false;
  private updating: Promise<void> | undefined;

  constructor(
    readonly entry: RunEntry,
    private readonly controller: vscode.NotebookController,
    public cell: vscode.NotebookCell,
    private readonly log: vscode.LogOutputChannel,
    execution?: vscode.NotebookCellExecution,
  ) {
    this.execution = execution;
    this.touched.cleared = true; // whatever the cell shows is of an earlier run
    this.update();
  }

  /** The run's state has changed. */
  stateChanged(): void {
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

  /** Another cell takes the place of this one: its notebook was saved under a name, or opened again. */
  moveTo(cell: vscode.NotebookCell): void {
    this.release();
    this.cell = cell;
    this.foreign = true;
    if (this.unfinished) this.ended = this.unfinished = false;
    this.started &&= this.ended;
    this.update();
  }

  private update(): void {
    this.updating ??= this.updateUntilDone()
      .catch((error: unknown) => this.log.error(`the cell of run ${this.entry.run.id}: ${error}`))
      .finally(() => {
        this.updating = undefined;
      });
  }

  private async updateUntilDone(): Promise<void> {
    while (!this.isCurrent()) {
      const since = Date.now();
      await this.step();
      const long = this.entry.outputs.some(
        (output) => output.output_type === "stream" && output.text.length > LONG_TEXT,
      );
      const took = Date.now() - since; // until the window had it, too
      const pause = Math.max(
        (long ? SLOW_FRAME_MS : FRAME_MS) - took,
        Math.min(BUSY * took, LONGEST_PAUSE_MS),
      );
      if (!hasEnded(this.entry.run)) await delay(pause);
    }
  }

  private isCurrent(): boolean {
    const { cleared, rewritten, grown } = this.touched;
    const { run, outputs } = this.entry;
    return (
      !cleared &&
      rewritten.size + grown.size === 0 &&
      outputs.length === this.shown.length &&
      (run.state === "queued" ? this.execution !== undefined : hasEnded(run) ? this.ended : this.started)
    );
  }

  private async step(): Promise<void> {
    const { run } = this.entry;
    if (this.cell.notebook.isClosed || this.cell.index < 0) return this.giveUp();
    // Output may come when the run, and so its execution, has ended: VS Code takes it only from another execution.
    if (this.ended) {
      this.execution = undefined;
      this.started = false;
      this.ended = false;
    }
    this.execution ??= this.controller.createNotebookCellExecution(this.cell);
    const { execution } = this;
    if (run.executionCount !== undefined) execution.executionOrder = run.executionCount;
    if (run.state === "queued") return;
    if (!this.started) {
      this.started = true;
      execution.start(run.startedAt === undefined ? undefined : Date.parse(run.startedAt));
    }
    await this.showOutputs(execution);
    const current = this.touched;
    if (hasEnded(run) && !current.cleared && current.rewritten.size + current.grown.size === 0) {
      if (run.reason !== undefined) await execution.appendOutput(toReason(run.state, run.reason));
      if (execution !== this.execution) return; // it was released meanwhile
      this.ended = true;
      const success = run.state === "ok" ? true : run.startedAt === undefined ? undefined : false;
      execution.end(success, run.endedAt === undefined ? undefined : Date.parse(run.endedAt));
    }
  }

  /** Ends the execution before its run: VS Code has one at a time for a cell, and remembers cells of closed notebooks. */
  private release(): void {
    if (!this.ended) this.execution?.end(undefined);
    this.execution = undefined;
  }

  /** The notebook or the cell is gone: nothing is left to be shown. */
  giveUp(): void {
    this.unfinished ||= !this.ended;
    this.release();
    this.touched = untouched();
    this.shown = this.entry.outputs.map((output) => ({ main: toCellOutput(output), length: 0 }));
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

  /** Whether outputs can be changed one by one: not when one is to get a second part in the middle. */
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
    const main = toCellOutput(output);
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
    await execution.replaceOutputItems(toCellOutput(output).items, place.main);
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

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
