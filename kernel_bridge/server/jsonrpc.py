"""JSON-RPC 2.0: requests in both directions, each answered exactly once (jsonrpc.org/specification).

Owns the requests in flight. The only part of LSP that it knows is `$/cancelRequest` (LSP 3.17, "Cancellation
Support"). It never logs the content of messages.
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
ID_PREFIX = "kernel-bridge:"  # distinguishes our requests from those of pygls on the same pipe
NULL = Raw(b"null")


class Writer(Protocol):
    """Receives the outgoing messages."""

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
    """A request from the other side. Answer it once, now or later.

    `on_cancel` is called when the other side cancels the request, which must still be answered.
    """

    __slots__ = ("_connection", "cancelled", "id", "method", "on_cancel", "params")

    def __init__(self, connection: "Connection", id: int | str, method: str, params: Raw) -> None:
        self.id = id
        self.method = method
        self.params = params  # JSON text; `null` if the request had none
        self.on_cancel: Callable[[], object] | None = None
        self.cancelled = False
        self._connection: Connection | None = connection

    @property
    def answered(self) -> bool:
        return self._connection is None

    def respond(self, result: Any) -> None:
        """Answer with `result`: a struct, a JSON value, or None. If it cannot be encoded, answer -32603."""
        try:
            body = encode(_Result(self.id, result))
        except Exception:
            log.exception("the result of %s cannot be encoded", self.method)
            self.fail(INTERNAL_ERROR, f"the result of {self.method} cannot be encoded")
        else:
            self._answer(body)

    def fail(self, code: int, message: str, data: Any = None) -> None:
        """Answer with an error. `data` is omitted if it is None."""
        failure = _Failure(self.id, _Error(code, message, UNSET if data is None else data))
        self._answer(encode(failure))

    def _answer(self, body: bytes) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            log.warning("dropped a second answer to request %r (%s)", self.id, self.method)
            return
        log.debug("request %r: answering %s", self.id, self.method)
        self.on_cancel = None
        del connection.in_flight[self.id]
        connection.notify_raw(body)


class Connection:
    """The connection with one peer. `receive` takes the bodies in order and calls the handlers in that order.

    A handler answers its Request itself, or hands it to a task. If it raises, the answer is -32603.
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
        self.in_flight: dict[int | str, Request] = {}  # unanswered requests from the other side
        self._out = Pauses(writer.write)
        self._asked: dict[int | str, asyncio.Future[_Message]] = {}  # our unanswered requests
        self._numbers = itertools.count(1)
        self._closed = False

    # in

    def receive(self, body: bytes) -> None:
        """Handle one message. Never raises, even if the message is malformed."""
        if not body:
            self._refuse(None, PARSE_ERROR, "the message is empty, or too large for the free memory")
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
            self._refuse(None, INTERNAL_ERROR, f"out of memory for a message of {count(len(body), 'byte')}")
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
                self._refuse(id, INVALID_REQUEST, f"a request with the id {id!r} is already in flight")
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
            log.debug("dropped a late answer to %s", id)
        elif self.on_unclaimed_response is not None:
            self.on_unclaimed_response(id, body)
        else:
            log.warning("dropped an answer to request %r, which was never sent", id)

    def _refuse(self, id: int | str | None, code: int, message: str) -> None:
        log.warning("refused a message from the client: %s", message)
        self._send(_Failure(id, _Error(code, message)))

    # out

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification. `params` are omitted if they are None.

        Raises TypeError: params cannot be encoded.
        """
        self._send(_Notification(method, UNSET if params is None else params))

    def notify_raw(self, body: bytes) -> None:
        """Send a complete message that is already encoded."""
        self._out.write(body)

    def _send(self, message: msgspec.Struct) -> None:
        self.notify_raw(encode(message))

    def pause(self, pause_s: float) -> None:
        """Hold back all later messages for `pause_s` seconds. They keep their order."""
        self._out.pause(pause_s)

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and return its decoded result. Cancelling the wait cancels the request.

        Raises ResponseError: the answer is an error. Raises ConnectionClosed: the connection is closed.
        """
        if self._closed:
            raise ConnectionClosed(f"cannot send {method}: the connection is closed")
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
        """End the connection: each of our unanswered requests fails with ConnectionClosed."""
        self._closed = True
        self._out.close()
        asked, self._asked = self._asked, {}
        for id, future in asked.items():
            if not future.done():
                future.set_exception(ConnectionClosed(f"the connection was closed before {id} was answered"))


class _Message(msgspec.Struct):
    """The envelope of any message; params and result stay undecoded."""

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
    # msgspec does not validate the UTF-8 of values that it skips.
    if not body.isascii():
        body.decode()
    try:
        return _messages.decode(body)
    except msgspec.ValidationError:
        _any.decode(body)  # raises if JSON later in the body is invalid, which is the more serious error
        raise
    except msgspec.DecodeError:
        mended = mend(body)
        if mended is None:
            raise
        return _messages.decode(mended)


def _id_of(body: bytes) -> int | str | None:
    """The id of a message that is JSON but not JSON-RPC; None: it has no valid id."""
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
