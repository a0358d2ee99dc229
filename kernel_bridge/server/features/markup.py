"""Formats text from kernels as markdown or plain text, for hovers, completions and signatures (pure)."""

import re
from typing import Any

from ...escapes import plain
from ...plurals import count

LONGEST = 12_000  # characters of one text: editors lay out the whole hover before they show it
DATA_URI_BYTES = 90_000  # VS Code cuts a hover at 100,000 characters

# The fields of IPython's inspector that are worth reading.
_FIELD = re.compile(
    r"^(Signature|Init signature|Call signature|Type|String form|Length|Docstring|Class docstring"
    r"|Init docstring|Call docstring|File|Subclasses|Repr|Namespace|Source|Base class|Object `.*` not found):"
    r"[ \t]*",
    re.MULTILINE,
)
_SIGNATURES = ("Signature", "Init signature", "Call signature")
_MODULE = re.compile(r"<module '([^']+)'")
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+>")  # of an object without a text of its own
_ANY = re.compile(r"\((?:self, )?(?:/, )?\*args, \*\*kwargs\)")  # the signature of many classes written in C
_DOCSTRINGS = ("Docstring", "Class docstring", "Init docstring", "Call docstring")


def fenced(text: str, language: str = "text") -> str:
    """A fenced block in markdown; the fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = re.sub(r"[^\w+#.-]", "", language)  # the kernelspec's; a backtick would end the fence
    return f"{fence}{language}\n{text}\n{fence}"


def escaped(text: str) -> str:
    """The text for a line of markdown, with all markup escaped (CommonMark 0.31, 2.4 and 6)."""
    return re.sub(r"([\\`*_\[\]<>&~!|])", r"\\\1", text)


def shortened(text: str) -> str:
    """The text, or the start and the end of a long one."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]}\n… {count(len(text) - 2 * half, 'character')} omitted …\n{text[-half:]}"


def fields(text: str) -> dict[str, str]:
    """The fields of IPython's inspect_reply; empty for other kernels."""
    marks = list(_FIELD.finditer(text))
    if not marks or marks[0].start() != 0:
        return {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark[1]: text[mark.end() : end].strip("\n") for mark, end in zip(marks, ends, strict=True)}


def signature_of(text: str) -> str | None:
    """The signature in an inspect_reply, on one line."""
    found = fields(text)
    signature = next((found[name] for name in _SIGNATURES if found.get(name)), None)
    return " ".join(signature.split()).replace("( ", "(").replace(", )", ")") if signature else None


def docstring_of(text: str) -> str:
    """The docstrings in an inspect_reply."""
    found = fields(text)
    said = [found[name] for name in _DOCSTRINGS if found.get(name) and found[name] != "<no docstring>"]
    return "\n\n".join(said)


def documentation(text: str, language: str, markdown: bool) -> str:
    """An inspect_reply as documentation: the signature or the value, then the docstring. May be empty."""
    text = plain(text).strip("\n")
    found = fields(text)
    signature, value = signature_of(text), _value(found)
    head = signature or value
    docstring = docstring_of(text) if found else text
    if signature and docstring.startswith(signature.partition("(")[0].rpartition(".")[2] + "("):
        if _ANY.search(signature):  # what the docstring says is better
            head = ""
        else:
            docstring = _without_call(docstring)
    elif not signature and value and found["Type"] != "module":
        # The docstring is that of the value's class, which helps only where the value itself says nothing.
        docstring = docstring.partition("\n\n")[0] if _ADDRESS.search(value) else ""
    parts = [(head, language), (shortened(docstring.strip("\n")), "text")]
    return "\n\n".join(fenced(part, kind) if markdown else part for part, kind in parts if part.strip())


def _value(found: dict[str, str]) -> str:
    """A value with its type, on lines of its own if it has several. Empty: the reply is about no value."""
    kind, value = found.get("Type"), found.get("String form", found.get("Repr"))
    if kind is None or value is None:
        return ""
    if kind == "module" and (module := _MODULE.match(value)):
        return f"module {module[1]}"
    return f"{kind}:\n{value}" if "\n" in value else f"{kind}: {value}".rstrip()


def _without_call(docstring: str) -> str:
    """A docstring without the call `name(…)` at its start, which may take several lines."""
    depth, lines = 0, docstring.split("\n")
    for number, line in enumerate(lines, 1):
        depth += line.count("(") - line.count(")")
        if depth <= 0:
            return "\n".join(lines[number:])
    return docstring


def markup(value: str, markdown: bool) -> dict[str, Any]:
    """LSP's MarkupContent."""
    return {"kind": "markdown" if markdown else "plaintext", "value": value}
