/** Kept kernels: attaches to kernels that outlived a window or a server, and restores their runs. */

import * as vscode from "vscode";
import { hasEnded, type Session } from "../runs/session";
import { type Connection, messageOf } from "./connection";
import type { Kernel, Run } from "./protocol";

/** Maximum number of runs to restore for a kernel, the newest ones. */
const SHOWN_RUNS = 50;

export class Kept {
  /** Kept kernels whose document is not open yet, by its URI. */
  private readonly waiting = new Map<string, Kernel>();
  /** Attachments in progress, by the URI of the document. */
  private readonly attaching = new Map<string, Promise<void>>();

  constructor(
    private readonly connection: Connection,
    private readonly session: Session,
  ) {}

  /** Finds kept kernels after the server has started, and attaches to those whose documents are open. */
  async look(): Promise<void> {
    try {
      await this.lookForAll();
    } catch (error) {
      this.connection.log.warn(`cannot list the kept kernels: ${messageOf(error)}`);
    }
  }

  private async lookForAll(): Promise<void> {
    const { kernels } = await this.connection.execute("kernel-bridge.listKernels", {});
    for (const kernel of kernels) {
      if (kernel.origin !== "found" || !kernel.keepAlive) continue;
      for (const uri of kernel.documents ?? []) this.waiting.set(vscode.Uri.parse(uri).toString(), kernel);
    }
    const open = [...vscode.workspace.textDocuments, ...vscode.workspace.notebookDocuments];
    for (const { uri } of open) await this.attachFor(uri);
  }

  /** Attaches to the kept kernel of a document, if there is one. Concurrent callers wait for the same attachment. */
  async attachFor(uri: vscode.Uri): Promise<void> {
    const key = uri.toString();
    const kernel = this.waiting.get(key);
    if (kernel && this.connection.running) {
      this.waiting.delete(key);
      this.attaching.set(
        key,
        this.attach(kernel, uri).finally(() => this.attaching.delete(key)),
      );
    }
    await this.attaching.get(key);
  }

  /** Shows the runs that have ended before the open ones, which the attachment announces: in the order of their start. */
  private async attach(kernel: Kernel, uri: vscode.Uri): Promise<void> {
    const key = uri.toString();
    const params = { kernelId: kernel.id, textDocument: { uri: key } };
    try {
      const runs = await this.runsOf(kernel);
      this.session.kernel(kernel); // its runs are announced before it is
      await this.recall(runs.filter(hasEnded));
      const attached = await this.connection.execute("kernel-bridge.attachKernel", params);
      await this.recall(runs.filter((run) => !hasEnded(run)));
      this.session.kernel(attached);
      this.session.bind(key, attached.id);
    } catch (error) {
      this.connection.log.warn(`cannot attach to the kept kernel of ${uri.path}: ${messageOf(error)}`);
    }
  }

  /** The newest runs of a kernel in the history, the oldest first. */
  private async runsOf({ id }: Kernel): Promise<Run[]> {
    try {
      const params = { kernelId: id, limit: SHOWN_RUNS };
      return (await this.connection.execute("kernel-bridge.history", params)).runs.reverse();
    } catch (error) {
      this.connection.log.warn(`cannot read the history of kernel ${id}: ${messageOf(error)}`);
      return [];
    }
  }

  /** Requests runs that the session does not know, or knows only as lost. */
  private async recall(runs: Run[]): Promise<void> {
    for (const { id } of runs) {
      const known = this.session.runs.get(id)?.run;
      if (known && known.state !== "lost") continue;
      this.session.recall(await this.connection.execute("kernel-bridge.getRun", { runId: id }));
    }
  }
}
