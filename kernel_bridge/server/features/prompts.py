"""Prompts of kernels, answered from a document, for clients without `kernel-bridge/stdin`.

The user types the answer on a line and chooses the code action there. The setting `features.input` enables
this. Prompts for passwords are refused: a password must not be typed into a document.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ...escapes import plain
from ...protocol.errors import NoSuchRun

HOW = "(type the answer on a line, then choose the code action “Answer …” there)"
NO_PASSWORDS = (
    "the code asked for a password, which must not be typed into a document, so it was interrupted; "
    "run it in a terminal with `kernel-bridge run`"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One open prompt of a kernel; `answer` receives the typed text, or None to cancel."""

    run_id: str
    kernel_id: str
    text: str  # the prompt, and how to answer it
    answer: asyncio.Future[str | None]


class Prompts:
    """The open prompts of a session; `changed` is called when one is opened or closed."""

    def __init__(self, warn: Callable[[str], None], hints_shown: Callable[[], bool]) -> None:
        self.changed: Callable[[], object] = lambda: None
        self._warn = warn
        self._hints_shown = hints_shown
        self._open: dict[str, Prompt] = {}  # by the id of the run

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        """Wait for the user's answer and return it. None: no answer, so the caller interrupts the kernel."""
        if password:
            self._warn(NO_PASSWORDS)
            return None
        text = f"asks: {plain(prompt).strip()} {HOW}"
        opened = Prompt(run_id, kernel_id, text, asyncio.get_running_loop().create_future())
        self._open[run_id] = opened
        self.changed()
        if not self._hints_shown():
            self._warn(f"the code {text}")
        try:
            return await opened.answer
        finally:
            del self._open[run_id]
            self.changed()

    def of_run(self, run_id: str) -> Prompt | None:
        return self._open.get(run_id)

    def of_kernel(self, kernel_id: str | None) -> Prompt | None:
        return next((prompt for prompt in self._open.values() if prompt.kernel_id == kernel_id), None)

    def answer(self, run_id: str, value: str | None) -> None:
        """Answer the prompt of a run. Raises NoSuchRun: the run is not waiting for input."""
        opened = self._open.get(run_id)
        if opened is None or opened.answer.done():
            raise NoSuchRun(f"the run {run_id!r} is not waiting for input")
        opened.answer.set_result(value)
