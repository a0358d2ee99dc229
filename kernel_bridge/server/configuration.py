"""The settings of a session: from `initialize`, then from the client's notifications and responses.

LSP 3.17, "DidChangeConfiguration Notification" and "Configuration Request".
"""

from collections.abc import Callable
from typing import Any

from ..protocol.settings import FeatureSettings, Settings, read_settings
from .initialize import Editor
from .peer import Peer


class Configuration:
    """Holds the settings. Calls `on_change` with the previous settings whenever the client sends new ones."""

    def __init__(self, peer: Peer, editor: Editor, settings: Settings) -> None:
        self.settings = settings
        self.on_change: Callable[[Settings], object] = lambda _: None
        self._peer = peer
        self._editor = editor

    @property
    def features(self) -> FeatureSettings:
        return self.settings.features

    def initialized(self) -> None:
        """Register for changes and request the settings, if the client supports that."""
        if self._editor.registers_configuration:
            registration = {
                "id": "kernel-bridge-configuration",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": {"section": "kernel-bridge"},
            }
            asked = self._peer.ask("client/registerCapability", {"registrations": [registration]})
            self._peer.spawn(asked, "register")
        self._pull()

    def changed(self, settings: Any) -> None:
        """Apply the settings that the client sent, in any shape."""
        section = settings.get("kernel-bridge") if isinstance(settings, dict) else None
        if section is not None:
            self._take(section)
        else:  # the client only announces a change
            self._pull()

    def _pull(self) -> None:
        if self._editor.has_configuration:
            self._peer.spawn(self._ask(), "workspace/configuration")

    async def _ask(self) -> None:
        answer = await self._peer.ask("workspace/configuration", {"items": [{"section": "kernel-bridge"}]})
        if isinstance(answer, list) and answer:
            self._take(answer[0])

    def _take(self, raw: Any) -> None:
        before = self.settings
        self.settings, warnings = read_settings(section(raw), before)
        for warning in warnings:
            self._peer.warn(warning)
        self.on_change(before)


def section(raw: Any) -> Any:
    """The settings, unwrapped if the client sent them inside a `kernel-bridge` object."""
    return raw["kernel-bridge"] if isinstance(raw, dict) and "kernel-bridge" in raw else raw
