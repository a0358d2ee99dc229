"""The bridge and the recorder: gives it kept kernels, takes them back, and asks what it follows."""

import logging
from collections.abc import Iterable

from ..handover import address, launch
from ..handover.link import Broken
from ..handover.messages import List, NotHere, Offer, Recorded, Take
from ..kernels.records import Record
from ..protocol.objects import Kernel
from .handing import JOIN_S, JournalAt, Make, give, take
from .kernel import FollowedKernel

log = logging.getLogger(__name__)

LIST_S = 0.5
ATTEMPTS = 2  # a recorder may end just when it is asked


async def record(kernels: Iterable[FollowedKernel]) -> None:
    """Give kernels to the recorder, which is started if there is none.

    Those that it takes are `recorded`, and no longer followed here. Logs why it does not take one.
    """
    left = [kernel for kernel in kernels if kernel.alive]
    for _ in range(ATTEMPTS):
        if not left:
            return
        try:
            link = await launch.reach()
        except OSError as error:
            log.warning("kept kernels are not recorded: %s", error)
            return
        try:
            given = await give(link, left)
        except Broken as error:
            log.info("the recorder has ended: %s", error)
            left = [kernel for kernel in left if kernel.leaving is None]
        else:
            left = [kernel for kernel in left if kernel not in given]
            for kernel in left:
                log.warning("kernel %s is not recorded: the recorder cannot reach it", kernel.id)
            return
        finally:
            link.close()
    log.warning("kept kernels are not recorded: the recorder ends again and again")


async def take_back(kernel_id: str, make: Make, journal_at: JournalAt) -> list[FollowedKernel]:
    """Take a kernel from the recorder, and those that its runs wait for. Empty: it follows no such kernel."""
    link = await launch.present()
    if link is None:
        return []
    try:
        await link.send(Take(kernel_id))
        match await link.receive(JOIN_S):
            case Offer() as offer:
                return await take(link, offer, make, journal_at)
            case NotHere():
                return []
            case other:
                raise Broken(f"{type(other).__name__} was not expected")
    except Broken as error:
        log.warning("kernel %s could not be taken back from the recorder: %s", kernel_id, error)
        return []
    finally:
        link.close()


def is_recorded(record: Record) -> bool:
    """Whether the process that follows the kernel is the recorder."""
    follower, recorder = record.follower, address.find()
    return follower is not None and recorder is not None and follower.pid == recorder.pid


async def recorded() -> list[Kernel]:
    """The kernels that the recorder follows."""
    link = await launch.present()
    if link is None:
        return []
    try:
        await link.send(List())
        return (await link.expect(Recorded, LIST_S)).kernels
    except Broken as error:
        log.warning("the recorder does not answer: %s", error)
        return []
    finally:
        link.close()
