/** Says under a cell which extension draws an output of which this window shows only the text. */

import * as vscode from "vscode";
import { INTERACTIVE, JUPYTER_NOTEBOOK } from "../file/languages";
import { followExtensions, isDrawn } from "../runs/drawn";

const WIDGET = "application/vnd.jupyter.widget-view+json";

/** Extensions that draw MIME types which neither VS Code nor this extension draws. */
const DRAWN_BY: readonly [RegExp, { id: string; name: string }][] = [
  [
    /^(application\/(geo|vdom\.v1|x-nteract-model-debug)\+json|text\/vnd\.plotly\.v1\+html)$/,
    { id: "ms-toolsai.jupyter-renderers", name: "Jupyter Notebook Renderers" },
  ],
];

export function registerUndrawn(): vscode.Disposable {
  const items: vscode.NotebookCellStatusBarItemProvider = {
    provideCellStatusBarItems: ({ outputs }) => [...new Set(outputs.flatMap(undrawn))].map(explanation),
  };
  const registered = [JUPYTER_NOTEBOOK, INTERACTIVE].map((type) =>
    vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, items),
  );
  return vscode.Disposable.from(followExtensions(), ...registered);
}

/** The richest type of an output, if it can't be drawn and only text can. */
function undrawn(output: vscode.NotebookCellOutput): string[] {
  const mimes = output.items.map(({ mime }) => mime);
  if (mimes.some((mime) => mime !== "text/plain" && isDrawn(mime))) return [];
  return mimes.filter((mime) => !isDrawn(mime)).slice(0, 1);
}

function explanation(mime: string): vscode.NotebookCellStatusBarItem {
  const known = DRAWN_BY.find(([pattern]) => pattern.test(mime))?.[1];
  const text =
    mime === WIDGET
      ? vscode.l10n.t("Widgets are shown as text")
      : known
        ? vscode.l10n.t("{0} draws {1}", known.name, mime)
        : vscode.l10n.t("No installed extension draws {0}", mime);
  const item = new vscode.NotebookCellStatusBarItem(
    `$(info) ${text}`,
    vscode.NotebookCellStatusBarAlignment.Left,
  );
  if (mime === WIDGET) return item;
  item.tooltip = vscode.l10n.t("Search for an extension that draws it");
  item.command = {
    title: item.tooltip,
    command: "workbench.extensions.search",
    arguments: [known ? `@id:${known.id}` : `@tag:notebookRenderer ${mime}`],
  };
  return item;
}
