"""Decodes and encodes kernel messages (Jupyter messaging specification, "Messages").

The only module that knows the message dict. `Codec.decode` never raises: messages that cannot be read are
dropped and logged, without their payload.
"""

import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from ..runs.events import (
    ClearOutput,
    DisplayData,
    Error,
    Event,
    ExecuteInput,
    ExecuteReply,
    ExecuteResult,
    InputRequest,
    Json,
    Other,
    Status,
    Stream,
    UpdateDisplayData,
)
from ..runs.nesting import cut, cut_json
from .transport import Parts

log = logging.getLogger(__name__)

VERSION = "5.3"
SPARE_LEVELS = 100  # levels of nested JSON
LARGE = 1 << 20  # bytes of a stream's text above which it is read in pieces of about this size

# Seven plain characters in a JSON string: none of them belongs to an escape sequence that began earlier.
_PLAIN = re.compile(rb"[\x20-\x5b\x5d-\x7f]{7}")


class _Header(msgspec.Struct):
    msg_type: str
    msg_id: str = ""
    session: str = ""


class _RawStream(msgspec.Struct):
    text: msgspec.Raw
    name: str = "stdout"


class _Parent(msgspec.Struct):
    msg_id: str | None = None
    msg_type: str | None = None


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_parent = msgspec.json.Decoder(_Parent).decode
_decode_stream = msgspec.json.Decoder(Stream).decode
_decode_raw_stream = msgspec.json.Decoder(_RawStream).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_any = msgspec.json.Decoder().decode


class Message(msgspec.Struct):
    """One message of a kernel; `content` is still JSON text."""

    message_type: str
    message_id: str  # empty if the kernel sent none
    session: str  # likewise
    parent_id: str | None
    parent_type: str | None
    content: bytes
    header: bytes = b"{}"  # also JSON text: the parent of a reply to it
    buffers: Sequence[memoryview] = ()


@dataclass(frozen=True, slots=True)
class KernelInfo:
    """The content of a kernel_info_reply."""

    protocol_version: str | None
    implementation: str | None
    implementation_version: str | None
    language_info: Json
    supported_features: tuple[str, ...]


class Codec:
    """Encodes messages to parts and decodes a kernel's parts; one per connection."""

    def __init__(self) -> None:
        self.session = uuid.uuid4().hex
        self._sessions: tuple[str, ...] = (self.session,)
        self._count = 0
        self._last_parent: tuple[bytes, _Parent] = (b"", _Parent())

    def encode(
        self,
        message_type: str,
        content: Json,
        *,
        subshell_id: str | None = None,
        parent: bytes = b"{}",
        message_id: str | None = None,
    ) -> tuple[str, Parts]:
        """The id and the parts of a new message. Without `message_id` it has the next id of our session.

        `subshell_id` addresses a subshell (JEP 91). `parent` is the header of the message that this one
        replies to.
        """
        self._count += 1
        message_id = message_id or f"{self.session}_{os.getpid()}_{self._count}"
        header = {
            "msg_id": message_id,
            "msg_type": message_type,
            "session": self.session,
            "username": "kernel-bridge",
            "date": datetime.now(UTC),
            "version": VERSION,
        }
        if subshell_id is not None:
            header["subshell_id"] = subshell_id
        return message_id, Parts(msgspec.json.encode(header), parent, b"{}", msgspec.json.encode(content))

    def decode(self, parts: Parts) -> Message | None:
        """The decoded message; None: it was dropped, and the log has the reason."""
        try:
            its = _read(_decode_header, parts.header, _Header)
            if parts.parent != self._last_parent[0]:
                self._last_parent = (parts.parent, _read(_decode_parent, parts.parent, _Parent))
        except (ValueError, RecursionError) as error:  # not a JSON object with a msg_type
            log.warning("dropped an unreadable message: %s", type(error).__name__)
            return None
        about = self._last_parent[1]
        return Message(
            its.msg_type,
            its.msg_id,
            its.session,
            about.msg_id,
            about.msg_type,
            parts.content,
            parts.header,
            parts.buffers,
        )

    def continue_session(self, session: str) -> None:
        """Continue the session of another process."""
        self.session = session
        self._sessions += (session,)

    def is_ours(self, message_id: str) -> bool:
        """Whether we sent the message with that id, and gave it the id."""
        return message_id.startswith(self._sessions)


