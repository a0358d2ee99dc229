/** The cursor that goes from cell to cell, also when keys come faster than VS Code tells where it is. */

import * as vscode from "vscode";
import { markers } from "./cells";

export class Cursor implements vscode.Disposable {
  /** Where it was put, oldest first: VS Code tells that late, and until then `selection` may go back. */
  private readonly untold = new WeakMap<vscode.TextEditor, vscode.Position[]>();
  private readonly subscription = vscode.window.onDidChangeTextEditorSelection(
    ({ textEditor, selections: [first] }) => {
      const untold = this.untold.get(textEditor) ?? [];
      const told = untold.findIndex((position) => first?.active.isEqual(position));
      if (told < 0)
        this.untold.delete(textEditor); // a person has moved it
      else untold.splice(0, told + 1);
    },
  );

  dispose(): void {
    this.subscription.dispose();
  }

  of(editor: vscode.TextEditor): vscode.Position {
    return this.untold.get(editor)?.at(-1) ?? editor.selection.active;
  }

  /** Moves it to the first line of the next cell. */
  advance(editor: vscode.TextEditor): void {
    const here = this.of(editor);
    const next = markers(editor.document).find(({ line }) => line > here.line);
    if (!next) return;
    const position = new vscode.Position(Math.min(next.line + 1, editor.document.lineCount - 1), 0);
    if (position.isEqual(here)) return; // nothing would be told
    this.untold.set(editor, [...(this.untold.get(editor) ?? []), position]);
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(
      new vscode.Range(position, position),
      vscode.TextEditorRevealType.InCenterIfOutsideViewport,
    );
  }
}
