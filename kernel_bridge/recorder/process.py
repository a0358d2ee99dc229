"""The recorder's process: it takes the place of the only recorder, listens, and ends with its last kernel."""

import asyncio
import contextlib
import logging
import os
import signal

from ..handover import address
from ..handover.link import Broken, Link
from ..handover.messages import AnyMessage, Done, List, Offer, Recorded, Revive, Take
from ..logs import configure
from .kernels import Kernels

log = logging.getLogger(__name__)

PLACE_S = 3.0  # how long the previous recorder may take to leave
FIRST_S = 10.0  # how long a recorder waits for its first kernel or bridge
RETRY_S = 0.02


async def record(kernel_ids: list[str]) -> int:
    """Follow kernels until none is left, and return the exit code."""
    place = await _place(kernel_ids)
    if place is None:
        return 0
    configure("warning", str(place.log), delay=True)
    recorder = _Recorder(Kernels())
    try:
        server = await asyncio.start_unix_server(recorder.serve, place.socket)
        place.announce()
        _tell_parent()
        await recorder.kernels.revive(kernel_ids)
        await recorder.until_unused()
        server.close()
    finally:
        place.close()
        await recorder.close()
    return 0


async def _place(kernel_ids: list[str]) -> "address.Place | None":
    """The place of the only recorder; None: another process has it, and was asked to revive the kernels."""
    end = asyncio.get_running_loop().time() + PLACE_S
    while True:
        try:
            return address.Place()
        except BlockingIOError:
            if await _ask(kernel_ids) or asyncio.get_running_loop().time() > end:
                return None
        await asyncio.sleep(RETRY_S)


async def _ask(kernel_ids: list[str]) -> bool:
    """Ask the recorder that runs to revive the kernels. False: it does not listen yet, or not any more."""
    found = address.find()
    if found is None:
        return False
    try:
        link = await Link.to(found.socket)
        try:
            await link.send(Revive(kernel_ids))
            await link.receive(PLACE_S)
        finally:
            link.close()
    except OSError:
        return False
    return True


def _tell_parent() -> None:
    """Close stdout: the process that started this one waits for it."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


class _Recorder:
    """The connections of bridges, and the end."""

    def __init__(self, kernels: Kernels) -> None:
        self.kernels = kernels
        self._links: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what one bridge asks for."""
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        self.kernels.changed.notify()
        link = Link(reader, writer)
        try:
            while True:
                await self._answer(link, await link.receive(None))
        except Broken as error:
            log.info("a link has ended: %s", error)
        except asyncio.CancelledError:  # by `close`; Python 3.11 logs a cancelled task as an error
            log.info("a link is open at the end")
        except Exception:
            log.exception("a link failed")
        finally:
            self._links.discard(task)
            link.close()
            self.kernels.changed.notify()

    async def _answer(self, link: Link, message: AnyMessage) -> None:
        match message:
            case Offer():
                await self.kernels.take(link, message)
            case Take(kernel_id):
                await self.kernels.give(link, kernel_id)
            case Revive(kernel_ids):
                await self.kernels.revive(kernel_ids)
                await link.send(Done())
            case List():
                await link.send(Recorded(self.kernels.listed()))
            case _:
                raise Broken(f"{type(message).__name__} was not expected")

    async def until_unused(self) -> None:
        """Return when no kernel is left and no bridge is connected, or when the process is asked to end."""
        stopped = asyncio.create_task(self._stopped.wait())
        unused = asyncio.create_task(self._unused())
        await asyncio.wait([stopped, unused], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        unused.cancel()

    async def _unused(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_S):
                while not self.kernels.followed and not self._links:
                    await self.kernels.changed.next()
        while self.kernels.followed or self._links:
            await self.kernels.changed.next()

    async def close(self) -> None:
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        await self.kernels.close()