def _read(decode: Callable[[bytes], Any], data: bytes, to: type[Any]) -> Any:
    try:
        return decode(data)
    except ValueError:  # some kernels write null or a number instead of a name
        fields = _load(data) if data != b"null" else {}  # xeus sends null as the parent of iopub_welcome
        names = {name: fields[name] for name in to.__struct_fields__ if isinstance(fields.get(name), str)}
        return msgspec.convert(names, to)


def _load(data: bytes) -> Json:
    """A JSON object, cut at a maximum depth. Raises ValueError or RecursionError: it is not one."""
    try:
        value = _read_json(data, _decode_nested)
    except RecursionError:
        value = _read_json(cut_json(data), _decode_any)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _decode_nested(data: bytes) -> Any:
    """Decode a value, if its nesting leaves room for SPARE_LEVELS around it.

    The server later encodes it deeper in Python's stack, whose limit applies to msgspec too. A value accepted
    here must not fail there. Raises ValueError, RecursionError.
    """
    if data.count(b"[") + data.count(b"{") < 2 * SPARE_LEVELS:
        return _decode_any(data)
    value = _decode_any(b"".join((b"[" * SPARE_LEVELS, data, b"]" * SPARE_LEVELS)))
    for _ in range(SPARE_LEVELS):
        (value,) = value
    return value


def _read_json(data: bytes, decode: Callable[[bytes], Any]) -> Any:
    """A JSON value, even with NaN, lone surrogates, control characters or broken UTF-8.

    Python's json module writes NaN by default, and lone surrogates come from file names. Raises ValueError,
    RecursionError: it is still no JSON.
    """
    try:
        return decode(data)
    except ValueError:
        value = json.loads(data.decode("utf-8", "replace"), strict=False)
        text = json.dumps(value, ensure_ascii=False)
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def content_of(message: Message) -> Json:
    """The content as a JSON object; empty if it cannot be read."""
    try:
        return _load(message.content)
    except (ValueError, RecursionError) as error:
        log.warning("cannot read the content of a %s: %s", message.message_type, type(error).__name__)
        return {}


def stream_of(message: Message) -> Stream:
    """The Stream event of a stream message."""
    try:
        stream: Stream = _decode_stream(message.content)
    except ValueError:
        return _stream(content_of(message))
    if stream.name != "stderr":
        stream.name = "stdout"
    return stream


def streams_of(message: Message) -> Iterator[Stream]:
    """The Stream events of a large stream message, with its text in pieces, decoded one at a time.

    Text with escape sequences, such as any newline, is decoded through a second copy of the piece.
    """
    try:
        stream = _decode_raw_stream(message.content)
        content = memoryview(stream.text)
    except ValueError:
        content = memoryview(b"")
    if bytes(content[:1]) != b'"':  # no text, or a list of lines
        yield stream_of(message)
        return
    name = "stderr" if stream.name == "stderr" else "stdout"
    for piece in _pieces(content):
        yield Stream(name, _text_in(piece))


def _text_in(piece: bytes) -> str:
    """The text of a JSON string; empty if it is not one."""
    try:
        return _text(_read_json(piece, _decode_text))
    except ValueError as error:
        log.warning("cannot read part of a stream: %s", type(error).__name__)
        return ""


def _pieces(text: memoryview) -> Iterator[bytes]:
    """JSON strings that together make up the JSON string `text`."""
    start, end = 1, len(text) - 1
    while start < end:
        plain = _PLAIN.search(text, min(start + LARGE, end), end)
        stop = end if plain is None else plain.end()
        yield b"".join((b'"', text[start:stop], b'"'))
        start = stop


