"""What kernels ask a person for: each input_request, and the answer to it (protocol.md, "Input")."""

import asyncio
import logging

from ..kernels.session import KernelSession
from ..runs.events import InputRequest
from ..runs.run import Run
from .observer import Observer

log = logging.getLogger(__name__)


class Prompts:
    """The open requests of one kernel, at most one of each run."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._open: dict[str, asyncio.Task[None]] = {}  # by the id of the run

    def ask(self, session: KernelSession, run: Run, request: InputRequest) -> None:
        """Pass on what is typed; the run is interrupted when the person cancels, or cannot be asked."""
        if run.ended:
            return
        self.withdraw(run)
        answering = self._answer(session, run, request)
        self._open[run.id] = asyncio.create_task(answering, name=f"stdin of run {run.id}")

    def withdraw(self, run: Run) -> None:
        """Nobody waits for the answer any more."""
        if asking := self._open.pop(run.id, None):
            asking.cancel()

    async def _answer(self, session: KernelSession, run: Run, request: InputRequest) -> None:
        value = None
        try:
            if self._observer.can_ask:
                value = await self._observer.ask(run.id, session.id, request.prompt, request.password)
        except Exception as error:
            log.warning("run %s: the request for input failed: %s", run.id, error)
        if run.ended or self._open.get(run.id) is not asyncio.current_task():
            return
        del self._open[run.id]
        if value is None:
            await session.interrupt()
        else:
            session.answer_input(value)

    async def close(self) -> None:
        """Await the tasks that are left."""
        tasks = list(self._open.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
