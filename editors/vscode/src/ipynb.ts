/** Notebook files (nbformat 4.5) to VS Code's notebook data and back. */

import * as vscode from "vscode";
import type { Output } from "./protocol";
import { ERROR, isBinary, type OutputMetadata, STDERR, STDOUT, toCellOutput } from "./rendering";

interface Cell {
  cell_type: "code" | "markdown" | "raw";
  id?: string;
  metadata: Record<string, unknown>;
  source: string | string[];
  outputs?: Output[];
  execution_count?: number | null;
}

interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

const EMPTY: Notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };

function joined(text: string | string[]): string {
  return Array.isArray(text) ? text.join("") : text;
}

/** Raises with the reason when the text is no notebook of format 4. */
export function parse(text: string): vscode.NotebookData {
  const notebook: Notebook = text.trim() === "" ? EMPTY : JSON.parse(text);
  if (notebook.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new Error(`this is no notebook of format 4 (nbformat: ${notebook.nbformat})`);
  }
  const info = notebook.metadata.language_info as { name?: string } | undefined;
  const data = new vscode.NotebookData(notebook.cells.map((cell) => toCell(cell, info?.name ?? "python")));
  data.metadata = notebook.metadata;
  return data;
}

function toCell(cell: Cell, language: string): vscode.NotebookCellData {
  const isCode = cell.cell_type === "code";
  const kind =
    isCode || cell.cell_type === "raw" ? vscode.NotebookCellKind.Code : vscode.NotebookCellKind.Markup;
  const id = isCode
    ? ((cell.metadata.vscode as { languageId?: string })?.languageId ?? language)
    : cell.cell_type;
  const data = new vscode.NotebookCellData(kind, joined(cell.source), id);
  data.metadata = { ...(cell.id === undefined ? {} : { id: cell.id }), metadata: cell.metadata };
  data.outputs = (cell.outputs ?? []).map((output) => toCellOutput(unsplit(output)));
  if (cell.execution_count != null) data.executionSummary = { executionOrder: cell.execution_count };
  return data;
}

/** An output of a file, where text may be a list of lines, as one of the wire. */
function unsplit(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: joined(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]) => {
    const isText =
      Array.isArray(value) && !mime.endsWith("json") && value.every((line) => typeof line === "string");
    return [mime, isText ? joined(value) : value];
  });
  return { ...output, data: Object.fromEntries(data) };
}

/** The text of the file; `whole` gives the text of a stream output that stands shortened in the notebook. */
export function format(notebook: vscode.NotebookData): string {
  const file: Notebook = {
    cells: notebook.cells.map(fromCell),
    metadata: notebook.metadata ?? {},
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}

function fromCell(cell: vscode.NotebookCellData, index: number): Cell {
  const metadata = (cell.metadata?.metadata ?? {}) as Record<string, unknown>;
  const common = { id: (cell.metadata?.id as string | undefined) ?? `cell-${index}`, metadata };
  if (cell.kind === vscode.NotebookCellKind.Markup)
    return { ...common, cell_type: "markdown", source: cell.value };
  if (cell.languageId === "raw") return { ...common, cell_type: "raw", source: cell.value };
  return {
    ...common,
    cell_type: "code",
    execution_count: cell.executionSummary?.executionOrder ?? null,
    outputs: (cell.outputs ?? []).map(fromOutput),
    source: cell.value,
  };
}

function fromOutput(output: vscode.NotebookCellOutput): Output {
  const about = output.metadata as Partial<OutputMetadata> | undefined;
  const first = output.items[0];
  if (first?.mime === STDOUT || first?.mime === STDERR) {
    const text = output.items.map((item) => textOf(item)).join("");
    return { output_type: "stream", name: first.mime === STDERR ? "stderr" : "stdout", text };
  }
  if (first?.mime === ERROR) {
    const { name, message, stack } = JSON.parse(textOf(first)) as {
      name: string;
      message: string;
      stack?: string;
    };
    return { output_type: "error", ename: name, evalue: message, traceback: (stack ?? "").split("\n") };
  }
  const data = Object.fromEntries(output.items.map((item) => [item.mime, bundleValue(item)]));
  const metadata = about?.metadata ?? {};
  if (about?.outputType !== "execute_result") return { output_type: "display_data", data, metadata };
  return { output_type: "execute_result", data, metadata, execution_count: about.executionCount ?? null };
}

function textOf(item: vscode.NotebookCellOutputItem): string {
  return Buffer.from(item.data).toString("utf8");
}

function bundleValue(item: vscode.NotebookCellOutputItem): unknown {
  if (isBinary(item.mime)) return Buffer.from(item.data).toString("base64");
  return item.mime === "application/json" || item.mime.endsWith("+json")
    ? JSON.parse(textOf(item))
    : textOf(item);
}
