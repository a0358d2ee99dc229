/**
 * Kernels, runs and bindings as reported by the server. A notification updates a table and fires an event; other
 * modules draw and decide.
 */

import * as vscode from "vscode";
import { apply, type Touched, untouched } from "./outputs";
import type { GetRunResult, Kernel, Output, OutputNotification, Run } from "./protocol";
import { ENDS } from "./vocabulary";

/** A run and its outputs. */
export interface RunEntry {
  run: Run;
  outputs: Output[];
  /** Sequence number of the last output notification applied to `outputs`. */
  seq: number;
  /** Whether its outputs were requested because a notification was missed. */
  asked: boolean;
}

export interface OutputEvent {
  entry: RunEntry;
  touched: Touched;
}

const KEPT_RUNS = 1000;

export function hasEnded(run: Run): boolean {
  return ENDS.has(run.state);
}

export function isAlive(kernel: Kernel): boolean {
  return kernel.state !== "dead" && kernel.state !== "unreachable";
}

export class Session implements vscode.Disposable {
  readonly kernels = new Map<string, Kernel>();
  readonly runs = new Map<string, RunEntry>();
  /** Kernel ID by document URI. */
  private readonly bindings = new Map<string, string>();
  /** The same, for documents whose kernel exited with the server. */
  private readonly lost = new Map<string, string>();

  private readonly kernelEmitter = new vscode.EventEmitter<Kernel>();
  private readonly bindingEmitter = new vscode.EventEmitter<string>();
  private readonly runEmitter = new vscode.EventEmitter<RunEntry>();
  private readonly outputEmitter = new vscode.EventEmitter<OutputEvent>();
  readonly onKernel = this.kernelEmitter.event;
  readonly onBinding = this.bindingEmitter.event;
  readonly onRun = this.runEmitter.event;
  readonly onOutput = this.outputEmitter.event;

  constructor(private readonly getRun: (runId: string) => Promise<GetRunResult>) {}

  dispose(): void {
    for (const emitter of [this.kernelEmitter, this.bindingEmitter, this.runEmitter, this.outputEmitter]) {
      emitter.dispose();
    }
  }

  /** The kernel of a document, dead or alive. */
  kernelOf(uri: vscode.Uri | string): Kernel | undefined {
    const id = this.bindings.get(uri.toString());
    return id === undefined ? undefined : this.kernels.get(id);
  }

  /** The kernel of a document, even if it exited with the server. */
  lastKernelOf(uri: string): Kernel | undefined {
    return this.kernelOf(uri) ?? this.kernels.get(this.lost.get(uri) ?? "");
  }

  /** The URIs of the documents bound to a kernel. */
  documentsOf(kernelId: string): string[] {
    return [...this.bindings].filter(([, id]) => id === kernelId).map(([uri]) => uri);
  }

  bind(uri: string, kernelId: string | undefined): void {
    this.lost.delete(uri);
    if (this.bindings.get(uri) === kernelId) return;
    if (kernelId === undefined) this.bindings.delete(uri);
    else this.bindings.set(uri, kernelId);
    this.bindingEmitter.fire(uri);
  }

  kernel(kernel: Kernel): void {
    this.kernels.set(kernel.id, kernel);
    this.kernelEmitter.fire(kernel);
  }

  /** Adds or updates a run from a response or a notification. Ignores outdated states. */
  run(run: Run): RunEntry {
    const known = this.runs.get(run.id);
    if (known && (hasEnded(known.run) || known.run.state === run.state)) return known;
    const entry = known ?? { run, outputs: [], seq: 0, asked: false };
    entry.run = run;
    this.runs.set(run.id, entry);
    if (!known) this.forgetOldest();
    // A notebook cell is not bound: it runs on the kernel of its notebook or of the file whose results it shows.
    if (!known && run.textDocument && !run.notebookDocument && !hasEnded(run))
      this.bind(vscode.Uri.parse(run.textDocument.uri).toString(), run.kernelId);
    this.runEmitter.fire(entry);
    return entry;
  }

  /** Limits memory: evicts the oldest ended runs, which can then no longer be shown again or receive late output. */
  private forgetOldest(): void {
    for (const [id, { run }] of this.runs) {
      if (this.runs.size <= KEPT_RUNS) return;
      if (hasEnded(run)) this.runs.delete(id);
    }
  }

  output(params: OutputNotification): void {
    const entry = this.runs.get(params.runId);
    if (!entry || entry.asked || params.seq <= entry.seq) return;
    const touched = untouched();
    if (params.seq !== entry.seq + 1 || !apply(entry.outputs, params.changes, touched)) {
      void this.askOutputs(entry);
      return;
    }
    entry.seq = params.seq;
    this.outputEmitter.fire({ entry, touched });
  }

  /** Adds a run that was requested from the server, from this session or from the history. */
  recall(result: GetRunResult): RunEntry {
    const { outputs = [], ...run } = result.run;
    const entry = this.run(run);
    if (result.seq >= entry.seq) {
      entry.outputs = outputs;
      entry.seq = result.seq;
      this.outputEmitter.fire({ entry, touched: { ...untouched(), cleared: true } });
    }
    return entry;
  }

  /** Ends the open runs, unbinds documents and marks kernels as dead, because the server has exited. */
  serverEnded(reason: string): void {
    for (const { run } of this.runs.values()) {
      if (!hasEnded(run)) {
        this.run({
          ...run,
          state: run.state === "queued" ? "cancelled" : "lost",
          reason,
          endedAt: new Date().toISOString(),
        });
      }
    }
    for (const [uri, kernelId] of [...this.bindings]) {
      this.bind(uri, undefined);
      this.lost.set(uri, kernelId);
    }
    for (const kernel of this.kernels.values()) {
      if (kernel.state !== "dead") this.kernel({ ...kernel, state: "dead", reason, queued: 0 });
    }
  }

  private async askOutputs(entry: RunEntry): Promise<void> {
    entry.asked = true;
    try {
      this.recall(await this.getRun(entry.run.id));
    } finally {
      entry.asked = false;
    }
  }
}
