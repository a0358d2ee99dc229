"""The frame reader: any split of a stream yields the same messages, and junk raises only FramingError."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.server.frames import MAX_BODY_BYTES, MAX_HEADER_BYTES, FrameReader, FramingError, frame


def read(stream: bytes, chunk_bytes: int) -> tuple[list[bytes], bool, FrameReader]:
    """The bodies in a stream fed in chunks, whether it raised FramingError, and the reader."""
    reader = FrameReader()
    bodies: list[bytes] = []
    for start in range(0, len(stream), chunk_bytes):
        try:
            bodies += reader.feed(stream[start : start + chunk_bytes])
        except FramingError as error:
            return bodies + error.bodies, True, reader
    return bodies, False, reader


def check(stream: bytes, bodies: list[bytes], *, broken: bool = False) -> None:
    for chunk_bytes in (1, 7, len(stream) + 1):
        found, failed, _ = read(stream, chunk_bytes)
        assert found == bodies
        assert failed == broken


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2\r\n\r\n",
        b"Content-Length: 2\n\n",
        b"content-length:2\r\n\n",
        b"CONTENT-LENGTH :  002 \r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nX: Content-Length: 9\r\nno colon\r\n\r\n",
        b"Content-Length: 2\nContent-Length: 2\n\n",
    ],
)
def test_accepted_headers(header: bytes) -> None:
    check(header + b"{}" + frame(b"[]"), [b"{}", b"[]"])


@pytest.mark.parametrize(
    "junk",
    [
        b"\r\n",
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: \r\n",
        b"Content-Length: two\r\n",
        b"Content-Length: -2\r\n",
        b"Content-Length: +2\r\n",
        b"Content-Length: 2.0\r\n",
        b"Content-Length: 1_0\r\n",
        b"Content-Length: \xd9\xa2\r\n",
        b"Content-Length: %d\r\n" % (MAX_BODY_BYTES + 1),
        b"Content-Length: " + b"9" * 10_000 + b"\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"x" * (MAX_HEADER_BYTES + 1),
        b"X: y\r\n" * (MAX_HEADER_BYTES // 6 + 1),
    ],
)
def test_junk_that_ends_the_connection(junk: bytes) -> None:
    check(frame(b"{}") + junk, [b"{}"], broken=True)


def test_the_largest_body_is_waited_for() -> None:
    check(b"Content-Length: %d\r\n\r\n{" % MAX_BODY_BYTES, [])


@given(st.lists(st.binary(max_size=200), max_size=6), st.integers(1, 64))
def test_any_split_yields_the_same_bodies(bodies: list[bytes], chunk_bytes: int) -> None:
    found, failed, reader = read(b"".join(map(frame, bodies)), chunk_bytes)
    assert (found, failed, reader.partial) == (bodies, False, False)


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=3), st.data())
def test_a_truncated_stream_is_partial(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, bodies))
    last = len(frame(bodies[-1]))
    cut = data.draw(st.integers(1, last - 1))
    found, failed, reader = read(stream[:-cut], 16)
    assert (found, failed, reader.partial) == (bodies[:-1], False, True)


junk = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"Content-Length", b"content-length: ", b":", b"\r\n", b"\n", b"\r\n\r\n", b"3", b"{}"]),
)


@given(st.lists(junk, max_size=20).map(b"".join), st.integers(1, 40))
def test_junk_ends_the_same_way_for_every_split(stream: bytes, chunk_bytes: int) -> None:
    bodies, failed, _ = read(stream, chunk_bytes)
    assert (bodies, failed) == read(stream, len(stream) + 1)[:2]
