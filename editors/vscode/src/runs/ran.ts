/** The documents of this workspace that ran code. Only for those, the server is started when they open. */

import * as vscode from "vscode";
import type { Session } from "./session";

/** The key of their URIs in the workspace's state, the newest last. */
const KEY = "ran";
const KEPT_URIS = 500;

export class Ran implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly state: vscode.Memento,
    session: Session,
  ) {
    this.subscription = session.onRun(({ run: { range, textDocument, notebookDocument } }) => {
      const document = notebookDocument ?? (range && textDocument);
      if (document) this.add(vscode.Uri.parse(document.uri).toString());
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  has(uri: vscode.Uri): boolean {
    return this.all().includes(uri.toString());
  }

  private add(uri: string): void {
    const known = this.all();
    if (known.at(-1) === uri) return;
    void this.state.update(KEY, [...known.filter((other) => other !== uri), uri].slice(-KEPT_URIS));
  }

  private all(): string[] {
    return this.state.get<string[]>(KEY, []);
  }
}
