"""The server's commands and features, registered by the modules that own them.

`server` has the decorators of a pygls server but does not need pygls, which is slow to import: `initialize`
is answered before that import. The language server then registers all handlers with pygls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..protocol.settings import FeatureSettings
from .client import Client

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Provider:
    """How a feature is advertised in the response to `initialize` (LSP 3.17, "ServerCapabilities")."""

    capability: str | None  # the server capability, with dots for nesting; None: another feature has it
    setting: str | None = None  # the setting in `features` that turns it on or off; None: always on
    options: Any = True  # the value of the capability, or a function of the client that returns it
    needs: Callable[[Client], bool] = lambda _: True  # false: not advertised to this client
    off: Any = None  # the result while the feature is switched off


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler `(context, params)`, and the type of its params: a strict struct, or Any for plain JSON.

    If a plain function returns a coroutine, its own body runs before the client's next message is read.
    """

    handler: Callable[..., Any]
    params: Any
    provider: Provider | None = None


class Registry:
    """Commands and features by name, in the order of registration."""

    def __init__(self) -> None:
        self.commands: dict[str, Registered] = {}
        self.features: dict[str, Registered] = {}

    def command(self, name: str) -> Callable[[Handler], Handler]:
        """Register the handler of a command; its second parameter is the command's only argument."""

        def register(handler: Handler) -> Handler:
            assert name not in self.commands, name
            self.commands[name] = Registered(handler, _params(handler))
            return handler

        return register

    def feature(self, method: str, options: Provider | None = None) -> Callable[[Handler], Handler]:
        """Register the handler of a standard request or notification; `options` advertises it."""

        def register(handler: Handler) -> Handler:
            assert method not in self.features, method
            self.features[method] = Registered(handler, _params(handler), options)
            return handler

        return register

    def capabilities(self, client: Client, settings: FeatureSettings) -> dict[str, Any]:
        """The ServerCapabilities for this client.

        A feature that "auto" turns off is still advertised, so that it can be switched on later. The oldest
        features of LSP are advertised to all clients: Kate 22 has completion, and Helix 25 symbols, without
        declaring them.
        """
        capabilities: dict[str, Any] = {"executeCommandProvider": {"commands": list(self.commands)}}
        for feature in self.features.values():
            provider = feature.provider
            if provider is None or provider.capability is None or not provider.needs(client):
                continue
            if provider.setting is not None and not getattr(settings, provider.setting):
                continue
            options = provider.options(client) if callable(provider.options) else provider.options
            *objects, name = provider.capability.split(".")
            holder = capabilities
            for part in objects:
                holder = holder.setdefault(part, {})
            holder[name] = options
        return capabilities


def _params(handler: Callable[..., Any]) -> Any:
    return list(handler.__annotations__.values())[1]


server = Registry()
