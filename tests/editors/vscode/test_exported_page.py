"""An exported page in a real browser: figures of plotly and Altair are drawn by their own libraries.

plotly and Altair made the bundles in tests/data/figures.json. The files of the CDNs come from npm: the
libraries that the extension contains, and require.js (figures/).
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from kernel_bridge.history.html import html
from kernel_bridge.history.notebook import Notebook, mended
from tests.editors.vscode.install import EXTENSION

HERE = Path(__file__).parent
BUNDLES = json.loads((HERE.parents[1] / "data" / "figures.json").read_text())
MODULES = EXTENSION / "node_modules"
SERVED = {
    "require.min.js": HERE / "figures" / "node_modules" / "requirejs" / "require.js",
    "plotly-4.1.1.min.js": MODULES / "plotly.js-dist-min" / "plotly.min.js",
    "vega@6": MODULES / "vega" / "build" / "vega.min.js",
    "vega-lite@6": MODULES / "vega-lite" / "build" / "vega-lite.min.js",
    "vega-embed@7": MODULES / "vega-embed" / "build" / "vega-embed.min.js",
}
CDNS = re.compile("https:")
GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def serve(route: Route) -> None:
    file = SERVED.get(route.request.url.rsplit("/", 1)[-1])
    if file is None:
        route.abort()
    else:
        route.fulfill(
            path=file,
            content_type="text/javascript",
            headers={"access-control-allow-origin": "*"},
        )


@pytest.fixture
def page(chromium: BrowserContext, folder: Path) -> Any:
    """A page that holds every figure, with a picture beside the last one."""
    bundles: list[dict[str, Any]] = [*BUNDLES, BUNDLES[0] | {"image/gif": GIF, "image/png": GIF}]
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in bundles]
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "execution_count": 1}
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = Notebook({"kernelspec": spec}, [cell | {"outputs": mended(outputs)}])
    (folder / "page.html").write_text("".join(html(notebook)))
    page = chromium.new_page()
    yield page
    page.close()


def test_figures_are_drawn(page: Page, folder: Path) -> None:
    page.route(CDNS, serve)
    page.goto((folder / "page.html").as_uri())
    plotly, vega, other = page.locator(".kernel-bridge-figure").all()
    for figure in (plotly, other):
        expect(figure.locator(".gtitle")).to_have_text("A </script> plotly figure")
    expect(vega.locator("canvas, svg.marks").first).to_be_visible()
    expect(other.locator("img")).to_have_count(0)
    assert page.evaluate("typeof requirejs") == "function"  # which would have taken the libraries


def test_offline_the_page_says_what_is_missing(page: Page, folder: Path) -> None:
    page.route(CDNS, lambda route: route.abort())
    page.goto((folder / "page.html").as_uri())
    for figure in page.locator(".kernel-bridge-figure").all():
        expect(figure).to_contain_text("[this figure could not be drawn: Failed to fetch]")
    expect(page.locator(".kernel-bridge-figure").last.locator("img")).to_have_count(1)
