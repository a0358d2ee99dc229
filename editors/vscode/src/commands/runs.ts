/** The commands that run code. */

import * as vscode from "vscode";
import { insertBelow } from "../file/cell_edits";
import { cursorAt, isEmpty, neighbour, type Selection, touched } from "../file/cell_selections";
import { cellsOf, indexAt, textOf } from "../file/cells";
import { isComment } from "../file/comments";
import { type Cursor, isOpen } from "../file/cursor";
import { applied, apply } from "../file/editing";
import { isFenced, languageAt } from "../file/fences";
import { plainRange, type Running } from "../kernels/running";
import type { Results } from "../notebooks/results";
import type { Session } from "../runs/session";
import { errorData } from "../server/connection";
import type { Unit } from "../server/protocol";
import { reported } from "../ui/reporting";
import { activeEditor, notebookInFront } from "./active";

export interface Parts {
  session: Session;
  running: Running;
  results: Results;
}

export type Command = (...args: unknown[]) => Promise<unknown>;

export function runCommands(parts: Parts, cursor: Cursor): Record<string, Command> {
  const { running } = parts;
  const unit = (name: Unit): Command => {
    return async (place) => {
      const editor = await activeEditor();
      return await running.unit(editor, name, positionOf(place) ?? cursor.of(editor)[0]?.active);
    };
  };
  /** Runs the cells at the cursors, and moves the cursors without waiting for the runs. */
  const runAndMove = (move: (editor: vscode.TextEditor) => Promise<unknown>): Command => {
    return async () => {
      const editor = await activeEditor();
      let runs: Promise<unknown> | undefined;
      await cursor.inOrder(editor, async () => {
        runs = reported(() => runCells(parts, editor, cursor.of(editor)));
        await move(editor);
      });
      await runs;
    };
  };
  return {
    runSelection: async () => running.unit(await activeEditor(), "range"),
    runLine: unit("line"),
    runStatementAndAdvance: async () => {
      const editor = await activeEditor();
      await cursor.inOrder(editor, () => runStatement(running, cursor, editor));
    },
    runCell: inNotebook("notebook.cell.execute", async (place) => {
      const editor = await activeEditor();
      const position = positionOf(place);
      const selections = position ? [cursorAt(position.line)] : cursor.of(editor);
      if (await runCells(parts, editor, selections)) return;
      await running.unit(editor, "cell", position); // the server says why there is nothing to run
    }),
    runCellAndAdvance: inNotebook(
      "notebook.cell.executeAndSelectBelow",
      runAndMove((editor) => advance(cursor, editor)),
    ),
    runCellAndInsertBelow: inNotebook(
      "notebook.cell.executeAndInsertBelow",
      runAndMove((editor) => apply(editor, cursor, insertBelow(editor.document, cursor.of(editor)))),
    ),
    runAbove: inNotebook("notebook.cell.executeCellsAbove", unit("above")),
    runBelow: inNotebook("notebook.cell.executeCellAndBelow", unit("below")),
    runAll: inNotebook("notebook.execute", unit("all")),
    runToLine: async () => {
      const editor = await activeEditor();
      const { line } = editor.selection.active;
      if (line === 0) throw new Error(vscode.l10n.t("there is no code above line 1"));
      return await runLines(running, editor, new vscode.Range(0, 0, line, 0));
    },
    runFromLine: async () => {
      const editor = await activeEditor();
      const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
      return await runLines(
        running,
        editor,
        new vscode.Range(editor.selection.active.with({ character: 0 }), end),
      );
    },
  };
}

/** A command that does what VS Code's own one does if a notebook is in front. */
function inNotebook(id: string, command: Command): Command {
  return async (...args) =>
    notebookInFront() ? await vscode.commands.executeCommand(id) : await command(...args);
}

