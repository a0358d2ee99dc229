"""Markdown made of notebooks shows what it can, names what it cannot, and is read back as the same cells."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kernel_bridge.history.markdown import markdown
from kernel_bridge.history.notebook import Notebook, mended
from kernel_bridge.source.script import read_script
from tests.outputs import stream

Json = dict[str, Any]

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def code(source: str, *outputs: Json) -> Json:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": mended(outputs)}


def text_cell(kind: str, source: str, **fields: Any) -> Json:
    return {"cell_type": kind, "metadata": {}, "source": source} | fields


def display(data: Json) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def place(name: str, mime: str, content: bytes) -> str:
    return f"{name}.{mime.partition('/')[2]}.{len(content)}"


def written(*cells: Json) -> str:
    return "".join(markdown(Notebook(METADATA, cells), place))


def lost(mime: str, advice: str = "HTML to see it") -> str:
    article = "an" if mime[0] in "aeiou" else "a"
    return f"[{article} {mime} output, which Markdown cannot show; export to {advice}]"


PLOTLY = "application/vnd.plotly.v1+json"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"text/plain": "\x1b[31ma\x1b[0m```"}, "````\na```\n````"),
        ({"text/plain": "x", "text/latex": "$$x$$"}, "$$x$$"),
        ({"text/plain": "x", "text/markdown": "*x*", "image/gif": GIF}, "*x*"),
        ({"text/plain": "x", "image/gif": f"{GIF}\n"}, "![](output.gif.42)"),
        ({"image/svg+xml": "<svg>é</svg>", "image/gif": GIF}, "![](output.svg+xml.13)"),
        ({"image/x-other": GIF}, "![](output.x-other.42)"),
        ({"image/gif": ")not base64<script>"}, "[an image/gif output whose data is damaged]"),
        ({"audio/wav": GIF, "text/plain": "<Audio>"}, "[audio/wav](output.wav.42)"),
        ({"application/pdf": GIF}, "[application/pdf](output.pdf.42)"),
        ({"application/json": {"é": ["```"]}}, '````\n{\n  "é": [\n    "```"\n  ]\n}\n````'),
        ({"text/csv": "a,b"}, "```\na,b\n```"),
        ({PLOTLY: {}, "text/plain": "Figure"}, f"```\nFigure\n```\n\n{lost(PLOTLY)}"),
        ({PLOTLY: {}, "image/gif": GIF, "text/plain": "F"}, f"![](output.gif.42)\n\n{lost(PLOTLY)}"),
        *(
            ({mime: {}}, lost(mime))
            for mime in ("application/vnd.vegalite.v1+json", "application/vnd.vega.v6.json")
        ),
        ({"application/javascript": "x"}, lost("application/javascript")),
        *(
            ({mime: "{}"}, lost(mime, ".ipynb to keep it"))
            for mime in ("application/vnd.jupyter.widget-view+json", "application/geo+json", "custom", "a/x")
        ),
        ({"image/x](y)\n": GIF}, lost("image/xy", ".ipynb to keep it")),
        ({"a/]b`\n": "x"}, lost("a/b", ".ipynb to keep it")),
        ({}, ""),
        ({"text/plain": "\n"}, ""),
    ],
)  # fmt: skip
def test_the_best_representation_is_shown_and_a_better_one_named(data: Json, expected: str) -> None:
    block = f"\n\n{expected}" if expected else ""
    assert written(code("x", display(data))) == f"```python\nx\n```{block}\n"


FRAME = """<div>
<style scoped>
    .dataframe tbody tr th { vertical-align: top; }
</style>
<table border="1" class="dataframe">
  <tr><td>a&amp;|b</td><td>1<br>2</td></tr>

  <!-- end -->
</table>
</div>"""
FRAME_SHOWN = """<div>
<table border="1" class="dataframe">
  <tr><td>a&amp;|b</td><td>1<br>2</td></tr>
