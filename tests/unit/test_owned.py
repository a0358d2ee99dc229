"""Our own files are private and removable; anything that has taken their place is left alone."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel_bridge.files import NotReadable
from kernel_bridge.owned import (
    Made,
    Replaced,
    empty,
    make_folders,
    note,
    private_folder,
    read_private,
    remove,
    write_private,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that we made, with a file and a socket."""
    folder = tmp_path / "ours"
    folder.mkdir(mode=0o700)
    (folder / "file").touch()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
    return folder


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder of the user's with a file, which must survive."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("text")
    return precious


def test_a_folder_is_removed_with_its_files_and_sockets(folder: Path) -> None:
    remove(note(str(folder)))
    assert not folder.exists()


def test_a_file_is_removed(folder: Path) -> None:
    remove(note(str(folder / "file")))
    assert [path.name for path in folder.iterdir()] == ["socket"]


def test_a_missing_folder_is_no_error(folder: Path) -> None:
    made = note(str(folder))
    remove(made)
    remove(made)
    with pytest.raises(Replaced, match="removed, or replaced"):
        empty(made)


@pytest.mark.parametrize("add", [Path.symlink_to, lambda path, to: path.mkdir()])
def test_a_folder_with_other_content_is_kept(
    folder: Path, precious: Path, add: Callable[[Path, Path], None]
) -> None:
    add(folder / "more", precious)
    remove(note(str(folder)))
    assert [path.name for path in folder.iterdir()] == ["more"]
    assert (precious / "file").exists()


def link(path: Path, precious: Path) -> None:
    path.symlink_to(precious)


def link_inside(path: Path, precious: Path) -> None:
    path.mkdir()
    (path / "link").symlink_to(precious)


def another_folder(path: Path, precious: Path) -> None:
    os.rename(precious, path)


@pytest.mark.parametrize("replace", [link, link_inside, another_folder])
def test_a_replacement_of_a_folder_is_kept(
    folder: Path, precious: Path, replace: Callable[[Path, Path], None]
) -> None:
    made = note(str(folder))
    folder.rename(folder.with_name("elsewhere"))  # prevents reuse of its inode
    replace(folder, precious)
    with pytest.raises(Replaced):
        empty(made)
    remove(made)
    assert [path.read_text() for path in folder.rglob("file")] + [
        path.read_text() for path in precious.rglob("file")
    ] in (["text"], ["text", "text"])
    assert len(list(folder.with_name("elsewhere").iterdir())) == 2


def test_a_file_of_another_user_is_kept_even_with_the_same_inode(folder: Path) -> None:
    theirs = folder if os.geteuid() == 0 else Path("/etc")
    if theirs is folder:
        os.chown(folder, 65534, 65534)
    status = theirs.lstat()
    remove(Made(str(theirs), status.st_dev, status.st_ino))
    assert len(list(theirs.iterdir())) >= 2
    with pytest.raises(PermissionError, match="another user"):
        note(str(theirs))
    with pytest.raises(PermissionError, match="another user"):
        private_folder(str(theirs))


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_created_files_are_private_with_any_umask(tmp_path: Path, umask: int) -> None:
    deep = tmp_path / "a" / "b"
    before = os.umask(umask)
    try:
        make_folders(str(deep))
        write_private(str(deep / "file"), b"text")
    finally:
        os.umask(before)
    modes = [path.stat().st_mode & 0o777 for path in (deep.parent, deep, deep / "file")]
    assert modes == [0o700, 0o700, 0o600]
    assert read_private(str(deep / "file"), 4) == b"text"


def test_a_folder_writable_by_others_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    private_folder(str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.chmod(0o644),
        lambda path: path.parent.chmod(0o755),
        lambda path: path.rename(path.with_name("real")) and path.symlink_to("real"),
        lambda path: path.unlink() or os.mkfifo(path, 0o600),
        lambda path: path.write_bytes(b"x" * 101),
    ],
)
def test_a_file_writable_by_others_is_not_read(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    private_folder(str(tmp_path))
    path = tmp_path / "record"
    write_private(str(path), b"text")
    spoil(path)
    if path.is_symlink():
        with pytest.raises(OSError, match="symbolic links"):
            read_private(str(path), 100)
        return
    with pytest.raises(NotReadable):
        read_private(str(path), 100)
