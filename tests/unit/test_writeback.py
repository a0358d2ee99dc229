"""Outputs are written into a notebook's text, and nothing else in it changes."""

import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.history.document import joined
from kernel_bridge.history.export import digest
from kernel_bridge.history.records import Pieces, Ran, RunRecord, kernel_record
from kernel_bridge.history.writeback import edits, runs_of_cells, write_back
from kernel_bridge.protocol.errors import ExportFailed, FileChanged
from kernel_bridge.source.notebook import read_notebook
from kernel_bridge.source.notebook_text import Edit, edited, scan
from tests.unit.history_samples import KERNEL, make_run

Json = dict[str, Any]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml"]), st.text())
OUTPUT = st.one_of(
    st.builds(lambda text: {"output_type": "stream", "name": "stdout", "text": text}, st.text()),
    st.builds(
        lambda data, json: {
            "output_type": "display_data", "data": data | {"application/json": json}, "metadata": {}
        },
        DATA,
        JSON,
    ),
    st.builds(
        lambda text: {"output_type": "error", "ename": "E", "evalue": text, "traceback": [text]}, st.text()
    ),
)  # fmt: skip


@st.composite
def code_cells(draw: st.DrawFn) -> Json:
    members = {
        "cell_type": "code",
        "metadata": draw(st.dictionaries(st.text(), JSON, max_size=3)),
        "source": draw(st.text() | st.lists(st.text())),
        "execution_count": draw(st.none() | st.integers(0, 9)),
        "outputs": draw(st.lists(OUTPUT, max_size=2)),
        "vendor": draw(JSON),
    }
    names = draw(st.permutations(list(members)))
    return {name: members[name] for name in names}


MARKDOWN = st.builds(
    lambda text, more: {"cell_type": "markdown", "source": text, "more": more}, st.text(), JSON
)
NOTEBOOK = st.builds(
    lambda cells, metadata, after: {"nbformat": 4, "é": metadata, "cells": cells, "after": after},
    st.lists(code_cells() | MARKDOWN, max_size=4),
    JSON,
    JSON,
)
COUNT = st.none() | st.integers(1, 9)
STYLES = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 2, 4, "\t"]),
        "separators": st.sampled_from([(",", ":"), (",", ": "), (",", " : ")]),
        "ensure_ascii": st.booleans(),
    }
) | st.just({"separators": (", ", ": ")})


def record(run_id: str, outputs: Iterable[Json], count: int | None = None) -> RunRecord:
    return RunRecord(make_run(run_id, execution_count=count), kernel_record(KERNEL), {"x": "t"}, outputs)


@settings(max_examples=60)
@given(NOTEBOOK, STYLES, st.sampled_from(["\n", "\r\n"]), st.data())
def test_a_notebook_of_any_format_changes_only_in_its_outputs(
    notebook: Json, style: Json, newline: str, data: st.DataObject
) -> None:
    def dumps(value: Json) -> str:
        return json.dumps(value, **style).replace("\n", newline) + end

    end = data.draw(st.sampled_from(["", newline]))
    text = dumps(notebook)
    assert "".join(edited(text, [])) == text
    runs = {
        index: record(f"r{index}", data.draw(st.lists(OUTPUT, max_size=2)), data.draw(COUNT))
        for index, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and data.draw(st.booleans())
    }
    after = "".join(edited(text, edits(scan(text), runs)))
    found = json.loads(after)
    assert dumps(found) == after
    for index, run in runs.items():
        cell = found["cells"][index]
        assert cell["execution_count"] == run.run.execution_count
        assert list(map(joined, cell["outputs"])) == run.outputs
        before = notebook["cells"][index]
        cell["outputs"], cell["execution_count"] = before["outputs"], before["execution_count"]
    assert dumps(found) == text
    again = "".join(edited(after, edits(scan(after), runs)))
    assert again == after


