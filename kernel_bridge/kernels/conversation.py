"""What the next process must know to continue a conversation with a kernel: the part of a hand-over that is
about messages.

The *giver* parts from the kernel, and the *taker* continues (`session.KernelSession`). In order:

    giver.note_messages()                            nothing may be sent to the kernel from here on
    first = await taker.listen(giver.identity, …)    both hear iopub; the taker holds what it hears
    await giver.hear_until(first)                    so that nothing is between the two
    conversation = giver.part()
    taker.continue_(conversation)                    drops what the giver has had, and handles the rest

iopub has one order for all subscribers: what was published before the message `first` reaches the giver, the
rest reaches the taker. Replies and prompts go to one identity. Once the taker has connected, a kernel whose
sockets hand an identity over (zmq's ROUTER_HANDOVER) sends them to the taker; the giver's connection delivers
what was sent before, and stays open until the giver closes it (zmq does not reconnect it, which would claim
the identity back). The giver waits a little for that, and must send nothing: the kernel no longer reads it.
Other kernels drop replies to an identity that has gone, and ignore a second connection that has it: there the
taker makes up its own, and a run ends with its idle.
"""

import msgspec

from .messages import KernelInfo
from .numbering import Numbers


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a conversation. Ids are those of messages.

    `executing`: parents that the kernel is busy with. `answered`: those of them that have had their reply.
    `newest`: the newest execution. `ours`: our executions that have not become idle. `input_request`: the
    header of the open one. `seen`: what the giver has had since the hand-over began. `cut`: the giver was
    killed, and what the kernel has sent since is unknown.
    """

    identity: bytes
    session: str
    executing: list[str] = []
    answered: list[str] = []
    newest: str | None = None
    ours: list[str] = []
    input_request: bytes | None = None
    info: KernelInfo | None = None
    numbering: Numbers = Numbers()
    asked_on_control: int = 0
    seen: list[str] = []
    cut: bool = False


def cut_off(
    identity: bytes, session: str, running: list[str], heard: int | None, lost: int = 0
) -> Conversation:
    """The conversation of a process that was killed.

    `running`: its executions that had not ended. `heard`: the number of the last message that it has stored.
    `lost`: messages that were missing before.
    """
    return Conversation(
        identity=identity,
        session=session,
        executing=running,
        newest=running[-1] if running else None,
        ours=running,
        numbering=Numbers(next=None if heard is None else heard + 1, lost=lost),
        cut=True,
    )
