/** Restores the results of files that ran code before: in an earlier session, or on a kernel that was kept. */

import * as vscode from "vscode";
import type { Ran } from "../runs/ran";
import type { Session } from "../runs/session";
import { type Connection, messageOf } from "../server/connection";
import type { Kept } from "../server/kept";
import { settings } from "../settings";
import { openDocument } from "./documents";
import { DOCUMENTS } from "./languages";
import type { Places } from "./places";

export interface Parts {
  connection: Connection;
  session: Session;
  kept: Kept;
  places: Places;
  ran: Ran;
}

export class Restoring implements vscode.Disposable {
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly parts: Parts) {
    const { session } = parts;
    this.disposables = [
      vscode.workspace.onDidOpenTextDocument((document) => this.opened(document)),
      session.onBinding((uri) => this.bound(uri)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.openedAll()),
    ];
    this.openedAll();
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Restores the results of all open files, after the server has started. */
  openedAll(): void {
    for (const document of vscode.workspace.textDocuments) this.opened(document);
  }

  private opened(document: vscode.TextDocument): void {
    const { connection, ran } = this.parts;
    if (!vscode.languages.match(DOCUMENTS, document) || !settings(document.uri).restoreResults) return;
    if (!vscode.workspace.isTrusted || !(connection.running || ran.has(document.uri))) return;
    this.restore(document).catch((error: unknown) =>
      connection.log.warn(`cannot restore the results of ${document.uri.path}: ${messageOf(error)}`),
    );
  }

  /** A file that has another kernel, which was kept or belongs to another program, may have results there. */
  private bound(uri: string): void {
    if (this.parts.session.kernelOf(uri)?.origin !== "attached") return;
    const document = openDocument(uri);
    if (document) this.opened(document);
  }

  private async restore(document: vscode.TextDocument): Promise<void> {
    const { connection, session, kept, places } = this.parts;
    await connection.start();
    await kept.attachFor(document.uri);
    const { version } = document;
    const textDocument = { uri: document.uri.toString() };
    const { results } = await connection.execute("kernel-bridge.results", { textDocument });
    if (document.isClosed) return;
    if (document.version !== version) return await this.restore(document); // the lines are those of an older text
    for (const result of results) places.restore(document, session.restore(result), result);
  }
}
