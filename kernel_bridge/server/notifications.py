"""Standard notifications that are not about a document."""

from typing import Any

from .features.context import Context
from .registry import server


@server.feature("initialized")
def initialized(context: Context, params: Any) -> None:
    context.configuration.initialized()


@server.feature("workspace/didChangeConfiguration")
def configuration_changed(context: Context, params: Any) -> None:
    context.configuration.changed(_field(params, "settings"))


@server.feature("window/workDoneProgress/cancel")
def progress_cancelled(context: Context, params: Any) -> None:
    context.progress.cancel(_field(params, "token"))


@server.feature("$/setTrace")
def trace_set(context: Context, params: Any) -> None:
    context.log.trace(_field(params, "value"))


def _field(params: Any, name: str) -> Any:
    return params.get(name) if isinstance(params, dict) else None
