"""Connection files: found as `jupyter console --existing` finds them, and validated before use.

Anyone who can write such a file decides what we connect to, so every field is checked.
"""

import contextlib
import glob
import hashlib
import ipaddress
import os
import re
import socket
import stat
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..escapes import one_line
from ..files import names_in
from ..limits import OUT_OF_DESCRIPTORS
from ..protocol.errors import BadConnectionFile
from ..protocol.objects import KernelSpec
from ..source.json_text import TooDeep, check_depth

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
LARGEST_BYTES = 65536
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """The content of a connection file.

    `ports` are by channel, including "hb". With an empty `key`, messages are unsigned.
    """

    transport: Literal["ipc", "tcp"]
    ip: str  # for ipc, the path prefix of the sockets
    ports: dict[str, int]
    key: bytes
    signature_scheme: str
    curve_publickey: bytes | None = None
    curve_secretkey: bytes | None = None

    def address(self, channel: str) -> str:
        """The address as zmq reports it in events: IPv6 in its shortest form."""
        ip = f"[{ipaddress.ip_address(self.ip[1:-1])}]" if self.ip.startswith("[") else self.ip
        separator = "-" if self.transport == "ipc" else ":"
        return f"{self.transport}://{ip}{separator}{self.ports[channel]}"


def find_connection_file(asked: str | None) -> Path:
    """The connection file for a path, file name or pattern; None: the most recently used (blocks).

    Searches the current folder and Jupyter's runtime folder, like jupyter_client's function of the same name,
    which is slow to import. Raises BadConnectionFile: no file matches.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    folders = [jupyter_runtime_dir()]
    with contextlib.suppress(OSError):  # the folder was removed
        folders.insert(0, os.getcwd())
    name = os.path.expanduser(asked or "kernel-*.json")
    pattern = name if "*" in name else f"*{name}*"
    try:
        for folder in folders:
            if os.path.lexists(path := os.path.join(folder, name)):
                return Path(path)
        matches = [path for folder in folders for path in glob.glob(os.path.join(folder, pattern))]
        if files := [path for path in matches if not os.path.isdir(path)]:  # our records folder matches
            return Path(max(files, key=lambda path: os.stat(path).st_atime))
    except (OSError, ValueError):  # removed in the meantime, or a null byte in the name
        pass
    what = f"no connection file {asked!r}" if asked else "no connection file"
    raise BadConnectionFile(
        f"{what} in {' or '.join(folders)}; give the path that the kernel was started with, or start a kernel"
    )


def connection_files() -> list[Path]:
    """The connection files in Jupyter's runtime folder (blocks)."""
    from jupyter_core.paths import jupyter_runtime_dir

    runtime = Path(jupyter_runtime_dir())
    return [runtime / name for name in names_in(runtime) if fnmatch(name, "*kernel-*.json")]


def kernel_id_of(path: Path) -> str:
    """The UUID in the file's name, or else its stem."""
    found = UUID.search(path.stem)
    return found[0] if found else path.stem


def read_connection_file(path: Path, remote_tcp: bool = False) -> tuple[ConnectionInfo, str]:
    """The content of a connection file and the name of its kernelspec, which may be empty (blocks).

    `remote_tcp` allows unencrypted connections to other machines. Raises BadConnectionFile, naming the field.
    """
    raw = _load(path)
    transport = raw.get("transport", "tcp")
    if transport not in ("tcp", "ipc"):
        raise _bad(path, "transport", transport, 'expected "tcp" or "ipc"')
    ports = {channel: _port(path, raw, f"{channel}_port", transport) for channel in CHANNELS}
    scheme = raw.get("signature_scheme", "hmac-sha256")
    if not isinstance(scheme, str) or scheme.removeprefix("hmac-") not in hashlib.algorithms_available:
        raise _bad(
            path, "signature_scheme", scheme, 'expected "hmac-" and the name of a hash, as "hmac-sha256"'
        )
    if not scheme.startswith("hmac-"):
        raise _bad(path, "signature_scheme", scheme, "expected an hmac")
    public, secret = (_curve_key(path, raw, f"curve_{name}key") for name in ("public", "secret"))
    return ConnectionInfo(
        transport=transport,
        ip=_ip(path, raw.get("ip"), transport, allow_remote=remote_tcp or bool(public and secret)),
        ports=ports,
        key=_text(path, raw, "key").encode(),
        signature_scheme=scheme,
        curve_publickey=public,
        curve_secretkey=secret,
    ), _text(path, raw, "kernel_name")


