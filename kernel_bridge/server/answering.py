"""From what a handler gives, or raises, to the one answer of its request."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ..escapes import legible
from ..protocol.errors import INTERNAL_ERROR, BridgeError, InvalidArgument, RequestCancelled
from .jsonrpc import Request
from .remedies import ACTIONS, COMMANDS

if TYPE_CHECKING:
    from .lifecycle import Server

log = logging.getLogger(__name__)

_PROSE = ("hint", "reason", "stderr")  # fields of an error's data that are read by a person, not looked up

ANSWERED: Any = object()
"""The result of a handler that has answered by itself."""


def answer(server: "Server", request: Request, handle: Callable[[], Any]) -> None:
    """Answer with what `handle` gives; a coroutine becomes a task, which `$/cancelRequest` cancels."""
    try:
        result = handle()
        if not asyncio.iscoroutine(result):
            if result is not ANSWERED:
                request.respond(result)
            return
    except Exception as error:
        _fail(request, error)
        return
    task = server.spawn(_finish(request, result), request.method)
    request.on_cancel = task.cancel
    task.add_done_callback(lambda _: _answer_unbegun(request, result))


async def _finish(request: Request, coroutine: Coroutine[Any, Any, Any]) -> None:
    try:
        result = await coroutine
        if result is not ANSWERED:
            request.respond(result)
    except asyncio.CancelledError:
        _fail(request, RequestCancelled("the request was cancelled"))
    except Exception as error:
        _fail(request, error)


def _answer_unbegun(request: Request, coroutine: Coroutine[Any, Any, Any]) -> None:
    """A task that is cancelled before its first step runs nothing, not even its `finally`."""
    if not request.answered:
        coroutine.close()
        _fail(request, RequestCancelled("the request was cancelled"))


def _fail(request: Request, error: Exception) -> None:
    if isinstance(error, InvalidArgument | RequestCancelled):
        request.fail(error.code, legible(error.message))
    elif isinstance(error, BridgeError):
        data = error.data
        data |= {name: legible(data[name]) for name in _PROSE if name in data}
        said, shown = (legible(error.worded(words)) for words in (COMMANDS, ACTIONS))
        request.fail(error.code, said, data, shown)
    else:
        log.error("%s failed", request.method, exc_info=error)
        what = legible(f"{type(error).__name__}: {error}")
        request.fail(INTERNAL_ERROR, f"{what}; this is a bug in kernel-bridge")
