/** Runs the cells of a notebook on its kernel. */

import type * as vscode from "vscode";
import type { Running } from "../kernels/running";
import { notebookTarget, requireKernel } from "../kernels/target";
import { isAlive, type Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { Run } from "../server/protocol";
import type { CellRunner } from "./notebooks";

export class NotebookRunner implements CellRunner {
  constructor(
    private readonly connection: Connection,
    private readonly session: Session,
    private readonly running: Running,
  ) {}

  async run(notebook: vscode.NotebookDocument, cells: readonly vscode.NotebookCell[]): Promise<Run[]> {
    const kernel = requireKernel(notebookTarget(this.session, notebook));
    const { runs } = await this.connection.execute("kernel-bridge.run", {
      textDocument: { uri: notebook.uri.toString() },
      unit: "cell",
      cells: cells.map(({ document }) => document.uri.toString()),
      kernelId: kernel.id,
    });
    return runs.map((run) => this.session.requested(run).run);
  }

  async interrupt(notebook: vscode.NotebookDocument): Promise<void> {
    const kernel = requireKernel(notebookTarget(this.session, notebook));
    await this.connection.execute("kernel-bridge.interruptKernel", { kernelId: kernel.id });
  }

  async ready(notebook: vscode.NotebookDocument): Promise<void> {
    await this.connection.start();
    const { kernel, uri, languageId } = notebookTarget(this.session, notebook);
    if (!kernel || !isAlive(kernel)) await this.running.ready({ uri, languageId });
  }
}
