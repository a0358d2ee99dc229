/** Applies edits of cells to an editor. */

import * as vscode from "vscode";
import { type Change, replacement } from "./cell_edits";
import type { Cursor } from "./cursor";

/** Makes a change as one step to undo. Returns false if VS Code refuses it: the editor is read-only. */
export async function applied(editor: vscode.TextEditor, cursor: Cursor, change: Change): Promise<boolean> {
  const { edits, selections } = change;
  const isApplied =
    edits.length === 0 ||
    (await editor.edit((builder) => {
      for (const edit of edits) {
        const { start, end, text } = replacement(editor.document, edit);
        builder.replace(new vscode.Range(start.line, start.character, end.line, end.character), text);
      }
    }));
  if (isApplied) cursor.set(editor, selections);
  return isApplied;
}

/** Makes a change as one step to undo. Throws if VS Code refuses it. */
export async function apply(editor: vscode.TextEditor, cursor: Cursor, change: Change): Promise<void> {
  if (await applied(editor, cursor, change)) return;
  const name = vscode.workspace.asRelativePath(editor.document.uri);
  throw new Error(
    vscode.l10n.t("{0} was not changed: it is read-only, or was edited at the same time", name),
  );
}
