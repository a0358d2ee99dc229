/** Runs parts of documents: finds or starts the kernel, sends the command, and shows progress if it is slow. */

import * as vscode from "vscode";
import { languageAt } from "../file/fences";
import { isAlive, type Session } from "../runs/session";
import type { Connection } from "../server/connection";
import { errorData } from "../server/connection";
import type { Kept } from "../server/kept";
import type {
  Kernel,
  KernelInstall,
  Range,
  Run,
  RunParams,
  StartKernelParams,
  Unit,
} from "../server/protocol";
import { selectedPython } from "../server/python_environment";
import { settings } from "../settings";
import { withProgress } from "../ui/progress";
import { askToInstall, installKernel } from "./installation";
import { chooseKernel, type Document } from "./kernel_picker";

export class Running {
  private readonly starts = new Map<string, Promise<Kernel | undefined>>();
  /** Questions about the kernel of a document that the user has not answered yet, by its URI. */
  private readonly questions = new Map<string, Promise<void>>();

  constructor(
    private readonly connection: Connection,
    private readonly session: Session,
    private readonly kept: Kept,
  ) {}

  /** Runs a unit of the editor's document at each selection, in document order. */
  async unit(editor: vscode.TextEditor, unit: Unit, position?: vscode.Position): Promise<Run[]> {
    const { document } = editor;
    assertRunnable(document.uri);
    const wanted: RunParams[] = [];
    const textDocument = { uri: document.uri.toString() };
    if (unit === "range") {
      const inOrder = [...editor.selections].sort((one, other) => one.start.compareTo(other.start));
      for (const selection of inOrder) {
        if (!selection.isEmpty) wanted.push({ unit, textDocument, range: plainRange(selection) });
        else if (inOrder.length === 1)
          wanted.push({ unit: "statement", textDocument, position: selection.active });
      }
    } else {
      const { line, character } = position ?? editor.selection.active;
      wanted.push({ unit, textDocument, position: { line, character } });
    }
    const runs: Run[] = [];
    for (const params of wanted) {
      const line = (params.range?.start ?? params.position)?.line ?? 0;
      const languageId = languageAt(document, line);
      runs.push(...(await this.run(params, { uri: document.uri, languageId })));
    }
    return runs;
  }

  /** Runs code. If the document has no kernel, starts one or asks the user what to do. */
  async run(params: RunParams, document: Document): Promise<Run[]> {
    const { runs } = await this.withKernel(document, async () => {
      await this.ensureKernel(document);
      return await withProgress(vscode.l10n.t("Starting a kernel"), (token) =>
        this.connection.execute("kernel-bridge.run", params, token),
      );
    });
    return runs.map((run) => this.session.requested(run).run);
  }

  /** Makes sure that a document has a living kernel: starts one, or asks the user what to do. */
  async ready(document: Document): Promise<void> {
    await this.withKernel(document, async () => {
      await this.ensureKernel(document);
      const kernel = this.session.kernelOf(document.uri, document.languageId);
      if (!kernel || !isAlive(kernel))
        await this.startKernel({ textDocument: { uri: document.uri.toString() } });
    });
  }

  /** Does a task. If no kernel can be started for it, asks the user what to do, and does it again. */
  private async withKernel<T>(document: Document, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      const data = errorData(error);
      if (data?.kind !== "KernelRequired") throw error;
      const uri = document.uri.toString();
      let question = this.questions.get(uri);
      if (!question) {
        question = this.ask(document, data.install).finally(() => this.questions.delete(uri));
        this.questions.set(uri, question);
      }
      await question;
      return await this.withKernel(document, task);
    }
  }

  /** Installs ipykernel, or gives the document another kernel. Throws CancellationError if the user wants neither. */
  private async ask(document: Document, install: KernelInstall | undefined): Promise<void> {
    const answer = install ? await askToInstall(install) : "choose";
    if (answer === "install" && install) return await installKernel(this.connection, install);
    const kernel = answer && (await chooseKernel(this.connection, this.session, document));
    if (!kernel) throw new vscode.CancellationError();
  }

  /**
   * Starts a kernel for a document: the same kind again if its last kernel is dead, or for a new Python document the
   * interpreter that the user selected. In all other cases, the server starts the best kernel with the run.
   */
  private async ensureKernel(document: Document): Promise<void> {
    assertRunnable(document.uri);
    await this.connection.start();
    await this.kept.attachFor(document.uri);
    const uri = document.uri.toString();
    const kernel = this.session.lastKernelOf(uri, document.languageId);
    if (kernel ? kernel.state !== "dead" || !settings().autoStart : document.languageId !== "python") return;
    let start = this.starts.get(uri);
    if (!start) {
      start = (kernel ? this.startAgain(kernel, document.uri) : this.startSelected(document.uri)).finally(
        () => this.starts.delete(uri),
      );
      this.starts.set(uri, start);
    }
    await start;
  }

  async startKernel(params: StartKernelParams): Promise<Kernel> {
    const kernel = await withProgress(vscode.l10n.t("Starting a kernel"), (token) =>
      this.connection.execute("kernel-bridge.startKernel", params, token),
    );
    this.session.kernel(kernel);
    if (params.textDocument)
      this.session.bind(vscode.Uri.parse(params.textDocument.uri).toString(), kernel.id);
    return kernel;
  }

  /** Starts the same kind of kernel again, or the best one for the document if that kind is not available. */
  private async startAgain({ name, origin, language }: Kernel, document: vscode.Uri): Promise<Kernel> {
    const textDocument = { uri: document.toString() };
    try {
      if (origin === "started") return await this.startKernel({ spec: name, textDocument });
    } catch (error) {
      if (errorData(error)?.kind !== "NoSuchKernelSpec") throw error; // an interpreter selected by path
    }
    const selected = language === "python" ? await this.startSelected(document) : undefined;
    return selected ?? (await this.startKernel({ textDocument }));
  }

  private async startSelected(uri: vscode.Uri): Promise<Kernel | undefined> {
    const python = settings(uri).kernelPython ?? (await selectedPython(uri));
    if (python === undefined) return undefined;
    return await this.startKernel({ python, textDocument: { uri: uri.toString() } });
  }
}

/** Whether a kernel can run the code of this document. */
export function isRunnable(uri: vscode.Uri): boolean {
  return uri.scheme === "file" || uri.scheme === "untitled";
}

/** Throws if no kernel can run the code of this document. */
export function assertRunnable(uri: vscode.Uri): void {
  if (isRunnable(uri)) return;
  throw new Error(
    vscode.l10n.t(
      "{0} is in a virtual workspace ({1}), and a kernel needs a folder on disk; open a local copy",
      uri.path,
      uri.scheme,
    ),
  );
}

export function plainRange({ start, end }: vscode.Range): Range {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}
