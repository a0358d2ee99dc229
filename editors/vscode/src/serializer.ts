/** How a notebook of results is read from and written to a file. */

import type * as vscode from "vscode";
import { format, parse } from "./ipynb";

export const RESULTS = "kernel-bridge-results";

export const serializer: vscode.NotebookSerializer = {
  deserializeNotebook: (content) => parse(Buffer.from(content).toString("utf8")),
  serializeNotebook: (notebook) => Buffer.from(format(notebook), "utf8"),
};
