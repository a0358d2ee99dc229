"""A session with an editor: builds every object that it needs after `initialize`."""

import os
from pathlib import Path

from ..bridge.application import Bridge
from ..bridge.documents import path_of
from ..protocol.notifications import ClientCapabilities
from ..protocol.objects import Owner
from ..protocol.settings import Settings, in_force
from .blobs import Blobs
from .client import Client
from .configuration import Configuration
from .features.context import Context
from .features.lists import Lists
from .features.messages import Messages
from .features.observer import EditorObserver
from .features.progress import Progress
from .features.prompts import Prompts
from .features.results import Results
from .initialize import Editor
from .jsonrpc import Connection
from .language_server import KernelBridge
from .outbox import Outbox
from .peer import Peer
from .registry import Registry
from .session_files import SessionFiles
from .stdio import StdoutWriter
from .trace import EditorLog


class Session:
    """The bridge and the language server of one editor."""

    def __init__(
        self,
        connection: Connection,
        writer: StdoutWriter,
        peer: Peer,
        log: EditorLog,
        editor: Editor,
        capabilities: ClientCapabilities | None,
        client: Client,
        settings: Settings,
        registry: Registry,
    ) -> None:
        self.server = KernelBridge(connection, peer, editor, registry)
        self.configuration = Configuration(peer, editor, settings)
        self._peer = peer
        self._outbox = Outbox(connection, writer, capabilities)
        self._files = SessionFiles()
        self._ignored: list[str] = []  # warnings shown about ignored settings
        documents = self.server.documents
        root = path_of(editor.root_uri) if editor.root_uri else None
        self.bridge = bridge = Bridge(
            settings,
            root or Path(editor.root_path or os.getcwd()),
            documents.kernelspec_of,
            documents.has_fences,
            Owner(name=editor.name, pid=editor.process_id or os.getppid()),
            asks_to_install=capabilities is not None and capabilities.install,
        )
        self.context = Context(
            peer=peer,
            client=client,
            configuration=self.configuration,
            log=log,
            outbox=self._outbox,
            files=self._files,
            documents=documents,
            bridge=bridge,
            execute=self.server.execute,
            results=Results(documents),
            prompts=Prompts(peer.warn, lambda: client.hints_shown(self.configuration.features)),
            progress=Progress(peer, client, self.configuration, bridge),
            messages=Messages(peer, client, self.configuration, bridge),
            lists=Lists(),
        )
        self._observer = EditorObserver(self.context)
        bridge.join(self._observer)
        writer.on_written = self._outbox.written
        if capabilities is not None and capabilities.blobs == "file":
            self._outbox.blobs = Blobs(bridge, self._files, peer.warn)
        self.server.serve(self.context)
        self.configuration.on_change = self._configured
        self._configured(settings)

    def _configured(self, before: Settings) -> None:
        settings = self.configuration.settings
        self._outbox.coalesce_s = settings.coalesce_milliseconds / 1000
        self.bridge.settings, ignored = in_force(settings)
        for warning in ignored:
            if warning not in self._ignored:
                self._peer.warn(warning)
        self._ignored = ignored
        if settings.features != before.features:
            self._observer.settings_changed()

    def close(self) -> None:
        """Stop the timers and remove the session's files, after the bridge is closed."""
        self.context.progress.close()
        self._files.close()
