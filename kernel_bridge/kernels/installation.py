"""Installs ipykernel into an interpreter's environment, by running the tool that manages it."""

import asyncio
import contextlib
import importlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable

from ..escapes import legible, plain
from ..files import readable
from ..protocol.commands import InstallKernelResult
from ..protocol.errors import InstallFailed
from .activation import activated
from .package_managers import IPYKERNEL, MARKER, install_command, install_commands
from .specs import python_spec

LINES = 2_000  # of the output that is kept, the newest
LAST = 8  # lines of it in the message of a failure
CHUNK_BYTES = 65_536

_QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


async def install_ipykernel(python: str, report: Callable[[str], None]) -> InstallKernelResult:
    """Install ipykernel for the interpreter, a path or a name on PATH. `report` receives each line of output.

    Cancelling it ends the tool and the processes that it started.

    Raises InvalidArgument: there is no such interpreter. InstallFailed.
    """
    spec = await asyncio.to_thread(python_spec, python)
    path = spec.python or python
    commands = await asyncio.to_thread(install_commands, path, IPYKERNEL)
    where = readable(path)
    if spec.problem is not None and spec.install is None and commands:
        raise InstallFailed(
            f"ipykernel cannot be installed for {where}: {spec.problem}", command=[], output=""
        )
    if not commands:
        hint = install_command(path, IPYKERNEL)
        raise InstallFailed(
            f"ipykernel was not installed for {where}: the system manages its packages ({MARKER}); create an "
            f"environment for the project, for example with `{hint}`",
            command=[],
            output="",
            hint=hint,
        )
    output: deque[str] = deque(maxlen=LINES)
    for command in commands:
        code = await _run(command, path, output, report)
        if code != 0:
            raise _failure(
                where, command, output, f"`{shlex.join(command)}` ended with exit code {code}", code
            )
    importlib.invalidate_caches()  # the interpreter may be our own
    if not (await asyncio.to_thread(python_spec, path)).usable:
        raise _failure(
            where, command, output, f"`{shlex.join(command)}` succeeded, but it cannot import ipykernel"
        )
    return InstallKernelResult(python=where, command=list(map(readable, command)), output="\n".join(output))


def _failure(
    python: str, command: list[str], output: deque[str], what: str, exit_code: int | None = None
) -> InstallFailed:
    last = [line for line in output if line.strip()][-LAST:]
    return InstallFailed(
        "\n".join([f"ipykernel was not installed for {python}: {readable(what)}", *last]),
        command=list(map(readable, command)),
        output="\n".join(output),
        exit_code=exit_code,
    )


async def _run(command: list[str], python: str, output: deque[str], report: Callable[[str], None]) -> int:
    """Run a command to its end; return its exit code. Raises InstallFailed: it cannot be run."""
    try:
        process = await asyncio.create_subprocess_exec(
            shutil.which(command[0]) or command[0],
            *command[1:],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=os.path.abspath(os.sep),  # `python -m pip` imports from its folder, which may hold a pip.py
            env=activated(os.environ, python, "python") | _QUIET,
            start_new_session=True,
        )
    except OSError as error:
        what = f"`{command[0]}` could not be run ({error.strerror}); install it, or put it on PATH"
        raise _failure(readable(python), command, output, what) from None
    assert process.stdout is not None
    try:
        async for line in _lines(process.stdout):
            output.append(line)
            if line.strip():
                report(line.strip())
        return await process.wait()
    finally:
        if process.returncode is None:
            _kill(process)
            await process.wait()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    r"""The lines of a stream, of any length; `\r` ends one too, as in progress bars."""
    rest = ""
    while chunk := await stream.read(CHUNK_BYTES):
        *lines, rest = re.split(r"\r\n|\r|\n", rest + chunk.decode(errors="replace"))
        for line in lines:
            yield legible(plain(line))
    if rest:
        yield legible(plain(rest))


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the process and those that it started."""
    if sys.platform == "win32":  # no process groups: its task killer follows the tree
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
