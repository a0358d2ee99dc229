/** Cells and selections: which cells a selection touches, and how to select cells. Does not use VS Code. */

import { type Cell, cellsOf, indexAt } from "./cells";
import { isFenced } from "./fences";
import { lines, type Text } from "./text";

export interface Position {
  line: number;
  character: number;
}

/** The fixed and the moving end of a selection: equal if it is a cursor. */
export interface Selection {
  anchor: Position;
  active: Position;
}

export function cursorAt(line: number): Selection {
  return { anchor: { line, character: 0 }, active: { line, character: 0 } };
}

/** The first and last line of a selection, without a last line on which nothing is selected. */
export function linesOf({ anchor, active }: Selection): { first: number; last: number } {
  const [start, end] = isBefore(active, anchor) ? [active, anchor] : [anchor, active];
  const isOpen = end.character === 0 && end.line > start.line;
  return { first: start.line, last: isOpen ? end.line - 1 : end.line };
}

/** The indexes of the cells that the selections touch, in order. */
export function touched(document: Text, cells: Cell[], selections: readonly Selection[]): number[] {
  const spans = selections.map(linesOf);
  return cells.flatMap((cell, index) => {
    const isTouched = ({ first, last }: { first: number; last: number }) =>
      indexAt(document, cells, first) === index || (first <= cell.first && cell.first <= last);
    return spans.some(isTouched) ? [index] : [];
  });
}

/** The first line of a cell after its marker. */
export function bodyOf({ first, last, isMarked }: Cell): number {
  return isMarked ? Math.min(first + 1, last) : first;
}

/** The last line of a cell that is not blank; the one before the cell if all are. */
export function filledEnd(document: Text, { first, last }: Cell): number {
  return first + lines(document, first, last + 1).findLastIndex((text) => text.trim() !== "");
}

/** Whether a cell has nothing but its marker. */
export function isEmpty(document: Text, { first, last, isMarked }: Cell): boolean {
  const end = isFenced(document) ? last : last + 1;
  return lines(document, isMarked ? first + 1 : first, end).every((text) => text.trim() === "");
}

/** The cursor in the next cell, or with -1 the previous one. Undefined if there is none. */
export function neighbour(document: Text, { active }: Selection, step: 1 | -1): Selection | undefined {
  const cells = cellsOf(document);
  const here = indexAt(document, cells, active.line);
  const isNext = ({ first }: Cell) => first > active.line;
  const index =
    here >= 0
      ? here + step
      : step > 0
        ? cells.findIndex(isNext)
        : cells.findLastIndex((cell) => !isNext(cell));
  const cell = cells[index];
  return cell && cursorAt(bodyOf(cell));
}

/** Selects, for each selection, the cells that it touches. */
export function selectCells(document: Text, selections: readonly Selection[]): Selection[] {
  const cells = cellsOf(document);
  return selections.map((selection) => {
    const indexes = touched(document, cells, [selection]);
    return between(document, cells[indexes[0] ?? -1], cells[indexes.at(-1) ?? -1]) ?? selection;
  });
}

/** Selects the code of each touched cell, without its marker and the blank lines around it. */
export function selectContents(document: Text, selections: readonly Selection[]): Selection[] {
  const cells = cellsOf(document);
  const found = touched(document, cells, selections).flatMap((index) => cells[index] ?? []);
  if (found.length === 0) return [...selections];
  return found.map((cell) => {
    const begin = bodyOf(cell);
    const end = isFenced(document) ? cell.last - 1 : filledEnd(document, cell);
    return end < begin
      ? cursorAt(begin)
      : { anchor: { line: begin, character: 0 }, active: endOf(document, end) };
  });
}

/** Extends a selection of whole cells by the next cell, or with -1 the previous one. Begins with the touched cells. */
export function extend(document: Text, selection: Selection, step: 1 | -1): Selection {
  const cells = cellsOf(document);
  const indexes = touched(document, cells, [selection]);
  const [top, bottom] = [indexes[0] ?? -1, indexes.at(-1) ?? -1];
  const [first, last] = [cells[top], cells[bottom]];
  const all = between(document, first, last);
  if (!all) return selection;
  const isBackward = isBefore(selection.active, selection.anchor);
  const directed = isBackward ? reversed(all) : all;
  if (!isSame(directed, selection)) return step > 0 ? all : reversed(all);
  if (top < bottom && isBackward === step > 0)
    return isBackward
      ? reversed(between(document, cells[top + 1], last) ?? all)
      : (between(document, first, cells[bottom - 1]) ?? all);
  return step > 0
    ? (between(document, first, cells[bottom + 1]) ?? all)
    : reversed(between(document, cells[top - 1], last) ?? all);
}

/** Selects all lines of two cells and what is between them. */
function between(document: Text, first: Cell | undefined, last: Cell | undefined): Selection | undefined {
  if (!first || !last) return undefined;
  const isAtEnd = isFenced(document) || last.last + 1 >= document.lineCount;
  const active = isAtEnd ? endOf(document, last.last) : { line: last.last + 1, character: 0 };
  return { anchor: { line: first.first, character: 0 }, active };
}

export function endOf(document: Text, line: number): Position {
  return { line, character: document.lineAt(line).text.length };
}

function reversed({ anchor, active }: Selection): Selection {
  return { anchor: active, active: anchor };
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

function isSame(one: Selection, other: Selection): boolean {
  const isEqual = (here: Position, there: Position) => !isBefore(here, there) && !isBefore(there, here);
  return isEqual(one.anchor, other.anchor) && isEqual(one.active, other.active);
}
