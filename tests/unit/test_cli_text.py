"""Texts of the command line: sizes, times, pictures, secrets, notebooks."""

import base64
import io
import json
from typing import Any

import PIL.Image
import pytest

from kernel_bridge.cli.terminal.mime import format_bytes, render_data, render_error
from kernel_bridge.cli.terminal.pictures import draw
from kernel_bridge.cli.terminal.screen import Channel
from kernel_bridge.redaction import redact
from kernel_bridge.source.notebook import read_notebook


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (12_345, "12.3 kB"),
        (999_960, "1.0 MB"),
        (5 * 10**9, "5.0 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("ename", "evalue", "traceback", "text"),
    [
        ("E", "v", ["one", "two"], "one\ntwo\n"),
        ("E", "v", [], "E: v\n"),
        ("E", "", [], "E\n"),
        ("", "2", [], "error: 2\n"),  # bash_kernel: the exit status
        ("", "", [], "error\n"),
    ],
)
def test_errors(ename: str, evalue: str, traceback: list[str], text: str) -> None:
    output = {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback}
    assert render_error(output, Channel(io.StringIO())) == text


JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"text/plain": "5"}, "5\n"),
        (
            {"text/plain": "<Figure>", "image/jpeg": base64.b64encode(JPEG).decode()},
            "[image/jpeg 32x16, 21 bytes]\n",
        ),
        ({"text/plain": "<x>", "image/svg+xml": "<svg/>"}, "[image/svg+xml, 6 bytes]\n"),
        ({"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": "**md**"}, "**md**\n"),
        ({"text/plain": "<IPython.core.display.HTML object>", "text/html": "<b>"}, "[text/html, 3 bytes]\n"),
        ({"application/json": {"a": 1}}, '{\n  "a": 1\n}\n'),
        ({"image/png": "no base64!"}, "[image/png, not base64]\n"),
        ({}, ""),
    ],
)
def test_mime_bundles(data: dict[str, Any], text: str) -> None:
    assert render_data(data, Channel(io.StringIO())) == text


@pytest.mark.parametrize(("format", "drawn"), [("JPEG", True), ("PPM", False), ("EPS", False)])
def test_a_picture_is_read_as_its_declared_format(format: str, drawn: bool) -> None:
    """Otherwise Pillow guesses from the content, and starts Ghostscript for EPS."""
    content = io.BytesIO()
    PIL.Image.new("RGB", (2, 2)).save(content, format)
    data = {"image/jpeg": base64.b64encode(content.getvalue()).decode()}
    assert (draw("kitty", data, 80) is not None) == drawn


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ('{"key": "abc-def", "ip": "127.0.0.1"}', '{"key": ***, "ip": "127.0.0.1"}'),
        ("GET /api?token=abc123&x=1", "GET /api?token=***&x=1"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("KeyError: 'name'", "KeyError: 'name'"),
    ],
)
def test_secrets_are_not_logged(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def test_the_code_of_a_notebook() -> None:
    cells = [
        {"cell_type": "markdown", "source": "# One\ntext\n## Two"},
        {"cell_type": "code", "source": ["a\n", "b"], "metadata": {"tags": ["t"]}},
        {"cell_type": "code", "source": " \n"},
        {"cell_type": "raw", "source": "r"},
    ]
    notebook = read_notebook(json.dumps({"cells": cells, "metadata": {"language_info": {"name": "julia"}}}))
    (cell,) = (cell for cell in notebook.cells if cell.has_code)
    assert (cell.source, cell.title, cell.tags) == ("a\nb", "Two", ("t",))
    assert (notebook.kernelspec, notebook.language) == (None, "julia")
