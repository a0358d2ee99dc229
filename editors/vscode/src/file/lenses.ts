/** Links above each cell: run it and the cells around it, or interrupt it while it runs. */

import * as vscode from "vscode";
import type { Session } from "../runs/session";
import type { Run } from "../server/protocol";
import { SECTION, settings } from "../settings";
import { type Marker, markers, offersCells } from "./cells";
import type { Places } from "./places";
import { proposedLines } from "./proposals";

/** Shorter runs leave the links as they are. VS Code draws changed links at least 250 ms later. */
const SHORT_MS = 100;

export class CellLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.emitter.event;
  private readonly disposables: vscode.Disposable[];
  /** What the links of a document show of its runs. */
  private readonly shown = new WeakMap<vscode.TextDocument, string>();
  private readonly waiting = new Map<vscode.TextDocument, NodeJS.Timeout>();

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
    for (const timer of this.waiting.values()) clearTimeout(timer);
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
    const runs = places.some(({ entry }) => entry.run.state === "running" && age(entry.run) >= SHORT_MS);
    const proposal = places.findLast(({ entry }) => entry.run.nextInput !== undefined)?.entry.run;
    const lines = proposal && proposedLines(proposal);
    return [
      runs
        ? lens(
            `$(debug-stop) ${vscode.l10n.t("Interrupt")}`,
            "interruptKernel",
            vscode.l10n.t("Interrupt the kernel"),
          )
        : lens(`$(run) ${vscode.l10n.t("Run Cell")}`, "runCell", vscode.l10n.t("Run this cell")),
      ...(marker === code[0]
        ? []
        : [lens(vscode.l10n.t("Run Above"), "runAbove", vscode.l10n.t("Run all cells above this one"))]),
      ...(marker === code.at(-1)
        ? []
        : [lens(vscode.l10n.t("Run Below"), "runBelow", vscode.l10n.t("Run this cell and all cells below"))]),
      ...(proposal && lines !== undefined
        ? [
            new vscode.CodeLens(range, {
              title: `$(insert) ${vscode.l10n.t("Insert {0}", lines)}`,
              command: "kernelBridge.insertNextInput",
              tooltip: vscode.l10n.t("Insert what the kernel proposes as its next input"),
              arguments: [proposal.id],
            }),
          ]
        : []),
    ];
  }

  /** Updates the links when a run takes a while, ends after that, or has a proposal, but not when it has new output. */
  private changed(document: vscode.TextDocument): void {
    const shown: string[] = [];
    let youngest = Number.POSITIVE_INFINITY;
    for (const { entry, first } of this.places.of(document)) {
      const { id, state, nextInput } = entry.run;
      const isRunning = state === "running" && age(entry.run) >= SHORT_MS;
      if (state === "running" && !isRunning) youngest = Math.min(youngest, age(entry.run));
      if (isRunning || nextInput !== undefined) shown.push(`${id} ${isRunning} ${first}`);
    }
    if (youngest < SHORT_MS) this.look(document, SHORT_MS - youngest);
    const text = shown.join();
    if ((this.shown.get(document) ?? "") === text) return;
    this.shown.set(document, text);
    this.emitter.fire();
  }

  private look(document: vscode.TextDocument, afterMs: number): void {
    if (this.waiting.has(document)) return;
    const again = () => {
      this.waiting.delete(document);
      this.changed(document);
    };
    this.waiting.set(document, setTimeout(again, afterMs));
  }
}

/** Milliseconds since a run began. */
function age({ startedAt }: Run): number {
  return startedAt === undefined ? 0 : Date.now() - Date.parse(startedAt);
}
