/**
 * Draws outputs that VS Code has no renderer for, in the webview of a notebook.
 *
 * Runs in a browser: it shares no module with the extension. What draws a MIME type is loaded with the first output of
 * that type.
 */

import type { ActivationFunction, OutputItem } from "vscode-notebook-renderer";
import { type Draw, dispose, show } from "./drawing";

/** The module that draws a MIME type. package.json lists the types. */
async function load(item: OutputItem): Promise<Draw> {
  if (item.mime.startsWith("application/vnd.plotly.")) return (await import("./plotly")).drawItem(item);
  if (item.mime.startsWith("application/vnd.vega")) return (await import("./vega")).drawItem(item);
  return (await import("./media")).drawItem(item);
}

export const activate: ActivationFunction = () => ({
  renderOutputItem: async (item, element, signal) => {
    try {
      const draw = await load(item);
      if (!signal?.aborted) await show(item.id, element, draw, signal);
    } catch (error) {
      throw failure(item.mime, error, element);
    }
  },
  disposeOutputItem: dispose,
});

/**
 * The error by whose name VS Code draws another MIME type of the output instead. That replaces everything in the
 * element, so the reason is added afterwards.
 */
function failure(mime: string, reason: unknown, element: HTMLElement): Error {
  const message = `${mime} could not be drawn: ${reason instanceof Error ? reason.message : reason}`;
  const note = document.createElement("p");
  note.textContent = message;
  note.style.color = "var(--vscode-descriptionForeground)";
  element.replaceChildren();
  new MutationObserver((_, observer) => {
    observer.disconnect();
    element.append(note);
  }).observe(element, { childList: true });
  return Object.assign(new Error(message), { name: "vscode.fallbackToNextRenderer" });
}
