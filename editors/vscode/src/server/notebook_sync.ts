/** What the server learns of notebooks: not the executions of cells, which change several times during each run. */

import type * as vscode from "vscode";
import type { Middleware } from "./language_client";

/** Sends a change of a cell's metadata only if more than its execution has changed. */
export function withoutExecutions(): NonNullable<Middleware["notebooks"]> {
  const sent = new WeakMap<vscode.NotebookCell, string>();
  const isNew = (cell: vscode.NotebookCell) => {
    const metadata = JSON.stringify({ ...cell.metadata, execution_count: undefined });
    if (sent.get(cell) === metadata) return false;
    sent.set(cell, metadata);
    return true;
  };
  return {
    didOpen(notebook, cells, next) {
      cells.forEach(isNew);
      return next(notebook, cells);
    },
    async didChange({ cells, ...event }, next) {
      cells?.structure?.array.cells?.forEach(isNew);
      const data = cells?.data?.filter(isNew) ?? [];
      const { data: _, ...others } = cells ?? {};
      const changed = { ...others, ...(data.length > 0 && { data }) };
      if (Object.keys(changed).length > 0) await next({ ...event, cells: changed });
      else if (event.metadata !== undefined) await next(event);
    },
  };
}
