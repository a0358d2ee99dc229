"""Turns a handler's result or exception into exactly one response."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import msgspec

from ..escapes import legible
from ..protocol.errors import (
    INTERNAL_ERROR,
    REPORT_BUG,
    BridgeError,
    InvalidArgument,
    Remedy,
    RequestCancelled,
)
from .jsonrpc import Request
from .peer import Peer
from .remedies import COMMANDS

log = logging.getLogger(__name__)

_current: ContextVar[Request] = ContextVar("request")

_PROSE = (
    "hint",
    "output",
    "reason",
    "stderr",
)  # fields of an error's data for people; the others are for programs


@dataclass(frozen=True, slots=True)
class Answer:
    """A result or an error, and `then`, which is called as soon as the response is written."""

    then: Callable[[], object]
    result: Any = None
    error: Exception | None = None


def answer_early(result: Any) -> None:
    """Answer the current request now. The result of its handler is not sent."""
    _current.get().respond(result)


def progress_token() -> str | int | None:
    """The token by which the client wants the progress of the current request (LSP 3.17, "workDoneToken")."""
    params = msgspec.json.decode(_current.get().params)
    token = params.get("workDoneToken") if isinstance(params, dict) else None
    return token if isinstance(token, str | int) else None


def answer(peer: Peer, request: Request, handle: Callable[[], Any]) -> None:
    """Answer with the result of `handle`. A coroutine becomes a task, which `$/cancelRequest` cancels."""
    token = _current.set(request)
    try:
        result = handle()
        if not asyncio.iscoroutine(result):
            _respond(request, result)
            return
        task = peer.spawn(_finish(request, result), request.method)
    except Exception as error:
        _fail(request, error)
        return
    finally:
        _current.reset(token)
    request.on_cancel = task.cancel
    task.add_done_callback(lambda _: _answer_unbegun(request, result))


def described(error: Exception, words: Mapping[Remedy, str]) -> tuple[int, str, dict[str, Any] | None]:
    """The code, message and data of an error response; `words` has the text of its remedy."""
    if isinstance(error, InvalidArgument | RequestCancelled):
        return error.code, legible(error.message), None
    if isinstance(error, BridgeError):
        data = error.data
        data |= {name: legible(data[name]) for name in _PROSE if name in data}
        return error.code, legible(error.worded(words)), data
    what = legible(f"{type(error).__name__}: {error}")
    return INTERNAL_ERROR, f"{what}; {REPORT_BUG}", None


async def _finish(request: Request, coroutine: Coroutine[Any, Any, Any]) -> None:
    try:
        result = await coroutine
    except asyncio.CancelledError:
        _fail(request, RequestCancelled("the request was cancelled"))
    except Exception as error:
        _fail(request, error)
    else:
        _respond(request, result)


def _answer_unbegun(request: Request, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Answer for a task that was cancelled before its first step, when not even its `finally` runs."""
    if not request.answered:
        coroutine.close()
        _fail(request, RequestCancelled("the request was cancelled"))


def _respond(request: Request, result: Any) -> None:
    if not isinstance(result, Answer):
        return request.respond(result)
    if result.error is not None:
        _fail(request, result.error)
    elif not request.answered:
        request.respond(result.result)
    try:
        result.then()
    except Exception:
        log.exception("the work after the answer to %s failed", request.method)


def _fail(request: Request, error: Exception) -> None:
    if not isinstance(error, BridgeError):
        log.error("%s failed", request.method, exc_info=error)
    if not request.answered:
        request.fail(*described(error, COMMANDS))
