"""Bad files that a cloned project can place where kernel-bridge reads: git carries links and any bytes."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

LINES = 300_000


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("/no/such/file")


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        before = os.getcwd()
        os.chdir(path.parent)  # a socket's path has at most 107 bytes
        try:
            listening.bind(path.name)
        finally:
            os.chdir(before)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def _own_home(path: Path) -> None:
    path.write_text(f"home = {path.parent / 'bin'}\ninclude-system-site-packages = true\n")


def _spec(**fields: object) -> bytes:
    return json.dumps({"argv": ["sh"], "display_name": "Odd", "language": "odd"} | fields).encode()


def _nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


BAD: dict[str, Callable[[Path], None]] = {
    "endless": _endless,
    "pipe": _pipe,
    "loop": _loop,
    "dangling": _dangling,
    "folder": _folder,
    "socket": _socket,
    "sparse": _sparse,
    "lines": _bytes(b"3.12.1\n" * LINES),
    "names": _bytes(b"".join(b"x%d\n" % number for number in range(LINES))),
    "zeroes": _bytes(b"\0" * 5000 + b"a\0b\n"),
    "zero byte": _bytes(b"home = /a\0b\ninclude-system-site-packages = true\nversion = 3\0.12\n"),
    "not UTF-8": _bytes(b"\xff\xfe\xd8\x00 \xe9\n/caf\xe9\n"),
    "above": _bytes(b"../../..\n/etc\n..\n.\n~\n$HOME\n\\\\host\\share\n"),
    "home is itself": _own_home,
    "home is everything": _bytes(b"home = /\ninclude-system-site-packages = true\n"),
    "home is a device": _bytes(b"home = /dev/zero/bin\ninclude-system-site-packages = true\n"),
    "long": _bytes(b"version = " + b"9" * 60_000 + b".1\n"),
    "900 levels": _bytes(_nested(900)),
    "100,000 levels": _bytes(_nested(100_000)),
    "metadata of 600 levels": _bytes(_spec(metadata=1).replace(b"1}", _nested(600) + b"}")),
    "a list": _bytes(b"[1, 2]"),
    "argv of numbers": _bytes(_spec(argv=[1, None, {}])),
    "argv of text": _bytes(_spec(argv="sh")),
    "argv with a zero byte": _bytes(_spec(argv=["sh", "a\0b"])),
    "command with a zero byte": _bytes(_spec(argv=["pyth\0on", "-m", "ipykernel_launcher"])),
    "huge argv": _bytes(_spec(argv=["sh", *["x" * 1000] * 1000])),
    "env of a list": _bytes(_spec(env=["A=1"])),
    "env of numbers": _bytes(_spec(env={"A": 1})),
    "env with a zero byte": _bytes(_spec(env={"A": "\0"})),
    "env without a name": _bytes(_spec(env={"": "a", "B=C": "d"})),
    "half a character": _bytes(b'{"argv": ["sh"], "display_name": "\\ud800", "language": "odd"}'),
}
"""Creates each kind of bad file at a path. Not every kind is bad for every file."""