def _load(path: Path) -> dict[str, Any]:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # it may be a FIFO
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadConnectionFile(f"{path} is not a file; pass the path of a kernel's connection file")
            if hasattr(os, "getuid") and status.st_uid not in (os.getuid(), 0):
                raise BadConnectionFile(
                    f"{path} belongs to another user (uid {status.st_uid}), who could read all that you run; "
                    "attach to a kernel of your own"
                )
            data = os.read(descriptor, LARGEST_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadConnectionFile(
            f"connection file {path} cannot be read: {error.strerror}; has its kernel ended?"
        ) from None
    try:
        raw = msgspec.json.decode(data)
        check_depth(raw)
    except (RecursionError, TooDeep):
        raise BadConnectionFile(f"connection file {path}: {TooDeep()}") from None
    except ValueError as error:
        raise BadConnectionFile(
            f"connection file {path} is not JSON: {error}; it may be half-written"
        ) from None
    if not isinstance(raw, dict):
        raise BadConnectionFile(f"connection file {path}: expected a JSON object")
    return raw


def _bad(path: Path, key: str, value: Any, problem: str) -> BadConnectionFile:
    return BadConnectionFile(f"connection file {path}: {key} is {value!r}: {problem}", key=key)


def _port(path: Path, raw: dict[str, Any], key: str, transport: str) -> int:
    port = raw.get(key)
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        raise _bad(path, key, port, "expected an integer from 1 to 65535")
    return port


def _text(path: Path, raw: dict[str, Any], key: str) -> str:
    text = raw.get(key, "")
    if not isinstance(text, str):
        raise BadConnectionFile(f"connection file {path}: {key} is not a string", key=key)  # never show it
    return text


def _curve_key(path: Path, raw: dict[str, Any], key: str) -> bytes | None:
    if not raw.get(key):
        return None
    text = _text(path, raw, key)
    if len(text) != 40 or not text.isascii():
        raise BadConnectionFile(
            f"connection file {path}: {key} is not a CurveZMQ key (40 characters of Z85)", key=key
        )
    return text.encode()


def _ip(path: Path, ip: Any, transport: str, allow_remote: bool) -> str:
    if not isinstance(ip, str) or not ip:
        raise _bad(path, "ip", ip, "expected the address or the path that the kernel listens on")
    if transport == "ipc":
        if "\0" in ip or len(os.fsencode(ip)) > 100:
            raise _bad(path, "ip", ip, "this path is too long for a socket, or invalid")
        return os.path.join(path.parent, ip)
    if ip in ("localhost", "*", "0.0.0.0"):
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        raise _bad(path, "ip", ip, "expected an IP address") from None
    if not allow_remote and not _is_local(address):
        raise _bad(
            path, "ip", ip, "it is on another machine, and the connection would not be encrypted; use a "
            "connection file with curve keys, an SSH tunnel, or the setting remoteTcp",
        )  # fmt: skip
    return f"[{ip}]" if address.version == 6 else ip


def _is_local(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if address.is_loopback:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))  # only addresses of this machine's interfaces can be bound
        except OSError:
            return False
    return True


def is_listening(info: ConnectionInfo) -> bool:
    """Whether the heartbeat's address accepts connections, which it does only while the kernel runs (blocks).

    Raises OSError: no file descriptor is left.
    """
    port = info.ports["hb"]
    try:
        if info.transport == "ipc":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(0.2)
                probe.connect(f"{info.ip}-{port}")
        else:
            socket.create_connection((info.ip.strip("[]"), port), 0.2).close()
    except TimeoutError:
        return True  # it may be far away, or stopped
    except OSError as error:
        if error.errno in OUT_OF_DESCRIPTORS:
            raise
        return False
    return True


def unknown_spec(name: str) -> KernelSpec:
    """A placeholder for the kernelspec of a kernel that another program started from a spec unknown here."""
    return KernelSpec(
        name=name or "unknown",
        display_name=one_line(name) or "a kernel of another program",
        language="",
        argv=[],
        interrupt_mode="message",
        source="kernelspec",
        usable=False,
        problem="started by another program",
    )
