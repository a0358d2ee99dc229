/** Shows the progress of long runs of files in the status bar. A click cancels the run. */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import { hasEnded, type RunEntry, type Session } from "../runs/session";
import { summary } from "../runs/summary";
import type { Connection } from "../server/connection";
import type { Run } from "../server/protocol";
import { settings } from "../settings";
import { ProgressItem } from "./progress";
import { reported } from "./reporting";

const REPORT_MS = 500;

/** The progress of a run that may take long. */
interface Shown {
  timer: NodeJS.Timeout;
  item?: ProgressItem;
}

export class LongRuns implements vscode.Disposable {
  private readonly shown = new Map<string, Shown>();
  private readonly subscription: vscode.Disposable;

  constructor(
    session: Session,
    private readonly connection: Connection,
  ) {
    this.subscription = session.onRun((entry) => this.run(entry));
  }

  dispose(): void {
    this.subscription.dispose();
    for (const id of [...this.shown.keys()]) this.end(id);
  }

  private run(entry: RunEntry): void {
    const { run } = entry;
    if (hasEnded(run)) this.end(run.id);
    if (run.state !== "running" || !isOfFile(run) || this.shown.has(run.id)) return;
    const seconds = settings().longRunSeconds;
    if (seconds <= 0) return;
    this.shown.set(run.id, { timer: setTimeout(() => this.show(entry), seconds * 1000) });
  }

  private end(runId: string): void {
    const shown = this.shown.get(runId);
    clearTimeout(shown?.timer);
    shown?.item?.dispose();
    this.shown.delete(runId);
  }

  private show(entry: RunEntry): void {
    const { run } = entry;
    const name = fileNameOf(vscode.Uri.parse(run.textDocument?.uri ?? ""));
    const title = `${name}, ${run.source.trim().split("\n")[0]}`;
    const source = new vscode.CancellationTokenSource();
    source.token.onCancellationRequested(() => {
      void reported(() => this.connection.execute("kernel-bridge.cancelRun", { runId: run.id }));
    });
    const item = new ProgressItem(source);
    const report = () => item.show(title, summary(entry));
    this.shown.set(run.id, { timer: setInterval(report, REPORT_MS), item });
    report();
  }
}

/** Whether a run came from a file: a notebook shows that its cells run. */
function isOfFile({ origin, range, notebookDocument }: Run): boolean {
  return origin === "bridge" && range !== undefined && !notebookDocument;
}
