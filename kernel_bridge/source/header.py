"""The header of a script, as jupytext writes it: a shebang, an encoding, YAML in comments between `---`."""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from .comments import uncomment
from .document import BYTE_ORDER_MARK
from .languages import comment_prefixes
from .yaml_text import BadYaml, read_yaml

Json = dict[str, Any]

LONGEST = 2_000  # lines

_SHEBANG = re.compile(r"#!\s*/")  # in C#, `#!name` is a magic
_NOTEBOOK = re.compile(r"jupyter\s*:")
_ENCODING = re.compile(r"(?!.*%%).*?coding[:=][ \t]*[-\w.]+")


@dataclass(frozen=True, slots=True)
class Header:
    """The first lines of a script."""

    end: int = 0  # the line after it
    metadata: Json = field(default_factory=dict)  # of the notebook
    front_matter: str = ""  # YAML beside `jupyter:`, in its fences
    problem: str = ""  # why the YAML is ignored

    @property
    def comments_magics(self) -> bool:
        """Whether the magics of the script are in comments.

        jupytext comments them out when it writes a script, and its header is how we know that it did. Without
        one, `# !rm -rf data` is what its author made it: a comment. VS Code leaves it alone too, although
        jupytext itself would run it.
        """
        jupytext = _object(self.metadata.get("jupytext"))
        written = _object(jupytext.get("text_representation")).get("format_name")
        default = "kernelspec" in self.metadata or "text_representation" in jupytext
        return jupytext.get("comment_magics", default and written != "hydrogen") is True


def read_header(lines: list[str], language_id: str) -> Header:
    """The header of a script. Costs nothing for a script that has none, and is cached for the others."""
    if not lines[0].removeprefix(BYTE_ORDER_MARK).startswith(("#!", *comment_prefixes(language_id))):
        return Header()
    return _read(tuple(lines[: _extent(lines, language_id)]), language_id)


def _extent(lines: list[str], language_id: str) -> int:
    """How many lines the header may have."""
    prefixes = comment_prefixes(language_id)
    for number, line in enumerate(lines[1:LONGEST], start=1):
        if not line.startswith(prefixes):
            return number
    return min(len(lines), LONGEST)


@lru_cache(maxsize=32)
def _read(lines: tuple[str, ...], language_id: str) -> Header:
    jupytext: Json = {}
    begin = 0
    if _SHEBANG.match(lines[0].removeprefix(BYTE_ORDER_MARK)):
        jupytext["executable"] = lines[0].removeprefix(BYTE_ORDER_MARK)[2:]
        begin = 1
    if begin < len(lines) and _ENCODING.match(lines[begin]):
        jupytext["encoding"] = lines[begin].removeprefix(BYTE_ORDER_MARK)
        begin += 1
    metadata = {"jupytext": jupytext} if jupytext else {}
    texts = [uncomment(line.removeprefix(BYTE_ORDER_MARK), language_id) for line in lines[begin:]]
    fences = [number for number, text in enumerate(texts) if text.rstrip() == "---"][:2]
    if len(fences) < 2 or any(text.strip() for text in texts[: fences[0]]):
        return Header(begin, metadata)
    notebook, front = [""] * fences[1], []
    is_notebook = False
    for number in range(fences[0] + 1, fences[1]):
        text = texts[number]
        if text and text[0] not in " \t":
            is_notebook = _NOTEBOOK.match(text) is not None
        if is_notebook:
            notebook[number] = text
        else:
            front.append(text)
    header = Header(
        begin + fences[1] + 1,
        metadata,
        "\n".join(["---", *front, "---"]) if any(map(str.strip, front)) else "",
    )
    try:
        read = _object(_object(read_yaml("\n".join(notebook))).get("jupyter"))
    except BadYaml as error:
        where = f"line {begin + error.line + 1}"
        return replace(
            header, problem=f"{where}: its header is ignored, because its YAML is invalid: {error}"
        )
    return replace(
        header, metadata=read | ({"jupytext": _object(read.get("jupytext")) | jupytext} if jupytext else {})
    )


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
