"""Figures of plotly and Altair are drawn without a network, and a type that nothing draws is explained.

plotly and Altair made the bundles in tests/data/figures.json and tests/data/altair.html.
"""

import json
from pathlib import Path
from typing import Any

from tests.editors.vscode.window import Window, expect

DATA = Path(__file__).parents[2] / "data"


def cell(number: int, data: dict[str, Any]) -> dict[str, Any]:
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    source = {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": 1,
        "metadata": {},
        "source": "1",
    }
    return source | {"outputs": [output]}


def test_figures_are_drawn_without_a_network(vscode: Window) -> None:
    plotly, vega = json.loads((DATA / "figures.json").read_text())
    altair = {"text/html": (DATA / "altair.html").read_text(), "text/plain": "alt.Chart(...)"}
    broken = {
        "application/vnd.vega.v5+json": {"signals": [{"name": "a", "update": "(("}]},
        "text/plain": "the text of a broken chart",
    }
    unknown = {"application/geo+json": {}, "text/plain": "the text of a map"}
    cells = [cell(number, data) for number, data in enumerate((plotly, vega, altair, broken, unknown))]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (vscode.folder / "figures.ipynb").write_text(json.dumps(notebook))
    vscode.page.set_viewport_size({"width": 1280, "height": 2400})
    vscode.open("figures.ipynb")
    expect(vscode.outputs().locator(".js-plotly-plot .gtitle").first).to_be_visible()
    expect(vscode.outputs().locator(".vega-embed canvas").nth(1)).to_be_visible()
    expect(vscode.text).to_contain_text("the text of a broken chart")
    expect(vscode.text).to_contain_text("application/vnd.vega.v5+json could not be drawn")
    expect(vscode.text).to_contain_text("the text of a map")
