"""Reaches the recorder, and starts one if there is none."""

import asyncio
import os
import subprocess

from ..kernels.keeper import recorder_command
from . import address
from .link import Link

START_S = 5.0  # how long a recorder may take to listen
ATTEMPTS = 3  # a recorder may end just when it is reached


async def present() -> Link | None:
    """A link to the recorder; None: there is none."""
    found = address.find() if address.SUPPORTED else None
    if found is None or found.version != address.VERSION:
        return None
    try:
        return await Link.to(found.socket)
    except OSError:  # it is ending, or has just been killed
        return None


async def reach() -> Link:
    """A link to the recorder, which is started if there is none. Raises OSError: it cannot be started."""
    if not address.SUPPORTED:
        raise OSError("there is no recorder on this platform")
    if (found := address.find()) is not None and found.version != address.VERSION:
        raise OSError(
            f"the recorder (process {found.pid}) is of another version of kernel-bridge; "
            "it ends with its last kernel"
        )
    for _ in range(ATTEMPTS):
        if link := await present():
            return link
        await _start()
    raise OSError("the recorder was started, but does not listen")


async def _start() -> None:
    """Start a recorder, and wait until it listens or has ended."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as listens:
        try:
            process = subprocess.Popen(  # noqa: ASYNC220 - as quick as any other spawn
                recorder_command(),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(writing)
        await asyncio.to_thread(process.wait)  # for its fork
        loop = asyncio.get_running_loop()
        closed = asyncio.Event()
        loop.add_reader(listens, closed.set)
        try:
            async with asyncio.timeout(START_S):
                await closed.wait()
        except TimeoutError:
            raise OSError(f"the recorder did not start within {START_S:g} s") from None
        finally:
            loop.remove_reader(listens)
