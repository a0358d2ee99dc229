"""Kernels running on this machine, found by the connection files in Jupyter's runtime folder."""

import asyncio
import logging
from collections.abc import Callable, Container
from typing import Literal

from ..limits import CONNECTION_DESCRIPTORS, free_descriptors
from ..protocol.errors import BadConnectionFile, NoSuchKernel
from ..protocol.objects import Kernel, KernelSpec, Owner
from .channels import Channels
from .foreign import ForeignHost
from .found import Found, locate
from .host import Host
from .keeper import Keeper
from .local import LocalHost
from .messages import KernelInfo, kernel_info

log = logging.getLogger(__name__)

PROBE_S = 1.0
MOST_PROBES = 64  # at once
LEAVE_S = 8.0  # how long a bridge may need to end
LOOK_S = 0.05


async def list_running(followed: Container[str] = ()) -> list[Kernel]:
    """The kernels that answer, without those whose ids are `followed`. Takes about PROBE_S at most.

    A kernel is listed as busy if only its zmq answers in that time, or if no time or descriptor is left to
    ask it.
    """
    found = await find_running(followed)
    room = max(1, free_descriptors() // 2 // CONNECTION_DESCRIPTORS)  # a start may need the other half
    several = asyncio.Semaphore(min(MOST_PROBES, room))
    until = asyncio.get_running_loop().time() + PROBE_S
    kernels = await asyncio.gather(*(_probe_in_turn(one, several, until) for one in found))
    return [kernel for kernel in kernels if kernel is not None]


async def find_running(followed: Container[str] = ()) -> list[Found]:
    """Kernels whose connection file names a live address, without those of `followed`. Sends them nothing."""
    return [one for one in await asyncio.to_thread(_candidates) if one.kernel_id not in followed]


def _candidates() -> list[Found]:
    from .connection_files import connection_files, is_listening

    candidates = []
    for path in connection_files():
        try:
            found = locate(str(path))
        except (BadConnectionFile, NoSuchKernel) as error:
            log.debug("skipped: %s", error)
            continue
        if is_listening(found.connection):
            candidates.append(found)
    return candidates


def kept_for(uri: str, fits: Callable[[KernelSpec], bool]) -> Found | None:
    """A kernel that an earlier bridge left running for that document, and whose spec fits (blocks)."""
    for found in _candidates():
        record = found.record
        if record is not None and record.keep_alive and uri in record.documents and fits(record.spec):
            return found
    return None


async def when_left(found: Found) -> Found:
    """The kernel, once a bridge that is ending has left it. Raises NoSuchKernel: it ended with the bridge."""
    until = asyncio.get_running_loop().time() + LEAVE_S
    while found.record is not None and found.record.is_being_left:
        if asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(LOOK_S)
        found = await asyncio.to_thread(locate, str(found.path))
    return found


def host_of(found: Found, keeper: Keeper, owner: Owner | None) -> Host:
    """The host of a running kernel. `owner` will own it if a kernel-bridge started it and none has it now."""
    if found.record is None:
        return ForeignHost(found)
    return LocalHost.adopted(found, found.record, keeper, owner)


async def _probe_in_turn(found: Found, several: asyncio.Semaphore, until: float) -> Kernel | None:
    async with several:
        remaining_s = until - asyncio.get_running_loop().time()
        if remaining_s <= 0:
            return _describe(found, None, "busy")
        try:
            return await _probe(found, remaining_s)
        except OSError as error:
            log.warning("cannot probe kernel %s: %s", found.kernel_id, error)
            return _describe(found, None, "busy")


async def _probe(found: Found, within_s: float) -> Kernel | None:
    channels = Channels(found.connect(), *(lambda *_: None,) * 5)
    shell, control = (
        asyncio.ensure_future(channels.request("kernel_info_request", {}, channel, within_s))
        for channel in ("shell", "control")
    )
    met = asyncio.ensure_future(channels.meet())
    try:
        await asyncio.wait([shell], timeout=within_s)
        answers = [answer.result() for answer in (shell, control) if answer.done() and not answer.exception()]
        if not answers and not met.done():
            return None
        idle = shell.done() and shell.exception() is None
        return _describe(found, kernel_info(answers[0]) if answers else None, "idle" if idle else "busy")
    finally:
        met.cancel()
        for answer in (shell, control):
            answer.cancel()
        await asyncio.gather(shell, control, met, return_exceptions=True)
        channels.close("it was only looked at")


def _describe(found: Found, info: KernelInfo | None, state: Literal["idle", "busy"]) -> Kernel:
    language = info.language_info.get("name") if info is not None else None
    return Kernel(
        id=found.kernel_id,
        epoch=found.record.epoch if found.record else 1,
        name=found.spec.name,
        display_name=found.spec.display_name,
        language=found.spec.language or (language if isinstance(language, str) else ""),
        state=state,
        origin="found",
        keep_alive=found.record.keep_alive if found.record else True,
        transport=found.connection.transport,
        queued=0,
        cwd=found.record.cwd if found.record else None,
        connection_file=str(found.path),
        pid=found.record.pid if found.record else None,
        protocol_version=info.protocol_version if info else None,
        implementation=info.implementation if info else None,
        implementation_version=info.implementation_version if info else None,
        language_info=info.language_info if info else None,
        documents=(found.record.documents or None) if found.record else None,
        started_at=found.started_at,
        owner=found.record.present_owner if found.record else None,
    )
