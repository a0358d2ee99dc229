"""JSON-RPC 2.0 over some writer: requests in and out, each answered exactly once (jsonrpc.org/specification).

Owns what is in flight. Knows no LSP but `$/cancelRequest` (LSP 3.17, "Cancellation Support"), and never logs
what a message holds.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from ..plurals import count
from ..protocol.errors import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR
from .encoding import encode, mend
from .pauses import Pauses

log = logging.getLogger(__name__)

Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | str
CANCEL = "$/cancelRequest"
ID_PREFIX = "kernel-bridge:"  # tells our requests from those of another layer on the same pipe
NULL = Raw(b"null")


class Writer(Protocol):
    """Where messages go."""

    def write(self, body: bytes) -> None: ...


class ResponseError(Exception):
    """The other side answered our request with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


class ConnectionClosed(Exception):
    """The connection ended before our request was answered."""


class Request:
    """A request of the other side; answer it once, now or later.

    `on_cancel` is called when the other side cancels it, which does not answer it.
    """

    __slots__ = ("_connection", "cancelled", "id", "method", "on_cancel", "params")

    def __init__(self, connection: "Connection", id: int | str, method: str, params: Raw) -> None:
        self.id = id
        self.method = method
        self.params = params  # JSON text; `null` where there were none
        self.on_cancel: Callable[[], object] | None = None
        self.cancelled = False
        self._connection: Connection | None = connection

    @property
    def answered(self) -> bool:
        return self._connection is None

    def respond(self, result: Any) -> None:
        """Answer with `result`: a struct, a JSON value, or None. What cannot be encoded answers -32603."""
        try:
            body = encode(_Result(self.id, result))
        except Exception:
            log.exception("the result of %s cannot be encoded", self.method)
            self.fail(INTERNAL_ERROR, f"the result of {self.method} cannot be encoded")
        else:
            self._answer(body)

    def fail(self, code: int, message: str, data: Any = None) -> None:
        """Answer with an error; `data` None: without data."""
        failure = _Failure(self.id, _Error(code, message, UNSET if data is None else data))
        self._answer(encode(failure))

    def _answer(self, body: bytes) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            log.warning("request %r (%s) is answered already; one more is dropped", self.id, self.method)
            return
        log.debug("request %r (%s) is answered", self.id, self.method)
        self.on_cancel = None
        del connection.in_flight[self.id]
        connection.notify_raw(body)


