"""Sends our log to the editor with window/logMessage, at the level that `$/setTrace` sets."""

import asyncio
import logging
import threading
from typing import Any

from ..escapes import legible
from ..redaction import redact
from .jsonrpc import Connection

LEVELS = {"messages": logging.INFO, "verbose": logging.DEBUG}
MESSAGE_TYPES = ((logging.ERROR, 1), (logging.WARNING, 2), (logging.INFO, 3))


class EditorLog(logging.Handler):
    """Sends log records to the editor; off until the editor requests a trace."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(logging.CRITICAL)
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._logger = logging.getLogger("kernel_bridge")
        self._level_before = self._logger.level

    def trace(self, value: Any) -> None:
        """Set the level; `value` is LSP's TraceValue: off, messages or verbose."""
        self._logger.removeHandler(self)
        level = LEVELS.get(value)
        if level is None:
            self._logger.setLevel(self._level_before)
            return
        self.setLevel(level)
        self._logger.setLevel(min(level, self._level_before or level))
        self._logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        type_ = next((type_ for level, type_ in MESSAGE_TYPES if record.levelno >= level), 4)
        params = {"type": type_, "message": legible(redact(self.format(record)))}
        if threading.get_ident() == self._thread:
            self._connection.notify("window/logMessage", params)
        else:
            self._loop.call_soon_threadsafe(self._connection.notify, "window/logMessage", params)

    def close(self) -> None:
        self._logger.removeHandler(self)
        super().close()
