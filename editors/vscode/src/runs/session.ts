/**
 * Kernels, runs and bindings as reported by the server. A notification updates a table and fires an event; other
 * modules draw and decide.
 */

import * as vscode from "vscode";
import { openDocument } from "../file/documents";
import { fenceNameOf, isFenced } from "../file/fences";
import type { GetRunResult, Kernel, Output, OutputNotification, Result, Run } from "../server/protocol";
import { ENDS } from "../server/vocabulary";
import { apply, type Touched, untouched } from "./outputs";

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

/** Whether a run has ended and cannot continue. */
function isOver(run: Run): boolean {
  return hasEnded(run) && run.state !== "lost";
}

export function isAlive(kernel: Kernel): boolean {
  return kernel.state !== "dead" && kernel.state !== "unreachable";
}

/** Whether a kernel runs on when the window closes. */
export function isKept({ keepAlive, origin }: Kernel): boolean {
  return keepAlive || origin === "attached";
}

export class Session implements vscode.Disposable {
  readonly kernels = new Map<string, Kernel>();
  readonly runs = new Map<string, RunEntry>();
  /** Kernel IDs by document URI, the newest binding first. Only a document with fenced code has more than one. */
  private readonly bindings = new Map<string, readonly string[]>();
  /** The same, for documents whose kernel was shut down, or exited with the server. */
  private readonly lost = new Map<string, readonly string[]>();

  private readonly kernelEmitter = new vscode.EventEmitter<Kernel>();
  private readonly bindingEmitter = new vscode.EventEmitter<string>();
  private readonly runEmitter = new vscode.EventEmitter<RunEntry>();
  private readonly outputEmitter = new vscode.EventEmitter<OutputEvent>();
  readonly onKernel = this.kernelEmitter.event;
  readonly onBinding = this.bindingEmitter.event;
  readonly onRun = this.runEmitter.event;
  readonly onOutput = this.outputEmitter.event;
  private readonly insertedEmitter = new vscode.EventEmitter<RunEntry>();
  /** The proposal of a run was inserted, and is no longer offered. */
  readonly onInserted = this.insertedEmitter.event;

  constructor(private readonly getRun: (runId: string) => Promise<GetRunResult>) {}

  dispose(): void {
    vscode.Disposable.from(
      this.kernelEmitter,
      this.bindingEmitter,
      this.runEmitter,
      this.outputEmitter,
      this.insertedEmitter,
    ).dispose();
  }

  /**
   * The kernel of a document, dead or alive. Of a document with fenced code, it is the one for the language of a fence,
   * or the one bound last.
   */
  kernelOf(uri: vscode.Uri | string, languageId?: string): Kernel | undefined {
    return this.firstFor(uri.toString(), languageId, this.bindings.get(uri.toString()));
  }

  /** The kernel of a document, or the one that it had last. */
  lastKernelOf(uri: string, languageId?: string): Kernel | undefined {
    return this.kernelOf(uri, languageId) ?? this.firstFor(uri, languageId, this.lost.get(uri));
  }

  private firstFor(uri: string, languageId: string | undefined, ids: readonly string[] = []) {
    const isAny = languageId === undefined || isFenced({ languageId }) || !this.hasFences(uri);
    const found = isAny ? ids[0] : ids.find((id) => this.languageOf(id) === languageId);
    return found === undefined ? undefined : this.kernels.get(found);
  }

  private hasFences(uri: string): boolean {
    const document = openDocument(uri);
    return document !== undefined && isFenced(document);
  }

  /** The URIs of the documents bound to a kernel. */
  documentsOf(kernelId: string): string[] {
    return [...this.bindings].filter(([, ids]) => ids.includes(kernelId)).map(([uri]) => uri);
  }

  /** Binds a document to a kernel: for its language if the document has fenced code, else as its only one. */
  bind(uri: string, kernelId: string): void {
    this.lost.delete(uri);
    const bound = this.bindings.get(uri) ?? [];
    if (bound[0] === kernelId) return;
    const language = this.languageOf(kernelId);
    const others = this.hasFences(uri) ? bound : [];
    this.bindings.set(uri, [
      kernelId,
      ...others.filter((id) => id !== kernelId && this.languageOf(id) !== language),
    ]);
    this.bindingEmitter.fire(uri);
  }

  /** Unbinds a document from a kernel. */
  unbind(uri: string, kernelId: string): void {
    const left = (this.bindings.get(uri) ?? []).filter((id) => id !== kernelId);
    if (left.length > 0) this.bindings.set(uri, left);
    else this.bindings.delete(uri);
    this.bindingEmitter.fire(uri);
  }

