/** Links above each cell: run it and the cells around it, or interrupt it while it runs. */

import * as vscode from "vscode";
import { hasEnded, type Session } from "../runs/session";
import { SECTION, settings } from "../settings";
import { type Marker, markers, offersCells } from "./cells";
import type { Places } from "./places";
import { proposedLines } from "./proposals";

export class CellLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.emitter.event;
  private readonly disposables: vscode.Disposable[];
  private readonly busy = new Map<string, string>();

  constructor(
    private readonly session: Session,
    private readonly places: Places,
  ) {
    this.disposables = [
      this.emitter,
      places.onChange((document) => this.changed(document)),
      session.onBinding(() => this.emitter.fire()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${SECTION}.codeLens`)) this.emitter.fire();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const hasKernel = this.session.kernelOf(document.uri) !== undefined;
    if (!settings(document.uri).codeLens || !offersCells(document, hasKernel)) return [];
    const found = markers(document);
    const code = found.filter(({ isCode }) => isCode);
    return code.flatMap((marker) => this.lensesOf(marker, code, found, document));
  }

  private lensesOf(
    marker: Marker,
    code: Marker[],
    all: Marker[],
    document: vscode.TextDocument,
  ): vscode.CodeLens[] {
    const range = new vscode.Range(marker.line, 0, marker.line, 0);
    const lens = (title: string, command: string, tooltip: string) =>
      new vscode.CodeLens(range, {
        title,
        command: `kernelBridge.${command}`,
        tooltip,
        arguments: [marker.line],
      });
    const end = all.find(({ line }) => line > marker.line)?.line ?? document.lineCount;
    const places = this.places.of(document).filter(({ first }) => first >= marker.line && first < end);
    const runs = places.some(({ entry }) => entry.run.state === "running");
    const proposal = places.findLast(({ entry }) => entry.run.nextInput !== undefined)?.entry.run;
    const lines = proposal && proposedLines(proposal);
    return [
      runs
        ? lens("$(debug-stop) Interrupt", "interruptKernel", "Interrupt the kernel")
        : lens("$(run) Run Cell", "runCell", "Run this cell"),
      ...(marker === code[0] ? [] : [lens("Run Above", "runAbove", "Run all cells above this one")]),
      ...(marker === code.at(-1) ? [] : [lens("Run Below", "runBelow", "Run this cell and all cells below")]),
      ...(proposal && lines !== undefined
        ? [
            new vscode.CodeLens(range, {
              title: `$(insert) Insert ${lines}`,
              command: "kernelBridge.insertNextInput",
              tooltip: "Insert what the kernel proposes as its next input",
              arguments: [proposal.id],
            }),
          ]
        : []),
    ];
  }

  /** Updates the links when a run begins or ends, or has a proposal, but not when it has new output. */
  private changed(document: vscode.TextDocument): void {
    const open = this.places
      .of(document)
      .filter(({ entry: { run } }) => !hasEnded(run) || run.nextInput !== undefined);
    const state = open.map(({ entry, first }) => `${entry.run.id} ${entry.run.state} ${first}`).join();
    const uri = document.uri.toString();
    if (this.busy.get(uri) === state) return;
    this.busy.set(uri, state);
    this.emitter.fire();
  }
}
