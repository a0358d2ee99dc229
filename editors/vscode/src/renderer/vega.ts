/** Draws Vega and Vega-Lite specifications of every version with the newest vega-embed. */

import embed, { type Config, type EmbedOptions, type VisualizationSpec } from "vega-embed";
import type { OutputItem } from "vscode-notebook-renderer";
import type { Draw } from "./drawing";
import type { Theme } from "./theme";

export function drawItem(item: OutputItem): Draw {
  const mode = item.mime.includes("vegalite") ? "vega-lite" : "vega";
  return drawVega(item.json(), { mode, ...chosenOptions(item) });
}

/** Draws a specification. The options are those that its author chose. */
export function drawVega(specification: object, options: EmbedOptions): Draw {
  return async (element, theme) => {
    const { finalize } = await embed(element, specification as VisualizationSpec, {
      actions: { export: true, source: false, compiled: false, editor: false },
      config: colours(theme),
      tooltip: { theme: theme.isDark ? "dark" : "light" },
      ...options,
    });
    return { followsTheme: true, dispose: finalize };
  };
}

/** Defaults: what the specification sets has precedence. */
function colours({ foreground, background, grid, font }: Theme): Config {
  return {
    background,
    axis: { domainColor: grid, gridColor: grid, tickColor: grid },
    style: {
      "guide-label": { fill: foreground, font },
      "guide-title": { fill: foreground, font },
      "group-title": { fill: foreground, font },
      "group-subtitle": { fill: foreground, font },
      cell: { stroke: grid },
    },
    title: { color: foreground, subtitleColor: foreground },
  };
}

/** The options that Altair keeps in the metadata of the output. */
function chosenOptions({ metadata, mime }: OutputItem): EmbedOptions {
  const ofOutput = (metadata as { metadata?: Record<string, { embed_options?: EmbedOptions }> } | undefined)
    ?.metadata;
  return ofOutput?.[mime]?.embed_options ?? {};
}
