/** The lines of each run in its file. They move with edits, like marks. */

import * as vscode from "vscode";
import type { RunEntry, Session } from "../runs/session";
import type { Kernel, Range, Result } from "../server/protocol";
import { openDocument } from "./documents";
import { outdated } from "./outdated";

/** The lines of a run, as of the last edit. */
export interface Place {
  entry: RunEntry;
  first: number;
  last: number;
  /** The lines no longer contain the code that ran. */
  stale: boolean;
}

/** Moves a span of lines with an edit. Returns undefined if the edit deletes all of them. */
export function moved(
  { first, last }: { first: number; last: number },
  change: { start: vscode.Position; end: vscode.Position; text: string },
): { first: number; last: number } | undefined {
  const { start, end, text } = change;
  const added = text.split("\n").length - 1;
  const delta = added - (end.line - start.line);
  const isBefore =
    end.line < first || (end.line === first && end.character === 0 && (start.line < first || added > 0));
  if (isBefore && start.line < first) return { first: first + delta, last: last + delta };
  if (isBefore && text.endsWith("\n")) return { first: first + delta, last: last + delta };
  if (start.line > last) return { first, last };
  if (
    start.line < first &&
    (end.line > last || (end.line === last && text === "" && start.character === 0))
  ) {
    return undefined;
  }
  if (
    start.line === first &&
    start.character === 0 &&
    end.line > last &&
    end.character === 0 &&
    text === ""
  ) {
    return undefined;
  }
  return { first: Math.min(first, start.line), last: Math.max(start.line, last + delta) };
}

/** Minimum time between two events for the same document: one frame of the screen. */
const FRAME_MS = 16;

/** The newest run at each place in a document. */
export class Places implements vscode.Disposable {
  private readonly places = new Map<string, Place[]>();
  /** The documents of the runs that have a place. */
  private readonly found = new WeakMap<RunEntry, vscode.TextDocument>();
  private readonly sources = new WeakMap<Place, string>();
  private readonly pending = new Map<vscode.TextDocument, NodeJS.Timeout>();
  /** The life of each kernel: its epoch, and whether it has ended. */
  private readonly lives = new Map<string, string>();
  private readonly emitter = new vscode.EventEmitter<vscode.TextDocument>();
  private readonly disposables: vscode.Disposable[] = [this.emitter];
  /** Fires when the places of a document, their runs or the kernels of those have changed: at most once per frame. */
  readonly onChange = this.emitter.event;

  constructor(private readonly session: Session) {
    this.disposables.push(
      session.onRun((entry) => this.run(entry)),
      session.onOutput(({ entry }) => this.touched(entry)),
      session.onInserted((entry) => this.touched(entry)),
      session.onKernel((kernel) => this.kernel(kernel)),
      session.onBinding(() => this.allChanged()),
      vscode.workspace.onDidChangeTextDocument((event) => this.edited(event)),
      vscode.workspace.onDidCloseTextDocument((document) => this.clear(document)),
    );
  }

