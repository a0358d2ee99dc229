"""The frames of a message, and its signature (Jupyter messaging specification, "The wire protocol").

On iopub one topic frame precedes the delimiter (except in ipykernel's iopub_welcome); on the other channels
none does. The delimiter is followed by the signature, the four parts that it signs, and the buffers.
"""

import hashlib
import hmac
import logging
from itertools import pairwise

from ..transport import Parts

log = logging.getLogger(__name__)

DELIMITER = b"<IDS|MSG>"
FRAMES = 6  # of a message without buffers, including its delimiter
REMEMBERED_SIGNATURES = 16384  # at least this many, at most twice as many


def split(frames: list[bytes], complete: bool, topics: int) -> tuple[list[list[bytes]], list[bytes]]:
    """The messages in `frames`, each from its delimiter on, and the frames of an incomplete last one.

    `complete`: the last message is complete. `topics`: the number of frames before each delimiter.
    """
    starts = [at for at, frame in enumerate(frames) if frame == DELIMITER]
    messages = [
        frames[start : max(following - topics, min(start + FRAMES, following))]
        for start, following in pairwise(starts)
    ]
    begun = frames[starts[-1] :] if starts else []
    if complete and begun:
        messages.append(begun)
        begun = []
    return messages, begun


class Signer:
    """Signs our messages and verifies a kernel's; one per connection.

    With an empty `key`, messages are unsigned. `scheme` is "hmac-" and the name of a hash, as in connection
    files. Forged, replayed or truncated messages are dropped and logged, without payload or key. Buffers are
    not signed.
    """

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        self._hmac = _Hmac(key, scheme.removeprefix("hmac-")) if key else None  # raises ValueError
        self._seen: set[bytes] = set()  # signatures of the newest messages,
        self._seen_before: set[bytes] = set()  # and of the ones before

    def frames(self, parts: Parts) -> list[bytes | memoryview]:
        """The frames of a message to send."""
        signed = [parts.header, parts.parent, parts.metadata, parts.content]
        return [DELIMITER, self._sign(signed), *signed, *parts.buffers]

    def parts(self, frames: list[bytes]) -> Parts | None:
        """The message in `frames`, from its delimiter on; None: it was dropped and logged."""
        if len(frames) < FRAMES:
            log.warning("dropped a message of %d frames", len(frames))
            return None
        signed = frames[2:FRAMES]
        if self._hmac is not None and not self._genuine(frames[1], signed):
            return None
        header, parent, metadata, content = signed
        if len(frames) == FRAMES:
            return Parts(header, parent, metadata, content)
        return Parts(header, parent, metadata, content, [memoryview(frame) for frame in frames[FRAMES:]])

    def _sign(self, signed: list[bytes]) -> bytes:
        return self._hmac.sign(signed) if self._hmac is not None else b""

    def _genuine(self, signature: bytes, signed: list[bytes]) -> bool:
        if not hmac.compare_digest(signature, self._sign(signed)):
            log.warning("dropped a message with a wrong signature")
            return False
        if signature in self._seen or signature in self._seen_before:
            log.warning("dropped a duplicate message")
            return False
        self._seen.add(signature)
        if len(self._seen) >= REMEMBERED_SIGNATURES:
            self._seen_before, self._seen = self._seen, set()
        return True


class _Hmac:
    """HMAC (RFC 2104) with precomputed key blocks: under half the time of `hmac` for short messages."""

    def __init__(self, key: bytes, digest: str) -> None:
        block_bytes = hashlib.new(digest).block_size
        if len(key) > block_bytes:
            key = hashlib.new(digest, key).digest()
        key = key.ljust(block_bytes, b"\0")
        self._inner = hashlib.new(digest, bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.new(digest, bytes(byte ^ 0x5C for byte in key))

    def sign(self, parts: list[bytes]) -> bytes:
        """The signature of the parts, in hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return outer.hexdigest().encode()
