/** Shows the errors of runs as diagnostics in their files, for as long as the code and its kernel are the same. */

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { wasInterrupted } from "../runs/summary";
import type { RunError } from "../server/protocol";
import { SECTION, settings } from "../settings";
import { plain } from "../ui/ansi";
import type { Place, Places } from "./places";

export class Problems implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection("kernel-bridge-runs");
  private readonly made = new WeakMap<RunError, vscode.Diagnostic>();
  /** What is published for a document. */
  private readonly shown = new WeakMap<vscode.TextDocument, string>();
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly places: Places) {
    this.disposables = [
      this.collection,
      places.onChange((document) => this.publish(document)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${SECTION}.diagnostics`))
          for (const document of vscode.workspace.textDocuments) this.publish(document);
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private publish(document: vscode.TextDocument): void {
    const failed = this.places.of(document).filter((place) => this.isCurrent(place));
    const found =
      failed.length > 0 && settings(document.uri).diagnostics
        ? failed.map((place) => ({ id: place.entry.run.id, diagnostic: this.diagnosticOf(place, document) }))
        : [];
    const lines = found.map(({ id, diagnostic }) => `${id} ${diagnostic.range.start.line}`).join();
    if ((this.shown.get(document) ?? "") === lines) return;
    this.shown.set(document, lines);
    this.collection.set(
      document.uri,
      found.map(({ diagnostic }) => diagnostic),
    );
  }

  /** Whether the code of a place raises an error. An interrupt is none: the user asked for it. */
  private isCurrent(place: Place): boolean {
    const { run } = place.entry;
    return run.error !== undefined && !place.stale && !wasInterrupted(run) && !this.places.outdated(place);
  }

  private diagnosticOf(place: Place, document: vscode.TextDocument): vscode.Diagnostic {
    const error = place.entry.run.error as RunError;
    const range = rangeOf(place, error, document);
    let diagnostic = this.made.get(error);
    if (!diagnostic) {
      diagnostic = new vscode.Diagnostic(range, messageOf(error), vscode.DiagnosticSeverity.Error);
      diagnostic.source = "kernel-bridge";
      diagnostic.relatedInformation = frames(error);
      this.made.set(error, diagnostic);
    }
    diagnostic.range = range;
    return diagnostic;
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
          text || vscode.l10n.t("called here"),
        ),
      );
    }
  }
  return found;
}
