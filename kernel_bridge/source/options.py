"""The text of a cell marker: `title [markdown] key="value" tags=["a"]`, as jupytext reads and writes it.

Options are JSON or Python literals; a name without a value is an option too if another option precedes it. In
place of options there may be one JSON object.
"""

import ast
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .json_text import check_depth, read_json

Json = dict[str, Any]

LONGEST = 2_000  # characters; a longer marker has no options, because reading them takes quadratic time

UNWRITTEN = {
    "autoscroll", "collapsed", "scrolled", "trusted", "execution", "ExecuteTime", "kernel-bridge",
    "cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker", "region_name",
    "cell_type", "language", "magic_args",  # a reader would take them for what the marker means
}  # fmt: skip
"""The metadata of cells that is about outputs or layout, and is not written in a text."""

_KIND = re.compile(r"(?:^|\s)\[(?P<kind>markdown|md|raw)\](?=\s|$)", re.IGNORECASE)
_FLAG = re.compile(r"[a-zA-Z_.]+[a-zA-Z0-9_.]*")
_KEY = re.compile(r"[a-zA-Z0-9_.@/-]+")


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker says after its `%%`."""

    kind: str  # "markdown", "md", "raw", or empty
    title: str
    depth: int  # how many `%` follow the first two: Spyder's nested cells
    options: Json
    written: str  # the options as written


@lru_cache(maxsize=10_000)  # each edit of a document reads all its markers again
def read_marker(text: str) -> Marker:
    """The parts of a marker. What looks like options and cannot be read is part of the title."""
    text = text.strip()
    title, written = _split(text) if len(text) <= LONGEST else (text, "")
    options = read_options(written)
    if options is None:
        title, written, options = text, "", {}
    kind = ""
    if match := _KIND.search(title):
        kind = match["kind"].lower()
        title = f"{title[: match.start()]} {title[match.end() :]}".strip()
    depth = len(title) - len(title.lstrip("%"))
    return Marker(kind, title[depth:].strip(), depth, options, written)


def _split(text: str) -> tuple[str, str]:
    """The title, which ends before the first option, and the options."""
    equal, brace = text.find("="), text.find("{")
    if brace >= 0 and not 0 <= equal < brace:
        return text[:brace].strip(), text[brace:]
    words = text[: max(equal, 0) or None].split(" ") if equal else []
    while words and not words[-1]:
        words.pop()
    if equal >= 0:
        words = words[:-1]  # the last word is the name of the option
    while words and (not words[-1] or words[-1].startswith(".")):  # `.name` is an option
        words.pop()
    title = " ".join(words)
    return title, text[len(title) :].strip()


def read_options(written: str) -> Json | None:
    """The options of a marker; None: they cannot be read."""
    if written.startswith("{"):
        try:
            value = _value(written)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None
    found: Json = {}
    while written := written.strip():
        option = _last_option(written)
        if option is None:
            return None
        start, name, value = option
        if found.get(name) is None:
            found[name] = value
        written = written[:start]
    return found


def _last_option(written: str) -> tuple[int, str, Any] | None:
    """Start, name and value of the last option. A value may contain spaces and `=`."""
    start = written.rfind(" ") + 1
    if _FLAG.fullmatch(written, start):
        return start, written[start:], None
    equal = len(written)
    while (equal := written.rfind("=", 0, equal)) > 0:
        start = written[:equal].rstrip().rfind(" ") + 1
        name = written[start:equal].strip()
        if _KEY.fullmatch(name):
            try:
                return start, name, _value(written[equal + 1 :])
            except ValueError:
                continue  # this `=` is inside a value
    return None


def _value(text: str) -> Any:
    """A JSON value or Python literal. Raises ValueError."""
    try:
        return read_json(text.strip())
    except ValueError:
        pass
    try:
        value = json.loads(json.dumps(ast.literal_eval(text.strip())))
    except (SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError(text) from None
    check_depth(value)
    return value


def write_marker(kind: str, metadata: Json) -> str:
    """The text of a marker after its `%%`, which `read_marker` and jupytext read as these values."""
    metadata = dict(metadata)
    parts = []
    depth = metadata.pop("cell_depth", 0)
    title = metadata.get("title")
    if isinstance(title, str) and _is_plain(title):
        parts.append(metadata.pop("title"))
    if kind:
        parts.append(f"[{kind}]")
    text = " ".join(filter(None, (*parts, write_options(metadata))))
    nested = "%" * depth if isinstance(depth, int) else ""
    return nested + (f" {text}" if text else "")


def write_options(metadata: Json) -> str:
    """The text that `read_options` reads as these values."""
    if all(_KEY.fullmatch(name) for name in metadata):
        return " ".join(f"{name}={_dumps(value)}" for name, value in metadata.items())
    return _dumps(metadata)


def _is_plain(title: str) -> bool:
    """Whether a title can be written without a name and quotes, also for jupytext."""
    return (
        title.isprintable()
        and not set("={") & set(title)
        and read_marker(title) == Marker("", title, 0, {}, "")
    )


def _dumps(value: Any) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")
