/** Prompts for input() with an input box. Esc cancels the prompt and interrupts the kernel. */

import * as vscode from "vscode";
import type { StdinAnswer, StdinRequest } from "../server/protocol";
import { plain } from "./ansi";

/** Asks the user. Returns null if the user cancels. The box closes when the server cancels the request. */
export function ask(
  params: StdinRequest,
  title: string,
  token: vscode.CancellationToken,
): Promise<StdinAnswer | null> {
  const box = vscode.window.createInputBox();
  box.title = title;
  box.prompt = plain(params.prompt).trim() || "The code is waiting for input.";
  box.password = params.password;
  box.ignoreFocusOut = true;
  return new Promise<StdinAnswer | null>((resolve) => {
    box.onDidAccept(() => {
      resolve({ value: box.value });
      box.hide();
    });
    box.onDidHide(() => resolve(null)); // no effect after an answer
    token.onCancellationRequested(() => box.hide());
    box.show();
  }).finally(() => box.dispose());
}
