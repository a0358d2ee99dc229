"""Files and folders that this program makes: private from the start, and never removed once replaced.

A path alone proves nothing: in /tmp, any user can recreate a folder once it is gone. So everything made here
is recorded by device and inode. Before removal, device, inode and owner are checked through descriptors.
Links are never followed, and folders inside a folder are never entered. The keeper imports this module, so
this module imports little.
"""

import contextlib
import errno
import os
import stat
import sys
from typing import NamedTuple

from .files import NotReadable, read_descriptor, read_file

FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class Replaced(OSError):
    """One of our files or folders was removed or replaced; `filename` is its path."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.ENOENT, "it was removed, or replaced by somebody else", path)


class Made(NamedTuple):
    """A file or folder that this process made."""

    path: str  # absolute
    device: int
    inode: int


def note(path: str) -> Made:
    """Record what is at `path` now. Raises OSError: nothing is there, or it belongs to another user."""
    status = os.lstat(path)
    if not _belongs_to_us(status):
        raise PermissionError(errno.EPERM, f"it belongs to another user (uid {status.st_uid})", path)
    return Made(path, status.st_dev, status.st_ino)


def is_there(made: Made) -> bool:
    """Whether the file or folder is still where it was made."""
    with contextlib.suppress(OSError):
        return note(made.path) == made
    return False


def remove(made: Made) -> None:
    """Remove a file, or a folder with its files and sockets, unless something else has taken its place.

    A folder that also contains folders or links is kept, along with those.
    """
    with contextlib.suppress(OSError):
        if sys.platform == "win32":  # no folder descriptors; temporary folders are private to the user
            if is_there(made):
                _remove(made, made.path, None)
            return
        parent = os.open(os.path.dirname(made.path), FOLDER)
        try:
            _remove(made, os.path.basename(made.path), parent)
        finally:
            os.close(parent)


def _remove(made: Made, name: str, parent: int | None) -> None:
    """`name` is relative to the folder of the descriptor `parent`."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if not _is(status, made):
        return
    if not stat.S_ISDIR(status.st_mode):
        os.unlink(name, dir_fd=parent)
        return
    empty(made)
    os.rmdir(name, dir_fd=parent)


def empty(made: Made) -> None:
    """Remove the files and sockets in a folder. Raises Replaced."""
    try:
        folder = None if sys.platform == "win32" else os.open(made.path, FOLDER | NO_LINK)
    except OSError:
        raise Replaced(made.path) from None
    base = made.path if folder is None else ""
    try:
        if not _is(os.lstat(made.path) if folder is None else os.fstat(folder), made):
            raise Replaced(made.path)
        for entry in os.listdir(made.path if folder is None else folder):
            name = os.path.join(base, entry)
            with contextlib.suppress(OSError):
                mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
                if stat.S_ISREG(mode) or stat.S_ISSOCK(mode):
                    os.unlink(name, dir_fd=folder)
    finally:
        if folder is not None:
            os.close(folder)


def make_folders(path: str) -> None:
    """Make the folder and its missing parents, private to the user. Raises OSError.

    `os.makedirs` applies its mode to the last folder only: with a umask of 0, others could write to its
    parents.
    """
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above != path:
        make_folders(above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
        os.chmod(path, 0o700)  # a umask such as 0777 has removed our own permissions


def private_folder(path: str) -> None:
    """Make a folder for our files alone, or make an existing one private again.

    Raises OSError: it cannot be made, is a link, or belongs to another user.
    """
    make_folders(path)
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is not a folder", path)
    note(path)
    if sys.platform != "win32" and stat.S_IMODE(status.st_mode) & 0o077:
        folder = os.open(path, FOLDER | NO_LINK)
        try:
            os.fchmod(folder, 0o700)
        finally:
            os.close(folder)


def write_private(path: str, content: bytes) -> None:
    """Write a file that only the user can read, in a folder of our own. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NO_LINK | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o600), "wb") as file:
        if sys.platform != "win32":
            os.fchmod(file.fileno(), 0o600)
        file.write(content)


def read_private(path: str, largest_bytes: int) -> bytes:
    """The content of a file that only we can have written: it and its folder are ours and private.

    Raises OSError; NotReadable: it is a link, or another user could have written it.
    """
    if sys.platform == "win32":  # st_mode has no permissions there; the user's folders are private
        return read_file(path, largest_bytes)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | NO_LINK
    folder = os.open(os.path.dirname(path), FOLDER | NO_LINK)
    try:
        _check_private(folder, path)
        descriptor = os.open(os.path.basename(path), flags, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        _check_private(descriptor, path)
        return read_descriptor(descriptor, path, largest_bytes)
    finally:
        os.close(descriptor)


def _check_private(descriptor: int, path: str) -> None:
    status = os.fstat(descriptor)
    if not _belongs_to_us(status) or stat.S_IMODE(status.st_mode) & 0o077:
        raise NotReadable(path, "somebody else could have written it")


def _is(status: os.stat_result, made: Made) -> bool:
    return (status.st_dev, status.st_ino) == made[1:] and _belongs_to_us(status)


def _belongs_to_us(status: os.stat_result) -> bool:
    return sys.platform == "win32" or status.st_uid == os.geteuid()
