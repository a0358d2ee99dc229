"""From the FILE of `run` to the pieces of code to run, each with where it stands."""

import sys
from dataclasses import dataclass
from pathlib import Path

from ..runs.run import Location
from ..source import region
from ..source.cells import cell_at, cells
from ..source.document import Place, split_lines
from ..source.languages import language_of_path
from ..source.notebook import read_notebook
from .exits import UsageError

STDIN_URI = "untitled:stdin"


@dataclass(frozen=True, slots=True)
class Piece:
    """Code for one run."""

    source: str
    title: str
    location: Location | None  # None: code from stdin
    may_fail: bool = False  # tagged raises-exception


@dataclass(frozen=True, slots=True)
class Script:
    """A file to run."""

    name: str  # as the person named it
    uri: str
    language_id: str | None  # None: not to be told from its name
    pieces: list[Piece]
    kernelspec: str | None = None  # that it asks for itself


def read_script(
    file: str, lines: tuple[int, int] | None, cell: int | None, language_id: str | None
) -> Script:
    """The file's pieces, or the chosen one; `language_id` is for files whose name does not tell it.

    Raises UsageError: it cannot be read, or has no such lines or cell, or nothing to run.
    """
    if file == "-":
        name, uri = "stdin", STDIN_URI
        text = sys.stdin.read()
        language_id = language_id or "python"
    else:
        path = Path(file).expanduser()
        name, uri, text = file, path.absolute().as_uri(), _read(path)
        if path.suffix.lower() == ".ipynb":
            if lines is not None:
                raise UsageError(f"--lines is for scripts and {file} is a notebook; choose with --cell N")
            return _choose(_notebook(file, uri, text), cell)
        language_id = language_of_path(file) or language_id
    found = cells(text, language_id or "")
    if lines is not None:
        count = len(split_lines(text))
        if lines[1] > count:
            raise UsageError(f"{name} has {count} lines, so there are no lines {lines[0]}:{lines[1]}")
        last = split_lines(text)[lines[1] - 1]
        selection = Place(lines[0] - 1, 0), Place(lines[1] - 1, len(last))
        regions = region.regions(text, language_id or "", "range", selection)
        if not regions:
            raise UsageError(f"there is no code in the lines {lines[0]}:{lines[1]} of {name}")
    else:
        regions = region.regions(text, language_id or "", "all")
    pieces = []
    for code in regions:
        here = cell_at(found, code.start.line)
        location = Location(
            uri, range=((code.start.line, code.start.column), (code.end.line, code.end.column))
        )
        title = here.title if here is not None and lines is None else ""
        pieces.append(Piece(code.source, title, None if file == "-" else location))
    return _choose(Script(name, uri, language_id, pieces), cell)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _notebook(name: str, uri: str, text: str) -> Script:
    try:
        notebook = read_notebook(text)
    except ValueError as error:
        raise UsageError(f"{name} is no notebook to run: {error}") from None
    pieces = [
        Piece(cell.source, cell.title, Location(uri), may_fail="raises-exception" in cell.tags)
        for cell in notebook.cells
        if "skip-execution" not in cell.tags
    ]
    return Script(name, uri, notebook.language, pieces, notebook.kernelspec)


def _choose(script: Script, cell: int | None) -> Script:
    pieces = script.pieces
    if not pieces:
        raise UsageError(f"there is no code to run in {script.name}")
    if cell is None:
        return script
    if cell > len(pieces):
        titles = ", ".join(
            f"{number} {piece.title}".strip() for number, piece in enumerate(pieces[:20], start=1)
        )
        count = "1 cell" if len(pieces) == 1 else f"{len(pieces)} cells"
        raise UsageError(f"{script.name} has no cell {cell}; it has {count} with code: {titles}")
    return Script(script.name, script.uri, script.language_id, [pieces[cell - 1]], script.kernelspec)
