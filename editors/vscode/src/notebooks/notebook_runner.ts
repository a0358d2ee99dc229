/** Runs the cells of a notebook, and chooses its kernel. */

import type * as vscode from "vscode";
import type { Running } from "../kernels/running";
import { languageOf, notebookTarget, requireKernel } from "../kernels/target";
import { isAlive, type Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { KernelSpec, Run } from "../server/protocol";
import type { CellRunner } from "./notebooks";

export class NotebookRunner implements CellRunner {
  constructor(
    private readonly connection: Connection,
    private readonly session: Session,
    private readonly running: Running,
  ) {}

  async run(cell: vscode.NotebookCell): Promise<Run> {
    const kernel = requireKernel(notebookTarget(this.session, cell.notebook));
    const { runs } = await this.connection.execute("kernel-bridge.run", {
      textDocument: { uri: cell.document.uri.toString() },
      unit: "cell",
      kernelId: kernel.id,
    });
    const run = runs[0];
    if (!run) throw new Error("the server returned no run");
    return this.session.run(run).run;
  }

  async interrupt(notebook: vscode.NotebookDocument): Promise<void> {
    const kernel = requireKernel(notebookTarget(this.session, notebook));
    await this.connection.execute("kernel-bridge.interruptKernel", { kernelId: kernel.id });
  }

  async ready(notebook: vscode.NotebookDocument): Promise<void> {
    await this.connection.start();
    const { kernel, uri, languageId } = notebookTarget(this.session, notebook);
    if (kernel && isAlive(kernel)) return;
    await this.running.ensureKernel({ uri, languageId });
    const now = this.session.kernelOf(uri);
    if (now && isAlive(now)) return;
    const textDocument = { uri: uri.toString() };
    const { specs } = await this.connection.execute("kernel-bridge.listKernelSpecs", { textDocument });
    const spec = wantedSpec(notebook, specs);
    if (!spec)
      throw new Error(`no kernel found for ${languageId}; choose one with "Kernel Bridge: Select Kernel"`);
    await this.running.startKernel({ ...spec, textDocument });
  }
}

/** The kernelspec that the notebook names, else the first that runs its language. */
function wantedSpec(
  notebook: vscode.NotebookDocument,
  specs: KernelSpec[],
): { spec: string } | { python: string } | undefined {
  const metadata = notebook.metadata as { kernelspec?: NamedSpec; metadata?: { kernelspec?: NamedSpec } };
  const named = metadata.metadata?.kernelspec ?? metadata.kernelspec;
  const usable = specs.filter(({ usable }) => usable);
  const language = languageOf(notebook);
  const spec =
    usable.find(({ name, source }) => source === "kernelspec" && name === named?.name) ??
    usable.find((each) => each.language.toLowerCase() === (named?.language ?? language).toLowerCase());
  if (!spec) return undefined;
  return spec.source === "environment" && spec.python ? { python: spec.python } : { spec: spec.name };
}

interface NamedSpec {
  name?: string;
  language?: string;
}
