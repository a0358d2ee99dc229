"""What must be done before anything else where an editor is served: stdin, stdout and the session are ours.

Imports nothing but the standard library's smallest modules: it runs before every other import.
"""

import contextlib
import os
import sys

END_S = 9.5  # from being told to end until the process is gone, at most


def open_closed() -> None:
    """Have stdin, stdout and stderr, also where whoever started us has closed one.

    Nothing is read from or kept of such a one. A descriptor below 3 that is closed would be given out to the
    first file or socket that is opened.
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
    """Private descriptors of stdin and stdout, at least 3 and not inherited by children.

    Afterwards fd 0 is empty and fd 1 is stderr, so no print, no library and no child process can read from
    or write into the connection to the editor.
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
    """End this process after that time with exit code 1, whatever it still waits for.

    A disk that hangs, a thread that blocks or a fault of ours must not keep a bridge alive that was told to
    end; the keeper ends its kernels then.
    """
    import select
    import threading

    def end() -> None:
        message = f"kernel-bridge: did not end within {limit_s:g} s, so it ends at once\n"
        with contextlib.suppress(OSError, ValueError):
            if select.select([], [2], [], 0)[1]:  # nobody may be reading, and then a write would block
                os.write(2, message.encode())
        os._exit(1)

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    with contextlib.suppress(RuntimeError):  # no more threads can be started
        timer.start()


def leave_removed_folder() -> None:
    """Go home if the folder that we were started in was removed: nothing could be started from it."""
    try:
        os.getcwd()
    except OSError:
        for folder in (os.path.expanduser("~"), os.sep):
            with contextlib.suppress(OSError):
                return os.chdir(folder)


def leave_session(stdin_fd: int) -> None:
    """Have a session of our own, as every kernel has.

    Linux shares the machine out among sessions (autogroups). In that of an editor which is at work with much
    else, we would get so little of it that a kernel in a flood drops what we have not taken. A person who
    types into the terminal keeps Ctrl-C.
    """
    if hasattr(os, "setsid") and not os.isatty(stdin_fd):
        with contextlib.suppress(PermissionError):  # we have one already
            os.setsid()
