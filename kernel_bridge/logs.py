"""Sends log records to stderr or a file, made legible and with keys, passwords and tokens redacted."""

import logging
import sys

from .escapes import legible
from .redaction import redact

LEVELS = ("debug", "info", "warning", "error")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return legible(redact(super().format(record)))  # log files are read in terminals as well


def configure(level: str, file: str | None, delay: bool = False) -> logging.Handler:
    """Log `kernel_bridge` at `level` or above to the file or stderr; from other libraries, only warnings.

    Below that level, other libraries log whole messages, including what the user typed. With `delay`, the
    file is made with the first record. Raises OSError: the file cannot be written.
    """
    if file is None:
        handler: logging.Handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Formatter("%(levelname)s %(name)s: %(message)s"))
    else:
        handler = logging.FileHandler(file, encoding="utf-8", delay=delay)
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("kernel_bridge").setLevel(level.upper())
    return handler
