"""What a bridge and the recorder say to each other. The giver and the taker of a kernel may be either.

bridge -> recorder   Take(kernel_id)      the recorder answers with an Offer, or NotHere
                     Offer(kernels)       it is the giver
                     Revive(kernel_ids)   their bridge was killed; the recorder answers with Done
                     List()               the recorder answers with Recorded

giver -> taker       Offer                what is needed to connect to each kernel
taker -> giver       Joined               it hears iopub, and holds what it hears
giver -> taker       Batons               the giver has stopped at a message: this is its state there
taker -> giver       Taken                it can continue
giver -> taker       Done                 from here on the taker follows the kernels, and the giver does not
"""

import msgspec

from ..kernels.conversation import Conversation
from ..kernels.records import Keeping
from ..protocol.objects import Kernel
from ..runs.frozen import FrozenRun


class Message(msgspec.Struct, frozen=True, tag=True):
    """One message of the link."""


class Prompt(msgspec.Struct, frozen=True):
    """An open input_request. The kernel's conversation has its header."""

    run_id: str
    prompt: str
    password: bool


class Offered(msgspec.Struct, frozen=True):
    """A kernel, before its giver stops."""

    kernel_id: str
    connection_file: str
    identity: bytes | None  # where replies and prompts go, if the kernel hands that over to the taker
    keeping: Keeping
    documents: list[str]  # URIs


class Baton(msgspec.Struct, frozen=True):
    """The state of a followed kernel at a message."""

    kernel_id: str
    conversation: Conversation
    runs: list[FrozenRun]  # those that have not ended and those that may still change; in order of their ends
    histories: dict[str, str]  # of the runs that are in one: id -> its database file
    waiting: list[str]  # ids of the queued runs, in order
    running: str | None
    prompt: Prompt | None


class Take(Message, frozen=True):
    kernel_id: str


class NotHere(Message, frozen=True):
    """The recorder does not follow the kernel."""


class Offer(Message, frozen=True):
    kernels: list[Offered]


class Joined(Message, frozen=True):
    """`first`: for each kernel that the taker has reached, the first message that it has heard, if any."""

    first: dict[str, str | None]


class Batons(Message, frozen=True):
    batons: list[Baton]


class Taken(Message, frozen=True):
    pass


class Revive(Message, frozen=True):
    kernel_ids: list[str]


class List(Message, frozen=True):
    pass


class Recorded(Message, frozen=True):
    kernels: list[Kernel]


class Done(Message, frozen=True):
    """The giver has handed the kernels over, or the recorder has revived those that it can reach."""


AnyMessage = Take | NotHere | Offer | Joined | Batons | Taken | Revive | List | Recorded | Done
