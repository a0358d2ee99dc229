"""What kernels ask for, answered from a document where the client has no `kernel-bridge/stdin`.

A person writes the answer on a line and chooses the code action there. Only where the setting
`features.input` asks for it; a password never stands in a document.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ...escapes import plain
from ...protocol.errors import NoSuchRun

HOW = "(write it on a line, and choose the code action “Answer …” there)"
NO_PASSWORDS = "the code asks for a password, which must not stand in a document; it is interrupted"


@dataclass(frozen=True, slots=True)
class Question:
    """One open question of a kernel; `answer` gets what was typed, None cancels it."""

    run_id: str
    kernel_id: str
    text: str  # its prompt, and how it is answered
    answer: asyncio.Future[str | None]


class Questions:
    """Of one session. `tell` shows a message; `changed`: the inlay hints are others now."""

    def __init__(
        self, tell: Callable[[str], None], changed: Callable[[], None], hints_shown: Callable[[], bool]
    ) -> None:
        self._tell = tell
        self._hints_shown = hints_shown
        self._changed = changed
        self._open: dict[str, Question] = {}  # by the id of the run

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        """What a person answers; None: nothing, and the kernel is interrupted."""
        if password:
            self._tell(NO_PASSWORDS)
            return None
        text = f"asks: {plain(prompt).strip()} {HOW}"
        question = Question(run_id, kernel_id, text, asyncio.get_running_loop().create_future())
        self._open[run_id] = question
        self._changed()
        if not self._hints_shown():
            self._tell(f"the code {text}")
        try:
            return await question.answer
        finally:
            del self._open[run_id]
            self._changed()

    def of_run(self, run_id: str) -> Question | None:
        return self._open.get(run_id)

    def of_kernel(self, kernel_id: str | None) -> Question | None:
        return next((question for question in self._open.values() if question.kernel_id == kernel_id), None)

    def answer(self, run_id: str, value: str | None) -> None:
        """Raises NoSuchRun: that run asks nothing."""
        question = self._open.get(run_id)
        if question is None or question.answer.done():
            raise NoSuchRun(f"the run {run_id!r} asks for no input now")
        question.answer.set_result(value)
