/** Answers to input(): an input box, where Esc cancels, which interrupts the kernel. */

import * as vscode from "vscode";
import { plain } from "./ansi";
import type { StdinAnswer, StdinRequest } from "./protocol";

/** Asks the person; null when they cancel. The box goes when the server withdraws its question. */
export function ask(
  params: StdinRequest,
  title: string,
  token: vscode.CancellationToken,
): Promise<StdinAnswer | null> {
  const box = vscode.window.createInputBox();
  box.title = title;
  box.prompt = plain(params.prompt).trim() || "The code asks for input.";
  box.password = params.password;
  box.ignoreFocusOut = true;
  return new Promise<StdinAnswer | null>((resolve) => {
    box.onDidAccept(() => {
      resolve({ value: box.value });
      box.hide();
    });
    box.onDidHide(() => resolve(null)); // after an answer this changes nothing
    token.onCancellationRequested(() => box.hide());
    box.show();
  }).finally(() => box.dispose());
}
