"""Completion by the live kernel, with documentation on demand (LSP 3.17, "Completion Request")."""

from typing import Any

from ...bridge.inquiry import ask_now
from ...escapes import plain
from ..registry import Provider, server
from .asking import Asked, about, inspect
from .context import Context
from .markup import documentation, markup, signature_of
from .params import CompletionItem, OfPosition

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
UNKNOWN_TYPE = "<unknown>"

INCOMPLETE: dict[str, Any] = {"isIncomplete": True, "items": []}


@server.feature(
    "textDocument/completion",
    Provider("completionProvider", "completion", {"triggerCharacters": [".", "$"], "resolveProvider": True}),
)
async def completion(context: Context, params: OfPosition) -> dict[str, Any] | None:
    """The kernel's completions. If the kernel is busy, an empty list marked incomplete, without waiting."""
    asked = about(context, params)
    if asked is None:
        return None
    content = {"code": asked.inquiry.code, "cursor_pos": asked.inquiry.cursor}
    reply = await ask_now(asked.kernel, "complete_request", content)
    if reply is None:
        return INCOMPLETE
    return {"isIncomplete": False, "items": _items(context, asked, reply)}


def _items(context: Context, asked: Asked, reply: dict[str, Any]) -> list[dict[str, Any]]:
    matches = reply.get("matches")
    texts = [text for text in matches if isinstance(text, str)] if isinstance(matches, list) else []
    code, cursor = asked.inquiry.code, asked.inquiry.cursor
    start, end = _bounded(reply.get("cursor_start"), cursor), _bounded(reply.get("cursor_end"), cursor)
    start, end = min(start, cursor), max(min(end, len(code)), cursor)
    if "\n" in code[start:end]:
        return []
    start += len(head := _shared_head(code[start:cursor], texts))
    place = asked.inquiry.place
    range_ = asked.document.range(place(start), place(end))
    typed = code[start:cursor]
    list_ = context.lists.add(asked.kernel, code[:start])
    types = _types(reply)
    items = []
    for number, text in enumerate(texts):
        kind, signature = types.get(text, (UNKNOWN_TYPE, ""))
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


def _shared_head(typed: str, texts: list[str]) -> str:
    """The typed text up to its last dot, if all texts repeat it: editors complete names, not dotted paths."""
    head = typed[: typed.rfind(".") + 1]
    return head if all(text.startswith(head) for text in texts) else ""


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
