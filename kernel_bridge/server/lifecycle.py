"""A session with an editor: initialize, settings, shutdown, and everything that can end it.

The session ends by `exit`, the end of stdin, a signal, a broken pipe or the death of the editor's process;
in every case the kernels that were started here are shut down first (those with keepAlive are left).
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .. import __version__
from ..guard import END_S, end_within
from ..protocol import errors
from ..protocol.commands import COMMANDS
from ..protocol.notifications import VERSION, read_capabilities
from ..protocol.settings import Settings, in_force, read_settings
from .features.client import advertised, advertised_workspace, read_standard
from .initialize import Editor, read_editor
from .jsonrpc import Connection, ConnectionClosed, Request, ResponseError
from .outbox import Outbox
from .stdio import StdinReader, StdoutWriter
from .trace import EditorLog

if TYPE_CHECKING:
    from ..bridge.application import Bridge
    from .features.session import Features
    from .language_server import Language

log = logging.getLogger(__name__)

NOTEBOOK_SYNC = {"notebookSelector": [{"notebook": "*"}], "save": True}
ANSWER_SHUTDOWN_S = 2.0  # kernels that take longer are waited for after the answer to `shutdown`


class Server:
    """One editor, from its first byte to the end of the process."""

    def __init__(self, stdin_fd: int, stdout_fd: int) -> None:
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._writer = StdoutWriter(stdout_fd)
        self.connection = Connection(self._writer, self._request, self._notification)
        self._reader = StdinReader(stdin_fd, self.connection.receive, self._stdin_ended)
        self._phase = "new"  # new -> running -> shutdown
        self._closing: asyncio.Task[None] | None = None
        self._editor_fd: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering_shutdown: asyncio.Task[None] | None = None
        self._editor: Editor
        self._editor_log = EditorLog(self.connection)
        self.settings = Settings()
        self._ignored_settings: list[str] = []  # what was said of them
        self.outbox: Outbox
        self.bridge: Bridge
        self.language: Language
        self.features: Features

    async def serve(self) -> int:
        """Serve until the session ends; the exit code of the process."""
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

    def spawn(self, coroutine: Any, name: str) -> asyncio.Task[None]:
        """A task that is held until it ends."""
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # messages

    def _request(self, request: Request) -> None:
        if request.method == "initialize":
            self._initialize(request)
        elif self._phase == "new":
            request.fail(errors.SERVER_NOT_INITIALIZED, f"{request.method} came before initialize")
        elif self._phase == "shutdown":
            request.fail(errors.INVALID_REQUEST, f"{request.method} came after shutdown")
        elif request.method == "workspace/executeCommand":
            from .commands import execute

            execute(self, request)
        elif request.method == "shutdown":
            self._phase = "shutdown"
            self._answering_shutdown = self.spawn(self._shutdown(request), "shutdown")
        else:
            from .features.requests import REQUESTS, serve

            if request.method in REQUESTS:
                serve(self, request)
            else:
                self.language.request(request)

    def _notification(self, method: str, params: msgspec.Raw) -> None:
        if method == "exit":
            self._end(0 if self._phase == "shutdown" else 1)
        elif self._phase != "running":
            log.warning("%s was ignored: the session is %s", method, self._phase)
        elif method == "initialized":
            self._initialized()
        elif method == "workspace/didChangeConfiguration":
            self._configuration_changed(params)
        elif method == "window/workDoneProgress/cancel":
            self.features.progress.cancel(_field(params, "token"))
        elif method == "$/setTrace":
            self._editor_log.trace(_field(params, "value"))
        else:
            self.language.notification(method, params)

    def _initialize(self, request: Request) -> None:
        if self._phase != "new":
            request.fail(errors.INVALID_REQUEST, "initialize came twice")
            return
        params = msgspec.json.decode(request.params)
        if not isinstance(params, dict):
            request.fail(
                errors.INVALID_PARAMS, f"initialize: expected an object, got {type(params).__name__}"
            )
            return
        editor = self._editor = read_editor(params)
        ours, problem = read_capabilities(editor.kernel_bridge)
        self.settings, warnings = read_settings(_section(editor.options), self.settings)
        client = read_standard(editor.capabilities, ours is not None and ours.output)
        request.respond(
            {
                "serverInfo": {"name": "kernel-bridge", "version": __version__},
                "capabilities": {
                    "positionEncoding": editor.encoding,
                    "textDocumentSync": {"openClose": True, "change": 2},
                    **({"notebookDocumentSync": NOTEBOOK_SYNC} if editor.has_notebooks else {}),
                    "executeCommandProvider": {"commands": list(COMMANDS)},
                    "workspace": {
                        "workspaceFolders": {"supported": True, "changeNotifications": True},
                        **advertised_workspace(client),
                    },
                    "experimental": {"kernelBridge": {"version": VERSION}},
                    **advertised(client, self.settings.features),
                },
            }
        )
        self._phase = "running"
        self.outbox = Outbox(self.connection, self._writer, ours)
        self._writer.on_written = self.outbox.written
        for warning in [problem, *warnings] if problem else warnings:
            self.outbox.warn(warning)
        self._editor_log.trace(editor.trace)
        self._watch_editor(editor.process_id)
        self._writer.flush()
        # What follows imports what initialize did not need.
        from ..bridge.application import Bridge
        from ..bridge.documents import path_of
        from .features.session import Features
        from .language_server import Language
        from .session_files import SessionFiles

        root = path_of(editor.root_uri) if editor.root_uri else None
        self.language = Language(self.connection, editor.root_uri, editor.folders, editor.encoding)
        self.files = SessionFiles()
        self.features = Features(self, client)
        self.bridge = Bridge(
            self.features,
            self.settings,
            root or Path(editor.root_path or os.getcwd()),
            self.language.documents.kernelspec_of,
        )
        if ours is not None and ours.blobs == "file":
            from .blobs import Blobs

            self.outbox.blobs = Blobs(self.bridge, self.files, self.outbox.warn)
        self._configured()

    # settings

    def _initialized(self) -> None:
        if self._editor.registers_configuration:
            registration = {
                "id": "kernel-bridge-configuration",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": {"section": "kernel-bridge"},
            }
            self.spawn(self.ask("client/registerCapability", {"registrations": [registration]}), "register")
        if self._editor.has_configuration:
            self.spawn(self._pull_configuration(), "workspace/configuration")

    def _configuration_changed(self, params: msgspec.Raw) -> None:
        settings = _object(_field(params, "settings")).get("kernel-bridge")
        if settings is not None:
            self._configure(settings)
        elif self._editor.has_configuration:  # says only that something has changed
            self.spawn(self._pull_configuration(), "workspace/configuration")

    async def _pull_configuration(self) -> None:
        answer = await self.ask("workspace/configuration", {"items": [{"section": "kernel-bridge"}]})
        if isinstance(answer, list) and answer:
            self._configure(answer[0])

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a request; None: the editor refused it."""
        try:
            return await self.connection.request(method, params)
        except (ResponseError, ConnectionClosed) as error:
            log.warning("the editor refused %s: %s", method, error)
            return None

    def _configure(self, raw: Any) -> None:
        before = self.settings.features
        self.settings, warnings = read_settings(_section(raw), self.settings)
        for warning in warnings:
            self.outbox.warn(warning)
        self._configured()
        if self.settings.features != before:
            self.features.settings_changed()

    def _configured(self) -> None:
        self.outbox.coalesce_s = self.settings.coalesce_milliseconds / 1000
        self.bridge.settings, ignored = in_force(self.settings)
        for warning in ignored:
            if warning not in self._ignored_settings:
                self.outbox.warn(warning)
        self._ignored_settings = ignored

    # the end

    async def _shutdown(self, request: Request) -> None:
        closing = self._start_closing()
        await asyncio.wait([closing], timeout=ANSWER_SHUTDOWN_S)
        request.respond(None)

    @property
    def closing(self) -> bool:
        return self._closing is not None

    def _start_closing(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._closing = asyncio.create_task(self._close_bridge(), name="close")
        return self._closing

    async def _close_bridge(self) -> None:
        if bridge := getattr(self, "bridge", None):
            await bridge.close()

    async def _close(self) -> None:
        await self._start_closing()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            if task is not self._answering_shutdown:  # `exit` may come before that is answered
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if features := getattr(self, "features", None):
            features.close()
            self.files.close()
        self.connection.close()
        self._editor_log.close()
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
            except NotImplementedError:  # Windows: the handlers of the signal module
                signal.signal(number, lambda got, _: loop.call_soon_threadsafe(self._end, 128 + got))

    def _watch_editor(self, process_id: int | None) -> None:
        """End when the editor's process ends, though the pipe may live on in its children.

        Linux only (pidfd); elsewhere the end of stdin tells. A pid that is not to be seen from here (an
        editor in another container) is not watched.
        """
        if process_id is None or not hasattr(os, "pidfd_open"):
            return
        try:
            self._editor_fd = os.pidfd_open(process_id)
        except OSError:
            log.info("the editor's process %s is not to be seen from here", process_id)
            return
        asyncio.get_running_loop().add_reader(self._editor_fd, self._editor_died, process_id)

    def _editor_died(self, process_id: int) -> None:
        log.warning("the editor's process %d has ended", process_id)
        assert self._editor_fd is not None
        asyncio.get_running_loop().remove_reader(self._editor_fd)
        self._end(1)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _section(raw: Any) -> Any:
    """The settings, with or without their section around them."""
    return raw["kernel-bridge"] if isinstance(raw, dict) and "kernel-bridge" in raw else raw


def _field(params: msgspec.Raw, name: str) -> Any:
    return _object(msgspec.json.decode(params)).get(name)
