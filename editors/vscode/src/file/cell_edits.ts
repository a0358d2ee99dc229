/** Edits of the cells of a file: from a document and its selections to the changed lines. Does not use VS Code. */

import { fenceLines, marker, markerOfKind } from "./cell_markers";
import {
  cursorAt,
  endOf,
  filledEnd,
  linesOf,
  type Position,
  type Selection,
  touched,
} from "./cell_selections";
import { type Cell, cellsOf } from "./cells";
import { comment, isComment, uncomment } from "./comments";
import { isFenced } from "./fences";
import { lines, type Text } from "./text";

/** Replaces lines by others. Inserts if `removed` is 0, at the end if `line` is the number of lines. */
export interface Edit {
  line: number;
  removed: number;
  added: string[];
}

/** Edits that do not overlap, all in lines of the old document, and the selections after them. */
export interface Change {
  edits: Edit[];
  selections: readonly Selection[];
}

/** An edit as a replacement of text. The last line of a document has no line break, so there the one before is used. */
export function replacement(
  document: Text,
  { line, removed, added }: Edit,
): { start: Position; end: Position; text: string } {
  const next = line + removed;
  const text = added.join("\n");
  const start = { line, character: 0 };
  if (line >= document.lineCount) {
    const end = endOf(document, document.lineCount - 1);
    return { start: end, end, text: `\n${text}` };
  }
  if (removed === 0) return { start, end: start, text: `${text}\n` };
  if (added.length > 0) return { start, end: endOf(document, next - 1), text };
  if (next < document.lineCount) return { start, end: { line: next, character: 0 }, text };
  return { start: line > 0 ? endOf(document, line - 1) : start, end: endOf(document, next - 1), text };
}

type Selections = readonly Selection[];

/** Inserts an empty cell below the lowest touched cell. */
export function insertBelow(document: Text, selections: Selections): Change {
  const cells = cellsOf(document);
  const cell = cells[touched(document, cells, selections).at(-1) ?? -1];
  if (isFenced(document)) return fenceBelow(document, cells, cell, selections);
  const added = marker(document, styleOf(cells, cell));
  if (!cell) return inserted({ line: document.lineCount, removed: 0, added: ["", added, ""] }, 2);
  const filled = filledEnd(document, cell);
  if (cell.last + 1 < document.lineCount) {
    const gap = filled < cell.last ? [""] : [];
    return inserted({ line: cell.last + 1, removed: 0, added: [added, "", ...gap] }, 1);
  }
  const gap = filled < 0 ? [] : [""];
  return inserted(
    { line: filled + 1, removed: cell.last - filled, added: [...gap, added, ""] },
    gap.length + 1,
  );
}

/** Inserts an empty cell above the highest touched cell. */
export function insertAbove(document: Text, selections: Selections): Change {
  const cells = cellsOf(document);
  const cell = cells[touched(document, cells, selections)[0] ?? -1];
  if (!cell || filledEnd(document, cell) < cell.first) return insertBelow(document, selections);
  const { first: line } = cell;
  if (isFenced(document)) {
    const { opening, closing } = fenceLines(document, cell);
    return inserted({ line, removed: 0, added: [opening, "", closing, ""] }, 1);
  }
  const added = marker(document, styleOf(cells, cell));
  const gap = isBlank(document, line - 1) ? [""] : [];
  const own = cell.isMarked ? [] : [added]; // without a marker, its code would be in the new cell
  return inserted({ line, removed: 0, added: [added, "", ...gap, ...own] }, 1);
}

export function deleteCells(document: Text, selections: Selections): Change {
  const cells = cellsOf(document);
  const chosen = touched(document, cells, selections).flatMap((index) => cells[index] ?? []);
  const edits: Edit[] = [];
  for (const { first, last } of chosen) {
    const isGap = isFenced(document) && isBlank(document, first - 1) && isBlank(document, last + 1);
    const removed = (isGap ? last + 1 : last) - first + 1;
    const before = edits.at(-1);
    if (before && before.line + before.removed === first) before.removed += removed;
    else edits.push({ line: first, removed, added: [] });
  }
  return { edits, selections: chosen[0] ? [cursorAt(chosen[0].first)] : selections };
}

/** Moves the touched cells, and those between them, below the next cell, or with -1 above the previous one. */
export function moveCells(document: Text, selections: Selections, step: 1 | -1): Change {
  const cells = cellsOf(document);
  const indexes = touched(document, cells, selections);
  const [topIndex = -1, bottomIndex = -1] = [indexes[0], indexes.at(-1)];
  const [top, bottom] = [cells[topIndex], cells[bottomIndex]];
  const other = cells[step > 0 ? bottomIndex + 1 : topIndex - 1];
  if (!top || !bottom || !other) return { edits: [], selections };
  const [begin, end] = [top.first, filledEnd(document, bottom) + 1];
  const [otherBegin, otherEnd] = [other.first, filledEnd(document, other) + 1];
  const moved = lines(document, otherBegin, otherEnd);
  const upper = step > 0 ? top : other;
  const missing = upper.isMarked ? [] : [marker(document, styleOf(cells, upper))];
  // It is the neighbour that moves, so that what VS Code shows at the lines of the cell stays there.
  if (step > 0) {
    const added = [...moved, ...lines(document, end, otherBegin), ...missing];
    const insertion = { line: begin, removed: 0, added };
    const removal = { line: end, removed: otherEnd - end, added: [] };
    return { edits: [insertion, removal], selections: shifted(selections, () => added.length) };
  }
  const removal = { line: otherBegin, removed: begin - otherBegin, added: [] };
  const added = [...lines(document, otherEnd, begin), ...missing, ...moved];
  const insertion = { line: end, removed: 0, added };
  return { edits: [removal, insertion], selections: shifted(selections, () => otherBegin - begin) };
}

