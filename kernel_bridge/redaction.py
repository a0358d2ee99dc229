"""Redacts secrets from text before it reaches a log."""

import re

_SECRET = re.compile(
    r"""((?:key|token|password|passwd|secret|authorization)["']?\s*[:=]\s*)"""
    r"""(?:(?:bearer|token|basic)\s+\S+|b?"[^"]*"|b?'[^']*'|[^\s,;&}\])]+)""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with `***` for each value named key, token, password, secret or authorization."""
    return _SECRET.sub(r"\1***", text)
