/**
 * Draws Altair's charts without a network. By default Altair sends a page whose script loads Vega from a CDN.
 *
 * Extends VS Code's renderer of HTML, which calls the hook before it runs the scripts of an output.
 */

import type { ActivationFunction, OutputItem, RendererApi } from "vscode-notebook-renderer";
import { show } from "./drawing";

/** Part of VS Code's renderer, also used by the Jupyter extension. */
interface BuiltinRenderer extends RendererApi {
  experimental_registerHtmlRenderingHook?(hook: {
    postRender(item: OutputItem, element: HTMLElement, signal: AbortSignal): HTMLElement | undefined;
  }): void;
}

/** The end of the script: a call with the specification and vega-embed's options. */
const ARGUMENTS = /\}\)\((\{.*\}, \{.*\})\);\s*$/s;

export const activate: ActivationFunction = async (context) => {
  const builtin = (await context.getRenderer("vscode.builtin-renderer")) as BuiltinRenderer | undefined;
  builtin?.experimental_registerHtmlRenderingHook?.({
    postRender: ({ id }, element, signal) => {
      const figure = parse(element);
      if (!figure) return undefined;
      const [specification, options] = figure;
      const drawing = document.createElement("div");
      void import("./vega")
        .then(({ drawVega }) => show(id, drawing, drawVega(specification, options), signal))
        .catch((error) => drawing.append(`This chart could not be drawn: ${error?.message ?? error}`));
      return drawing;
    },
  });
  return undefined;
};

function parse(element: HTMLElement): [object, object] | undefined {
  if (!element.querySelector("[id^=altair-viz-]")) return undefined;
  const script = element.querySelector("script")?.textContent ?? "";
  try {
    return JSON.parse(`[${ARGUMENTS.exec(script)?.[1]}]`);
  } catch {
    return undefined; // a page of another version: its own script draws it
  }
}
