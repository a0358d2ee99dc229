"""The bridge's observer for an editor: notifies the outbox first, then the standard LSP features."""

from typing import Any

from ...bridge.observer import Silent
from ...protocol.objects import Kernel, Run
from ...protocol.vocabulary import Change
from .context import Context
from .diagnostics import diagnostics
from .refresher import Refresher


class EditorObserver(Silent):
    """Notifies the outbox, then updates diagnostics, hints, lenses, progress and messages."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._outbox = context.outbox
        self._lives: dict[str, tuple[int, bool]] = {}  # kernel id -> (epoch, whether it has ended)
        self._published: dict[str, list[dict[str, Any]] | None] = {}  # uri -> last published diagnostics
        self._hints = Refresher(context.peer, "workspace/inlayHint/refresh")
        self._lenses = Refresher(context.peer, "workspace/codeLens/refresh")
        self._problems = Refresher(context.peer, "workspace/diagnostic/refresh")
        context.results.changed = self._publish
        context.prompts.changed = self._refresh_hints

    @property
    def can_ask(self) -> bool:
        context = self._context
        return self._outbox.can_ask or (context.client.code_actions and context.wants("input"))

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        asked = self._outbox if self._outbox.can_ask else self._context.prompts
        return await asked.ask(run_id, kernel_id, prompt, password)

    def warn(self, message: str) -> None:
        self._context.peer.warn(message)

    def kernel_changed(self, kernel: Kernel) -> None:
        self._outbox.kernel_changed(kernel)
        self._context.messages.kernel_changed(kernel)
        self._context.progress.kernel_changed(kernel)
        life = (kernel.epoch, kernel.state == "dead")
        if self._lives.setdefault(kernel.id, life) != life:
            self._lives[kernel.id] = life
            self._refresh_hints()

    def run_changed(self, run: Run) -> None:
        context = self._context
        self._outbox.run_changed(run)
        if run.state == "queued" and (found := context.bridge.find_run(run.id)):
            context.results.add(found[1])
        result = context.results.by_run.get(run.id)
        if result is not None:
            self._publish(result.uri)
            self._refresh_hints()
            if context.client.code_lens_refresh and context.wants("code_lenses"):
                self._lenses.soon()
        context.progress.run_changed(run)
        if run.ended_at is not None:
            context.messages.run_ended(run)

    def run_met(self, run: Run) -> None:
        self._outbox.run_met(run)

    def run_evicted(self, run_id: str) -> None:
        self._outbox.run_evicted(run_id)

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        self._outbox.output(run_id, kernel_id, changes, urgent)
        self._context.progress.output(run_id)
        if run_id in self._context.results.by_run:
            self._refresh_hints()

    def settings_changed(self) -> None:
        """Features were switched on or off: publish and refresh everything."""
        for document in self._context.documents.all_open():
            self._publish(document.uri)
        if self._context.client.inlay_hint_refresh:
            self._hints.soon()
        if self._context.client.code_lens_refresh:
            self._lenses.soon()

    def _publish(self, uri: str) -> None:
        """Publish the diagnostics of a document if they changed. (Clients request hints at every edit.)"""
        context = self._context
        document = context.documents.find(uri) if context.wants("diagnostics") else None
        # An initial None is sent as well: a renamed buffer in Neovim keeps the diagnostics of its old name.
        now = diagnostics(context, document) if document is not None else None
        before = self._published.get(uri)
        if now == before:
            return
        self._published[uri] = now
        if not context.client.pull_diagnostics:
            sent = {"uri": uri, "diagnostics": now or []}
            context.peer.notify("textDocument/publishDiagnostics", sent)
        elif now or before:
            self._problems.soon()

    def _refresh_hints(self) -> None:
        if self._context.client.inlay_hint_refresh and self._context.wants("inlay_hints"):
            self._hints.soon()