@st.composite
def spaced(draw: st.DrawFn, value: Any) -> str:
    """The JSON with any white space between its tokens."""

    def blank() -> str:
        return draw(st.sampled_from(["", "", " ", "\n", "\t ", "\r\n  "]))

    def text(value: Any) -> str:
        match value:
            case dict():
                members = (f"{blank()}{json.dumps(key)}{blank()}:{text(part)}" for key, part in value.items())
                return f"{blank()}{{{','.join(members) or blank()}}}{blank()}"
            case list():
                return f"{blank()}[{','.join(map(text, value)) or blank()}]{blank()}"
            case _:
                return f"{blank()}{json.dumps(value)}{blank()}"

    return text(value)


def rest(text: str) -> str:
    """The text without the outputs and execution counts."""
    members = [cell.members.get(key) for cell in scan(text).cells for key in ("outputs", "execution_count")]
    gaps = sorted((member.value, member.end) for member in members if member is not None)
    return "".join(edited(text, (Edit(start, end, "…") for start, end in gaps)))


@settings(max_examples=60)
@given(st.lists(code_cells() | MARKDOWN, min_size=1, max_size=3), JSON, st.data())
def test_white_space_of_any_kind_is_kept(cells: list[Json], more: Json, data: st.DataObject) -> None:
    text = data.draw(spaced({"cells": [1, {}], "more": more, "metadata": {}}))
    text = text.replace('"metadata"', f'"cells":{data.draw(spaced(cells))},"metadata"')
    code = [index for index, cell in enumerate(cells) if cell["cell_type"] == "code"]
    runs = {index: record(f"r{index}", [HELLO], 5) for index in code}
    after = "".join(edited(text, edits(scan(text), runs)))
    for index in code:
        cells[index] |= {"execution_count": 5, "outputs": [HELLO | {"text": ["hé\n", "llo"]}]}
    assert json.loads(after) == {"cells": cells, "more": more, "metadata": {}}
    assert rest(after) == rest(text)


HELLO = {"output_type": "stream", "name": "stdout", "text": "hé\nllo"}
FOUR_SPACES = """\
\ufeff{\r
    "nbformat_minor": 2, "nbformat": 4,\r
    "cells": [\r
        {"cell_type": "markdown", "source": "\\u0041 \\/"},\r
        {\r
            "outputs": [],\r
            "cell_type": "code" , "source": "1+1",\r
            "execution_count" : null\r
        }\r
    ]\r
}"""


def check(path: Path, text: str, records: dict[int, RunRecord], expected: str) -> None:
    path.write_bytes(text.encode())
    new = write_back(path, digest(text.encode()), records)
    assert path.read_bytes() == expected.encode()
    assert new == digest(expected.encode())


def test_outputs_are_written_in_the_style_of_the_file(tmp_path: Path) -> None:
    expected = FOUR_SPACES.replace('"execution_count" : null', '"execution_count" : 3').replace(
        "[],",
        """[\r
                {\r
                    "name": "stdout",\r
                    "output_type": "stream",\r
                    "text": [\r
                        "hé\\n",\r
                        "llo"\r
                    ]\r
                }\r
            ],""",
    )
    check(tmp_path / "a.ipynb", FOUR_SPACES, {1: record("r", [HELLO], 3)}, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"cells":[{"cell_type":"code","source":"é"}]}', ',"execution_count":1,"outputs":[{"name":"stdout",'
         '"output_type":"stream","text":["hé\\n","llo"]}]}]}'),
        ('{"cells": [{"cell_type": "code", "source": "\\\\u00e9"}]}', ', "execution_count": 1, "outputs": '
         '[{"name": "stdout", "output_type": "stream", "text": ["hé\\n", "llo"]}]}]}'),
        ('{"cells":[{"cell_type":"code","source":"\\\\\\u00e9"}]}', ',"execution_count":1,"outputs":[{"name":'
         '"stdout","output_type":"stream","text":["h\\u00e9\\n","llo"]}]}]}'),
    ],
)  # fmt: skip
def test_members_that_a_cell_lacks_are_added_at_its_end(tmp_path: Path, text: str, expected: str) -> None:
    check(tmp_path / "a.ipynb", text, {0: record("r", [HELLO], 1)}, text.removesuffix("}]}") + expected)


