"""A notebook of runs: valid, the same bytes every time, whatever a kernel sent."""

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.history.formats import render
from kernel_bridge.history.notebook import ipynb, mend, notebook
from kernel_bridge.history.records import RunRecord, kernel_record
from kernel_bridge.protocol.errors import NothingToExport
from tests.unit.history_samples import KERNEL, make_run

TIMES = {"iopub.status.busy": "2026-01-01T00:00:01Z", "shell.execute_reply": "2026-01-01T00:00:02Z"}
PNG = {"output_type": "display_data", "data": {"image/png": "aGk=\n", "text/plain": "<fig>"}, "metadata": {}}


def record(run_id: str = "run-1", times: dict[str, str] = TIMES, **fields: Any) -> RunRecord:
    return RunRecord(make_run(run_id, **{"outputs": [], **fields}), kernel_record(KERNEL), times)


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_a_notebook_as_it_stands_in_the_file() -> None:
    ran = record(source="a\nb", execution_count=3, outputs=[printed("x\ny\n")])
    never_ran = record("run-2", state="cancelled", started_at=None)
    text = ipynb(notebook([ran, never_ran]))
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


def test_only_runs_that_ran_can_be_exported() -> None:
    with pytest.raises(NothingToExport):
        notebook([record(state="aborted", started_at=None)])


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
def test_whatever_a_kernel_sends_gives_a_valid_notebook(
    outputs: list[dict[str, Any]], text: str, language_info: dict[str, Any] | None
) -> None:
    run = record(text, source=text, execution_count=-1, outputs=outputs)
    kernel = kernel_record(KERNEL)
    kernel = type(kernel)(kernel.name, kernel.display_name, kernel.language, None, language_info)
    written = ipynb(notebook([RunRecord(run.run, kernel, run.times)])).encode()
    nbformat.validate(nbformat.reads(written, as_version=4))
    json.loads(written, parse_constant=pytest.fail)
    assert ipynb(notebook([RunRecord(run.run, kernel, run.times)])).encode() == written


@pytest.mark.parametrize(
    "output",
    [
        printed("a\x0bb\u2028c\r\n\x1b[31md"),
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
def test_what_is_right_stays_as_it_is(output: dict[str, Any]) -> None:
    assert mend(output) == output
    read = nbformat.reads(ipynb(notebook([record(outputs=[output])])), as_version=4)
    assert read.cells[0].outputs == [output]


def check_format(format: Any, records: list[RunRecord], expected: str, **options: Any) -> None:
    assert render(notebook(records), format, **options) == expected


def test_percent_cells() -> None:
    runs = [record("a", source="%time x\n"), record("b", source="y\nz")]
    check_format("py", runs, "# %%\n%time x\n\n# %%\ny\nz\n")
    check_format("py", runs[1:], "(* %% *)\ny\nz\n", comment=("(*", "*)"))


def test_markdown() -> None:
    svg = {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}, "metadata": {}}
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m", "at"]}
    result = {"output_type": "display_data", "data": {"text/html": "<b>", "text/plain": "b"}, "metadata": {}}
    check_format("md", [record(outputs=[])], "```python\n1+1\n```\n")
    check_format(
        "md",
        [record(source="'```'\n", outputs=[printed("\x1b[1mx\x1b[0m\n"), PNG, svg, error, result])],
        "````python\n'```'\n````\n\n```\nx\n```\n\n![](data:image/png;base64,aGk=)\n\n"
        "![](data:image/svg+xml;base64,PHN2Zy8+)\n\n```\nE\nat\n```\n\n```\nb\n```\n",
    )


def test_html_is_a_page_with_the_outputs() -> None:
    page = render(notebook([record(source="print('x')", outputs=[printed("<x>\n"), PNG])]), "html")
    assert page.startswith("<!DOCTYPE html>")
    assert "&lt;x&gt;" in page
    assert "data:image/png;base64,aGk=" in page
