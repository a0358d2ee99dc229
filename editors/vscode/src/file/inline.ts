/** Shows a short result after the last line of code that ran, with the whole output in its hover. */

import * as vscode from "vscode";
import { hasEnded } from "../runs/session";
import { markdown, summary, wasInterrupted } from "../runs/summary";
import type { Run } from "../server/protocol";
import { settings } from "../settings";
import { CELL, DOCUMENTS } from "./languages";
import type { Place, Places } from "./places";
import { proposedLines } from "./proposals";

/** Minimum time between redraws: one draw is cheap, but a flood of output would cause one per chunk. */
const REDRAW_MS = 100;
/** A column beyond any line: VS Code uses the end of the line, even if the line has grown since. */
const END_OF_LINE = 2 ** 30;
/** A line of code and its result have this many columns, but a result at least that many. The hover shows all of it. */
const MOST_COLUMNS = 120;
const LEAST_COLUMNS = 40;

export class InlineResults implements vscode.HoverProvider, vscode.Disposable {
  /** Results of ended runs, separate from those that change often. */
  private readonly finished = decoration();
  private readonly changing = decoration();
  private readonly drawn = new WeakMap<vscode.TextEditor, string>();
  /** Documents drawn less than REDRAW_MS ago, and whether they have changed since. */
  private readonly recent = new Map<vscode.TextDocument, { timer: NodeJS.Timeout; isOld: boolean }>();
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly places: Places) {
    this.disposables = [
      this.finished,
      this.changing,
      places.onChange((document) => this.changed(document)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.drawAll()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("kernel-bridge.inlineResults")) this.drawAll();
      }),
      vscode.languages.registerHoverProvider(DOCUMENTS, this),
    ];
  }

  dispose(): void {
    for (const { timer } of this.recent.values()) clearTimeout(timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The whole output of the result after a line. It is made when it is asked for, because it may be long. */
  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const place = this.at(document, position);
    const { end } = document.lineAt(position.line).range;
    return place && new vscode.Hover(this.hoverOf(place), new vscode.Range(end, end));
  }

  /** The place whose result is shown at a position, which is after the end of a line. */
  at(document: vscode.TextDocument, { line, character }: vscode.Position): Place | undefined {
    if (character < document.lineAt(line).text.length) return undefined;
    if (document.uri.scheme === CELL || !settings(document.uri).inlineResults) return undefined;
    return this.places.of(document).find((each) => lastCodeLine(each, document) === line);
  }

  private hoverOf(place: Place): vscode.MarkdownString[] {
    const { entry } = place;
    const reasons = [
      place.stale ? vscode.l10n.t("The code has changed since it ran.") : undefined,
      this.places.outdated(place),
    ].filter((reason) => reason !== undefined);
    return [
      ...(reasons.length > 0 ? [new vscode.MarkdownString(`*${reasons.join(" ")}*`)] : []),
      new vscode.MarkdownString(markdown(entry)),
      linksOf(entry.run),
    ];
  }

  private isDim(place: Place): boolean {
    return place.stale || this.places.outdated(place) !== undefined;
  }

  private changed(document: vscode.TextDocument): void {
    const recent = this.recent.get(document);
    if (recent) {
      recent.isOld = true;
      return;
    }
    const again = () => {
      const isOld = this.recent.get(document)?.isOld;
      this.recent.delete(document);
      if (isOld) this.changed(document);
    };
    this.recent.set(document, { timer: setTimeout(again, REDRAW_MS), isOld: false });
    for (const editor of vscode.window.visibleTextEditors)
      if (editor.document === document) this.draw(editor);
  }

  private drawAll(): void {
    for (const editor of vscode.window.visibleTextEditors) this.draw(editor);
  }

  private draw(editor: vscode.TextEditor): void {
    const { document } = editor;
    if (document.uri.scheme === CELL) return; // its outputs are shown below it
    const shown = settings(document.uri).inlineResults ? this.places.of(document) : [];
    const options = (places: readonly Place[]) =>
      places.map((place) => decorationOf(place, document, this.isDim(place)));
    const finished = shown.filter(({ entry }) => hasEnded(entry.run));
    editor.setDecorations(this.changing, options(shown.filter(({ entry }) => !hasEnded(entry.run))));
    // VS Code moves decorations with edits. Set them only if they have changed: VS Code applies positions that arrive
    // late, while the user types, to the newer text.
    const state = finished
      .map((place) => {
        const { run, seq } = place.entry;
        const isProposing = run.nextInput !== undefined;
        return [run.id, seq, this.isDim(place), lastCodeLine(place, document), isProposing].join(" ");
      })
      .join();
    if (this.drawn.get(editor) === state) return;
    this.drawn.set(editor, state);
    editor.setDecorations(this.finished, options(finished));
  }
}

function decoration(): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    after: { margin: "0 0 0 2.5em" },
  });
}

function decorationOf(place: Place, document: vscode.TextDocument, isDim: boolean): vscode.DecorationOptions {
  const line = lastCodeLine(place, document);
  const end = new vscode.Position(line, END_OF_LINE);
  const proposed = proposedLines(place.entry.run);
  const hint = proposed === undefined ? "" : ` · ${vscode.l10n.t("the kernel proposes {0}", proposed)}`;
  const text = fitting(summary(place.entry), document.lineAt(line).text.length) + hint;
  return {
    range: new vscode.Range(end, end),
    renderOptions: { after: { contentText: noWrap(text), ...style(place.entry.run, isDim) } },
  };
}

/** Links separate from the output, in which links must not run commands. */
function linksOf(run: Run): vscode.MarkdownString {
  const argument = encodeURIComponent(JSON.stringify([run.id]));
  const link = (text: string, command: string) => `[${text}](command:kernelBridge.${command}?${argument})`;
  const proposed = proposedLines(run);
  const links = [
    link(vscode.l10n.t("Show in Notebook"), "showResults"),
    proposed && link(vscode.l10n.t("Insert the {0} that the kernel proposes", proposed), "insertNextInput"),
  ];
  const text = new vscode.MarkdownString(links.filter(Boolean).join(" · "));
  text.isTrusted = { enabledCommands: ["kernelBridge.showResults", "kernelBridge.insertNextInput"] };
  return text;
}

function lastCodeLine({ first, last }: Pick<Place, "first" | "last">, document: vscode.TextDocument): number {
  let line = Math.min(last, document.lineCount - 1);
  while (line > first && document.lineAt(line).isEmptyOrWhitespace) line--;
  return line;
}

function style(run: Run, isDim: boolean): vscode.ThemableDecorationAttachmentRenderOptions {
  if (isDim) return { color: new vscode.ThemeColor("kernelBridge.outdatedResult"), fontStyle: "italic" };
  const failed = run.state === "error" && !wasInterrupted(run);
  return { color: new vscode.ThemeColor(failed ? "errorForeground" : "descriptionForeground") };
}

/** Shortens a text so that it ends where lines of code rarely do. */
function fitting(text: string, column: number): string {
  const room = Math.max(LEAST_COLUMNS, MOST_COLUMNS - column);
  const characters = [...text];
  return characters.length > room ? `${characters.slice(0, room - 1).join("")}…` : text;
}

/** Replaces white space with no-break spaces, because VS Code collapses others in an attachment. */
function noWrap(text: string): string {
  return text.replace(/\s/g, "\u00a0");
}
