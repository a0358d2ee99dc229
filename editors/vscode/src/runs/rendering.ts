/** Converts outputs of the protocol to outputs of a VS Code notebook, for VS Code's renderers. */

import * as vscode from "vscode";
import type { ErrorOutput, MimeBundle, Output, StreamOutput } from "../server/protocol";
import { counted, plural } from "../ui/plural";
import { isDrawn } from "./drawn";

export const STDOUT = "application/vnd.code.notebook.stdout";
export const STDERR = "application/vnd.code.notebook.stderr";
export const ERROR = "application/vnd.code.notebook.error";

/** The metadata of an output, named as in VS Code's .ipynb support. */
export interface OutputMetadata {
  outputType: Output["output_type"];
  executionCount?: number;
  metadata?: Record<string, unknown>;
  /** An error as it is saved: VS Code shows its traceback as one text. */
  originalError?: ErrorOutput;
}

/** Identifies a stream output with a part left out. */
export interface Elided {
  runId: string;
  index: number;
}

export interface ElidedMetadata extends OutputMetadata {
  elided: Elided;
}

export function elidedOf(output: vscode.NotebookCellOutput): Elided | undefined {
  return (output.metadata as Partial<ElidedMetadata> | undefined)?.elided;
}

/** Richest type first: VS Code shows the first item that it has a renderer for. */
const RICHNESS = [
  /^application\/(vnd\.|vdom\.|geo\+json|x-)/,
  /^text\/html$/,
  /^application\/javascript$/,
  /^image\/svg\+xml$/,
  /^text\/latex$/,
  /^text\/markdown$/,
  /^(image|video|audio)\//,
  /^application\/pdf$/,
  /^application\/json$/,
  /^text\//,
];

function richness(mime: string): number {
  const rank = RICHNESS.findIndex((pattern) => pattern.test(mime));
  return rank === -1 ? RICHNESS.length : rank;
}

/** The value of a MIME type, in the form that VS Code's .ipynb support reads and writes: only pictures are decoded. */
function item(mime: string, value: unknown): vscode.NotebookCellOutputItem {
  if (typeof value !== "string" || (isJson(mime) && !isJsonText(value)))
    return vscode.NotebookCellOutputItem.json(value, mime);
  if (mime.startsWith("image/") && mime !== "image/svg+xml")
    return new vscode.NotebookCellOutputItem(Buffer.from(value, "base64"), mime);
  return vscode.NotebookCellOutputItem.text(value, mime);
}

function isJson(mime: string): boolean {
  return /[+/]json$/.test(mime);
}

/** Some kernels send the text of the JSON. VS Code would save any other string as an empty one. */
function isJsonText(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function items(bundle: MimeBundle): vscode.NotebookCellOutputItem[] {
  const mimes = Object.keys(bundle).sort((one, other) => richness(one) - richness(other));
  const shown = mimes.map((mime) => item(mime, bundle[mime]));
  // IPython always sends text; other kernels may send only a type that nothing here draws.
  if (mimes.length > 0 && !mimes.some(isDrawn))
    shown.push(vscode.NotebookCellOutputItem.text(`<${mimes[0]} output>`, "text/plain"));
  return shown;
}

export function streamItem(name: string, text: string): vscode.NotebookCellOutputItem {
  return vscode.NotebookCellOutputItem.text(text, name === "stderr" ? STDERR : STDOUT);
}

/** Converts an output, without the tail of elided text. */
export function toCellOutput(output: Output): vscode.NotebookCellOutput {
  switch (output.output_type) {
    case "stream":
      return cellOutput([streamItem(output.name, output.text)], { outputType: "stream" });
    case "error": {
      const { ename: name, evalue: message, traceback } = output;
      const stack = traceback.length > 0 ? traceback.join("\n") : `${name}: ${message}`;
      const error = vscode.NotebookCellOutputItem.json({ name, message, stack }, ERROR);
      return cellOutput([error], { outputType: "error", originalError: output });
    }
    case "execute_result": {
      const count = output.execution_count ?? undefined;
      return cellOutput(items(output.data), {
        outputType: "execute_result",
        metadata: output.metadata,
        ...(count === undefined ? {} : { executionCount: count }),
      });
    }
    case "display_data":
      return cellOutput(items(output.data), { outputType: "display_data", metadata: output.metadata });
  }
}

function cellOutput(
  shown: vscode.NotebookCellOutputItem[],
  metadata: OutputMetadata,
): vscode.NotebookCellOutput {
  return new vscode.NotebookCellOutput(shown, { ...metadata });
}

/** The text to show after a stream output that exceeds the budget: a note and the tail. */
export function elidedText(output: StreamOutput): string | undefined {
  if (!output.elided) return undefined;
  const { omitted, tail, lines } = output.elided;
  const hiddenLines = (lines ?? 0) - (tail.split("\n").length - 1);
  const bytes = omitted - Buffer.byteLength(tail);
  const note =
    hiddenLines > 0
      ? plural(
          hiddenLines,
          vscode.l10n.t("1 line left out"),
          vscode.l10n.t("{0} lines left out", counted(hiddenLines)),
        )
      : plural(bytes, vscode.l10n.t("1 byte left out"), vscode.l10n.t("{0} bytes left out", counted(bytes)));
  return `\n\u001b[2m… ${note} …\u001b[0m\n${tail}`;
}
