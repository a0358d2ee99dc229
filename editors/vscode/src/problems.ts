/** What runs raised, as diagnostics at the lines of their files. */

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { plain } from "./ansi";
import type { Place, Places } from "./places";
import type { RunError } from "./protocol";
import type { RunEntry, Session } from "./session";
import { settings } from "./settings";
import { errorLine } from "./summary";

export class Problems implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection("kernel-bridge-runs");
  private readonly shown = new Map<RunEntry, { uri: vscode.Uri; diagnostic: vscode.Diagnostic }>();
  private readonly disposables: vscode.Disposable[];

  constructor(
    session: Session,
    private readonly places: Places,
  ) {
    this.disposables = [
      this.collection,
      session.onRun((entry) => this.run(entry)),
      places.onOutdated(({ entry }) => this.remove(entry)),
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
    const line = document.lineAt(Math.min(lineNow(place, error), document.lineCount - 1));
    const range = new vscode.Range(
      line.lineNumber,
      line.firstNonWhitespaceCharacterIndex,
      line.lineNumber,
      line.text.length,
    );
    const diagnostic = new vscode.Diagnostic(range, errorLine(error), vscode.DiagnosticSeverity.Error);
    diagnostic.source = "kernel-bridge";
    diagnostic.relatedInformation = frames(error);
    this.shown.set(entry, { uri: document.uri, diagnostic });
    this.publish(document.uri);
  }

  private remove(entry: RunEntry): void {
    const found = this.shown.get(entry);
    if (!found) return;
    this.shown.delete(entry);
    this.publish(found.uri);
  }

  private publish(uri: vscode.Uri): void {
    const of = [...this.shown.values()].filter((each) => each.uri.toString() === uri.toString());
    this.collection.set(
      uri,
      of.map(({ diagnostic }) => diagnostic),
    );
  }
}

/** The line where an error arose, after the edits that were made above it meanwhile. */
function lineNow({ entry, first, last }: Place, error: RunError): number {
  if (error.line === undefined) return last;
  const begun = entry.run.range?.start.line ?? first;
  return Math.max(first, Math.min(last, first + error.line - begun));
}

const FRAME = [/^\s*File "?([^"\n]+?)"?:(\d+)/, /^\s*File "([^"\n]+)", line (\d+)/];

/** The files that a traceback passes through, outermost first. */
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
