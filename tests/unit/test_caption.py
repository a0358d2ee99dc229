"""What a bundle shows in a few words, and the size of pictures from the beginning of their files."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.runs.caption import caption
from kernel_bridge.runs.picture import pixels

SIZES = st.integers(1, 0x3FFF)
FIGURE = "<Figure size 640x480 with 1 Axes>"


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return base64.b64encode(head + bytes(9)).decode()


def headers(width: int, height: int) -> dict[str, list[bytes]]:
    """The beginning of files of each format."""
    thumbnail = b"\xff\xe1" + struct.pack(">H", 40_002) + bytes(40_000)
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3)
    webp = b"RIFF" + bytes(4) + b"WEBP"
    bits = (width - 1) | (height - 1) << 14
    extended = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return {
        "image/png": [base64.b64decode(png(width, height))],
        "image/gif": [b"GIF89a" + struct.pack("<HH", width, height)],
        "image/jpeg": [b"\xff\xd8" + frame, b"\xff\xd8" + thumbnail + frame],
        "image/webp": [
            webp + b"VP8X" + bytes(8) + extended,
            webp + b"VP8L" + bytes(4) + b"\x2f" + struct.pack("<I", bits),
            webp + b"VP8 " + bytes(4) + bytes(6) + struct.pack("<HH", width, height),
        ],
    }


@given(SIZES, SIZES)
def test_the_size_of_a_picture(width: int, height: int) -> None:
    for mime, files in headers(width, height).items():
        for file in files:
            text = base64.encodebytes(file + bytes(100)).decode()
            assert pixels(mime, text) == (width, height), mime


@given(
    st.sampled_from([*headers(1, 1), "image/svg+xml", "image/bmp"]),
    st.binary() | st.text(),
    st.integers(0, 40),
)
def test_a_damaged_picture_has_no_size(mime: str, noise: bytes | str, kept: int) -> None:
    if isinstance(noise, str):
        assert pixels(mime, noise) is None
        assert pixels("image/svg+xml", noise) is None
        return
    file = headers(5, 7).get(mime, [b""])[0][:kept] + noise
    size = pixels(mime, base64.b64encode(file).decode())
    assert size is None or all(side >= 0 for side in size)


@pytest.mark.parametrize(
    ("tag", "size"),
    [
        ('<svg width="30" height="20">', (30, 20)),
        ('<?xml version="1.0"?>\n<svg xmlns="x" width="45pt" height="30pt" viewBox="0 0 45 30">', (60, 40)),
        ("<svg:svg height='7.6px' width='9px'/>", (9, 8)),
        ('<svg width="100%" height="100%" viewBox="-1 -1.5 640 480">', (640, 480)),
        ('<svg stroke-width="3">', None),
        ("<p>", None),
    ],
)
def test_the_size_of_an_svg(tag: str, size: tuple[int, int] | None) -> None:
    assert pixels("image/svg+xml", tag) == size


def frame(rows: int, columns: int, note: str = "") -> str:
    """A table as pandas writes it."""
    head = "<tr><th></th>" + "<th>c</th>" * columns + "</tr>"
    body = ("<tr><th>0</th>" + "<td>1</td>" * columns + "</tr>") * rows
    return f"<div><style>.x {{}}</style><table><thead>{head}</thead><tbody>{body}</tbody></table>{note}</div>"


WIDGET = "application/vnd.jupyter.widget-view+json"
PLOTLY = "application/vnd.plotly.v1+json"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"image/png": png(640, 480), "text/plain": FIGURE}, "plot 640 x 480"),
        ({"image/png": png(3, 2), "text/plain": "plot without title"}, "plot 3 x 2"),
        ({"image/png": png(3, 2)}, "plot 3 x 2"),
        ({"image/png": "!", "text/plain": FIGURE}, "plot"),
        ({"image/png": png(3, 2), "text/plain": "<PIL.Image.Image image mode=RGB>"}, "picture 3 x 2"),
        ({"image/png": png(3, 2), "text/latex": "$x$", "text/plain": "x"}, None),
        ({"text/plain": "figure it out"}, None),
        ({"text/plain": "<a.B object>"}, None),
        ({"text/html": frame(10, 3), "text/plain": "  c\n0 1"}, "table 10 x 3"),
        ({"text/html": frame(0, 3)}, "table 0 x 0"),
        ({"text/html": frame(10, 3, "<p>9000 rows × 30 columns</p>")}, "table 9000 x 30"),
        ({"text/html": frame(9000, 3, "<p>9000 rows × 3 columns</p>")}, "table 9000 x 3"),
        ({"text/html": frame(9000, 3)}, "table"),
        ({"text/html": f"<small>shape: (1_000, 4)</small>{frame(5, 4)}"}, "table 1000 x 4"),
        ({"text/html": '<table class="dataframe">\n<caption>A data.frame: 5 × 2</caption>'}, "table 5 x 2"),
        ({"text/html": "<div><span>7×2 DataFrame</span></div><table>"}, "table 7 x 2"),
        ({PLOTLY: {"layout": {"width": 400, "height": 250.4}}, "text/html": "<b>"}, "plot 400 x 250"),
        ({PLOTLY: []}, "plot"),
        ({"application/vnd.vegalite.v6.json": {"width": "container", "height": 80}}, "plot"),
        ({"application/vnd.vega.v5+json": {"width": 9, "height": 8}}, "plot 9 x 8"),
        ({"text/html": "<style>a {}</style><script>1</script>", "text/plain": "alt.Chart(...)"}, "plot"),
        ({"text/html": "<b>bold</b>", "text/plain": "<b at 0x7f> 1"}, None),
        ({WIDGET: {}, "text/plain": "IntSlider(value=7)"}, "IntSlider widget"),
        ({WIDGET: {}, "text/plain": "  0%|  | 0/3"}, "widget"),
        ({"text/html": "<audio controls>", "text/plain": "<IPython.lib.display.Audio object>"}, "audio"),
        ({"video/mp4": "AAAA", "text/plain": "<IPython.core.display.Video object>"}, "video"),
        ({"application/pdf": "AAAA"}, "PDF"),
        ({"text/html": "<b>bold</b> &amp; <i>so</i>", "text/plain": "<a.B object>"}, "bold  &  so"),
        ({"text/html": "<p>Trust me</p><iframe>", "text/plain": "<folium.folium.Map at 0x7f>"}, "Map"),
        ({"text/html": "<br>"}, "HTML"),
        ({"text/latex": "$x$", "text/plain": "<IPython.core.display.Latex object>"}, None),
        ({"application/json": {"a": 1}, "text/plain": "<IPython.core.display.JSON object>"}, "JSON, 1 key"),
        ({"application/json": [1, 2]}, "JSON, 2 items"),
        ({"application/vnd.unknown+json": {}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_bundle_in_a_few_words(data: dict[str, Any], expected: str | None) -> None:
    assert caption(data) == expected


def test_figures_of_real_libraries_are_plots() -> None:
    for data in json.loads((Path(__file__).parents[1] / "data" / "figures.json").read_text()):
        assert str(caption(data)).startswith("plot")


MIMES = [
    "text/plain",
    "text/html",
    "image/png",
    "image/svg+xml",
    PLOTLY,
    WIDGET,
    "application/json",
    "video/x",
]
JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
)


@given(st.dictionaries(st.sampled_from(MIMES), JSON))
def test_a_strange_bundle_is_no_error(data: dict[str, Any]) -> None:
    assert caption(data) != ""