</table>
</div>"""


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (FRAME, FRAME_SHOWN),
        ("<b>2*3*4</b> 1 < 2", "<div>\n<b>2*3*4</b> 1 &lt; 2\n</div>"),
        ("<pre>a\r\n\r\nb</pre>", "<div>\n<pre>a&#10;\nb</pre>\n</div>"),
        ("<style>b {}</style>", ""),
        ("<IMG SRC='a.png' />", "<div>\n<IMG SRC='a.png' />\n</div>"),
        *(
            (html, None)
            for html in (
                "<script>x</script>",
                "<iframe src=x></iframe>",
                "<img src=x onerror=x>",
                "<a href=' java\nscript:x'>x</a>",
                "<svg></svg>",
                "<div>",
                "</div>",
                "<b><i></b></i>",
                "<textarea>",
                "<style>",
            )
        ),
    ],
)
def test_html_is_shown_as_github_shows_it(html: str, expected: str | None) -> None:
    if expected is None:
        expected = f"```\nx\n```\n\n{lost('text/html')}"
    block = f"\n\n{expected}" if expected else ""
    assert (
        written(code("x", display({"text/html": html, "text/plain": "x"}))) == f"```python\nx\n```{block}\n"
    )


def test_html_that_is_read_in_quadratic_time_is_not_read() -> None:
    for part in ("<div", "<!--"):
        assert lost("text/html") in written(code("x", display({"text/html": part * 200_000})))


MARKS = """
    ``` ~~~ ````python ```{r} ` x - > 1. # --- <!-- --> <div> </div> <pre> </pre> <script> </script> <? ?>
    <![CDATA[ <!X <table> <td> </td> <style> </style> <b > & [x]:
"""
PARTS = st.sampled_from([*MARKS.split(), "\n", "\n\n", " ", "    ", "\r", "\t"])


@given(
    st.lists(PARTS, max_size=12).map("".join),
    st.sampled_from(["text/markdown", "text/html", "text/plain", "text/latex", "stream", "cell"]),
)
def test_no_text_hides_the_code_after_it_or_becomes_code(text: str, kind: str) -> None:
    match kind:
        case "stream":
            cells = [code("first", stream(text))]
        case "cell":
            cells = [code("first"), text_cell("markdown", text.replace("python", "r"))]
        case _:
            cells = [code("first", display({kind: text}))]
    document = written(*cells, code("last"))
    read = [cell.source for cell in read_script(document, "markdown").cells if cell.has_code]
    assert [source for source in read if kind != "cell" or source in ("first", "last")] == ["first", "last"]
    if kind == "text/html" or not re.search(
        "<div|</?t[ad]", text
    ):  # Pandoc, unlike CommonMark, reads fences there
        tokens = MarkdownIt("commonmark").parse(document)
        fences = [token.content for token in tokens if token.type == "fence" and token.info == "python"]
        assert fences == ["first\n", "last\n"]


def test_a_fence_has_the_language_and_the_tags_of_its_cell() -> None:
    metadata = {"vscode": {"languageId": "shell`script"}, "tags": ["parameters", "é"]}
    text = written(code("x") | {"metadata": metadata}, code("y") | {"metadata": {"vscode": 1, "tags": ["`"]}})
    assert text == '```shellscript tags=["parameters", "é"]\nx\n```\n\n```python\ny\n```\n'
    shell, python = read_script(text, "markdown").cells
    assert (shell.source, shell.tags, python.source) == ("x", ("parameters", "é"), "y")


def test_errors_are_shown_without_colours() -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m", "at"]}
    dead = {"output_type": "error", "ename": "DeadKernelError", "evalue": "died", "traceback": []}
    assert written(code("x", error, dead)) == (
        "```python\nx\n```\n\n```\nE\nat\n```\n\n```\nDeadKernelError: died\n```\n"
    )


def test_attachments_are_placed() -> None:
    attachments = {"a b.gif": {"image/gif": GIF}, "c%.gif": {"image/gif": GIF}, "bad.gif": {"image/gif": "x"}}
    source = (
        "![alt](attachment:a%20b.gif 'title') ![](<attachment:a b.gif>) ![](attachment:c%.gif)\n"
        "![x](attachment:bad.gif) ![](attachment:none.gif) [link](attachment:none.gif)\n"
    )
    assert written(text_cell("markdown", source, attachments=attachments)) == (
        "![alt](a b.gif.42 'title') ![](<a b.gif.42>) ![](c%.gif.42)\n"
        "[the attachment bad.gif is missing from the notebook] "
        "[the attachment none.gif is missing from the notebook] [link](attachment:none.gif)\n"
    )


def test_raw_cells_of_other_formats_are_shown_as_text() -> None:
    latex = text_cell("raw", "\\LaTeX", metadata={"raw_mimetype": "text/latex"})
    assert written(text_cell("raw", "---\ntitle: x\n---"), latex) == (
        "---\ntitle: x\n---\n\n```\n\\LaTeX\n```\n"
    )
    assert json.dumps(latex["metadata"]) == '{"raw_mimetype": "text/latex"}'
