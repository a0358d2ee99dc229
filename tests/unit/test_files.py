"""Reading a foreign file returns immediately and stays within the limits, for every kind of file."""

import os
import socket
from pathlib import Path

import pytest

from kernel_bridge.files import MOST_NAMES, NotReadable, names_in, read_file, read_text


def refused(path: Path | str, why: str) -> None:
    with pytest.raises(NotReadable) as raised:
        read_file(path, 100)
    assert why in str(raised.value.strerror)


def test_a_regular_file_is_read_even_through_a_link(tmp_path: Path) -> None:
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
        refused(tmp_path / "socket", "not a regular file")
    refused(tmp_path, "not a regular file")


def test_a_circular_link_and_an_invalid_name_are_system_errors(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels"):
        read_file(tmp_path / "loop", 100)
    refused("a\0b", "its name is invalid")


def test_text_of_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfa\xff\0b")
    assert read_text(tmp_path / "file", 100) == "a\ufffd\0b"


def test_a_file_larger_than_its_size_is_refused() -> None:
    refused(Path("/proc/self/maps"), "larger than 100 bytes")  # its st_size is 0


def test_an_endless_folder_is_read_in_part(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MOST_NAMES + 10):
        (tmp_path / f"{number}").symlink_to("nowhere")
    assert len(names_in(tmp_path)) == MOST_NAMES
    names_in(tmp_path)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_names_are_sorted_and_only_folders_have_any(tmp_path: Path) -> None:
    for name in (b"b", b"a", b"caf\xe9"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()
    assert names_in(tmp_path) == ["a", "b", "caf\udce9"]
    for none in (tmp_path / "a", tmp_path / "missing", "/dev/null", "a\0b"):
        assert names_in(none) == []
