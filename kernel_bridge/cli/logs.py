"""Where log records go, and that no key, password or token is in them."""

import logging
import re
import sys

LEVELS = ("debug", "info", "warning", "error")

_SECRET = re.compile(
    r"""((?:key|token|password|passwd|secret|authorization)["']?\s*[:=]\s*)"""
    r"""(?:(?:bearer|token|basic)\s+\S+|b?"[^"]*"|b?'[^']*'|[^\s,;&}\])]+)""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with the value of everything that is called a key, token, password or secret left out."""
    return _SECRET.sub(r"\1***", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(level: str, file: str | None) -> logging.Handler:
    """Send what `kernel_bridge` logs at `level` or above, and warnings of others, to the file or stderr.

    Other libraries stay at warnings: they log whole messages, and with them what was typed. Raises OSError:
    the file cannot be written.
    """
    if file is None:
        handler: logging.Handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Formatter("%(levelname)s %(name)s: %(message)s"))
    else:
        handler = logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("kernel_bridge").setLevel(level.upper())
    return handler