/** Makes a cell of the selected lines. A cursor splits its cell: the lines from there become a cell. */
export function extractCells(document: Text, selections: Selections): Change {
  const cells = cellsOf(document);
  const splits = new Map<number, Edit>();
  const starts: number[] = [];
  for (const selection of selections) {
    const { first, last } = linesOf(selection);
    const cell = cells[touched(document, cells, [selection])[0] ?? -1];
    if (!cell) continue;
    const begin = cell.isMarked ? cell.first + 1 : cell.first;
    const end = isFenced(document) && fenceLines(document, cell).isClosed ? cell.last : cell.last + 1;
    const filled = (from: number) =>
      Array.from({ length: Math.max(end - from, 0) }, (_, index) => from + index).find(
        (line) => !isBlank(document, line),
      ) ?? end;
    const split = (line: number) => {
      if (line < end) splits.set(line, { line, removed: 0, added: between(document, cells, cell, line) });
    };
    const start = filled(Math.max(first, begin));
    if (start > last && !isCursor(selection)) continue;
    if (!cell.isMarked || filled(begin) < start) split(start);
    if (!isCursor(selection)) split(filled(last + 1));
    starts.push(start);
  }
  const edits = [...splits.values()];
  return { edits, selections: starts.length > 0 ? grown(starts.map(cursorAt), edits) : selections };
}

/** Makes text or code of the touched cells of a script: their lines become comments, or stop being comments. */
export function changeKind(document: Text, selections: Selections, kind: "code" | "markdown"): Change {
  const cells = cellsOf(document);
  const edits = touched(document, cells, selections).flatMap((index): Edit[] => {
    const cell = cells[index];
    if (!cell || cell.kind === kind || isFenced(document)) return [];
    const line = cell.isMarked ? cell.first + 1 : cell.first;
    const body = lines(document, line, filledEnd(document, cell) + 1);
    const added = converted(body, cell.kind, kind, document.languageId);
    return cell.isMarked
      ? [
          {
            line: cell.first,
            removed: body.length + 1,
            added: [markerOfKind(document, cell, kind), ...added],
          },
        ]
      : [{ line, removed: body.length, added: [marker(document, styleOf(cells, cell), kind), ...added] }];
  });
  return { edits, selections: grown(selections, edits) };
}

function converted(body: string[], from: Cell["kind"], to: Cell["kind"], language: string): string[] {
  const areComments = body.every((text) => text.trim() === "" || isComment(text, language));
  if (to !== "code") return areComments ? body : body.map((text) => comment(text, language));
  return areComments && from !== "code" ? body.map((text) => uncomment(text, language)) : body;
}

/** Inserts a fence below another one, or in prose at the cursor. */
function fenceBelow(document: Text, cells: Cell[], cell: Cell | undefined, selections: Selections): Change {
  const { line: cursor } = selections.at(-1)?.active ?? { line: 0 };
  const near = cell ?? cells.findLast(({ first }) => first <= cursor) ?? cells[0];
  const { opening, closing, isClosed } = fenceLines(document, near);
  const last = cell?.last ?? cursor;
  const before = [
    ...(cell && !isClosed ? [closing] : []),
    ...(!cell && isBlank(document, cursor) ? [] : [""]),
  ];
  const after = isBlank(document, last + 1) ? [] : [""];
  return inserted(
    { line: last + 1, removed: 0, added: [...before, opening, "", closing, ...after] },
    before.length + 1,
  );
}

/** The lines that end a cell and begin another one before a line. */
function between(document: Text, cells: Cell[], cell: Cell, line: number): string[] {
  if (isFenced(document)) {
    const { opening, closing } = fenceLines(document, cell);
    return [closing, "", opening];
  }
  return [...(isBlank(document, line - 1) ? [] : [""]), marker(document, styleOf(cells, cell), cell.kind)];
}

/** The cell in whose style a marker is written. */
function styleOf(cells: Cell[], cell: Cell | undefined): Cell | undefined {
  return cell?.isMarked ? cell : cells.at(-1);
}

function inserted(edit: Edit, cursor: number): Change {
  return { edits: [edit], selections: [cursorAt(edit.line + cursor)] };
}

function shifted(selections: Selections, by: (line: number) => number): Selection[] {
  const move = ({ line, character }: Position) => ({ line: line + by(line), character });
  return selections.map(({ anchor, active }) => ({ anchor: move(anchor), active: move(active) }));
}

/** The selections after edits that keep the lines after them in order. */
function grown(selections: Selections, edits: Edit[]): Selection[] {
  return shifted(selections, (line) =>
    edits.reduce((sum, edit) => sum + (edit.line <= line ? edit.added.length - edit.removed : 0), 0),
  );
}

function isCursor({ anchor, active }: Selection): boolean {
  return anchor.line === active.line && anchor.character === active.character;
}

/** Whether a line is blank. Those outside the document are. */
function isBlank(document: Text, line: number): boolean {
  return line < 0 || line >= document.lineCount || document.lineAt(line).text.trim() === "";
}
