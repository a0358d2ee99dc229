"""A program that has a process of its own killed at every step of some work on a journal (Linux: ptrace).

A step is a system call: between two of them nothing reaches the disk. After each kill this process opens the
journal as the next bridge does. It prints the number of kills, and what was found wrong after which of them.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kernel_bridge.history.pruning import prune
from kernel_bridge.history.store import Connection, open_store, transaction

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
OPTIONS = 0x100001  # stops at system calls can be told from signals; a tracer that ends takes its child along
AT_A_CALL = signal.SIGTRAP | 0x80

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
libc.ptrace.restype = ctypes.c_long


def is_killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a child process and kill it at that step; False: it was done before."""
    child = os.fork()
    if child == 0:
        try:
            libc.ptrace(TRACEME, 0, None, None)
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    if libc.ptrace(SETOPTIONS, child, None, OPTIONS) != 0:
        raise OSError(ctypes.get_errno(), "the child cannot be traced")
    passed = 0
    while passed < 2 * step:  # one stop before a system call and one after it
        libc.ptrace(SYSCALL, child, None, None)
        _, status = os.waitpid(child, 0)
        if not os.WIFSTOPPED(status):
            return False
        passed += os.WSTOPSIG(status) == AT_A_CALL
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def create(path: Path) -> None:
    connection, _ = open_store(path)
    connection.close()


def prune_all(path: Path) -> None:
    connection, _ = open_store(path)
    prune(connection, 1, lambda bridge: False)
    connection.close()


WORK = {"create": create, "migrate": create, "prune": prune_all}


def problem(path: Path, expected: set[tuple[str, int]]) -> str | None:
    """What the next bridge finds wrong; `expected` are the runs that may be there, with their outputs."""
    connection, warning = open_store(path)
    try:
        if warning is not None:
            return warning
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        if sound != "ok":
            return str(sound)
        if not runs(connection) <= expected:
            return f"runs {runs(connection)}"
        with transaction(connection):
            connection.execute("INSERT INTO bridges (id, pid, started_at) VALUES ('next', 1, '')")
    finally:
        connection.close()
    names = {file.name for file in path.parent.iterdir()}
    return None if names <= {path.name, f"{path.name}.lock"} else f"left: {sorted(names)}"


def runs(connection: Connection) -> set[tuple[str, int]]:
    return set(connection.execute("SELECT id, (SELECT count(*) FROM outputs WHERE run = runs.key) FROM runs"))


def main(what: str, before: Path, folder: Path) -> None:
    """Work on copies of the journal `before`, if there is one, in `folder`."""
    expected: set[tuple[str, int]] = set()
    if before.exists():
        connection, _ = open_store(Path(shutil.copy(before, folder / "counted.db")))
        expected = runs(connection)
        connection.close()
    step, found = 0, []
    while True:
        step += 1
        path = folder / "worked on" / "history.db"
        path.parent.mkdir()
        if before.exists():
            shutil.copy(before, path)
        killed = is_killed_at(step, partial(WORK[what], path))
        try:
            wrong = problem(path, expected)
        except Exception as error:
            wrong = repr(error)
        if wrong is not None:
            found.append((step, wrong))
        shutil.rmtree(path.parent)
        if not killed:
            break
    print(json.dumps([step, found]))


if __name__ == "__main__":
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a disk takes minutes to be sure of it all
    with tempfile.TemporaryDirectory(dir=memory) as made:
        main(sys.argv[1], Path(sys.argv[2]), Path(made))