  dispose(): void {
    for (const timer of this.pending.values()) clearTimeout(timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  of(document: vscode.TextDocument): readonly Place[] {
    return this.places.get(document.uri.toString()) ?? [];
  }

  placeOf(entry: RunEntry): Place | undefined {
    const document = this.found.get(entry);
    return document && this.of(document).find((place) => place.entry === entry);
  }

  /** Why a result tells nothing about the kernel of its document anymore. */
  outdated({ entry }: Place): string | undefined {
    return outdated(this.session, entry.run);
  }

  /** Forgets all places of a document. */
  clear(document: vscode.TextDocument): void {
    for (const { entry } of this.of(document)) this.found.delete(entry);
    this.places.delete(document.uri.toString());
    this.changed(document);
  }

  /** Puts a run where the server has found its code, unless newer runs are there. */
  restore(document: vscode.TextDocument, entry: RunEntry, { range, stale }: Result): void {
    const place = { entry, ...linesOf(range, document), stale };
    const isNewer = (other: Place) => other.entry !== entry && other.entry.run.queuedAt > entry.run.queuedAt;
    if (this.of(document).some((other) => overlap(other, place) && isNewer(other))) return;
    this.sources.set(place, stale ? entry.run.source.trim() : textAt(document, place));
    this.add(document, place);
  }

  /** Adds a place, instead of those on its lines. */
  private add(document: vscode.TextDocument, place: Place): void {
    const kept: Place[] = [];
    for (const other of this.of(document)) {
      if (other.entry !== place.entry && !overlap(other, place)) kept.push(other);
      else this.found.delete(other.entry);
    }
    this.places.set(document.uri.toString(), [...kept, place]);
    this.found.set(place.entry, document);
    this.changed(document);
  }

  /** A restart or an end of a kernel changes what its runs tell. */
  private kernel({ id, epoch, state }: Kernel): void {
    const life = `${epoch} ${state === "dead"}`;
    if (this.lives.get(id) === life) return;
    this.lives.set(id, life);
    this.allChanged();
  }

  private allChanged(): void {
    const documents = [...this.places.values()].map(([first]) => first && this.found.get(first.entry));
    for (const document of documents) if (document) this.changed(document);
  }

  private changed(document: vscode.TextDocument): void {
    if (this.pending.has(document)) return;
    const fire = () => {
      this.pending.delete(document);
      this.emitter.fire(document);
    };
    this.pending.set(document, setTimeout(fire, FRAME_MS));
  }

  private run(entry: RunEntry): void {
    if (this.touched(entry) || !entry.run.range) return;
    const document = documentOf(entry);
    if (!document) return;
    const place = { entry, ...linesOf(entry.run.range, document), stale: false };
    this.sources.set(place, textAt(document, place));
    this.add(document, place);
  }

  private touched(entry: RunEntry): boolean {
    const document = this.found.get(entry);
    if (document) this.changed(document);
    return document !== undefined;
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const places = this.places.get(document.uri.toString());
    if (!places || contentChanges.length === 0) return;
    const opensAfter = contentChanges.length === 1 && opensLines(document, contentChanges[0]);
    const kept = places.filter((place) => {
      let lines: { first: number; last: number } | undefined = place;
      let isTouched = false;
      // VS Code lists the changes of one edit from the end of the file to its start, with positions before the edit.
      for (const { range, text } of contentChanges) {
        if (opensAfter && range.start.line === place.last) continue;
        isTouched ||= lines !== undefined && range.end.line >= lines.first && range.start.line <= lines.last;
        lines = lines && moved(lines, { start: range.start, end: range.end, text });
      }
      if (lines) Object.assign(place, lines);
      if (!isTouched) return true;
      place.stale = !lines || textAt(document, place) !== this.sources.get(place);
      if (!lines) this.found.delete(place.entry);
      return lines !== undefined;
    });
    this.places.set(document.uri.toString(), kept);
    this.changed(document);
  }
}

/** Whether a change only adds new lines after a line. They do not belong to the run on that line. */
function opensLines(
  document: vscode.TextDocument,
  change: vscode.TextDocumentContentChangeEvent | undefined,
): boolean {
  if (!change?.range.isEmpty || !/^\r?\n/.test(change.text)) return false;
  const end = document.positionAt(change.rangeOffset + change.text.length);
  return end.isEqual(document.lineAt(end.line).range.end);
}

function documentOf({ run }: RunEntry): vscode.TextDocument | undefined {
  if (!run.textDocument || !run.range) return undefined;
  return openDocument(vscode.Uri.parse(run.textDocument.uri).toString());
}

function linesOf({ start, end }: Range, { lineCount }: vscode.TextDocument): { first: number; last: number } {
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return { first: start.line, last: Math.min(last, lineCount - 1) };
}

function overlap(one: Place, other: Place): boolean {
  return one.first <= other.last && other.first <= one.last;
}

/** The text of a place without surrounding blank lines. */
function textAt(document: vscode.TextDocument, { first, last }: { first: number; last: number }): string {
  return document
    .getText(new vscode.Range(first, 0, last + 1, 0))
    .replace(/\r\n/g, "\n")
    .trim();
}
