"""What the server serves: commands and features, registered by the modules that own them.

`server` has the decorators of a pygls server, and is there before pygls is: `initialize` is answered from it
in a fraction of the time that importing pygls takes. The language server then registers everything on itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..protocol.settings import FeatureSettings
from .client import Client

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Provider:
    """How a feature is offered in the answer to `initialize` (LSP 3.17, "ServerCapabilities")."""

    capability: str | None  # its server capability, a dot leads into an object; None: that of another feature
    setting: str | None = None  # of `features`, which switches it; None: nothing does
    options: Any = True  # the value of the capability, or what makes it of the client
    needs: Callable[[Client], bool] = lambda _: True  # clients without it are not offered the feature
    off: Any = None  # the result while the setting switches it off


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler `(context, params)`, and the type of its params: a strict struct, or Any for JSON as it is.

    What it does before it returns a coroutine happens before the client's next message is looked at.
    """

    handler: Callable[..., Any]
    params: Any
    provider: Provider | None = None


class Registry:
    """Commands and features by their names, in the order they were registered."""

    def __init__(self) -> None:
        self.commands: dict[str, Registered] = {}
        self.features: dict[str, Registered] = {}

    def command(self, name: str) -> Callable[[Handler], Handler]:
        """Register the handler of a command; its second parameter is the command's one argument."""

        def register(handler: Handler) -> Handler:
            assert name not in self.commands, name
            self.commands[name] = Registered(handler, _params(handler))
            return handler

        return register

    def feature(self, method: str, options: Provider | None = None) -> Callable[[Handler], Handler]:
        """Register the handler of a standard request or notification; `options` offers it to clients."""

        def register(handler: Handler) -> Handler:
            assert method not in self.features, method
            self.features[method] = Registered(handler, _params(handler), options)
            return handler

        return register

    def capabilities(self, client: Client, settings: FeatureSettings) -> dict[str, Any]:
        """The ServerCapabilities of what is registered, for this client.

        A feature that is "auto" and not wanted is offered where the client has it, so that it can be switched
        on later. What LSP has always had is offered to all: Kate 22 has completion, Helix 25 symbols, without
        saying so.
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
