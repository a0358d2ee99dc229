/** Kernels that outlived a window or a server: followed again for their documents, with what they ran. */

import * as vscode from "vscode";
import { type Connection, messageOf } from "./connection";
import type { Kernel } from "./protocol";
import type { Session } from "./session";

/** Of a kernel that is taken up again, so many of its newest runs are shown. */
const SHOWN_RUNS = 50;

export class Kept {
  /** Kernels that wait for their document, by its URI. */
  private readonly waiting = new Map<string, Kernel>();
  /** Those that are being taken up. */
  private readonly taking = new Map<string, Promise<void>>();

  constructor(
    private readonly connection: Connection,
    private readonly session: Session,
  ) {}

  /** The server runs: looks for kernels that were left, and takes up those whose documents are open. */
  async look(): Promise<void> {
    try {
      await this.lookForAll();
    } catch (error) {
      this.connection.log.warn(`kernels that were kept were not looked for: ${messageOf(error)}`);
    }
  }

  private async lookForAll(): Promise<void> {
    const { kernels } = await this.connection.execute("kernel-bridge.listKernels", {});
    for (const kernel of kernels) {
      if (kernel.origin !== "found" || !kernel.keepAlive) continue;
      for (const uri of kernel.documents ?? []) this.waiting.set(vscode.Uri.parse(uri).toString(), kernel);
    }
    const open = [...vscode.workspace.textDocuments, ...vscode.workspace.notebookDocuments];
    for (const { uri } of open) await this.takeUp(uri);
  }

  /** Takes up the kernel that was left for a document, if there is one; whoever asks meanwhile waits, too. */
  async takeUp(uri: vscode.Uri): Promise<void> {
    const key = uri.toString();
    const kernel = this.waiting.get(key);
    if (kernel && this.connection.running) {
      this.waiting.delete(key);
      this.taking.set(
        key,
        this.attach(kernel, uri).finally(() => this.taking.delete(key)),
      );
    }
    await this.taking.get(key);
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
      this.connection.log.warn(
        `the kernel that was kept for ${uri.path} was not taken up: ${messageOf(error)}`,
      );
    }
  }
}
