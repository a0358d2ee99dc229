/** Shows a short result after the last line of code that ran, with the whole output in its hover. */

import * as vscode from "vscode";
import { hasEnded } from "../runs/session";
import { markdown, summary } from "../runs/summary";
import { settings } from "../settings";
import { CELL, DOCUMENTS } from "./languages";
import type { Place, Places } from "./places";
import { proposedLines } from "./proposals";

/** Minimum time between redraws: one draw is cheap, but a flood of output would cause one per chunk. */
const REDRAW_MS = 100;
/** A column beyond any line: VS Code uses the end of the line, even if the line has grown since. */
const END_OF_LINE = 2 ** 30;

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
  provideHover(
    document: vscode.TextDocument,
    { line, character }: vscode.Position,
  ): vscode.Hover | undefined {
    const end = document.lineAt(line).text.length;
    if (character < end || !settings(document.uri).inlineResults) return undefined;
    const place = this.places.of(document).find((each) => lastCodeLine(each, document) === line);
    return place && new vscode.Hover(hoverOf(place), new vscode.Range(line, end, line, end));
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
    const options = (places: readonly Place[]) => places.map((place) => decorationOf(place, document));
    const finished = shown.filter(({ entry }) => hasEnded(entry.run));
    editor.setDecorations(this.changing, options(shown.filter(({ entry }) => !hasEnded(entry.run))));
    // VS Code moves decorations with edits. Set them only if they have changed: VS Code applies positions that arrive
    // late, while the user types, to the newer text.
    const state = finished
      .map(({ entry: { run, seq }, ...place }) =>
        [run.id, seq, place.stale, lastCodeLine(place, document), run.nextInput !== undefined].join(" "),
      )
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

function decorationOf(place: Place, document: vscode.TextDocument): vscode.DecorationOptions {
  const end = new vscode.Position(lastCodeLine(place, document), END_OF_LINE);
  const proposed = proposedLines(place.entry.run);
  const hint = proposed === undefined ? "" : ` · the kernel proposes ${proposed}`;
  return {
    range: new vscode.Range(end, end),
    renderOptions: { after: { contentText: noWrap(summary(place.entry) + hint), ...style(place) } },
  };
}

function hoverOf({ entry }: Place): vscode.MarkdownString[] {
  const argument = encodeURIComponent(JSON.stringify([entry.run.id]));
  const proposed = proposedLines(entry.run);
  // Separate from the output, in which links must not run commands.
  const link = new vscode.MarkdownString(`[Show in Notebook](command:kernelBridge.showResults?${argument})`);
  link.isTrusted = { enabledCommands: ["kernelBridge.showResults", "kernelBridge.insertNextInput"] };
  if (proposed !== undefined)
    link.appendMarkdown(
      ` · [Insert the ${proposed} that the kernel proposes](command:kernelBridge.insertNextInput?${argument})`,
    );
  return [new vscode.MarkdownString(markdown(entry)), link];
}

function lastCodeLine({ first, last }: Pick<Place, "first" | "last">, document: vscode.TextDocument): number {
  let line = Math.min(last, document.lineCount - 1);
  while (line > first && document.lineAt(line).isEmptyOrWhitespace) line--;
  return line;
}

function style({ entry, stale }: Place): vscode.ThemableDecorationAttachmentRenderOptions {
  if (stale) return { color: new vscode.ThemeColor("disabledForeground"), fontStyle: "italic" };
  if (entry.run.state === "error") return { color: new vscode.ThemeColor("errorForeground") };
  return { color: new vscode.ThemeColor("descriptionForeground") };
}

/** Replaces spaces with no-break spaces, because VS Code collapses others in an attachment. */
function noWrap(text: string): string {
  return text.replace(/ /g, "\u00a0");
}
