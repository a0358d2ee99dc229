/** Draws plotly figures with plotly.js. All of it is in the bundle, also the maps: only map tiles need a network. */

import Plotly, { type PlotlyDataLayoutConfig, type Template } from "plotly.js-dist-min";
import type { OutputItem } from "vscode-notebook-renderer";
import type { Draw } from "./drawing";
import type { Theme } from "./theme";

/** The height of a figure that names none, as in plotly's own pages. */
const HEIGHT = 450;

export function drawItem(item: OutputItem): Draw {
  return async (element, theme) => {
    const { data, layout = {}, config, frames } = item.json() as PlotlyDataLayoutConfig;
    if (/"(choropleth|scattergeo)"/.test(item.text())) (await import("./maps")).provideMaps();
    const plot = document.createElement("div");
    plot.style.height = `${layout.height ?? HEIGHT}px`; // without one, plotly fills the empty element
    element.append(plot);
    await Plotly.newPlot(plot, {
      data,
      layout: { ...layout, template: themed(layout.template, theme) },
      config: { responsive: true, displaylogo: false, ...config },
      ...(frames ? { frames } : {}),
    });
    return { followsTheme: true, dispose: () => Plotly.purge(plot) };
  };
}

/** Adapts plotly.py's default template, which most figures have. A chosen template keeps its colours. */
function themed(template: Template | undefined, theme: Theme): Template {
  const { foreground, background, grid } = theme;
  const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid };
  if (!template?.layout) {
    const layout = { paper_bgcolor: background, plot_bgcolor: background, font: { color: foreground } };
    return { ...template, layout: { ...layout, xaxis: axis, yaxis: axis } };
  }
  if (template.layout.plot_bgcolor !== PANEL) return template;
  const dark = { [INK]: foreground, [PANEL]: background, [TABLE]: background, [TABLE_HEAD]: grid };
  const replaced: Record<string, string> = theme.isDark ? dark : {};
  const text = JSON.stringify(template, (key, value) => {
    if (value === "white") return /bgcolor|lakecolor/.test(key) ? background : theme.isDark ? grid : value;
    return typeof value === "string" ? (replaced[value] ?? value) : value;
  });
  return JSON.parse(text) as Template;
}

/** The colours of plotly.py's default template. */
const INK = "#2a3f5f";
const PANEL = "#E5ECF6";
const TABLE = "#EBF0F8";
const TABLE_HEAD = "#C8D4E3";
