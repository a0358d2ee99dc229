/** How a notebook of results is read from and written to a file. */

import * as vscode from "vscode";
import { format, parse } from "./ipynb";
import { type Elided, elidedOf, STDOUT } from "./rendering";

export const RESULTS = "kernel-bridge-results";

/** The whole of a stream output that stands shortened in its cell; undefined when it is to stay so. */
export type ReadWhole = (elided: Elided) => Promise<string | undefined>;

export function createSerializer(readWhole: ReadWhole): vscode.NotebookSerializer {
  return {
    deserializeNotebook: (content) => parse(Buffer.from(content).toString("utf8")),
    serializeNotebook: async (notebook) => {
      for (const cell of notebook.cells) {
        if (cell.outputs?.some(elidedOf)) cell.outputs = await whole(cell.outputs, readWhole);
      }
      return Buffer.from(format(notebook), "utf8");
    },
  };
}

async function whole(
  outputs: vscode.NotebookCellOutput[],
  read: ReadWhole,
): Promise<vscode.NotebookCellOutput[]> {
  const all: vscode.NotebookCellOutput[] = [];
  for (const output of outputs) {
    const elided = elidedOf(output);
    const before = all.at(-1);
    const text = elided && before && (await read(elided));
    if (text === undefined || !before) {
      all.push(output);
      continue;
    }
    const item = vscode.NotebookCellOutputItem.text(text, before.items[0]?.mime ?? STDOUT);
    all[all.length - 1] = new vscode.NotebookCellOutput([item], before.metadata);
  }
  return all;
}