def event_of(message: Message) -> Event:
    """The event of a message; Other for types that do not concern runs."""
    if message.message_type == "stream":
        return stream_of(message)
    make = _EVENTS.get(message.message_type)
    if make is None:
        return Other(message.message_type)
    return make(content_of(message))


def kernel_info(content: Json) -> KernelInfo:
    """Read a kernel_info_reply (Jupyter messaging specification, "Kernel info").

    Lists features as claimed, even those that wrapper kernels merely inherit.
    """
    language_info = content.get("language_info")
    return KernelInfo(
        protocol_version=_text_or_none(content.get("protocol_version")),
        implementation=_text_or_none(content.get("implementation")),
        implementation_version=_text_or_none(content.get("implementation_version")),
        language_info=cut(language_info) if isinstance(language_info, dict) else {},
        supported_features=tuple(filter(None, map(_text_or_none, _list(content.get("supported_features"))))),
    )


def _text(value: Any) -> str:
    """A string. Lists of lines are joined, other values are converted."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_text, value))
    return "" if value is None else str(value)


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _display_id(content: Json) -> str | None:
    return _text_or_none(_object(content.get("transient")).get("display_id"))


def _stream(content: Json) -> Stream:
    name = content.get("name")
    return Stream("stderr" if name == "stderr" else "stdout", _text(content.get("text")))


def _display_data(content: Json) -> Event:
    return DisplayData(_object(content.get("data")), _object(content.get("metadata")), _display_id(content))


def _update_display_data(content: Json) -> Event:
    return UpdateDisplayData(
        _object(content.get("data")), _object(content.get("metadata")), _display_id(content)
    )


def _execute_result(content: Json) -> Event:
    return ExecuteResult(
        _object(content.get("data")),
        _object(content.get("metadata")),
        _count(content.get("execution_count")),
        _display_id(content),
    )


def _error(content: Json) -> Error:
    """bash_kernel leaves ename empty; other kernels omit the traceback or send it as one string."""
    traceback = content.get("traceback")
    lines = [traceback] if isinstance(traceback, str) else [_text(line) for line in _list(traceback)]
    return Error(_text(content.get("ename")), _text(content.get("evalue")), lines)


def _execute_reply(content: Json) -> Event:
    """bash_kernel and IRkernel send "abort"; jjava omits the status."""
    status = content.get("status")
    next_input: str | None = None
    replaces = False
    pages: list[Json] = []
    ends_kernel = False
    for entry in map(_object, _list(content.get("payload"))):
        if entry.get("source") == "set_next_input":
            if text := _text_or_none(entry.get("text")):
                next_input, replaces = text, entry.get("replace") is True
        elif entry.get("source") == "page":
            pages.append(_object(entry.get("data")))
        elif entry.get("source") == "ask_exit":
            ends_kernel = not entry.get("keepkernel")
    return ExecuteReply(
        status="aborted" if status == "abort" else status if status in ("ok", "error", "aborted") else None,
        execution_count=_count(content.get("execution_count")),
        error=_error(content) if status == "error" else None,
        next_input=next_input,
        next_input_replaces=replaces,
        pages=pages,
        ends_kernel=ends_kernel,
    )


_EVENTS: dict[str, Callable[[Json], Event]] = {
    "display_data": _display_data,
    "update_display_data": _update_display_data,
    "execute_result": _execute_result,
    "pyout": _execute_result,  # from before protocol 5; some kernels still send it
    "error": _error,
    "pyerr": _error,
    "clear_output": lambda content: ClearOutput(content.get("wait") is True),
    "status": lambda content: Status(_text(content.get("execution_state"))),
    "execute_input": lambda content: ExecuteInput(
        _text(content.get("code")), _count(content.get("execution_count"))
    ),
    "execute_reply": _execute_reply,
    "input_request": lambda content: InputRequest(
        _text(content.get("prompt")), content.get("password") is True
    ),
}
