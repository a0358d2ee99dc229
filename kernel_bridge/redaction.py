"""What of a text is secret: no log, of ours or of the editor, may show it."""

import re

_SECRET = re.compile(
    r"""((?:key|token|password|passwd|secret|authorization)["']?\s*[:=]\s*)"""
    r"""(?:(?:bearer|token|basic)\s+\S+|b?"[^"]*"|b?'[^']*'|[^\s,;&}\])]+)""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with the value of everything that is called a key, token, password or secret left out."""
    return _SECRET.sub(r"\1***", text)
