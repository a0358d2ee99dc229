"""Writes a notebook as Markdown: code and text outputs as fenced blocks, pictures as links.

Code has the name of its language on its fence and an output has none, so reading the file returns the cells.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..escapes import plain
from ..source.fences import fences
from ..source.languages import kernel_languages
from .attachments import placed
from .media import Place, decoded, inline
from .notebook import Json, Notebook
from .records import whole
from .representation import damaged, is_partial, ranked, unshown
from .static_html import static

_HTML_ENDS = (">", "-->", "?>", "]]>", "</pre>")  # of blocks that may contain blank lines (CommonMark, 4.6)
_RAW_FORMATS = (None, "", "text/markdown", "text/html", "text/x-markdown", "text/x-html")


def markdown(notebook: Notebook, place: Place = inline) -> Iterator[str]:
    """The text of the file. `place` stores its pictures and attachments."""
    language = notebook.metadata["kernelspec"]["language"]
    between = ""
    for cell in notebook.cells:
        for block in _cell(cell, language, place):
            if block:
                yield between + block
                between = "\n\n"
    yield "\n"


def _cell(cell: Json, language: str, place: Place) -> Iterator[str]:
    source = cell["source"].rstrip()
    match cell["cell_type"]:
        case "code":
            if source:
                yield fenced(source, _info(cell["metadata"], language))
            for output in cell["outputs"]:
                yield _output(whole(output), place)
        case "raw" if raw_format(cell) not in _RAW_FORMATS:  # LaTeX, reStructuredText, a script, …
            yield fenced(source, "") if source else ""
        case _:
            source = re.sub(r"\r\n?", "\n", source)
            yield _closed(placed(source, cell.get("attachments", {}), place))


def _info(metadata: Json, language: str) -> str:
    """The info string of a cell: its language and, as in jupytext's Markdown, its tags."""
    own = metadata.get("vscode")
    own = own.get("languageId") if isinstance(own, dict) else None
    name = kernel_languages(own)[0] if isinstance(own, str) else language  # `bash`, not `shellscript`
    name = re.sub(r"[^\w+#.-]", "", name)  # a backtick in it would end the fence
    tags = json.dumps(metadata.get("tags") or [], ensure_ascii=False)
    return name if tags == "[]" or "`" in tags else f"{name} tags={tags}"


def raw_format(cell: Json) -> Any:
    """A raw cell is text of this MIME type (nbformat, "Raw NBConvert cells")."""
    return cell["metadata"].get("raw_mimetype", cell["metadata"].get("format"))


def _output(output: Json, place: Place) -> str:
    match output["output_type"]:
        case "stream":
            return _text(output["text"])
        case "error":
            return _text("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}")
        case _:
            return _bundle(output["data"], place)


def _bundle(data: Json, place: Place) -> str:
    """The best representation that Markdown shows, and a line for a better one that it cannot show."""
    lost, block = "", ""
    for mime, way in ranked(data, "md"):
        try:
            shown = _representation(mime, way, data[mime], place)
        except (TypeError, ValueError):
            lost = damaged(mime)
            continue
        if shown is not None:
            block = shown
            if not is_partial(mime):
                lost = ""
            break
        lost = unshown(mime, "md")
    return "\n\n".join(filter(None, (block, lost)))


def _representation(mime: str, way: str | None, value: Any, place: Place) -> str | None:
    """None: Markdown cannot show this value. Raises TypeError or ValueError: it is damaged."""
    match way:
        case "native":
            return static(plain(value))
        case "markup":
            return _closed(_without_languages(plain(value).strip("\n")))
        case "picture":
            return f"![]({place('output', mime, decoded(mime, value))})"
        case "media" if place is not inline:
            return f"[{mime}]({place('output', mime, decoded(mime, value))})"
        case "json":
            return fenced(json.dumps(value, ensure_ascii=False, indent=2), "")
        case "text":
            return _text(value)
        case _:
            return None


def _text(text: str) -> str:
    text = plain(text).rstrip()
    return fenced(text, "") if text else ""


def fenced(text: str, info: str) -> str:
    """A code block, whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{info}\n{text.rstrip()}\n{fence}"


def _without_languages(text: str) -> str:
    """Markdown made by code, whose fences then do not read as code to run."""
    lines = text.split("\n")
    for fence in fences(lines):
        line = lines[fence.opening]
        lines[fence.opening] = line[: _marks(line).end()]
    return "\n".join(lines)


def _closed(text: str) -> str:
    """Markdown that leaves no block open, which would swallow the text after it."""
    lines = text.split("\n")
    for end in ("", _fence_end(lines), *_HTML_ENDS):
        closed = [*lines, end] if end else lines
        if any(fence.opening == len(closed) + 1 for fence in fences([*closed, "", "```"])):
            return "\n".join(closed)
    return fenced(text, "")


def _fence_end(lines: list[str]) -> str:
    """What ends the last fence; empty if there is none."""
    openings = [lines[fence.opening] for fence in fences(lines)]
    return " " * _marks(openings[-1]).start() + _marks(openings[-1])[0] if openings else ""


def _marks(opening: str) -> re.Match[str]:
    match = re.search("`{3,}|~{3,}", opening)
    assert match is not None  # the line opens a fence
    return match
