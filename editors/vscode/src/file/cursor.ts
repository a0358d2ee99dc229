/** Moves the cursor from cell to cell, even if keys arrive faster than VS Code reports its position. */

import * as vscode from "vscode";
import { markers } from "./cells";

export class Cursor implements vscode.Disposable {
  /** Positions set but not yet reported by VS Code, oldest first. Until then, `selection` may be out of date. */
  private readonly unreported = new WeakMap<vscode.TextEditor, vscode.Position[]>();
  private readonly subscription = vscode.window.onDidChangeTextEditorSelection(
    ({ textEditor, selections: [first] }) => {
      const unreported = this.unreported.get(textEditor) ?? [];
      const reported = unreported.findIndex((position) => first?.active.isEqual(position));
      if (reported < 0)
        this.unreported.delete(textEditor); // the user has moved the cursor
      else unreported.splice(0, reported + 1);
    },
  );

  dispose(): void {
    this.subscription.dispose();
  }

  of(editor: vscode.TextEditor): vscode.Position {
    return this.unreported.get(editor)?.at(-1) ?? editor.selection.active;
  }

  /** Moves the cursor to the first line of the next cell. */
  advance(editor: vscode.TextEditor): void {
    const here = this.of(editor);
    const next = markers(editor.document).find(({ line }) => line > here.line);
    if (!next) return;
    const position = new vscode.Position(Math.min(next.line + 1, editor.document.lineCount - 1), 0);
    if (position.isEqual(here)) return; // VS Code would report nothing
    this.unreported.set(editor, [...(this.unreported.get(editor) ?? []), position]);
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(
      new vscode.Range(position, position),
      vscode.TextEditorRevealType.InCenterIfOutsideViewport,
    );
  }
}