  /** Unbinds the documents of a kernel that was shut down, and remembers it for them. */
  lose(kernelId: string): void {
    for (const uri of this.documentsOf(kernelId)) {
      this.lost.set(uri, [kernelId, ...(this.lost.get(uri) ?? []).filter((id) => id !== kernelId)]);
      this.unbind(uri, kernelId);
    }
  }

  private languageOf(kernelId: string): string | undefined {
    const language = this.kernels.get(kernelId)?.language;
    return language === undefined ? undefined : fenceNameOf(language);
  }

  kernel(kernel: Kernel): void {
    this.kernels.set(kernel.id, kernel);
    this.kernelEmitter.fire(kernel);
  }

  /** Adds a run from the response to its request, which may arrive after newer states. */
  requested(run: Run): RunEntry {
    return this.runs.get(run.id) ?? this.update(run);
  }

  /** Adds or updates a run from a notification. One that is met while it runs already has outputs. */
  run(run: Run): void {
    const known = this.runs.get(run.id);
    const isMet = run.state === "running" && (!known || hasEnded(known.run));
    const entry = this.update(run);
    if (isMet) void this.askOutputs(entry);
  }

  /** Ignores outdated states. A lost run may continue, under its ID, when its kernel is attached again. */
  private update(run: Run): RunEntry {
    const known = this.runs.get(run.id);
    if (known && (known.run.state === run.state || isOver(known.run))) return known;
    const entry = known ?? { run, outputs: [], seq: 0, asked: false };
    const isNew = !known || hasEnded(known.run);
    if (isNew) entry.seq = 0;
    entry.run = run;
    this.runs.set(run.id, entry);
    if (!known) this.forgetOldest();
    // A notebook cell is not bound: it runs on the kernel of its notebook or of the file whose results it shows.
    if (isNew && run.textDocument && !run.notebookDocument && !hasEnded(run))
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

  /** The proposal of a run is in its document. */
  inserted(entry: RunEntry): void {
    entry.run = { ...entry.run };
    delete entry.run.nextInput;
    this.insertedEmitter.fire(entry);
  }

  /** Adds a run that was requested from the server, from this session or from the history. */
  recall(result: GetRunResult): RunEntry {
    const { outputs = [], ...run } = result.run;
    const entry = this.update(run);
    if (result.seq >= entry.seq) {
      entry.outputs = outputs;
      entry.seq = result.seq;
      this.outputEmitter.fire({ entry, touched: { ...untouched(), cleared: true } });
    }
    return entry;
  }

  /** Adds a run that the server has found for an opened document. One that has ended is no news: no event fires. */
  restore({ run: { outputs = [], ...run }, seq }: Result): RunEntry {
    const known = this.runs.get(run.id);
    if (known && (known.run.state === run.state || isOver(known.run))) return known;
    if (known || !hasEnded(run)) return this.recall({ run: { outputs, ...run }, seq });
    const entry = { run, outputs, seq, asked: false };
    this.runs.set(run.id, entry);
    this.forgetOldest();
    return entry;
  }

  /**
   * Ends the open runs and unbinds documents, because the server has exited. Its kernels are dead, but kept kernels and
   * their runs continue without it.
   */
  serverEnded(reason: string): void {
    const kept = new Set([...this.kernels.values()].filter(isKept).map(({ id }) => id));
    for (const { run } of this.runs.values()) {
      if (hasEnded(run)) continue;
      const detached = kept.has(run.kernelId);
      const state = run.state === "queued" && !detached ? "cancelled" : "lost";
      const summary = { text: "", state: detached ? "detached" : state };
      const endedAt = new Date().toISOString();
      this.update({ ...run, state, summary, reason, endedAt, ...(detached && { detached }) });
    }
    for (const [uri, bound] of [...this.bindings]) {
      for (const kernelId of bound) this.unbind(uri, kernelId);
      this.lost.set(uri, bound);
    }
    for (const kernel of this.kernels.values()) {
      const state = kept.has(kernel.id) ? "unreachable" : "dead";
      if (kernel.state !== "dead") this.kernel({ ...kernel, state, reason, queued: 0 });
    }
  }

  private async askOutputs(entry: RunEntry): Promise<void> {
    entry.asked = true;
    let result: GetRunResult;
    try {
      result = await this.getRun(entry.run.id);
    } finally {
      entry.asked = false;
    }
    this.recall(result);
  }
}
