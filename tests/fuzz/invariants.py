"""Invariants of a session, for any requests and any order in which they cross.

The mirror asserts the order of states and outputs as they arrive; this module checks the complete transcript.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.server.client import Client, Json
from tests.server.mirror import ENDS

KINDS = {
    "BadConnectionFile",
    "DocumentNotOpen",
    "ExportExists",
    "ExportFailed",
    "HistoryDisabled",
    "KernelDead",
    "KernelLaunchFailed",
    "KernelNotReady",
    "KernelRequired",
    "KernelUnreachable",
    "NoSuchKernel",
    "NoSuchKernelSpec",
    "NoSuchRun",
    "NotOurs",
    "NothingToExport",
    "NothingToRun",
    "Untrusted",
}
"""The codes of protocol.md, "Framing" and "Errors"."""

PLAIN_CODES = {-32601, -32602, -32800}
"""Codes that need no kind: unknown method, invalid argument, cancelled."""
AFTER_SHUTDOWN = -32600
KIND_NEEDED = -32803


def violations(client: Client, ended: bool = False, all_answered: bool = True) -> Iterator[str]:
    """Violations in a session with nothing in progress: messages that must not exist, or that are missing.

    `ended`: the session is over, so requests after its end may have been refused. `all_answered`: false if it
    may have ended before the requests were read.
    """
    yield from _answers(client, ended, all_answered)
    yield from _order_of_runs(client)
    yield from queued_violations(client)
    for run in client.mirror.runs.values():
        if run["state"] not in ENDS:
            yield f"run {run['id']} of {run['source']!r} is {run['state']} for ever"


def _answers(client: Client, ended: bool, all_answered: bool) -> Iterator[str]:
    answers = [message for message in client.messages if "method" not in message]
    counts = Counter(message["id"] for message in answers)
    for id, asked in client.asked.items():
        if counts[id] > 1 or (not counts[id] and all_answered):
            yield f"request {id} was answered {counts[id]} times: {asked}"
    for answer in answers:
        asked = client.asked.get(answer["id"], {"method": "nothing that was asked"})
        if (error := answer.get("error")) and not allowed(error, ended):
            yield f"{asked}: an error that the contract does not have: {error}"


def allowed(error: Json, ended: bool = False) -> bool:
    """Whether the protocol allows the error; `ended`: the session may be over."""
    if error["code"] == KIND_NEEDED:
        return error.get("data", {}).get("kind") in KINDS
    return error["code"] in PLAIN_CODES or (ended and error["code"] == AFTER_SHUTDOWN)


def _order_of_runs(client: Client) -> Iterator[str]:
    """The response to a run request without wait precedes the notifications of its runs."""
    told: set[str] = set()
    for message in client.messages:
        if message.get("method") == "kernel-bridge/run":
            told.add(message["params"]["run"]["id"])
        elif "method" not in message and (asked := client.asked.get(message["id"])):
            argument = argument_of(asked, "run")
            if argument is not None and not argument.get("wait"):
                for run in message.get("result", {}).get("runs", []):
                    if run["id"] in told:
                        yield f"run {run['id']} was notified before the response to its request"


def queued_violations(client: Client) -> Iterator[str]:
    """A kernel's `queued` is the number of its runs whose last notification was queued."""
    queued: dict[str, set[str]] = defaultdict(set)
    for number, message in enumerate(client.messages):
        if message.get("method") == "kernel-bridge/run":
            run = message["params"]["run"]
            waiting = queued[run["kernelId"]]
            (waiting.add if run["state"] == "queued" else waiting.discard)(run["id"])
        elif message.get("method") == "kernel-bridge/kernel":
            kernel = message["params"]["kernel"]
            if kernel["queued"] != len(queued[kernel["id"]]):
                yield (
                    f"message {number}: kernel {kernel['id']} says queued {kernel['queued']}, "
                    f"its notifications make it {len(queued[kernel['id']])}"
                )


def argument_of(asked: Json, command: str) -> Json | None:
    """The argument of `kernel-bridge.<command>`; None: another request."""
    params = asked.get("params")
    if not isinstance(params, dict) or params.get("command") != f"kernel-bridge.{command}":
        return None
    arguments = params.get("arguments") or [{}]
    return arguments[0] if isinstance(arguments[0], dict) else {}
