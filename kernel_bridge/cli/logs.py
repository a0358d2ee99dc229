"""Where log records go, and that they are legible and no key, password or token is in them."""

import logging
import sys

from ..escapes import legible
from ..redaction import redact

LEVELS = ("debug", "info", "warning", "error")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return legible(redact(super().format(record)))  # a log file is read on a terminal, too


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
