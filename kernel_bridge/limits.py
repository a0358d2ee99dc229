"""What the operating system grants this process: file descriptors and threads.

A new kernel must never break running ones. zmq aborts the process when its context gets no descriptor or
thread, and a start that fails halfway uses up descriptors that others need. So callers check here first.
"""

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # some commands run without an event loop
    import asyncio

T = TypeVar("T")

MOST_DESCRIPTORS = 10_240  # enough for 900 kernels; macOS grants no more (OPEN_MAX)
SPARE_DESCRIPTORS = 32  # for files, the history and replies when kernels hold the rest

CONNECTION_DESCRIPTORS = 11  # two for each of four sockets, one for the heartbeat, two until stdin is ready
KERNEL_DESCRIPTORS = 16  # opened by a start; 11 of them stay open

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)  # per process, and system-wide

_inherited: list[int] = []  # the soft limit we inherited, if it was raised
_claims: list[int] = []  # descriptors that starts in progress are about to open


class TooFewDescriptors(OSError):
    """Too few descriptors are free; nothing was opened."""

    def __init__(self) -> None:
        super().__init__(errno.EMFILE, "too few file descriptors are free")


def raise_descriptors() -> None:
    """Raise the soft limit, which is 1,024 on most systems and 256 on macOS. Windows has none."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _inherited.append(soft)


def restore_descriptors(pid: int) -> None:
    """Set the soft limit of a child process to the one that we inherited, before the child reads its own.

    Programs that use select() break with a higher limit. Only Linux can set it from outside. Elsewhere the
    child keeps ours, because subprocess's preexec_fn may deadlock in a process with threads.
    """
    if sys.platform != "linux" or not _inherited:
        return
    import resource

    with contextlib.suppress(OSError, ValueError):  # the child has ended, or runs as another user
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(_inherited[0], hard), hard))


def free_descriptors() -> int:
    """How many descriptors can still be opened, not counting spare and claimed ones."""
    limit = _limit()
    return sys.maxsize if limit is None else limit - _open() - sum(_claims) - SPARE_DESCRIPTORS


@contextlib.contextmanager
def claimed_descriptors(count: int) -> Iterator[None]:
    """Reserve `count` descriptors until they are open. Raises TooFewDescriptors."""
    if count > max(free_descriptors(), 0):
        raise TooFewDescriptors()
    _claims.append(count)
    try:
        yield
    finally:
        _claims.remove(count)


def used_descriptors() -> str:
    """Descriptor usage and a remedy, for a message."""
    limit = _limit()
    if limit is None:
        return "the system has no file descriptors left; shut down kernels or other programs"
    return (
        f"{_open()} of {limit} file descriptors are open, a kernel needs {KERNEL_DESCRIPTORS}, and "
        f"{SPARE_DESCRIPTORS} are kept in reserve; shut down kernels, or raise the limit where the editor is "
        f"started (`ulimit -n {max(4096, 4 * limit)}`)"
    )


def require_threads(count: int) -> None:
    """Check that `count` more threads can be started. Raises BlockingIOError (EAGAIN) if not."""
    enough = threading.Event()
    threads = [threading.Thread(target=enough.wait, daemon=True) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
    except RuntimeError:
        raise BlockingIOError(errno.EAGAIN, "no thread can be started") from None
    finally:
        enough.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


class Threads(ThreadPoolExecutor):
    """A thread pool for blocking calls. If no more threads can be started, existing ones do the work.

    The standard library's pool raises an error then, although it has queued the call and an existing thread
    would run it.
    """

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="blocking")
        self.submit(int)
        if not self._threads:
            raise RuntimeError("kernel-bridge cannot start a thread; raise the process limit (`ulimit -u`)")

    def _adjust_thread_count(self) -> None:
        with contextlib.suppress(RuntimeError):
            super()._adjust_thread_count()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like asyncio.run, with `Threads` for blocking calls.

    Works even if no thread can be started at the end.
    """
    import asyncio

    async def with_threads() -> T:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Threads())
        _wake_by_signals(loop)
        return await main

    runner = asyncio.Runner()
    try:
        return runner.run(with_threads())
    finally:
        with contextlib.suppress(RuntimeError):  # asyncio starts a thread to join the others
            runner.close()


def _wake_by_signals(loop: "asyncio.AbstractEventLoop") -> None:
    """Make every signal wake the loop, even one that arrives just before it sleeps or in another thread.

    asyncio does this only once a signal handler is added to the loop (on Windows, always). Its runner, which
    cancels the main task on Ctrl-C, does not add one.
    """
    if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
        loop.add_signal_handler(signal.SIGURG, lambda: None)  # no program sends this signal


def _limit() -> int | None:
    """The soft limit for open descriptors; None if there is none."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _open() -> int:
    """The number of open descriptors, without the one used for counting."""
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    try:
        return len(os.listdir(folder)) - 1
    except OSError:  # no descriptor is left to count with
        return _limit() or 0
