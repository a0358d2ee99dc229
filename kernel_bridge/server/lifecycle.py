"""The process of the language server: initialize, shutdown, and everything that can end it.

The process ends on `exit`, at the end of stdin, on a signal, on a broken pipe, or when the editor's process
dies. Before it ends, it shuts down the kernels that it started, except those with keepAlive.
"""

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

import msgspec

from .. import __version__
from ..guard import END_S, end_within
from ..protocol import errors
from ..protocol.notifications import VERSION, read_capabilities
from ..protocol.settings import Settings, read_settings
from .client import read_client
from .configuration import section
from .handlers import server
from .initialize import read_editor
from .jsonrpc import Connection, Request
from .peer import Peer
from .stdio import StdinReader, StdoutWriter
from .trace import EditorLog

if TYPE_CHECKING:
    from .session import Session

log = logging.getLogger(__name__)

NOTEBOOK_SYNC = {"notebookSelector": [{"notebook": "*"}]}
ANSWER_SHUTDOWN_S = 2.0  # `shutdown` is answered after this time even if kernels are still ending


class Server:
    """One editor, from its first byte to the end of the process."""

    def __init__(self, stdin_fd: int, stdout_fd: int) -> None:
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._writer = StdoutWriter(stdout_fd)
        self.connection = Connection(self._writer, self._request, self._notification)
        self._reader = StdinReader(stdin_fd, self.connection.receive, self._stdin_ended)
        self._peer = Peer(self.connection)
        self._log = EditorLog(self.connection)
        self._phase = "new"  # new -> running -> shutdown
        self._session: Session | None = None
        self._closing: asyncio.Task[None] | None = None
        self._answering_shutdown: asyncio.Task[None] | None = None
        self._editor_fd: int | None = None

    async def serve(self) -> int:
        """Serve until the session ends; return the exit code of the process."""
        self._writer.on_broken = lambda _: self._end(1)
        self._watch_signals()
        self._reader.start()
        try:
            return await self._ended
        finally:
            self._reader.close()
            await self._close()
            await self._writer.drain(1.0)
            self._writer.close()

    # messages

    def _request(self, request: Request) -> None:
        if request.method == "initialize":
            self._initialize(request)
        elif self._session is None:
            request.fail(errors.SERVER_NOT_INITIALIZED, f"{request.method} was sent before initialize")
        elif self._phase == "shutdown":
            request.fail(errors.INVALID_REQUEST, f"{request.method} was sent after shutdown")
        elif request.method == "shutdown":
            self._phase = "shutdown"
            self._answering_shutdown = self._peer.spawn(self._shutdown(request), "shutdown")
        else:
            self._session.server.protocol.handle_message(request)

    def _notification(self, method: str, params: msgspec.Raw) -> None:
        if method == "exit":
            self._end(0 if self._phase == "shutdown" else 1)
        elif self._session is None or self._phase != "running":
            log.warning("ignored %s: the session is %s", method, self._phase)
        else:
            self._session.server.protocol.handle_notification(method, params)

    def _initialize(self, request: Request) -> None:
        if self._phase != "new":
            return request.fail(errors.INVALID_REQUEST, "initialize was sent twice")
        params = msgspec.json.decode(request.params)
        if not isinstance(params, dict):
            expected = f"expected an object, got {type(params).__name__}"
            return request.fail(errors.INVALID_PARAMS, f"initialize: {expected}")
        editor = read_editor(params)
        ours, problem = read_capabilities(editor.kernel_bridge)
        settings, warnings = read_settings(section(editor.options), Settings())
        client = read_client(editor.capabilities, ours is not None and ours.output)
        capabilities = {
            "positionEncoding": editor.encoding,
            "textDocumentSync": {"openClose": True, "change": 2},
            **({"notebookDocumentSync": NOTEBOOK_SYNC} if editor.has_notebooks else {}),
            "experimental": {"kernelBridge": {"version": VERSION}},
            **server.capabilities(client, settings.features),
        }
        folders = {"workspaceFolders": {"supported": True, "changeNotifications": True}}
        capabilities["workspace"] = folders | capabilities.get("workspace", {})
        info = {"name": "kernel-bridge", "version": __version__}
        request.respond({"serverInfo": info, "capabilities": capabilities})
        self._phase = "running"
        for warning in [problem, *warnings] if problem else warnings:
            self._peer.warn(warning)
        self._log.trace(editor.trace)
        self._watch_editor(editor.process_id)
        self._writer.flush()
        from .session import Session  # slow to import, and `initialize` did not need it

        self._session = Session(
            self.connection, self._writer, self._peer, self._log, editor, ours, client, settings, server
        )

    # the end

    async def _shutdown(self, request: Request) -> None:
        closing = self._start_closing()
        await asyncio.wait([closing], timeout=ANSWER_SHUTDOWN_S)
        request.respond(None)

    def _start_closing(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._peer.closing = True
            self._closing = asyncio.create_task(self._close_bridge(), name="close")
        return self._closing

    async def _close_bridge(self) -> None:
        if self._session is not None:
            await self._session.bridge.close()

    async def _close(self) -> None:
        await self._start_closing()
        await self._peer.close(but=self._answering_shutdown)  # `exit` may come before its answer
        if self._session is not None:
            self._session.close()
        self.connection.close()
        self._log.close()
        if self._editor_fd is not None:
            asyncio.get_running_loop().remove_reader(self._editor_fd)
            os.close(self._editor_fd)

    def _end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)
            end_within(END_S)

    def _stdin_ended(self, error: Exception | None) -> None:
        if error is not None:
            print(f"kernel-bridge: {error}", file=sys.stderr, flush=True)
        self._end(0 if error is None and self._phase == "shutdown" else 1)

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                loop.add_signal_handler(number, self._end, 128 + number)
            except NotImplementedError:  # Windows has only the handlers of the signal module
                signal.signal(number, lambda got, _: loop.call_soon_threadsafe(self._end, 128 + got))

    def _watch_editor(self, process_id: int | None) -> None:
        """End when the editor's process ends, even if its children keep the pipe open.

        Works on Linux only (pidfd); elsewhere the bridge ends with stdin. A pid that is not visible here (the
        editor may run in another container) is not watched.
        """
        if process_id is None or not hasattr(os, "pidfd_open"):
            return
        try:
            self._editor_fd = os.pidfd_open(process_id)
        except OSError:
            log.info("the editor's process %s is not visible from here", process_id)
            return
        asyncio.get_running_loop().add_reader(self._editor_fd, self._editor_died, process_id)

    def _editor_died(self, process_id: int) -> None:
        log.warning("the editor's process %d has ended", process_id)
        assert self._editor_fd is not None
        asyncio.get_running_loop().remove_reader(self._editor_fd)
        self._end(1)
