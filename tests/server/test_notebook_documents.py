"""Notebook documents (LSP 3.17): cells run by unit and URI, as in files, on the kernel of their notebook."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.home import Home, install_fake_kernel
from tests.server.client import Client, Json, editor
from tests.server.wire import ResponseError

NOTEBOOKS: Json = {"notebookDocument": {"synchronization": {"dynamicRegistration": False}}}


@pytest.fixture
async def client(home: Home) -> AsyncIterator[Client]:
    async with editor(home, standard=NOTEBOOKS) as client:
        yield client


class Book:
    """A notebook that is open in an editor. Cells are code, except those that start with `# `."""

    def __init__(
        self,
        client: Client,
        *sources: str,
        metadata: Json | None = None,
        name: str = "a",
        given: dict[int, tuple[Json, str]] | None = None,  # the metadata and language of these cells
    ) -> None:
        self.client = client
        self.uri = (client.home.work / f"{name}.ipynb").as_uri()
        self.version = 1
        self.given = given or {}
        cells = [self._cell(number, source) for number, source in enumerate(sources)]
        document = {
            "uri": self.uri,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "metadata": metadata or {},
        }
        texts = [self._text(number, source) for number, source in enumerate(sources)]
        client.notify(
            "notebookDocument/didOpen",
            {"notebookDocument": {**document, "cells": cells}, "cellTextDocuments": texts},
        )

    def cell(self, number: int) -> Json:
        """The `textDocument` argument for a cell."""
        return {"uri": f"vscode-notebook-cell:/{self.uri.rpartition('/')[2]}#W{number}"}

    @property
    def identifier(self) -> Json:
        return {"uri": self.uri}

    def change(self, **cells: Any) -> None:
        self.version += 1
        self.client.notify(
            "notebookDocument/didChange",
            {"notebookDocument": {"uri": self.uri, "version": self.version}, "change": {"cells": cells}},
        )

    def type(self, number: int, text: str, version: int = 2) -> None:
        """Insert text at the start of a cell."""
        start = {"line": 0, "character": 0}
        edit = {"range": {"start": start, "end": start}, "text": text}
        self.change(textContent=[{"document": {**self.cell(number), "version": version}, "changes": [edit]}])

    def insert(self, at: int, number: int, source: str) -> None:
        array = {"start": at, "deleteCount": 0, "cells": [self._cell(number, source)]}
        self.change(structure={"array": array, "didOpen": [self._text(number, source)]})

    def delete(self, at: int, number: int) -> None:
        self.change(structure={"array": {"start": at, "deleteCount": 1}, "didClose": [self.cell(number)]})

    def close(self, count: int) -> None:
        cells = [self.cell(number) for number in range(count)]
        self.client.notify(
            "notebookDocument/didClose", {"notebookDocument": self.identifier, "cellTextDocuments": cells}
        )

    def _cell(self, number: int, source: str) -> Json:
        kind = 1 if source.startswith("# ") else 2
        metadata, _ = self.given.get(number, ({"id": f"id{number}"}, ""))
        return {"kind": kind, "document": self.cell(number)["uri"], "metadata": metadata}

    def _text(self, number: int, source: str) -> Json:
        _, language = self.given.get(number, ({}, "markdown" if source.startswith("# ") else "python"))
        return {**self.cell(number), "languageId": language, "version": 1, "text": source}


async def sources(client: Client, **argument: Any) -> list[str]:
    return [run["source"] for run in await client.runs(**argument)]


async def check_fails(client: Client, message: str, **argument: Any) -> None:
    with pytest.raises(ResponseError, match=message):
        await client.command("run", **argument)


START: Json = {"line": 0, "character": 0}


async def test_notebook_synchronisation_needs_a_client_that_supports_it(home: Home) -> None:
    async with editor(home, standard=NOTEBOOKS) as client:
        sync = client.server["capabilities"]["notebookDocumentSync"]
        assert sync == {"notebookSelector": [{"notebook": "*"}]}
    async with editor(home) as plain:
        assert "notebookDocumentSync" not in plain.server["capabilities"]


async def test_cells_run_by_unit_on_the_kernel_of_their_notebook(client: Client) -> None:
    book = Book(client, "x = 1\r\nx", "# Title", "# %%\nx + 1", " \n", "x + 2")
    (run,) = await client.runs(unit="cell", textDocument=book.cell(0))
    assert (run["source"], run["outputs"][0]["data"]["text/plain"]) == ("x = 1\nx", "1")
    assert run["textDocument"] == {**book.cell(0), "version": 1}
    assert run["notebookDocument"] == {"uri": book.uri, "version": 1}
    assert (run["cellId"], run["unit"]) == ("id0", "cell")
    assert run["range"]["end"] == {"line": 1, "character": 1}
    assert await sources(client, unit="below", textDocument=book.cell(1)) == ["x + 2"]
    assert await sources(client, unit="above", textDocument=book.cell(4)) == ["x = 1\nx"]
    assert await sources(client, unit="all", textDocument=book.identifier) == ["x = 1\nx", "x + 2"]
    assert await sources(client, unit="line", textDocument=book.cell(4), position=START) == ["x + 2"]
    statement = await client.runs(unit="statement", textDocument=book.cell(0), position=START)
    assert statement[0]["notebookDocument"]["uri"] == book.uri
    kernels = (await client.command("listKernels"))["kernels"]
    assert len(kernels) == 1
    for named in (book.cell(4), book.identifier):
        assert await client.command("interruptKernel", textDocument=named) == {"outcome": "interrupted"}
    named = [book.cell(number)["uri"] for number in (4, 3, 0)]
    chosen = {"unit": "cell", "textDocument": book.identifier}
    assert await sources(client, **chosen, cells=named) == ["x + 2", "x = 1\nx"]
    await check_fails(client, "cells: file:///other is not a cell", **chosen, cells=["file:///other"])
    await check_fails(
        client, 'cells: needs unit "cell"', unit="all", textDocument=book.identifier, cells=named
    )
    await check_fails(client, 'unit "cell" needs a cell', unit="cell", textDocument=book.identifier)
    await check_fails(client, "no code to run", unit="cell", textDocument=book.cell(1))


async def test_a_cell_marker_in_a_cell_is_a_comment(client: Client) -> None:
    book = Book(client, "a = 1\n# %%\na")
    assert await sources(client, unit="cell", textDocument=book.cell(0)) == ["a = 1\n# %%\na"]


async def test_edited_cells_run_with_their_current_text(client: Client) -> None:
    book = Book(client, "x = 1", "print(x)")
    book.type(0, "x = 0; ")
    book.insert(1, 7, "x += 10")
    assert await sources(client, unit="all", textDocument=book.identifier) == [
        "x = 0; x = 1",
        "x += 10",
        "print(x)",
    ]
    book.delete(1, 7)
    assert await sources(client, unit="all", textDocument=book.identifier) == ["x = 0; x = 1", "print(x)"]
    await check_fails(client, "is not open;", unit="cell", textDocument=book.cell(7), position=START)
    client.notify("notebookDocument/didSave", {"notebookDocument": book.identifier})
    runs = await client.runs(unit="cell", textDocument=book.cell(0))
    assert runs[0]["notebookDocument"]["version"] == book.version
    book.close(2)
    await check_fails(client, "is not open;", unit="all", textDocument=book.identifier)


async def test_invalid_notifications_do_no_harm(client: Client) -> None:
    book = Book(client, "1")
    unknown = {"uri": "file:///unknown.ipynb", "version": 2}
    client.notify("notebookDocument/didChange", {"notebookDocument": unknown, "change": {"cells": {}}})
    client.notify("notebookDocument/didClose", {"notebookDocument": unknown, "cellTextDocuments": []})
    client.notify("notebookDocument/didOpen", {"notebookDocument": 1})
    book.change(data=[{"kind": 2, "document": "cell:unknown"}])
    book.change(textContent=[{"document": {"uri": "cell:unknown", "version": 1}, "changes": [{"text": ""}]}])
    book.change(structure={"array": {"start": 99, "deleteCount": 99}})
    assert await sources(client, unit="cell", textDocument=book.cell(0)) == ["1"]


async def test_the_kernel_named_in_a_notebook_is_started(home: Home, client: Client) -> None:
    install_fake_kernel(home)
    book = Book(client, "ok", metadata={"kernelspec": {"name": "fake", "language": "fake"}})
    nested = Book(client, "ok", metadata={"metadata": {"kernelspec": {"name": "fake"}}}, name="b")
    missing = Book(client, "1", metadata={"kernelspec": {"name": "not-installed"}}, name="c")
    for each, name in ((book, "fake"), (nested, "fake"), (missing, "python3")):
        kernel = await client.command("startKernel", textDocument=each.cell(0))
        assert kernel["name"] == name
        assert await client.command("bindKernel", textDocument=each.cell(0), kernelId=kernel["id"]) == {}


async def test_the_history_and_an_export_of_a_notebook(client: Client) -> None:
    book = Book(client, "# Title", "print('a')", "print('b')")
    ids = [run["id"] for run in await client.runs(unit="all", textDocument=book.identifier)]
    book.type(2, "print(0); ")

    async def found(document: Json) -> list[str]:
        return [run["id"] for run in (await client.command("history", textDocument=document))["runs"]]

    assert await found(book.identifier) == ids[::-1]
    assert await found(book.cell(1)) == ids[:1]
    for named in (book.identifier, book.cell(1)):
        answer = await client.command(
            "export", path="out.ipynb", mode="document", textDocument=named, overwrite=True
        )
        notebook = nbformat.read(Path(answer["path"]), as_version=4)
        nbformat.validate(notebook)
        assert [cell.source for cell in notebook.cells] == ["# Title", "print('a')", "print(0); print('b')"]
        assert [cell.id for cell in notebook.cells] == ["id0", "id1", "id2"]
        assert notebook.cells[1].outputs[0].text == "a\n"


async def test_outputs_are_written_into_the_file_of_a_notebook(client: Client) -> None:
    sources = ["# Title", "print('a')", "print('b')", "print('c')", "1 + 1"]
    cells: list[Json] = [
        {"id": f"id{number}", "cell_type": "code", "source": [source], "vendor": number, "outputs": [],
         "execution_count": None, "metadata": {"execution": {"iopub.status.idle": "then"}}}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    cells[0] = {"id": "id0", "cell_type": "markdown", "source": "# Title", "metadata": {}}
    cells[4]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "old\n"}]
    raw: Json = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": None}, "cells": cells}
    path = client.home.work / "a.ipynb"
    path.write_text(json.dumps(raw, indent=2))
    book = Book(client, *sources)
    mine: Json = {"path": "a.ipynb", "mode": "document", "textDocument": book.identifier}
    with pytest.raises(ResponseError, match="no matching run has started"):
        await client.command("export", **mine)
    await client.runs(unit="all", textDocument=book.identifier)
    book.type(2, "print(0); ")
    await client.runs(unit="cell", textDocument=book.cell(2))
    book.type(4, "0 * ")
    await client.runs(unit="cell", textDocument=book.cell(4))
    for named in (book.identifier, book.cell(1)):
        answer = await client.command("export", **{**mine, "textDocument": named})
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert answer == {"path": str(path), "cells": 2, "format": "ipynb", "digest": digest}
        cells[1] |= {"execution_count": 1, "outputs": [printed("a\n")]}
        cells[3] |= {"execution_count": 3, "outputs": [printed("c\n")]}
        assert path.read_text() == json.dumps(raw, indent=2)
    path.write_text(json.dumps({**raw, "cells": cells[:1]}))
    with pytest.raises(ResponseError, match=r"no run has the code of a cell in .*a\.ipynb as it is on disk"):
        await client.command("export", **mine)


async def test_a_notebook_that_is_open_as_text(client: Client) -> None:
    code: Json = {"cell_type": "code", "source": "print('a')", "outputs": [], "execution_count": None}
    text = json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": [code], "metadata": {}})
    path = client.home.work / "text.ipynb"
    path.write_text(text)
    document = client.open(text, "text.ipynb", "json")
    mine: Json = {"mode": "document", "textDocument": document.identifier}
    kernel = await client.command("startKernel", spec="python3", textDocument=document.identifier)
    await client.run(code="print('a')", textDocument=document.identifier, kernelId=kernel["id"])
    client.change(document, (0, 0), (0, 0), "\n")  # it is not saved, and the file is what counts
    await client.command("export", path="text.ipynb", **mine)
    outputs = json.dumps([printed("a\n")])
    assert path.read_text() == text.replace("[]", outputs).replace("null", "1")
    answer = await client.command("export", path="copy.ipynb", **mine)
    notebook = nbformat.read(Path(answer["path"]), as_version=4)
    nbformat.validate(notebook)
    assert [cell.source for cell in notebook.cells] == ["print('a')"]
    client.change(document, (0, 0), (1, 0), "{")
    with pytest.raises(ResponseError, match=r"text.ipynb cannot be read: not JSON: .* line 1"):
        await client.command("export", path="copy.ipynb", **mine)


async def test_a_notebook_that_the_editor_shows_as_a_script(client: Client) -> None:
    cells = [
        {"cell_type": "code", "source": source, "outputs": [], "execution_count": None}
        for source in ("x = 1", "print(x)", "print(x)")
    ]
    text = json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": cells, "metadata": {}}, indent=4)
    path = client.home.work / "shown.ipynb"
    path.write_text(text)
    document = client.open("# %%\nx = 1\n# %%\nprint(x)\n# %%\nprint(x)\n", "shown.ipynb")
    mine: Json = {"mode": "document", "textDocument": document.identifier}
    await client.runs(unit="all", textDocument=document.identifier)
    answer = await client.command("export", path="shown.ipynb", **mine)
    assert answer["cells"] == 3
    after = json.loads(path.read_text())
    assert [cell["execution_count"] for cell in after["cells"]] == [1, 2, 3]
    assert [cell["outputs"] for cell in after["cells"]] == [[], [printed("1\n")], [printed("1\n")]]
    answer = await client.command("export", path="copy.ipynb", **mine)
    assert answer["cells"] == 3


async def test_an_export_keeps_what_the_file_has(client: Client) -> None:
    picture: Json = {"a.png": {"image/png": "aGk="}}
    cells = {
        0: ({"id": "id0", "attachments": picture, "metadata": {"x": 1}}, "markdown"),
        1: ({"id": "id1", "metadata": {"tags": ["t"], "collapsed": True}, "execution_count": 3}, "python"),
        2: ({"id": "id2", "metadata": {"format": "text/latex"}}, "raw"),
    }
    metadata: Json = {
        "metadata": {"vendor": {"a": [1]}, "kernelspec": {"name": "python3"}},
        "nbformat_minor": 4,
    }
    book = Book(client, "# ![](attachment:a.png)", "print('a')", "\\raw", metadata=metadata, given=cells)
    await client.runs(unit="all", textDocument=book.identifier)
    answer = await client.command("export", path="b.ipynb", mode="document", textDocument=book.identifier)
    notebook = nbformat.read(Path(answer["path"]), as_version=4)
    nbformat.validate(notebook)
    first, second, third = notebook.cells
    assert (first.cell_type, first.id, first.attachments, first.metadata) == (
        "markdown",
        "id0",
        picture,
        {"x": 1},
    )
    assert (second.id, second.metadata.tags, second.metadata.collapsed) == ("id1", ["t"], True)
    assert second.outputs[0].text == "a\n"
    assert (third.cell_type, third.source, third.metadata) == ("raw", "\\raw", {"format": "text/latex"})
    assert notebook.metadata.vendor == {"a": [1]}
    assert set(notebook.metadata) == {"vendor", "kernelspec", "language_info"}


def printed(*lines: str) -> Json:
    return {"name": "stdout", "output_type": "stream", "text": list(lines)}
