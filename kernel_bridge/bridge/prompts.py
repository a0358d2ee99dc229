"""Prompts: each input_request of a kernel, and its answer (protocol.md, "Input").

Every client that can ask the user does. The first answer wins; the other requests are withdrawn.
"""

import asyncio
import logging
from collections.abc import Callable

from ..kernels.session import KernelSession
from ..runs.events import InputRequest, Stream
from ..runs.run import Run
from .observer import Observer, Observers

log = logging.getLogger(__name__)


class Prompts:
    """The open prompts of one kernel, at most one per run.

    `typed` is called with each prompt and its answer, before the kernel receives the answer.
    """

    def __init__(self, observers: Observers, typed: Callable[[Run, Stream], None]) -> None:
        self._observers = observers
        self._typed = typed
        self._open: dict[str, _Prompt] = {}  # by the id of the run
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, session: KernelSession, run: Run, request: InputRequest, patient: bool = False) -> None:
        """Ask the user and send the answer. Interrupts the run if the user cancels or no client can ask.

        `patient`: waits for a client that can ask.
        """
        if run.ended:
            return
        self.withdraw(run)
        prompt = self._open[run.id] = _Prompt(session.id, run.id, request, patient)
        task = asyncio.create_task(self._answer(session, run, prompt), name=f"stdin of run {run.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def withdraw(self, run: Run) -> None:
        """Withdraw the run's prompt: its answer is no longer needed."""
        if prompt := self._open.pop(run.id, None):
            prompt.resolve(None)

    def opened(self) -> tuple[str, InputRequest] | None:
        """An open prompt: the id of its run, and the request."""
        return next(((run_id, prompt.request) for run_id, prompt in self._open.items()), None)

    def joined(self, observer: Observer) -> None:
        """A client joined: if it can ask, it gets the open prompts."""
        for prompt in self._open.values():
            if observer.can_ask and prompt.group is not None:
                prompt.ask(prompt.group, observer)

    def left(self, observer: Observer) -> None:
        """A client left. A run whose prompt no other client can answer is interrupted."""
        for prompt in self._open.values():
            prompt.drop(observer)

    async def _answer(self, session: KernelSession, run: Run, prompt: "_Prompt") -> None:
        async with asyncio.TaskGroup() as prompt.group:
            value = await prompt.first_answer(prompt.group, self._observers.who_can_ask())
            prompt.stop_asking()
            if run.ended or self._open.get(run.id) is not prompt:
                return
            del self._open[run.id]
            if value is None:
                run.interrupted = True
                await session.interrupt()
            else:
                if typed := prompt.request.typed(value):
                    self._typed(run, typed)
                session.answer_input(value)

    async def close(self) -> None:
        """Cancel and await the remaining tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Prompt:
    """One input_request, and the clients that were asked."""

    def __init__(self, kernel_id: str, run_id: str, request: InputRequest, patient: bool) -> None:
        self.group: asyncio.TaskGroup | None = None  # runs the tasks that ask
        self._kernel_id = kernel_id
        self._run_id = run_id
        self._patient = patient
        self.request = request
        self._asked: dict[Observer, asyncio.Task[None]] = {}
        self._answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def first_answer(self, group: asyncio.TaskGroup, observers: list[Observer]) -> str | None:
        """None: the user cancelled, no client can ask, or the prompt was withdrawn."""
        if not observers and not self._patient:
            return None
        if not self._answer.done():
            for observer in observers:
                self.ask(group, observer)
        return await self._answer

    def ask(self, group: asyncio.TaskGroup, observer: Observer) -> None:
        self._asked[observer] = group.create_task(self._ask(observer), name=f"stdin of run {self._run_id}")

    async def _ask(self, observer: Observer) -> None:
        request = self.request
        try:
            value = await observer.ask(self._run_id, self._kernel_id, request.prompt, request.password)
        except Exception as error:
            log.warning("run %s: asking for input failed: %s", self._run_id, error)
            self.drop(observer)
        else:
            self.resolve(value)

    def drop(self, observer: Observer) -> None:
        """This client will not answer."""
        if asking := self._asked.pop(observer, None):
            asking.cancel()
            if not self._asked and not self._patient:
                self.resolve(None)

    def stop_asking(self) -> None:
        for asking in self._asked.values():
            asking.cancel()

    def resolve(self, value: str | None) -> None:
        if not self._answer.done():
            self._answer.set_result(value)
