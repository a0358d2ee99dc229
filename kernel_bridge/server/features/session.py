"""Standard LSP served from kernels and runs: the state of one session, and who hears of what happens.

Stands between the bridge and the outbox: what the outbox sends comes first.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...bridge.documents import path_of
from ...protocol.commands import (
    ActParams,
    ExportResult,
    InterruptKernelResult,
    ReadOutputParams,
    RunResult,
    ShowOutputParams,
    ShowOutputResult,
)
from ...protocol.errors import HistoryDisabled, InvalidArgument, NoSuchRun
from ...protocol.objects import Kernel, Run
from ...protocol.vocabulary import Change
from .client import Standard
from .completion import Lists
from .content import uri_of
from .diagnostics import diagnostics
from .messages import Messages
from .progress import Progress
from .questions import Questions
from .refresher import Refresher
from .results import Result, Results
from .showing import SHOW_S, content_of, show_document, whole_text, write_shown

if TYPE_CHECKING:
    from ..lifecycle import Server


class Features:
    """The bridge's observer: passes everything on to the outbox, then serves it in standard LSP."""

    def __init__(self, server: "Server", client: Standard) -> None:
        self.client = client
        self.documents = server.language.documents
        self.results = Results(self.documents, self._publish)
        self.documents.watcher = self.results
        self._server = server
        self._outbox = server.outbox
        self.files = server.files
        self.lists = Lists()
        self._lives: dict[str, tuple[int, bool]] = {}  # kernel id -> its epoch, and whether it has ended
        self._published: dict[str, list[dict[str, Any]] | None] = {}  # uri -> diagnostics that the client has
        self._messages = Messages(server, client)
        self.progress = Progress(server, client)
        self._hints = self._refresher("workspace/inlayHint/refresh")
        self._lenses = self._refresher("workspace/codeLens/refresh")
        self._problems = self._refresher("workspace/diagnostic/refresh")
        self.questions = Questions(
            server.outbox.warn,
            self._refresh_hints,
            lambda: self.hints_shown,
        )

    @property
    def bridge(self) -> Any:
        return self._server.bridge

    def wants(self, setting: str) -> bool:
        """Whether a feature is switched on for this client."""
        return self.client.wants(getattr(self._server.settings.features, setting))

    @property
    def hints_shown(self) -> bool:
        """Whether a person sees results behind the code."""
        return self.client.hints_shown(self._server.settings.features)

    def _refresher(self, method: str) -> Refresher:
        return Refresher(lambda: self._server.ask(method), self._server.spawn, method)

    # the bridge's observer

    @property
    def can_ask(self) -> bool:
        return self._outbox.can_ask or (self.client.code_actions and self.wants("input"))

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        asked = self._outbox if self._outbox.can_ask else self.questions
        return await asked.ask(run_id, kernel_id, prompt, password)

    def warn(self, message: str) -> None:
        self._outbox.warn(message)

    def kernel_changed(self, kernel: Kernel) -> None:
        self._outbox.kernel_changed(kernel)
        self._messages.kernel_changed(kernel)
        self.progress.kernel_changed(kernel)
        life = (kernel.epoch, kernel.state == "dead")
        if self._lives.setdefault(kernel.id, life) != life:
            self._lives[kernel.id] = life
            self._refresh_hints()

    def run_changed(self, run: Run) -> None:
        self._outbox.run_changed(run)
        if run.state == "queued" and (found := self.bridge.find_run(run.id)):
            self.results.add(found[1])
        result = self.results.by_run.get(run.id)
        if result is not None:
            self._publish(result.uri)
            self._refresh_hints()
            if self.client.code_lens_refresh and self.wants("code_lenses"):
                self._lenses.soon()
        self.progress.run_changed(run)
        if run.ended_at is not None:
            self._messages.run_ended(run)

    def run_let_go(self, run_id: str) -> None:
        self._outbox.run_let_go(run_id)

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        self._outbox.output(run_id, kernel_id, changes, urgent)
        self.progress.output(run_id)
        if run_id in self.results.by_run:
            self._refresh_hints()

    def settings_changed(self) -> None:
        """What is switched on or off shows at once; a client is told to ask again, whatever it gets then."""
        for document in self.documents.all_open():
            self._publish(document.uri)
        if self.client.inlay_hint_refresh:
            self._hints.soon()
        if self.client.code_lens_refresh:
            self._lenses.soon()

    def marks(self, result: Result) -> list[str]:
        """Why a result may not hold any more: its lines were edited, what it made in its kernel is gone."""
        run, kernel = result.run, self.bridge.kernels.get(result.run.kernel_id)
        marks = ["edited"] if result.stale else []
        if kernel is not None and run.state in ("ok", "error"):
            if not kernel.alive:
                marks.append("kernel ended")
            elif kernel.session.epoch != run.epoch:
                marks.append("before restart")
        return marks

    def _publish(self, uri: str) -> None:
        """Diagnostics of a document, if they are others now. (Hints a client asks for anew at every edit.)"""
        document = self.documents.find(uri) if self.wants("diagnostics") else None
        # None at first is told, too: Neovim keeps those of its old name with a buffer that gets a new one.
        now = diagnostics(self, document) if document is not None else None
        before = self._published.get(uri)
        if now == before:
            return
        self._published[uri] = now
        if not self.client.pull_diagnostics:
            told = {"uri": uri, "diagnostics": now or []}
            self._server.connection.notify("textDocument/publishDiagnostics", told)
        elif now or before:
            self._problems.soon()

    def _refresh_hints(self) -> None:
        if self.client.inlay_hint_refresh and self.wants("inlay_hints"):
            self._hints.soon()

    # what people ask for

    def acted(self, params: ActParams, result: Any, error: str | None) -> None:
        """A code action or lens has been answered."""
        if error is not None:
            self._outbox.show(1, error)
        elif isinstance(result, RunResult):
            self._messages.asked_for(result.runs)
        elif isinstance(result, ExportResult):
            uri = Path(result.path).as_uri()
            self._server.spawn(self._show(uri, external=result.format == "html"), f"show {result.path}")
        elif isinstance(result, InterruptKernelResult):
            self._messages.interrupted(result.outcome)
        elif isinstance(result, Kernel):
            self._messages.ready(result)

    def beside(self, uri: str) -> Path | None:
        """The path of a document in a folder that is there; None: it has none."""
        path = path_of(uri)
        return path if path is not None and path.parent.is_dir() else None

    async def show_output(self, params: ShowOutputParams) -> ShowOutputResult:
        """Open an output of a run, or all its text. Raises NoSuchRun, InvalidArgument, ExportFailed."""
        if params.index is None:
            text = await self.text_of(params.run_id)
            if self.client.text_document_content:
                return await self._shown(uri_of(params.run_id), external=False)
            path = await asyncio.to_thread(write_shown, self.files, f"{params.run_id}.txt", text.encode())
            return await self._shown(path.as_uri(), external=False)
        run = await self.bridge.get_run(params.run_id)
        outputs = run.outputs or []
        if params.index >= len(outputs):
            raise InvalidArgument(
                f"kernel-bridge.showOutput: field index: must be below {len(outputs)}, got {params.index}"
            )
        suffix, content = content_of(outputs[params.index])
        name = f"{run.id}-{params.index + 1}{suffix}"
        path = await asyncio.to_thread(write_shown, self.files, name, content)
        return await self._shown(path.as_uri(), external=True)

    async def text_of(self, run_id: str) -> str:
        """All text of a run, from the history where it is over the budget; raises NoSuchRun."""
        outputs = (await self.bridge.get_run(run_id)).outputs or []
        for index, output in enumerate(outputs):
            if "elided" in output:
                asked = ReadOutputParams(run_id=run_id, index=index, start=0, length=1 << 40)
                try:
                    text, _ = await self.bridge.history.read_output(asked)
                except (HistoryDisabled, NoSuchRun):  # a silent run, or none is kept
                    elided = output["elided"]
                    text = f"{output['text']}\n[{elided['omitted']} bytes]\n{elided['tail']}"
                outputs[index] = {**output, "text": text}
        return whole_text(outputs)

    async def _shown(self, uri: str, *, external: bool) -> ShowOutputResult:
        return ShowOutputResult(uri=uri, shown=await self._show(uri, external=external))

    async def _show(self, uri: str, *, external: bool) -> bool:
        """Show a document, or say where it is."""
        if self.client.show_document and await show_document(self._ask_to_show, uri, external=external):
            return True
        self._outbox.show(3, f"kernel-bridge has written {path_of(uri) or uri}")
        return False

    async def _ask_to_show(self, method: str, params: Any) -> Any:
        async with asyncio.timeout(SHOW_S):
            return await self._server.connection.request(method, params)

    def close(self) -> None:
        """End what waits."""
        self.progress.close()
