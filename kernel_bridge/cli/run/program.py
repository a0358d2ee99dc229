"""Makes Python code behave as if `python FILE` ran it: its arguments, and how it ends.

The kernel executes `inside` for that, in silent requests that users see nothing of.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...bridge import stopping
from ...bridge.documents import path_of
from ...bridge.kernel import FollowedKernel
from ...protocol.errors import KernelDead
from ...runs.run import Run
from ...source.languages import is_fenced, language_of_path
from ..exits import EXITED, OK, RAISED, UsageError
from ..pieces import STDIN_URI, Script

log = logging.getLogger(__name__)

INSIDE = Path(__file__).with_name("inside.py")
SOURCE = "kernel-bridge"  # of the payload in which `inside` replies
HIGHEST = 125  # shells use higher exit codes for signals and failures of their own


@dataclass(frozen=True, slots=True)
class Program:
    """A file that runs on a kernel of its own, with its arguments."""

    script: Script
    arguments: list[str]

    def check(self) -> None:
        """Raises UsageError: the code cannot receive its arguments."""
        language = self.script.language_id
        if self.arguments and language not in ("python", None):
            raise UsageError(
                f"arguments after -- are for Python, and {self.script.name} is {language}; set variables of "
                "it with -p NAME VALUE, or read environment variables"
            )

    async def begin(self, kernel: FollowedKernel, ends: bool) -> bool:
        """Set sys.argv and the like; `ends`: the kernel ends with the program, whose end is then taken over.

        Return whether it was. Raises UsageError: the kernel cannot receive the arguments. KernelDead.
        """
        if kernel.session.spec.language.lower() != "python":
            return self._cannot(f"its kernel speaks {kernel.session.spec.language}")
        script = self.script
        file = folder = None
        if is_program(script):
            path = Path(script.name).expanduser().absolute()  # its URI is inexact if the name is not UTF-8
            file, folder = str(path), str(path.resolve().parent)
        argv = ["-" if script.uri == STDIN_URI else script.name, *self.arguments]
        owns = ends and _is_ipython(kernel)
        call = f"begin({argv!r}, {folder!r}, {file!r})"
        reply = await _call(kernel, f"{call}\nown()" if owns else call)
        if reply.get("status") != "ok":
            return self._cannot(f"its kernel answered {reply.get('ename')}: {reply.get('evalue')}")
        return owns

    def _cannot(self, why: str) -> bool:
        if self.arguments:
            raise UsageError(f"arguments after -- are for Python kernels; {self.script.name}: {why}")
        log.info("%s does not run like a program: %s", self.script.name, why)
        return False


def is_program(script: Script) -> bool:
    """Whether it is a file of code; not stdin, nor a document that has its code among text."""
    path = path_of(script.uri)
    if path is None or path.suffix.lower() == ".ipynb":
        return False
    return not is_fenced(language_of_path(path.name) or "")


def has_exited(run: Run) -> bool:
    """Whether the code ended itself by SystemExit, which sys.exit and argparse raise."""
    return run.state == "error" and run.error is not None and run.error.ename in EXITED


async def end(kernel: FollowedKernel, last: Run, ends: bool, warn: Callable[[str], None]) -> int | None:
    """The exit code that the code has chosen by SystemExit in its last run, or None.

    `ends`: first wait for its threads and run its atexit handlers. Their output belongs to the last run.
    """
    exited = has_exited(last)
    if not (exited or ends):
        return None
    if not _is_ipython(kernel):
        return _described(last, warn)
    try:
        reply = await _call(kernel, f"end({exited}, {ends})", partial(kernel.runs.sent, last))
    except KernelDead:
        return None
    codes = [one.get("code") for one in reply.get("payload") or () if one.get("source") == SOURCE]
    return _in_range(codes[0]) if codes and codes[0] is not None else None


def _described(last: Run, warn: Callable[[str], None]) -> int:
    """The exit code that only the text of a SystemExit describes."""
    text = last.error.evalue if last.error is not None else ""
    if text in ("", "None"):
        return OK
    if text.removeprefix("-").isdecimal():
        return _in_range(int(text))
    warn(f"the code has ended itself: {text}")
    return RAISED


def _in_range(code: int) -> int:
    return code if OK <= code <= HIGHEST else RAISED


async def until_interruptible(kernel: FollowedKernel) -> None:
    """Return when an `end` that was called can be interrupted; ipykernel ignores earlier signals."""
    while kernel.session.state == "idle":
        await kernel.activity.next()
    await asyncio.sleep(stopping.BEGIN_S)


def exit_code_of(exited: "asyncio.Future[int | None] | None") -> int | None:
    """The exit code of a kernel's process that has ended by itself, as by os._exit; None: it has none."""
    code = exited.result() if exited is not None and exited.done() and not exited.cancelled() else None
    return code if code is not None and OK < code <= HIGHEST else None


def _is_ipython(kernel: FollowedKernel) -> bool:
    info = kernel.session.info
    return info is not None and info.implementation == "ipython"


async def _call(
    kernel: FollowedKernel, calls: str, sent: Callable[[str], None] = lambda message_id: None
) -> dict[str, Any]:
    """The reply to code that calls functions of `inside`. Raises KernelDead."""
    source = await asyncio.to_thread(INSIDE.read_text, "utf-8")
    text = f"{source}\n{calls}\n"
    content = {
        "code": f"__import__('builtins').exec({text!r}, {{'__name__': 'kernel_bridge'}})",
        "silent": True,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }
    return await kernel.session.request("execute_request", content, sent=sent)