/** Runs the cells that the selections touch: code on the kernel, text is shown. Returns whether there are any. */
async function runCells(
  parts: Parts,
  editor: vscode.TextEditor,
  selections: readonly Selection[],
): Promise<boolean> {
  const { document } = editor;
  const cells = cellsOf(document);
  const chosen = touched(document, cells, selections).flatMap((index) => {
    const cell = cells[index];
    if (!cell || cell.kind === "raw" || isEmpty(document, cell)) return [];
    const inside = selections.find(({ active }) => indexAt(document, cells, active.line) === index);
    return { cell, line: inside?.active.line ?? cell.first };
  });
  const tasks = chosen.map(({ cell, line }) => {
    const [position, text] = [new vscode.Position(line, 0), textOf(document, cell)];
    return inTurn(document, () =>
      cell.kind === "code" ? parts.running.unit(editor, "cell", position) : showText(parts, document, text),
    );
  });
  await Promise.all(tasks);
  return chosen.length > 0;
}

const turns = new WeakMap<vscode.TextDocument, Promise<unknown>>();

/** Sends the runs and texts of a document one after the other, so that their kernel starts once and their order stays. */
function inTurn(document: vscode.TextDocument, task: () => Promise<unknown>): Promise<unknown> {
  const work = (turns.get(document) ?? Promise.resolve()).then(task);
  turns.set(
    document,
    work.catch(() => undefined),
  );
  return work;
}

/** Shows a text in the results of a file. Starts a kernel for it as code would. */
async function showText(
  { running, session, results }: Parts,
  { uri, languageId }: vscode.TextDocument,
  text: string,
): Promise<void> {
  await running.ready({ uri, languageId });
  const kernel = session.kernelOf(uri, languageId);
  if (kernel) results.text(uri, kernel.id, text);
}

/** Moves the cursor to the next cell. After the last cell of a script, adds one. */
async function advance(cursor: Cursor, editor: vscode.TextEditor): Promise<void> {
  const { document } = editor;
  const selections = cursor.of(editor);
  const lowest = selections.toSorted((one, other) => one.active.compareTo(other.active)).at(-1);
  const next = lowest && neighbour(document, lowest, 1);
  const last = cellsOf(document).at(-1);
  if (next) cursor.set(editor, [next]);
  else if (last && !isFenced(document) && !isEmpty(document, last))
    await applied(editor, cursor, insertBelow(document, selections));
}

/** Runs the statement at the cursor, and moves the cursor to the next one unless the user has moved it meanwhile. */
async function runStatement(running: Running, cursor: Cursor, editor: vscode.TextEditor): Promise<void> {
  const { document } = editor;
  const [selection] = cursor.of(editor);
  if (!selection) return;
  const runs = await running.unit(editor, "statement", selection.active).catch((error: unknown) => {
    if (errorData(error)?.kind === "NothingToRun") return []; // the cursor is between statements
    throw error;
  });
  if (!isOpen(editor) || !cursor.of(editor)[0]?.isEqual(selection)) return;
  const end = runs.at(-1)?.range?.end.line ?? selection.active.line;
  for (let line = end + 1; line < document.lineCount; line++) {
    const { text } = document.lineAt(line);
    if (text.trim() !== "" && !isComment(text, languageAt(document, line)))
      return cursor.set(editor, [cursorAt(line)]);
  }
  const edits = end + 1 < document.lineCount ? [] : [{ line: document.lineCount, removed: 0, added: [""] }];
  await applied(editor, cursor, { edits, selections: [cursorAt(end + 1)] });
}

async function runLines(running: Running, { document }: vscode.TextEditor, range: vscode.Range) {
  const textDocument = { uri: document.uri.toString() };
  const languageId = languageAt(document, range.start.line);
  return await running.run(
    { unit: "range", textDocument, range: plainRange(range) },
    { uri: document.uri, languageId },
  );
}

/** The position that a code lens passes to its command. */
function positionOf(place: unknown): vscode.Position | undefined {
  return typeof place === "number" ? new vscode.Position(place, 0) : undefined;
}
