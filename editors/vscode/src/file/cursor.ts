/** Where the cursors of an editor are, even if keys arrive faster than VS Code reports its selections. */

import * as vscode from "vscode";
import type { Selection } from "./cell_selections";

export class Cursor implements vscode.Disposable {
  /** Selections set but not yet reported by VS Code, oldest first. Until then, `selections` may be out of date. */
  private readonly unreported = new WeakMap<vscode.TextEditor, (readonly vscode.Selection[])[]>();
  private readonly tasks = new WeakMap<vscode.TextEditor, Promise<unknown>>();
  private readonly subscription = vscode.window.onDidChangeTextEditorSelection(
    ({ textEditor, selections }) => {
      const unreported = this.unreported.get(textEditor) ?? [];
      const reported = unreported.findIndex((each) => areEqual(each, selections));
      if (reported < 0)
        this.unreported.delete(textEditor); // the user has moved the cursor
      else unreported.splice(0, reported + 1);
    },
  );

  dispose(): void {
    this.subscription.dispose();
  }

  of(editor: vscode.TextEditor): readonly vscode.Selection[] {
    return this.unreported.get(editor)?.at(-1) ?? editor.selections;
  }

  /** Sets the selections, and scrolls to the first one. */
  set(editor: vscode.TextEditor, selections: readonly Selection[]): void {
    const wanted = selections.map(
      ({ anchor, active }) =>
        new vscode.Selection(anchor.line, anchor.character, active.line, active.character),
    );
    const [first] = wanted;
    if (!first) return;
    if (!areEqual(wanted, this.of(editor))) {
      this.unreported.set(editor, [...(this.unreported.get(editor) ?? []), wanted]);
      editor.selections = wanted;
    }
    editor.revealRange(
      new vscode.Range(first.active, first.active),
      vscode.TextEditorRevealType.InCenterIfOutsideViewport,
    );
  }

  /**
   * Performs a task that moves the cursor when those that were asked for before have ended. If one fails, those that
   * wait for it are dropped, because their keys were pressed for another place; so are those of a closed editor.
   */
  async inOrder(editor: vscode.TextEditor, task: () => Promise<void>): Promise<void> {
    const before = this.tasks.get(editor);
    const isFailed = before?.then(
      () => false,
      () => true,
    );
    const work = before ? before.then(() => (isOpen(editor) ? task() : undefined)) : task();
    this.tasks.set(editor, work);
    try {
      await work;
    } catch (error) {
      if (!(await isFailed)) throw error;
    } finally {
      if (this.tasks.get(editor) === work) this.tasks.delete(editor);
    }
  }
}

/** Whether an editor is still shown. VS Code refuses edits of others. */
export function isOpen(editor: vscode.TextEditor): boolean {
  return vscode.window.visibleTextEditors.includes(editor);
}

function areEqual(some: readonly vscode.Selection[], others: readonly vscode.Selection[]): boolean {
  return some.length === others.length && some.every((one, index) => others[index]?.isEqual(one));
}