class Connection:
    """One peer. `receive` takes the bodies in order; handlers are called in that order, before it returns.

    A handler answers its Request itself or hands it to a task. One that raises answers -32603.
    """

    def __init__(
        self,
        writer: Writer,
        on_request: Callable[[Request], None],
        on_notification: Callable[[str, Raw], None],
    ) -> None:
        self.on_request = on_request
        self.on_notification = on_notification
        self.on_unclaimed_response: Callable[[int | str, bytes], None] | None = None  # (id, the whole body)
        self.in_flight: dict[int | str, Request] = {}  # requests of the other side without an answer
        self._out = Pauses(writer.write)
        self._asked: dict[int | str, asyncio.Future[_Message]] = {}  # our requests without an answer
        self._numbers = itertools.count(1)
        self._closed = False

    # in

    def receive(self, body: bytes) -> None:
        """Take one message; whatever it holds, this does not raise."""
        if not body:
            self._refuse(None, PARSE_ERROR, "a message was empty, or there is no memory for one so large")
            return
        try:
            message = _decode(body)
        except msgspec.ValidationError as error:
            self._refuse(_id_of(body), INVALID_REQUEST, f"not a JSON-RPC message: {error}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refuse(None, PARSE_ERROR, f"not JSON in UTF-8: {error}")
        except RecursionError:
            self._refuse(None, PARSE_ERROR, "the message is nested too deeply")
        except MemoryError:
            self._refuse(None, INTERNAL_ERROR, f"out of memory: a message has {count(len(body), 'byte')}")
        else:
            self._dispatch(message, body)

    def _dispatch(self, message: "_Message", body: bytes) -> None:
        id, method = message.id, message.method
        known = None if id is UNSET else id
        if message.jsonrpc != "2.0":
            self._refuse(known, INVALID_REQUEST, 'not a JSON-RPC message: jsonrpc must be "2.0"')
        elif method is not UNSET:
            if id is UNSET:
                self._notified(method, message.params)
            elif id is None:
                self._refuse(None, INVALID_REQUEST, "the id of a request must be an integer or a string")
            elif id in self.in_flight:
                self._refuse(id, INVALID_REQUEST, f"a request with the id {id!r} is in flight already")
            else:
                self._requested(Request(self, id, method, message.params))
        elif known in self._asked or message.result is not UNSET or message.error is not UNSET:
            self._answered(known, message, body)
        else:
            self._refuse(known, INVALID_REQUEST, "not a JSON-RPC message: neither method, result nor error")

    def _requested(self, request: Request) -> None:
        self.in_flight[request.id] = request
        log.debug("request %r: %s", request.id, request.method)
        try:
            self.on_request(request)
        except Exception as error:
            log.exception("request %r (%s) failed", request.id, request.method)
            if not request.answered:
                what = f"{request.method} failed inside the server ({type(error).__name__})"
                request.fail(INTERNAL_ERROR, what)

    def _notified(self, method: str, params: Raw) -> None:
        try:
            if method == CANCEL:
                self._cancel(params)
            else:
                self.on_notification(method, params)
        except Exception:
            log.exception("notification %s failed", method)

    def _cancel(self, params: Raw) -> None:
        request = self.in_flight.get(msgspec.json.decode(params, type=_Cancel).id)
        if request is None or request.cancelled:
            return
        request.cancelled = True
        if request.on_cancel is not None:
            request.on_cancel()

    def _answered(self, id: int | str | None, message: "_Message", body: bytes) -> None:
        future = self._asked.pop(id, None) if id is not None else None
        if future is not None:
            if not future.done():
                future.set_result(message)
        elif id is None:
            log.warning("the client could not read one of our messages")
        elif isinstance(id, str) and id.startswith(ID_PREFIX):
            log.debug("a late answer to %s is dropped", id)
        elif self.on_unclaimed_response is not None:
            self.on_unclaimed_response(id, body)
        else:
            log.warning("an answer to the request %r that was never sent is dropped", id)

    def _refuse(self, id: int | str | None, code: int, message: str) -> None:
        log.warning("a message of the client is refused: %s", message)
        self._send(_Failure(id, _Error(code, message)))

    # out

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; `params` None: without params.

        Raises TypeError: params cannot be encoded.
        """
        self._send(_Notification(method, UNSET if params is None else params))

    def notify_raw(self, body: bytes) -> None:
        """Send a message that is encoded already, the whole of it."""
        self._out.write(body)

    def _send(self, message: msgspec.Struct) -> None:
        self.notify_raw(encode(message))

    def pause(self, pause_s: float) -> None:
        """What is sent from now on goes out after that time, in order."""
        self._out.pause(pause_s)

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result, decoded; cancelling the wait tells the other side.

        Raises ResponseError: it answered with an error. Raises ConnectionClosed: it never will.
        """
        if self._closed:
            raise ConnectionClosed(f"{method} cannot be asked: the connection is closed")
        id = f"{ID_PREFIX}{next(self._numbers)}"
        self._send(_Request(id, method, UNSET if params is None else params))
        future = self._asked[id] = asyncio.get_running_loop().create_future()
        try:
            return _result(await future)
        except asyncio.CancelledError:
            if self._asked.pop(id, None) is not None:
                self.notify(CANCEL, _Cancel(id))
            raise

    def close(self) -> None:
        """No more answers come: every request of ours that waits fails with ConnectionClosed."""
        self._closed = True
        self._out.close()
        asked, self._asked = self._asked, {}
        for id, future in asked.items():
            if not future.done():
                future.set_exception(ConnectionClosed(f"the connection was closed before {id} was answered"))


class _Message(msgspec.Struct):
    """Any message, as far as it tells what it is."""

    jsonrpc: str = ""
    id: Id | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Raw = NULL
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


class _WithId(msgspec.Struct):
    id: Id | None = None


class _Cancel(msgspec.Struct):
    id: Id


class _Error(msgspec.Struct):
    code: int
    message: str
    data: Any = UNSET


class _Result(msgspec.Struct):
    id: Id
    result: Any
    jsonrpc: Literal["2.0"] = "2.0"


class _Failure(msgspec.Struct):
    id: Id | None
    error: _Error
    jsonrpc: Literal["2.0"] = "2.0"


class _Notification(msgspec.Struct):
    method: str
    params: Any
    jsonrpc: Literal["2.0"] = "2.0"


class _Request(msgspec.Struct):
    id: Id
    method: str
    params: Any
    jsonrpc: Literal["2.0"] = "2.0"


_messages = msgspec.json.Decoder(_Message)
_any = msgspec.json.Decoder(Raw)
_ids = msgspec.json.Decoder(_WithId)


def _decode(body: bytes) -> _Message:
    # msgspec passes over text that it need not decode without looking whether it is UTF-8.
    if not body.isascii():
        body.decode()
    try:
        return _messages.decode(body)
    except msgspec.ValidationError:
        _any.decode(body)  # bad JSON further on comes before a wrong type
        raise
    except msgspec.DecodeError:
        mended = mend(body)
        if mended is None:
            raise
        return _messages.decode(mended)


def _id_of(body: bytes) -> int | str | None:
    """The id of a message that is JSON but not JSON-RPC, if it has a usable one."""
    try:
        return _ids.decode(body).id
    except msgspec.ValidationError:
        return None


def _result(answer: _Message) -> Any:
    if answer.error is not UNSET and answer.error != NULL:
        try:
            error = msgspec.json.decode(answer.error, type=_Error)
        except msgspec.ValidationError:
            raise ResponseError(INTERNAL_ERROR, "the error of the answer is malformed") from None
        raise ResponseError(error.code, error.message, None if error.data is UNSET else error.data)
    return None if answer.result is UNSET else msgspec.json.decode(answer.result)
