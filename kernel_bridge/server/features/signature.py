"""The signature of the call at the cursor, from the live kernel (LSP 3.17, "Signature Help Request")."""

from typing import Any

from ...escapes import plain
from ...source.inquiry import active_parameter, call_at, parameters
from ..registry import Provider, server
from .asking import about
from .context import Context
from .markup import docstring_of, markup, shortened, signature_of
from .params import OfPosition


@server.feature(
    "textDocument/signatureHelp",
    Provider("signatureHelpProvider", "signature_help", {"triggerCharacters": ["(", ","]}),
)
async def signature_help(context: Context, params: OfPosition) -> dict[str, Any] | None:
    """One signature; null if there is no call, or the kernel knows none."""
    asked = about(context, params)
    if asked is None or (call := call_at(asked.inquiry.code, asked.inquiry.cursor)) is None:
        return None
    text = await asked.inspect(call.callee_end)
    signature = signature_of(plain(text)) if text is not None else None
    if text is None or signature is None:
        return None
    spans = parameters(signature)
    labels: list[Any] = [signature[start:end] for start, end in spans]
    if context.client.signature_label_offsets:
        labels = [[_units(signature[:start]), _units(signature[:end])] for start, end in spans]
    help_: dict[str, Any] = {"label": signature, "parameters": [{"label": label} for label in labels]}
    if docstring := shortened(docstring_of(plain(text))):
        markdown = context.client.signature_markdown
        help_["documentation"] = markup(f"```text\n{docstring}\n```" if markdown else docstring, markdown)
    answer: dict[str, Any] = {"signatures": [help_], "activeSignature": 0}
    active = active_parameter(signature, spans, call)
    # Out of range means none: LSP 3.17 has no other way to express it.
    answer["activeParameter"] = len(spans) if active is None else active
    return answer


def _units(text: str) -> int:
    """The length in UTF-16 units, which label offsets count in any position encoding."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
