"""Reads the FILE of `run` and splits it into the pieces of code to run, each with its location."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..files import LARGEST_DOCUMENT_BYTES, NotReadable, read_file
from ..plurals import count
from ..protocol.vocabulary import Unit
from ..runs.run import Location
from ..source.document import Place, split_lines
from ..source.languages import language_of_path
from ..source.notebook import Notebook, NotebookCell, read_notebook
from ..source.parameters import inject
from ..source.region import Region, regions
from ..source.script import read_script
from .exits import UsageError

STDIN_URI = "untitled:stdin"
SKIPPED = "skip-execution"  # the tag of cells that are not run


@dataclass(frozen=True, slots=True)
class Piece:
    """Code for one run."""

    source: str
    title: str
    location: Location | None  # None: the code comes from stdin
    cell: int  # its index among the cells of the notebook
    may_fail: bool = False  # the cell is tagged raises-exception


@dataclass(frozen=True, slots=True)
class Script:
    """A file to run."""

    name: str  # as the user typed it
    uri: str
    language_id: str | None  # None: not known from the file's name
    notebook: Notebook  # what `--export` writes: all cells of the file, or the chosen ones
    pieces: list[Piece]
    cwd: str | None = None  # the kernel's working folder; None: the file's

    @property
    def kernelspec(self) -> str | None:
        """The kernelspec that the file names."""
        return self.notebook.kernelspec


def open_script(
    file: str,
    lines: tuple[int, int] | None,
    cell: int | None,
    language_id: str | None,
    parameters: dict[str, Any],
) -> Script:
    """Read a file; `language_id` is used if the file's name does not reveal the language.

    Raises UsageError: the file cannot be read, lacks those lines, that cell or any code, or its language does
    not support these parameters.
    """
    if file == "-":
        name, uri = "stdin", STDIN_URI
        text = _stdin()
        language_id = language_id or "python"
    else:
        path = Path(file).expanduser()
        name, uri, text = file, path.absolute().as_uri(), _read(path)
        if path.suffix.lower() == ".ipynb":
            if lines is not None:
                raise UsageError(f"--lines selects lines of a script, and {file} is a notebook; use --cell N")
            notebook = _notebook(file, text)
            return _script(name, uri, notebook.language or language_id, notebook, cell, parameters)
        language_id = language_of_path(file) or language_id
    notebook = read_script(text, language_id or "")
    if lines is not None:
        notebook = replace(notebook, cells=_lines(name, text, language_id or "", lines))
    script = _script(name, uri, language_id, notebook, cell, parameters, "range" if lines else None)
    if file == "-":
        return replace(script, pieces=[replace(piece, location=None) for piece in script.pieces])
    return script


def _stdin() -> str:
    try:
        text = sys.stdin.read()
        text.encode()  # in the C locale, Python decodes bytes that are not UTF-8 as lone surrogates
    except UnicodeError as error:
        raise UsageError(f"stdin is not UTF-8 text ({error}); convert it to UTF-8 first") from None
    return text


def _read(path: Path) -> str:
    try:
        return read_file(path, LARGEST_DOCUMENT_BYTES).decode("utf-8-sig")
    except NotReadable as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}; name a file, or pipe the code into `kernel-bridge run -`"
        ) from None
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _notebook(name: str, text: str) -> Notebook:
    try:
        return read_notebook(text)
    except ValueError as error:
        raise UsageError(f"cannot run {name}: {error}") from None


def _lines(name: str, text: str, language_id: str, lines: tuple[int, int]) -> tuple[NotebookCell, ...]:
    """The cells that the chosen lines form."""
    every = split_lines(text)
    if lines[1] > len(every):
        raise UsageError(
            f"{name} has {count(len(every), 'line')}; --lines {lines[0]}:{lines[1]} is past its end"
        )
    selection = Place(lines[0] - 1, 0), Place(lines[1] - 1, len(every[lines[1] - 1]))
    found = regions(text, language_id, "range", selection)
    if not found:
        raise UsageError(f"{name} has no code in lines {lines[0]}:{lines[1]}")
    return tuple(
        NotebookCell({"cell_type": "code", "metadata": {}, "source": region.source}, region=region)
        for region in found
    )


def _script(
    name: str,
    uri: str,
    language_id: str | None,
    notebook: Notebook,
    number: int | None,
    parameters: dict[str, Any],
    unit: Unit | None = None,
) -> Script:
    if parameters:
        try:
            notebook = inject(notebook, parameters, language_id or "")
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
    unit = unit or ("all" if number is None else "cell")
    pieces = [
        Piece(
            cell.source,
            cell.title,
            _location(uri, cell, unit),
            index,
            may_fail="raises-exception" in cell.tags,
        )
        for index, cell in enumerate(notebook.cells)
        if cell.has_code and SKIPPED not in cell.tags
    ]
    if not pieces:
        raise UsageError(f"{name} has no code to run")
    if number is None:
        return Script(name, uri, language_id, notebook, pieces)
    if number > len(pieces):
        titles = ", ".join(f"{at} {piece.title}".strip() for at, piece in enumerate(pieces[:20], start=1))
        cells = count(len(pieces), "cell")
        raise UsageError(f"{name} has no cell {number}; it has {cells} with code: {titles}")
    chosen = pieces[number - 1]
    notebook = replace(notebook, cells=(notebook.cells[chosen.cell],))
    return Script(name, uri, language_id, notebook, [replace(chosen, cell=0)])


def _location(uri: str, cell: NotebookCell, unit: Unit) -> Location:
    if cell.region is None:
        return Location(uri, unit=unit, notebook=(uri, None), cell_id=cell.id)
    return Location(uri, range=_ends(cell.region), unit=unit)


def _ends(region: Region) -> tuple[tuple[int, int], tuple[int, int]]:
    return (region.start.line, region.start.column), (region.end.line, region.end.column)
