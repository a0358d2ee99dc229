"""The baseline for completion: a raw client that sends complete_request and waits for the reply.

Code without a dot is executed instead. Executes the orders of `clients.Peer`.
"""

import sys
from time import perf_counter

import msgspec

from tests.benchmarks.orders import Ran, serve
from tests.benchmarks.raw import DELIMITER, Raw


class Completing(Raw):
    """Completes each code at its end, one after the other."""

    def complete(self, codes: list[str]) -> list[Ran]:
        return [self._complete(code) if "." in code else self.run([code])[0] for code in codes]

    def _complete(self, code: str) -> Ran:
        started = perf_counter()
        message_id = self._send("complete_request", {"code": code, "cursor_pos": len(code)})
        while True:
            frames = self._shell.recv_multipart()
            start = frames.index(DELIMITER) + 1
            signature, *parts = frames[start : start + 5]
            if signature.decode() != self._sign(parts).decode():
                raise ValueError("a message with a wrong signature")
            _, parent, _, content = map(msgspec.json.decode, parts)
            if parent["msg_id"] == message_id:
                return Ran(seconds=perf_counter() - started, messages=len(content["matches"]))


if __name__ == "__main__":
    serve(Completing(sys.argv[1]).complete)
