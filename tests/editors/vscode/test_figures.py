"""Figures of plotly and Altair are drawn without a network, and a type that nothing draws is explained.

plotly and Altair made the bundles in tests/data/figures.json and tests/data/altair.html.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window

DATA = Path(__file__).parents[2] / "data"
FRAME = "<table><tr><th></th><th>a</th></tr><tbody><tr><th>0</th><td>4 &lt; 5</td></tr></tbody></table>"


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
    requests: list[str] = []
    vscode.page.on("request", lambda request: requests.append(request.url))
    vscode.page.set_viewport_size({"width": 1280, "height": 2400})
    vscode.open("figures.ipynb")
    outputs = vscode.outputs()
    expect(outputs.locator(".js-plotly-plot .gtitle")).to_have_text("A </script> plotly figure")
    expect(outputs.locator(".vega-embed path[aria-roledescription='bar']")).to_have_count(2 + 3)
    expect(vscode.text).to_contain_text("the text of a broken chart")
    expect(vscode.text).to_contain_text("application/vnd.vega.v5+json could not be drawn")
    expect(vscode.text).to_contain_text("the text of a map")
    line = vscode.cells.get_by_text("Jupyter Notebook Renderers draws application/geo+json")
    expect(line).to_be_visible()
    assert [url for url in requests if url.startswith("https://cdn")] == []


def test_the_result_of_a_table_is_its_size_and_its_hover_the_table(vscode: Window) -> None:
    bundle = {"text/html": FRAME, "text/plain": "   a\n0  4 < 5"}
    vscode.write("a.py", f"display({bundle!r}, raw=True)\n")
    vscode.run("Run All")
    vscode.expect_inline("a.py", 1, "→ table 1 x 1")
    vscode.select("a.py", 1)
    vscode.press("End")
    vscode.palette("Show or Focus Hover")
    hover = vscode.page.locator(".monaco-hover table")
    expect(hover).to_contain_text("4 < 5")
