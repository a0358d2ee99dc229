"""HTML made of notebooks shows what a page can, names what it cannot, and is made without a warning."""

import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from kernel_bridge.history.html import html
from kernel_bridge.history.notebook import Notebook, as_node, mended

Json = dict[str, Any]

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
URI = f"data:image/gif;base64,{GIF}"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
PLOTLY = "application/vnd.plotly.v1+json"
VEGALITE = "application/vnd.vegalite.v6.json"
WIDGET = "application/vnd.jupyter.widget-view+json"


def book(*cells: Json, metadata: Json = METADATA) -> Notebook:
    numbered = [{"id": f"c{number}", "metadata": {}} | cell for number, cell in enumerate(cells)]
    return Notebook(metadata, numbered)


def page(*cells: Json, metadata: Json = METADATA) -> Any:
    return BeautifulSoup("".join(html(book(*cells, metadata=metadata))), "html.parser")


def code(*outputs: Json) -> Json:
    return {"cell_type": "code", "source": "x", "execution_count": 1, "outputs": mended(outputs)}


def display(data: Json, **metadata: Any) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def outputs(*shown: Json, metadata: Json = METADATA) -> Any:
    return page(code(*shown), metadata=metadata).select_one(".jp-OutputArea")


def lost(mime: str) -> str:
    return f"[an {mime} output, which HTML cannot show; export to .ipynb to keep it]"


@pytest.mark.parametrize(
    ("data", "selector"),
    [
        ({"image/gif": GIF, "text/plain": "x"}, f"img[src='{URI}']"),
        ({"image/png": GIF}, "img[src^='data:image/png']"),
        ({"audio/wav": GIF}, "audio[controls][src^='data:audio/wav']"),
        ({"video/mp4": GIF}, "video[controls][src^='data:video/mp4']"),
        ({"application/pdf": GIF}, "object[type='application/pdf']"),
        ({"text/html": "<i id=it>x</i>", PLOTLY: {}}, "#it"),
        ({"application/javascript": "x", PLOTLY: {}}, ".jp-RenderedJavaScript"),
        ({"text/vnd.mermaid": "x"}, ".jp-Mermaid"),
        ({PLOTLY: {}, "image/gif": GIF}, f"script[data-figure='{PLOTLY}']"),
        ({PLOTLY: {}, "image/png": GIF}, ".kernel-bridge-figure img[src^='data:image/png']"),
        ({VEGALITE: "{}"}, f"script[data-figure='{VEGALITE}']"),
    ],
)
def test_what_nbconvert_leaves_out_is_drawn(data: Json, selector: str) -> None:
    assert outputs(display(data)).select_one(selector)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"application/json": {"a": ["</pre>"]}}, '{\n  "a": [\n    "</pre>"\n  ]\n}'),
        ({"text/csv": "a,<b>"}, "a,<b>"),
        ({"text/plain": "\x1b]0;x\x07\x1b[38:5:1m<x>\x1b[0m"}, "<x>"),
        ({"application/geo+json": {}, "text/plain": "x"}, f"x {lost('application/geo+json')}"),
        ({WIDGET: {"model_id": "m"}, "text/plain": "x"}, f"x {lost(WIDGET)}"),
        ({"a/<script>x": "x"}, "[an a/scriptx output, which HTML cannot show; export to .ipynb to keep it]"),
        ({VEGALITE: "{", "text/plain": "x"}, f"x [an {VEGALITE} output whose data is damaged]"),
        ({"image/png": "'><script>", "text/plain": "x"}, "x [an image/png output whose data is damaged]"),
    ],
)
def test_the_rest_is_text_and_is_named(data: Json, text: str) -> None:
    shown = outputs(display(data))
    assert " ".join(shown.stripped_strings) == text
    assert not shown.select("script")


