/** Shows the errors of runs as diagnostics in their files. */

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import type { RunEntry, Session } from "../runs/session";
import type { RunError } from "../server/protocol";
import { settings } from "../settings";
import { plain } from "../ui/ansi";
import type { Place, Places } from "./places";

interface Shown {
  document: vscode.TextDocument;
  error: RunError;
  diagnostic: vscode.Diagnostic;
}

export class Problems implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection("kernel-bridge-runs");
  private readonly shown = new Map<RunEntry, Shown>();
  private readonly disposables: vscode.Disposable[];

  constructor(
    session: Session,
    private readonly places: Places,
  ) {
    this.disposables = [
      this.collection,
      session.onRun((entry) => this.run(entry)),
      places.onOutdated(({ entry }) => this.remove(entry)),
      places.onChange((document) => this.moved(document)),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private run(entry: RunEntry): void {
    const { error } = entry.run;
    const found = this.places.placeOf(entry);
    if (!error || !found || found.place.stale || !settings(found.document.uri).diagnostics) return;
    const { place, document } = found;
    const diagnostic = new vscode.Diagnostic(
      rangeOf(place, error, document),
      messageOf(error),
      vscode.DiagnosticSeverity.Error,
    );
    diagnostic.source = "kernel-bridge";
    diagnostic.relatedInformation = frames(error);
    this.shown.set(entry, { document, error, diagnostic });
    this.publish(document);
  }

  private remove(entry: RunEntry): void {
    const found = this.shown.get(entry);
    if (!found) return;
    this.shown.delete(entry);
    this.publish(found.document);
  }

  /** Moves diagnostics with their lines. VS Code moves the ones it shows, but not those published again. */
  private moved(document: vscode.TextDocument): void {
    let changed = false;
    for (const [entry, { error, diagnostic }] of this.of(document)) {
      const place = this.places.placeOf(entry)?.place;
      const range = place ? rangeOf(place, error, document) : diagnostic.range;
      changed ||= !range.isEqual(diagnostic.range);
      diagnostic.range = range;
    }
    if (changed) this.publish(document);
  }

  private of(document: vscode.TextDocument): [RunEntry, Shown][] {
    return [...this.shown].filter(([, shown]) => shown.document === document);
  }

  private publish(document: vscode.TextDocument): void {
    this.collection.set(
      document.uri,
      this.of(document).map(([, { diagnostic }]) => diagnostic),
    );
  }
}

/** The whole message, and what to do about it. The summary of a run contains only the message's beginning. */
function messageOf({ ename, evalue, hint }: RunError): string {
  const message = plain([ename, evalue].filter(Boolean).join(": ")).replace(/\s*\n\s*/g, " ");
  return hint ? `${message}\n${hint}` : message;
}

function rangeOf(place: Place, error: RunError, document: vscode.TextDocument): vscode.Range {
  const line = document.lineAt(Math.min(lineNow(place, error), document.lineCount - 1));
  return new vscode.Range(
    line.lineNumber,
    line.firstNonWhitespaceCharacterIndex,
    line.lineNumber,
    line.text.length,
  );
}

/** The current line of an error, after edits above it. */
function lineNow({ entry, first, last }: Place, error: RunError): number {
  if (error.line === undefined) return last;
  const begun = entry.run.range?.start.line ?? first;
  return Math.max(first, Math.min(last, first + error.line - begun));
}

const FRAME = [/^\s*File "?([^"\n]+?)"?:(\d+)/, /^\s*File "([^"\n]+)", line (\d+)/];

/** The frames of a traceback that are in files, outermost first. */
function frames({ traceback }: RunError): vscode.DiagnosticRelatedInformation[] {
  const found: vscode.DiagnosticRelatedInformation[] = [];
  for (const line of traceback.flatMap((part) => plain(part).split("\n"))) {
    for (const pattern of FRAME) {
      const [, file, number] = pattern.exec(line) ?? [];
      if (file === undefined || number === undefined || !existsSync(file)) continue;
      const position = new vscode.Position(Math.max(0, Number(number) - 1), 0);
      const text = line.trim().replace(/^File\s+\S+?\s*/, "");
      found.push(
        new vscode.DiagnosticRelatedInformation(
          new vscode.Location(vscode.Uri.file(file), position),
          text || "called here",
        ),
      );
    }
  }
  return found;
}
