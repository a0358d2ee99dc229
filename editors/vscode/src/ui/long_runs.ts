/** Shows progress with a Cancel button for long runs of a file. */

import * as vscode from "vscode";
import { hasEnded, type RunEntry, type Session } from "../runs/session";
import { summary } from "../runs/summary";
import type { Connection } from "../server/connection";
import { settings } from "../settings";
import { reported } from "./reporting";

const REPORT_MS = 500;

export class LongRuns implements vscode.Disposable {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly session: Session,
    private readonly connection: Connection,
  ) {
    this.subscription = session.onRun((entry) => this.run(entry));
  }

  dispose(): void {
    this.subscription.dispose();
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  private end(entry: RunEntry): Promise<void> {
    if (hasEnded(entry.run)) return Promise.resolve();
    return new Promise((resolve) => {
      const subscription = this.session.onRun((other) => {
        if (other !== entry || !hasEnded(other.run)) return;
        subscription.dispose();
        resolve();
      });
    });
  }

  private run(entry: RunEntry): void {
    const { run } = entry;
    if (
      run.state === "running" &&
      run.origin === "bridge" &&
      run.range &&
      !run.notebookDocument && // its cell shows that it runs
      !this.timers.has(run.id)
    ) {
      const seconds = settings().longRunSeconds;
      if (seconds <= 0) return;
      this.timers.set(
        run.id,
        setTimeout(() => void this.show(entry), seconds * 1000),
      );
    } else if (hasEnded(run)) {
      clearTimeout(this.timers.get(run.id));
      this.timers.delete(run.id);
    }
  }

  private async show(entry: RunEntry): Promise<void> {
    const { run } = entry;
    const name = vscode.Uri.parse(run.textDocument?.uri ?? "")
      .path.split("/")
      .pop();
    const title = `${name}: ${run.source.trim().split("\n")[0]?.slice(0, 60)}`;
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    await vscode.window.withProgress(options, async (progress, token) => {
      token.onCancellationRequested(() => {
        void reported(() => this.connection.execute("kernel-bridge.cancelRun", { runId: run.id }));
      });
      const report = setInterval(() => progress.report({ message: summary(entry) }), REPORT_MS);
      try {
        await this.end(entry);
      } finally {
        clearInterval(report);
      }
    });
  }
}