def test_a_figure_is_drawn_from_its_own_data() -> None:
    spec = {"data": ["</script><b>"], "layout": {"title": "é"}}
    options = {PLOTLY: {"embed_options": {"theme": "dark"}}}
    shown = page(code(display({PLOTLY: spec}, **options)))
    assert json.loads(shown.select_one("script[data-figure]").string) == {
        "spec": spec,
        "options": {"theme": "dark"},
    }
    assert shown.select_one(".kernel-bridge-figure").text == (
        f"[an {PLOTLY} output; its library is loaded from the web to draw it]"
    )
    assert "Plotly.newPlot" in shown.find_all("script")[-1].string
    assert "Plotly.newPlot" not in str(page(code()))


def test_a_widget_is_drawn_if_the_notebook_holds_its_state() -> None:
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"m": {}}, "version_major": 2}}
    shown = outputs(display({WIDGET: {"model_id": "m"}}), metadata=METADATA | {"widgets": state})
    assert shown.select_one(f"script[type='{WIDGET}']")


def test_text_cells() -> None:
    attachments = {"a b.gif": {"image/gif": GIF}}
    source = "![alt](attachment:a%20b.gif) ![](attachment:none.gif) [link](attachment:none.gif)"
    raw = {"cell_type": "raw", "source": "\\LaTeX <b>", "metadata": {"raw_mimetype": "text/latex"}}
    shown = page({"cell_type": "markdown", "source": source, "attachments": attachments}, raw)
    assert [image["src"] for image in shown.main.select("img")] == [URI]
    assert "[the attachment none.gif is missing from the notebook]" in shown.text
    assert shown.select_one("pre").text.strip() == "\\LaTeX <b>"


def test_an_error_is_shown_in_colour() -> None:
    died = {"output_type": "error", "ename": "DeadKernelError", "evalue": "died", "traceback": []}
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m\x07<at>"]}
    shown = outputs(died, error)
    assert re.sub(r"\s+", " ", shown.text).strip() == "DeadKernelError: died E<at>"
    assert shown.select_one(".ansi-red-fg").text == "E"


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<b>x</b><script>1</script>", "image/png": PNG},
        {"text/markdown": "*x* $y$\n\n- `z`"},
        {"image/svg+xml": "<svg/>", "image/png": PNG},
        {"text/vnd.mermaid": "graph LR; a-->b"},
        {"text/latex": "$$x < y$$", "image/png": PNG},
        {"image/png": PNG, "image/jpeg": GIF},
        {"image/jpeg": GIF},
        {"text/plain": "\x1b[1;31mx\x1b[0m <y>"},
    ],
)
def test_what_nbconvert_draws_is_as_nbconvert_draws_it(data: Json) -> None:
    cell = code(display({"text/plain": "x"} | data, **{"image/png": {"width": 5, "height": 6}}))
    notebook = book(cell | {"outputs": list(cell["outputs"])})
    exporter = HTMLExporter(extra_template_basedirs=[], log=logging.getLogger("silent"))
    theirs, _ = exporter.from_notebook_node(as_node(notebook))
    ours = BeautifulSoup("".join(html(notebook)), "html.parser")
    assert ours.main == BeautifulSoup(theirs, "html.parser").main
    assert ours.title.text == "Notebook"
    (named,) = BeautifulSoup("".join(html(notebook, "a<b")), "html.parser").select("title")
    assert named.text == "a<b"


EXPORT = f"""
from kernel_bridge.history.html import html
from kernel_bridge.history.notebook import Notebook
output = {{"output_type": "display_data", "metadata": {{}}, "data": {{"image/png": "{GIF}", "a/b": "x"}}}}
cell = {{"cell_type": "code", "id": "a", "metadata": {{}}, "source": "x", "execution_count": 1}}
cells = [cell | {{"outputs": [output]}}]
print(len("".join(html(Notebook({METADATA!r}, cells)))) > 0)
"""


def test_no_warning_of_a_library_is_seen() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXPORT], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
