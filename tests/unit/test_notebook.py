"""Notebooks made of runs: valid and reproducible, for anything that a kernel sends."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.history.html import html
from kernel_bridge.history.ipynb import LONGEST_LINE, ipynb, lines
from kernel_bridge.history.markdown import markdown
from kernel_bridge.history.notebook import Notebook, as_node, mend, notebook, validated
from kernel_bridge.history.records import Pieces, RunRecord, kernel_record
from kernel_bridge.history.script import script
from kernel_bridge.protocol.errors import ExportFailed
from tests.outputs import stream
from tests.unit.history_samples import KERNEL, make_run

TIMES = {"iopub.status.busy": "2026-01-01T00:00:01Z", "shell.execute_reply": "2026-01-01T00:00:02Z"}
PNG = {"output_type": "display_data", "data": {"image/png": "aGk=\n", "text/plain": "<fig>"}, "metadata": {}}


def record(
    run_id: str = "run-1", times: dict[str, str] = TIMES, outputs: Any = (), **fields: Any
) -> RunRecord:
    return RunRecord(make_run(run_id, **fields), kernel_record(KERNEL), times, outputs)


def book(*records: RunRecord) -> Notebook:
    return notebook(records, records[-1].kernel)


def text_of(*records: RunRecord) -> str:
    return "".join(ipynb(book(*records)))


def test_the_text_of_a_notebook_file() -> None:
    text = text_of(record(source="a\nb", execution_count=3, outputs=[stream("x\ny\n")]))
    assert json.loads(text) == {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python", "file_extension": ".py"},
        },
        "cells": [
            {
                "cell_type": "code",
                "id": "run-1",
                "metadata": {"execution": TIMES},
                "source": ["a\n", "b"],
                "execution_count": 3,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x\n", "y\n"]}],
            }
        ],
    }
    assert text.startswith('{\n "cells": [\n')
    assert text.endswith("}\n")


TEXT = st.text(st.characters() | st.just("\ud800"), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters() | st.just("\ud800"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "name",
    "text",
    "data",
    "metadata",
    "execution_count",
    "ename",
    "evalue",
    "traceback",
    "transient",
    "elided",
]
MIMES = st.sampled_from(
    ["text/plain", "image/png", "application/json", "application/vnd.x+json", "application/x"]
)
OUTPUTS = st.builds(
    lambda kind, fields: {"output_type": kind, **fields},
    st.sampled_from(["stream", "display_data", "execute_result", "error", "clear_output"]),
    st.dictionaries(st.sampled_from(FIELDS), JSON | st.dictionaries(MIMES, JSON, max_size=3)),
)


@given(
    st.lists(OUTPUTS, max_size=5),
    TEXT,
    st.none()
    | st.dictionaries(st.sampled_from(["name", "mimetype", "codemirror_mode", "file_extension"]), JSON),
)
def test_any_kernel_output_makes_a_valid_notebook(
    outputs: list[dict[str, Any]], text: str, language_info: dict[str, Any] | None
) -> None:
    kernel = replace(kernel_record(KERNEL), language_info=language_info)
    ran = replace(record(text, source=text, execution_count=-1, outputs=outputs), kernel=kernel)
    written = text_of(ran).encode()
    nbformat.validate(nbformat.reads(written, as_version=4))
    json.loads(written, parse_constant=pytest.fail)
    assert text_of(ran).encode() == written
    assert written.decode() == nbformat.v4.writes_json(as_node(book(ran)), split_lines=True) + "\n"


def test_an_invalid_notebook_is_refused() -> None:
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "",
        "outputs": [{}],
        "execution_count": 1,
    }

    def take() -> None:
        for taken in validated([cell]):
            list(taken["outputs"])

    with pytest.raises(ExportFailed, match="not valid nbformat"):
        take()


LINE = st.text("ab\r\n\x0b\u2028é", max_size=5)


@given(st.lists(LINE))
def test_lines_are_those_of_the_whole_text(pieces: list[str]) -> None:
    assert list(lines(Pieces(lambda: iter(pieces)))) == "".join(pieces).splitlines(True)


def test_an_endless_line_is_cut_at_fixed_places() -> None:
    for size in (1000, 400_000, LONGEST_LINE, 3 * LONGEST_LINE):
        text = "x" * (3 * LONGEST_LINE + 5)
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        found = list(lines(Pieces(lambda pieces=pieces: iter(pieces))))
        assert [len(line) for line in found] == [LONGEST_LINE] * 3 + [5]


def test_a_pair_of_surrogates_in_two_pieces_is_one_character() -> None:
    stream = {
        "output_type": "stream",
        "name": "stdout",
        "text": Pieces(lambda: iter(["a\ud83d", "\ude00\ud800"])),
    }
    (cell,) = json.loads(text_of(record(outputs=[stream])))["cells"]
    assert cell["outputs"][0]["text"] == ["a😀\ufffd"]


@pytest.mark.parametrize(
    "output",
    [
        stream("a\x0bb\u2028c\r\n\x1b[31md"),
        PNG,
        {
            "output_type": "execute_result",
            "data": {"application/json": {"a": [1]}},
            "metadata": {},
            "execution_count": 1,
        },
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
    ],
)
def test_valid_outputs_are_unchanged(output: dict[str, Any]) -> None:
    assert mend(output) == output
    read = nbformat.reads(text_of(record(outputs=[output])), as_version=4)
    assert read.cells[0].outputs == [output]


def check_format(write: Callable[[Notebook], Iterator[str]], records: list[RunRecord], expected: str) -> None:
    assert "".join(write(book(*records))) == expected


HEADER = """\
# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     text_representation:
#       extension: ".py"
#       format_name: "percent"
#   kernelspec:
#     display_name: "Python 3"
#     language: "python"
#     name: "python3"
# ---
"""


def test_missing_output_is_reported_in_the_cell() -> None:
    run = make_run(missing_bytes=1_234_567, lost_messages=1)
    (cell,) = book(RunRecord(run, kernel_record(KERNEL), {}, [stream("a\n")])).cells
    note = (
        "[kernel-bridge could not keep about 1,234,567 bytes of this output]\n"
        "[1 message of this output never arrived]\n"
    )
    assert list(cell["outputs"]) == [
        stream("a\n"),
        {"output_type": "stream", "name": "stderr", "text": note},
    ]
    assert cell["metadata"] == {"kernel-bridge": {"missingBytes": 1_234_567, "lostMessages": 1}}


def test_percent_cells() -> None:
    runs = [record("a", source="%time x\n"), record("b", source="y\nz")]
    check_format(script, runs, HEADER + "\n# %%\n%time x\n\n# %%\ny\nz\n")
    ocaml = replace(runs[1], kernel=replace(runs[1].kernel, language="OCaml", name="ocaml"))
    text = "".join(script(book(ocaml)))
    assert text.startswith("(* --- *)\n(* jupyter: *)\n")
    assert text.endswith("(* --- *)\n\n(* %% *)\ny\nz\n")


def test_markdown() -> None:
    svg = {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}, "metadata": {}}
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m", "at"]}
    result = {
        "output_type": "display_data",
        "data": {"text/html": "<b>b</b>", "text/plain": "b"},
        "metadata": {},
    }
    check_format(markdown, [record(outputs=[])], "```python\n1+1\n```\n")
    check_format(
        markdown,
        [record(source="'```'\n", outputs=[stream("\x1b[1mx\x1b[0m\n"), PNG, svg, error, result])],
        "````python\n'```'\n````\n\n```\nx\n```\n\n![](data:image/png;base64,aGk=)\n\n"
        "![](data:image/svg+xml;base64,PHN2Zy8+)\n\n```\nE\nat\n```\n\n<div>\n<b>b</b>\n</div>\n",
    )


def test_text_formats_contain_no_control_sequences() -> None:
    hostile = "\x1bP$qm\x1b\\\x1b_Gx\x1b\\\x1b]0;x\x07\x9b2J\x07\x7fa\tb"
    shown = {"output_type": "display_data", "data": {"text/markdown": hostile}, "metadata": {}}
    check_format(
        markdown,
        [record(outputs=[stream(hostile), shown])],
        "```python\n1+1\n```\n\n```\n2Ja\tb\n```\n\n2Ja\tb\n",
    )
    named = record(source="x")
    kernel = replace(named.kernel, display_name="\x9b2J\u202ex", language="python`")
    named = replace(named, kernel=kernel)
    assert r'display_name: "\u009b2J\u202ex"' in "".join(script(book(named)))
    assert "".join(markdown(book(named))) == "```python\nx\n```\n"


def test_html_is_a_page_with_the_outputs() -> None:
    page = "".join(html(book(record(source="print('x')", outputs=[stream("<x>\n"), PNG]))))
    assert page.startswith("<!DOCTYPE html>")
    assert "&lt;x&gt;" in page
    assert "data:image/png;base64,aGk=" in page
