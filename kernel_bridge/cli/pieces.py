"""Reads the FILE of `run` and splits it into the pieces of code to run, each with its location."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..files import LARGEST_DOCUMENT_BYTES, NotReadable, read_file
from ..history.upgrade import read_notebook
from ..plurals import count
from ..protocol.vocabulary import Unit
from ..runs.run import Location
from ..source.cell import MAY_FAIL, SKIPPED
from ..source.cells import cells_of_lines, main_language
from ..source.decoding import NotText, decode
from ..source.document import Place, split_lines
from ..source.languages import language_of_path
from ..source.notebook import Notebook, NotebookCell
from ..source.parameters import INJECTED, doubts, inject, language_of_defaults
from ..source.region import Region, regions
from ..source.script import read_script
from .exits import UsageError

STDIN_URI = "untitled:stdin"


@dataclass(frozen=True, slots=True)
class Piece:
    """Code for one run."""

    source: str
    title: str
    location: Location | None  # None: the code comes from stdin
    cell: int  # its index among the cells of the notebook
    may_fail: bool = False  # the cell is tagged raises-exception
    language_id: str | None = None  # None: the script's


@dataclass(frozen=True, slots=True)
class Script:
    """A file to run."""

    name: str  # as the user typed it
    uri: str
    language_id: str | None  # None: not known from the file's name
    notebook: Notebook  # what `--export` writes: all cells of the file, or the chosen ones
    pieces: list[Piece]
    cwd: str | None = None  # the kernel's working folder; None: the file's
    warnings: tuple[str, ...] = ()

    @property
    def kernelspec(self) -> str | None:
        """The kernelspec that the file names."""
        return self.notebook.kernelspec

    @property
    def language_ids(self) -> list[str | None]:
        """The languages of its pieces; the script's first."""
        used = {piece.language_id or self.language_id for piece in self.pieces}
        return sorted(used, key=lambda one: (one != self.language_id, one or ""))


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages, as language ids, of the kernels that could run a file."""

    chosen: str | None  # of the kernel that the user chose
    installed: Mapping[str, str] = field(default_factory=dict)  # by the names of the kernelspecs

    def of(self, notebook: Notebook) -> str | None:
        """The language of a notebook: of the kernel that will run it; None if that is not known."""
        spec = notebook.kernelspec
        return self.chosen or notebook.language or (self.installed.get(spec.lower()) if spec else None)

    @property
    def only(self) -> str | None:
        """The language of all installed kernels, if they have the same."""
        every = set(self.installed.values())
        return every.pop() if len(every) == 1 else None


def open_script(
    file: str,
    lines: tuple[int, int] | None,
    cell: int | None,
    languages: Languages,
    parameters: dict[str, Any],
) -> Script:
    """Read a file. The chosen kernel has its language if the file's name does not reveal it.

    Raises UsageError: the file cannot be read, lacks those lines, that cell or any code, or its language does
    not support these parameters.
    """
    language_id: str | None
    if file == "-":
        name, uri = "stdin", STDIN_URI
        text = _stdin()
        language_id = languages.chosen or "python"
    else:
        path = Path(file).expanduser()
        name, uri, text = file, path.absolute().as_uri(), _read(path)
        if path.suffix.lower() == ".ipynb":
            if lines is not None:
                raise UsageError(f"--lines selects lines of a script, and {file} is a notebook; use --cell N")
            return _notebook_script(name, uri, _notebook(file, text), cell, languages, parameters)
        language_id = language_of_path(file) or languages.chosen
    notebook = read_script(text, language_id or "")
    chosen = _lines(name, text, language_id or "", lines) if lines is not None else None
    every = split_lines(text)
    if language_id:
        language_id = main_language(every, cells_of_lines(every, language_id), language_id)
    script = _script(name, uri, language_id, notebook, cell, parameters, chosen)
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
        return decode(read_file(path, LARGEST_DOCUMENT_BYTES), language_of_path(path.name))
    except NotReadable as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}; name a file, or pipe the code into `kernel-bridge run -`"
        ) from None
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except NotText as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _notebook(name: str, text: str) -> Notebook:
    try:
        return read_notebook(text)
    except ValueError as error:
        raise UsageError(f"cannot run {name}: {error}") from None


def _notebook_script(
    name: str,
    uri: str,
    notebook: Notebook,
    cell: int | None,
    languages: Languages,
    parameters: dict[str, Any],
) -> Script:
    language_id = languages.of(notebook) or languages.only
    if language_id is None:
        spec = (
            f"the kernel {notebook.kernelspec!r}, which is not installed,"
            if notebook.kernelspec
            else "no kernel"
        )
        raise UsageError(
            f"{name} names {spec} and no language; choose a kernel with --kernel "
            "(`kernel-bridge specs` lists them)"
        )
    script = _script(name, uri, language_id, notebook, cell, parameters)
    if notebook.kernelspec or languages.of(notebook):
        return script
    told = f"{name} names no kernel; running it as {language_id}, the only language with a kernel"
    return replace(script, warnings=(told, *script.warnings))


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
    lines: tuple[NotebookCell, ...] | None = None,
) -> Script:
    """The script of the notebook's cells; of only one or of some lines, if they are chosen."""
    if not any(cell.has_code for cell in notebook.cells):
        raise UsageError(f"{name} has no code to run")
    if lines is None and number is None and not any(map(_runs, notebook.cells)):
        raise UsageError(f"{name} has no code to run: each cell is skipped by its tag or options")
    chosen = notebook
    if lines is not None:
        chosen = replace(notebook, cells=lines)
    elif number is not None:
        chosen = replace(notebook, cells=(_numbered(name, notebook, number),))
    injected = language_of_defaults(notebook) or language_id
    if parameters:
        try:
            chosen = inject(chosen, parameters, injected or "")
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
    unit: Unit = "range" if lines is not None else "all" if number is None else "cell"
    pieces = [
        Piece(
            cell.source,
            cell.title,
            _location(uri, cell, unit),
            index,
            may_fail=MAY_FAIL in cell.tags,
            language_id=cell.region.language_id
            if cell.region
            else injected
            if INJECTED in cell.tags
            else None,
        )
        for index, cell in enumerate(chosen.cells)
        if cell.has_code and (unit != "all" or SKIPPED not in cell.tags)
    ]
    warnings = tuple(f"{name}: {doubt}" for doubt in (*notebook.problems, *doubts(notebook, parameters)))
    return Script(name, uri, language_id, chosen, pieces, warnings=warnings)


def _runs(cell: NotebookCell) -> bool:
    return cell.has_code and SKIPPED not in cell.tags


def _numbered(name: str, notebook: Notebook, number: int) -> NotebookCell:
    cells = [cell for cell in notebook.cells if cell.has_code]
    if number > len(cells):
        titles = ", ".join(f"{at} {cell.title}".strip() for at, cell in enumerate(cells[:20], start=1))
        raise UsageError(
            f"{name} has no cell {number}; it has {count(len(cells), 'cell')} with code: {titles}"
        )
    return cells[number - 1]


def _location(uri: str, cell: NotebookCell, unit: Unit) -> Location:
    if cell.region is None:
        return Location(uri, unit=unit, notebook=(uri, None), cell_id=cell.id)
    return Location(uri, range=_ends(cell.region), unit=unit)


def _ends(region: Region) -> tuple[tuple[int, int], tuple[int, int]]:
    return (region.start.line, region.start.column), (region.end.line, region.end.column)
