// Draws the plotly and Vega figures of an exported page. Their libraries are loaded when the page is opened.
"use strict";
{
  const vega = (core, lite, embed) =>
    [`vega@${core}`, `vega-lite@${lite}`, `vega-embed@${embed}`].map((name) => `https://cdn.jsdelivr.net/npm/${name}`);

  // The version of Vega-Lite in a MIME type, and the libraries that read it.
  const VEGA = { 6: vega(6, 6, 7), 5: vega(5, 5, 6), 4: vega(5, 4, 6) };

  const loaded = {};
  let last = Promise.resolve();

  // The libraries are run without `define`: require.js, which the page has, would take them for its modules.
  async function run(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    new Function("define", "exports", "module", await response.text()).call(window);
  }

  // One set of libraries after the other, because each sets globals that the next one reads.
  function load(urls, name) {
    loaded[urls] ??= last = last.catch(() => {}).then(async () => {
      for (const url of urls) await run(url);
      return window[name];
    });
    return loaded[urls];
  }

  async function plotly(element, { data, layout, config, frames }) {
    const Plotly = await load(["https://cdn.plot.ly/plotly-4.1.1.min.js"], "Plotly");
    element.replaceChildren();
    await Plotly.newPlot(element, data, layout, { responsive: true, ...config });
    if (frames) await Plotly.addFrames(element, frames);
  }

  async function vegaFigure(element, spec, lite, options) {
    const embed = await load(VEGA[Math.max(4, lite)] ?? VEGA[6], "vegaEmbed");
    element.replaceChildren();
    await embed(element, spec, { mode: lite ? "vega-lite" : "vega", ...options });
  }

  for (const script of document.querySelectorAll("script[data-figure]")) {
    const figure = script.previousElementSibling;
    const { spec, options } = JSON.parse(script.textContent);
    const version = /vegalite\.v(\d+)/.exec(script.dataset.figure);
    const drawn = script.dataset.figure.includes("plotly")
      ? plotly(figure, spec)
      : vegaFigure(figure, spec, version && Number(version[1]), options);
    drawn.catch((error) => figure.append(`[this figure could not be drawn: ${error.message ?? error}]`));
  }
}
