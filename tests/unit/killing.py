"""A program that kills its own child process at every step of some work on a journal (Linux: ptrace).

A step is a system call: nothing reaches the disk between two of them. After each kill, this process opens the
journal as the next bridge would. It prints the number of kills, and the problems with the step that caused
each.
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

from kernel_bridge.history.backlog import Backlog
from kernel_bridge.history.pending import Pending
from kernel_bridge.history.pruning import prune
from kernel_bridge.history.records import kernel_record
from kernel_bridge.history.recovery import recover
from kernel_bridge.history.store import Connection, open_store, transaction
from kernel_bridge.history.writer import Writer
from tests.unit.history_samples import KERNEL, PLENTY, make_run, printed

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
OPTIONS = 0x100001  # stops at system calls differ from those of signals; the child dies with its tracer
AT_A_CALL = signal.SIGTRAP | 0x80

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
libc.ptrace.restype = ctypes.c_long


def is_killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a child process and kill it at that step. Return False if it finished earlier."""
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
    while passed < 2 * step:  # one stop before each system call and one after
        libc.ptrace(SYSCALL, child, None, None)
        _, status = os.waitpid(child, 0)
        if not os.WIFSTOPPED(status):
            return False
        passed += os.WSTOPSIG(status) == AT_A_CALL
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def migrate(path: Path) -> None:
    connection, _ = open_store(path)
    connection.close()


def first_run(path: Path) -> None:
    """All that a bridge does for its first run, in the thread that is traced."""
    backlog = Backlog(lambda function, *args: function(*args), print, print)

    def start(pending: Pending) -> None:
        pending.started, pending.kernel = make_run("first"), kernel_record(KERNEL)

    backlog.add("first", start)
    backlog.outputs_changed("first", [printed("1")])
    backlog.close()
    Writer(path, "11111111-0000-4000-8000-000000000000", PLENTY, backlog, print, print).run()


def prune_all(path: Path) -> None:
    connection, _ = open_store(path)
    prune(connection, 1, lambda bridge: False)
    connection.close()


def take_up(path: Path) -> None:
    connection, _ = open_store(path)
    recover(connection, path, print)
    connection.close()


Ran = tuple[str, int, int]  # a run, its number of outputs, the characters of their text

WORK = {"first run": first_run, "migrate": migrate, "prune": prune_all, "take up": take_up}


def problem(path: Path, expected: set[Ran], may_be_fewer: bool) -> str | None:
    """The problem that the next bridge finds, if any. `expected` are the runs that must exist."""
    connection, warning = open_store(path)
    try:
        if warning is not None:
            return warning
        recover(connection, path, print)
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        if sound != "ok":
            return str(sound)
        found = runs(connection)
        if not found <= expected or (found != expected and not may_be_fewer):
            return f"runs {found}"
        with transaction(connection):
            connection.execute("INSERT INTO bridges (id, pid, started_at) VALUES ('next', 1, '')")
    finally:
        connection.close()
    names = {file.name for file in path.parent.iterdir()}
    return None if names <= {path.name, f"{path.name}.lock"} else f"left: {sorted(names)}"


def runs(connection: Connection) -> set[Ran]:
    texts = "SELECT sum(length) FROM chunks WHERE run = runs.key"
    outputs = "SELECT count(*) FROM outputs WHERE run = runs.key"
    return set(connection.execute(f"SELECT id, ({outputs}), ({texts}) FROM runs"))


def main(what: str, before: Path, folder: Path) -> None:
    """Work on copies of the folder `before`, which may contain a journal; the copies are made in `folder`."""
    path = folder / "worked on" / "history.db"
    shutil.copytree(before, path.parent)
    take_up(path)
    connection, _ = open_store(path)
    expected = runs(connection)
    connection.close()
    shutil.rmtree(path.parent)
    if what == "first run":
        expected.add(("first", 1, 1))
    step, found, killed = 0, [], True
    while killed:
        step += 1
        shutil.copytree(before, path.parent)
        killed = is_killed_at(step, partial(WORK[what], path))
        try:
            wrong = problem(path, expected, may_be_fewer=what in ("first run", "prune"))
        except Exception as error:
            wrong = repr(error)
        if wrong is not None:
            found.append((step, wrong))
        shutil.rmtree(path.parent)
    print(json.dumps([step, found]))


if __name__ == "__main__":
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # syncing to a disk would take minutes
    with tempfile.TemporaryDirectory(dir=memory) as made:
        main(sys.argv[1], Path(sys.argv[2]), Path(made))
