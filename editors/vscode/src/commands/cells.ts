/** The commands that edit, select and go to the cells of a file. */

import type * as vscode from "vscode";
import {
  type Change,
  changeKind,
  deleteCells,
  extractCells,
  insertAbove,
  insertBelow,
  moveCells,
} from "../file/cell_edits";
import { extend, neighbour, type Selection, selectCells, selectContents } from "../file/cell_selections";
import type { Cursor } from "../file/cursor";
import { apply } from "../file/editing";
import type { Text } from "../file/text";
import { activeEditor } from "./active";
import type { Command } from "./runs";

type Selections = readonly Selection[];

export function cellCommands(cursor: Cursor): Record<string, Command> {
  const inOrder = (task: (editor: vscode.TextEditor) => Promise<void>): Command => {
    return async () => {
      const editor = await activeEditor();
      await cursor.inOrder(editor, () => task(editor));
    };
  };
  const edit = (change: (document: Text, selections: Selections) => Change) =>
    inOrder((editor) => apply(editor, cursor, change(editor.document, cursor.of(editor))));
  const select = (selected: (document: Text, selections: Selections) => Selections) =>
    inOrder(async (editor) => cursor.set(editor, selected(editor.document, cursor.of(editor))));
  const goTo = (step: 1 | -1) =>
    select((document, [first]) => [(first && neighbour(document, first, step)) ?? []].flat());
  const extendBy = (step: 1 | -1) =>
    select((document, [first]) => (first ? [extend(document, first, step)] : []));
  return {
    insertCellAbove: edit(insertAbove),
    insertCellBelow: edit(insertBelow),
    deleteCells: edit(deleteCells),
    moveCellsUp: edit((document, selections) => moveCells(document, selections, -1)),
    moveCellsDown: edit((document, selections) => moveCells(document, selections, 1)),
    extractCell: edit(extractCells),
    changeCellToMarkdown: edit((document, selections) => changeKind(document, selections, "markdown")),
    changeCellToCode: edit((document, selections) => changeKind(document, selections, "code")),
    goToNextCell: goTo(1),
    goToPreviousCell: goTo(-1),
    selectCell: select(selectCells),
    selectCellContents: select(selectContents),
    extendSelectionByCellAbove: extendBy(-1),
    extendSelectionByCellBelow: extendBy(1),
  };
}
