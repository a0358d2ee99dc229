"""Completion by the live kernel, with documentation on demand (LSP 3.17, "Completion Request").

The trigger characters are those of all languages, since a document may have code in several. The server
decides at each position whether a typed character asks the kernel.
"""

from dataclasses import replace
from typing import Any

from ...bridge.inquiry import ask_now
from ...escapes import plain
from ...source.cells import cell_at
from ...source.code import Code
from ...source.completion import TRIGGERS, asks, asks_for_keys, qualifier
from ...source.document import Place
from ...source.inquiry import inquiry
from ...source.languages import is_python
from ...source.statement import first_unread
from ..registry import Provider, server
from .asking import Asked, about, inspect
from .context import Context
from .markup import documentation, markup, signature_of
from .params import CompletionItem, CompletionParams

# CompletionItemKind, by IPython's name for it
KINDS = {
    "method": 2,
    "function": 3,
    "magic": 3,
    "instance": 6,
    "param": 6,
    "statement": 6,
    "class": 7,
    "module": 9,
    "namespace": 9,
    "property": 10,
    "keyword": 14,
    "path": 17,
}
UNKNOWN = ("<unknown>", "")  # type and signature

TRIGGER_CHARACTER = 2  # CompletionTriggerKind: the editor asks because of a typed character
DICT_KEY = "dict key"  # IPython's type of a key or column
INCOMPLETE: dict[str, Any] = {"isIncomplete": True, "items": []}


@server.feature(
    "textDocument/completion",
    Provider(
        "completionProvider",
        "completion",
        {"triggerCharacters": TRIGGERS, "resolveProvider": True},
    ),
)
async def completion(context: Context, params: CompletionParams) -> dict[str, Any] | None:
    """The kernel's completions. If the kernel is busy, an empty list marked incomplete, without waiting.

    Null after a trigger character with which no name begins in that place.
    """
    asked = about(context, params)
    if asked is None:
        return None
    keys_only = False
    if params.context is not None and params.context.trigger_kind == TRIGGER_CHARACTER:
        if not _asks(asked):
            return None
        keys_only = asks_for_keys(asked.before, asked.language_id)
    asked = _without_what_ran(context, asked)
    content = {"code": asked.inquiry.code, "cursor_pos": asked.inquiry.cursor}
    reply = await ask_now(asked.kernel, "complete_request", content)
    if reply is None:
        return INCOMPLETE
    return {"isIncomplete": False, "items": _items(context, asked, reply, keys_only)}


def _asks(asked: Asked) -> bool:
    """Whether the typed character asks the kernel."""
    document, place = asked.document, asked.place
    cell = cell_at(document.cells, place.line)
    assert cell is not None
    lines = document.lines[cell.start_line : cell.end_line]
    return asks(lines, Place(place.line - cell.start_line, place.column), asked.language_id)


def _without_what_ran(context: Context, asked: Asked) -> Asked:
    """Leaves out the lines of the cell that the kernel has run as they are.

    IPython lets jedi read the code it is given, and prefers what jedi infers to the object that exists: the
    columns of a frame are missing where the code assigns the frame.
    """
    document, kernel = asked.document, asked.kernel
    if not is_python(asked.language_id):
        return asked
    ran = {
        line
        for result in context.results.of(document.uri, "ok")
        if result.run.kernel_id == kernel.id and result.run.epoch == kernel.session.host.epoch
        for line in result.unchanged(document)
    }
    if not ran:
        return asked
    first = first_unread(Code(document.lines, document.lines, document.cells), asked.place.line, ran)
    found = inquiry(document.lines, document.cells, asked.place, first)
    return replace(asked, inquiry=found) if found is not None else asked


def _items(context: Context, asked: Asked, reply: dict[str, Any], keys_only: bool) -> list[dict[str, Any]]:
    types = _types(reply)
    matches = reply.get("matches")
    texts = [text for text in matches if isinstance(text, str)] if isinstance(matches, list) else []
    if keys_only:
        texts = [text for text in texts if types.get(text, UNKNOWN)[0] == DICT_KEY]
    code, cursor = asked.inquiry.code, asked.inquiry.cursor
    start, end = _bounded(reply.get("cursor_start"), cursor), _bounded(reply.get("cursor_end"), cursor)
    start, end = min(start, cursor), max(min(end, len(code)), cursor)
    if "\n" in code[start:end]:
        return []
    is_path = any(kind == "path" for kind, _ in types.values())
    head = qualifier(code[start:cursor], asked.language_id, is_path=is_path)
    if not all(text.startswith(head) for text in texts):
        head = ""
    start += len(head)
    place = asked.inquiry.place
    range_ = asked.document.range(place(start), place(end))
    typed = code[start:cursor]
    list_ = context.lists.add(asked.kernel, code[:start])
    items = []
    for number, text in enumerate(texts):
        kind, signature = types.get(text, UNKNOWN)
        new = text[len(head) :]
        item: dict[str, Any] = {
            "label": new,
            "sortText": f"{number:05}",
            "textEdit": {"range": range_, "newText": new},
            "data": {"list": list_},
        }
        if KINDS.get(kind) in context.client.completion_kinds:
            item["kind"] = KINDS[kind]
        if signature:
            item["detail"] = plain(f"{new}{signature}")
        if not new.startswith(typed) and typed:  # a magic without its %, or a name in another case
            item["filterText"] = typed + new.lstrip("%")[len(typed) :]
        items.append(item)
    return items


def _bounded(value: Any, otherwise: int) -> int:
    return value if type(value) is int and value >= 0 else otherwise


def _types(reply: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Text -> (type, signature), from IPython's experimental metadata; empty for other kernels."""
    metadata = reply.get("metadata")
    found = metadata.get("_jupyter_types_experimental") if isinstance(metadata, dict) else None
    types = {}
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and isinstance(one.get("text"), str):
            signature = one.get("signature")
            types[one["text"]] = (str(one.get("type")), signature if isinstance(signature, str) else "")
    return types


@server.feature("completionItem/resolve", Provider(None, "completion"))
async def resolve(context: Context, params: CompletionItem) -> dict[str, Any]:
    """The same item with the kernel's documentation."""
    resolved = params.raw
    found = context.lists.get(params.data.list) if params.data is not None else None
    if found is None:
        return resolved
    kernel, before = found
    code = before + params.label
    text = await inspect(kernel, code, len(code))
    if text is None:
        return resolved
    markdown = context.client.completion_markdown
    said = documentation(text, kernel.session.spec.language, markdown)
    if (signature := signature_of(plain(text))) and "detail" not in resolved:
        resolved = {**resolved, "detail": signature}
    return {**resolved, "documentation": markup(said, markdown)} if said else resolved
