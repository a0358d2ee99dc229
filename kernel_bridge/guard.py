"""Prepares the process before anything else runs: standard descriptors, session, working folder.

Imports only small modules of the standard library, because it runs before every other import.
"""

import contextlib
import os
import sys

END_S = 9.5  # how long shutting down may take, from the request until the process is gone


def open_closed() -> None:
    """Open /dev/null in place of each standard descriptor that the parent closed.

    Otherwise the first file or socket that is opened would get that number.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def claim_stdio() -> tuple[int, int]:
    """Return private descriptors of stdin and stdout: 3 or higher, and not inherited by children.

    Afterwards fd 0 is empty and fd 1 is stderr, so no print, library or child process can read from or
    write to the connection with the editor.
    """
    sys.stdout.flush()
    stdin_fd, stdout_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for fd in (stdin_fd, stdout_fd):
            msvcrt.setmode(fd, os.O_BINARY)
    return stdin_fd, stdout_fd


def end_within(limit_s: float) -> None:
    """Exit with code 1 after `limit_s` seconds, even if the process is still waiting for something.

    A hanging disk, a blocked thread or a bug in kernel-bridge must not keep the bridge from ending. Once the
    bridge is gone, the keeper ends its kernels.
    """
    import select
    import threading

    def end() -> None:
        message = f"kernel-bridge: shutting down took longer than {limit_s:g} s; exiting now\n"
        with contextlib.suppress(OSError, ValueError):
            if select.select([], [2], [], 0)[1]:  # a write would block if nothing reads the pipe
                os.write(2, message.encode())
        os._exit(1)

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    with contextlib.suppress(RuntimeError):  # the system refuses to start a thread
        timer.start()


def leave_removed_folder() -> None:
    """Change to the home folder if the working folder was removed: no process can be started in it."""
    try:
        os.getcwd()
    except OSError:
        for folder in (os.path.expanduser("~"), os.sep):
            with contextlib.suppress(OSError):
                return os.chdir(folder)


def leave_session(stdin_fd: int) -> None:
    """Start a new session (setsid), as every kernel does.

    Linux shares CPU time among sessions (autogroups). In the session of a busy editor, the bridge would get
    too little of it to keep up with a flood of output, and the kernel would drop messages. If stdin is a
    terminal, the session is kept, so that Ctrl-C works.
    """
    if hasattr(os, "setsid") and not os.isatty(stdin_fd):
        with contextlib.suppress(PermissionError):  # already the leader of a session
            os.setsid()
