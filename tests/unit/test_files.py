"""Files that somebody else wrote: whatever they are, reading ends at once and takes no more than it may."""

import os
import socket
from pathlib import Path

import pytest

from kernel_bridge.files import NotReadable, read_file, read_text


def refused(path: Path | str, why: str) -> None:
    with pytest.raises(NotReadable) as raised:
        read_file(path, 100)
    assert why in str(raised.value.strerror)


def test_a_regular_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link", 100) == b"x" * 100


def test_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 101)
    refused(tmp_path / "file", "larger than 100 bytes")


def test_devices_pipes_sockets_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "device").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        refused(tmp_path / "device", "not a regular file")
        refused(tmp_path / "pipe", "not a regular file")
        with pytest.raises(OSError, match="No such device"):
            read_file(tmp_path / "socket", 100)
    refused(tmp_path, "not a regular file")


def test_a_link_to_itself_and_an_impossible_name_are_errors_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels"):
        read_file(tmp_path / "loop", 100)
    refused("a\0b", "its name is impossible")


def test_text_of_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfa\xff\0b")
    assert read_text(tmp_path / "file", 100) == "a\ufffd\0b"
