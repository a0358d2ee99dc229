/** Kept kernels: attaches to kernels that outlived a window or a server, and restores their runs. */

import * as vscode from "vscode";
import type { Session } from "../runs/session";
import { type Connection, messageOf } from "./connection";
import type { Kernel } from "./protocol";

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

  private async attach(kernel: Kernel, uri: vscode.Uri): Promise<void> {
    const key = uri.toString();
    try {
      const textDocument = { uri: key };
      const attached = await this.connection.execute("kernel-bridge.attachKernel", {
        kernelId: kernel.id,
        textDocument,
      });
      this.session.kernel(attached);
      this.session.bind(key, attached.id);
      const { runs } = await this.connection.execute("kernel-bridge.history", {
        kernelId: kernel.id,
        limit: SHOWN_RUNS,
      });
      for (const { id } of runs.reverse()) {
        this.session.recall(await this.connection.execute("kernel-bridge.getRun", { runId: id }));
      }
    } catch (error) {
      this.connection.log.warn(`cannot attach to the kept kernel of ${uri.path}: ${messageOf(error)}`);
    }
  }
}