def test_equal_outputs_keep_their_text_and_their_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    output = '{"text": "h\\u00e9\\nllo", "name": "stdout", "output_type": "stream"}'
    cell = f'{{"cell_type": "code", "outputs": [{output}], "execution_count": 1}}'
    path.write_text(f'{{"cells": [{cell}]}}')
    before = path.read_text(), path.stat().st_ino
    content = digest(before[0].encode())
    pieces = HELLO | {"text": Pieces(lambda: iter(["h", "é\nl", "lo"]))}
    for same in (HELLO, pieces):
        assert write_back(path, content, {0: record("r", [same], 1)}) == content
    assert (path.read_text(), path.stat().st_ino) == before
    content = write_back(path, content, {0: record("r", [pieces], 2)})
    assert path.read_text() == before[0].replace('"execution_count": 1', '"execution_count": 2')
    for other in ("hé\nllo!", "hé\nll", "", "HÉ\nllo"):
        content = write_back(path, content, {0: record("r", [HELLO | {"text": other}], 2)})
        (found,) = json.loads(path.read_text())["cells"]
        assert "".join(found["outputs"][0]["text"]) == other
    numbers = [{"output_type": "display_data", "data": {"application/json": one}, "metadata": {}}
               for one in (1, True, 1.0)]  # fmt: skip
    for number in numbers:
        content = write_back(path, content, {0: record("r", [number], 2)})
        assert json.dumps(number["data"]["application/json"]) in path.read_text()


def test_a_file_that_another_program_changed_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    text = '{"cells": [{"cell_type": "code", "source": "1"}]}'
    read = digest(text.encode())

    def changing() -> Iterator[Json]:  # between the reading and the replacing
        path.write_text(text + "\n")
        yield HELLO

    for change, outputs in ((text + " ", [HELLO]), (text, changing())):
        path.write_text(change)
        with pytest.raises(FileChanged, match="was changed by another program") as raised:
            write_back(path, read, {0: RunRecord(make_run(), kernel_record(KERNEL), {}, outputs)})
        assert raised.value.remedy == "writeBack"
        assert path.read_text().rstrip() == text
    path.unlink()
    with pytest.raises(FileChanged, match="was removed by another program"):
        write_back(path, read, {0: record("r", [HELLO])})
    assert list(tmp_path.iterdir()) == []


def test_the_link_the_owner_and_the_permissions_are_kept(tmp_path: Path) -> None:
    text = '{"cells": [{"cell_type": "code", "source": "1"}]}'
    target = tmp_path / "target"
    (tmp_path / "link.ipynb").symlink_to(target)
    target.write_text(text)
    target.chmod(0o640)
    if os.geteuid() == 0:  # only root may give a file away
        os.chown(target, 1234, 1234)
    owner = target.stat().st_uid
    write_back(tmp_path / "link.ipynb", digest(text.encode()), {0: record("r", [])})
    assert (tmp_path / "link.ipynb").is_symlink()
    assert '"outputs": []' in target.read_text()
    assert (stat.S_IMODE(target.stat().st_mode), target.stat().st_uid) == (0o640, owner)
    target.chmod(0o440)
    if os.geteuid() != 0:  # who may write everything
        with pytest.raises(ExportFailed, match="read-only"):
            write_back(target, digest(target.read_bytes()), {0: record("r", [HELLO])})


def test_a_cell_that_was_edited_since_keeps_its_outputs() -> None:
    cells = [{"cell_type": "code", "id": name, "source": f"{name}()"} for name in "abc"]
    notebook = read_notebook(json.dumps({"cells": cells}))
    ran = [
        Ran(key, source, "cell", None, "file:///a.ipynb", name)
        for key, (source, name) in enumerate([("a()", "a"), ("b()", "b"), ("b(1)", "b"), (" c()\n", "c")])
    ]
    assert {index: run.key for index, run in runs_of_cells(notebook, ran).items()} == {0: 0, 2: 3}
