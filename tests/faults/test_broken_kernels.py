"""Messages that no kernel should send: the next good message is still answered."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.kernels.messages import Codec, Message, event_of
from kernel_bridge.kernels.transport import Parts
from kernel_bridge.kernels.zmq.frames import DELIMITER, Signer, split
from kernel_bridge.runs.events import Status
from tests.faults.fake import Fake

pytestmark = pytest.mark.slow

shared_loop = pytest.mark.asyncio(loop_scope="module")

KEY = b"secret-key"
Frames = list[bytes]


@shared_loop
@pytest.mark.parametrize(
    "steps",
    [
        ["garbage iopub"],
        ["garbage shell"],
        ['forged "forged"', 'unsigned "unsigned"'],
        ['stream stdout "a"', "replay"],
        ["publish stream 5"],
        ['publish display_data {"data": [], "metadata": null}'],
        ['publish status {"execution_state": {}}'],
        ["publish error {}"],
        [f'publish stream {{"text": {"[" * 500}{"]" * 500}}}'],
        ['publish no_such_message {"a": 1}'],
        ['parent {"msg_id": 5}', 'stream stdout "b"', "parent"],
    ],
)
async def test_the_next_good_message_is_answered(fake: Fake, steps: list[str]) -> None:
    run = await fake.run(*steps)
    assert run["state"] == "ok"
    assert not {"forged", "unsigned"} & {output.get("text") for output in run["outputs"]}
    await fake.answers()


@shared_loop
async def test_a_run_reports_lost_messages(fake: Fake) -> None:
    run = await fake.run('stream stdout "a"', "lose 3", 'stream stdout "b"', "lose 2", 'stream stderr "c"')
    assert (run["state"], run["lostMessages"]) == ("ok", 5)
    assert fake.client.mirror.runs[run["id"]]["lostMessages"] == 5
    assert "lostMessages" not in await fake.run('stream stdout "d"')


def good(message_id: str) -> Frames:
    header = json.dumps({"msg_id": message_id, "msg_type": "status"}).encode()
    return signed(header, b'{"msg_id": "request"}', b"{}", b'{"execution_state": "idle"}')


def signed(*parts: bytes) -> Frames:
    return [bytes(frame) for frame in Signer(KEY).frames(Parts(*parts))]


def read(signer: Signer, frames: Frames) -> Message | None:
    parts = signer.parts(frames)
    return None if parts is None else Codec().decode(parts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)
TYPES = ["stream", "display_data", "execute_result", "error", "status", "execute_reply", "input_request", "x"]
NAMES = ["name", "text", "data", "metadata", "transient", "ename", "traceback", "status", "payload", "prompt"]
CONTENT = st.dictionaries(st.sampled_from(NAMES), JSON) | JSON
FRAME = st.binary(max_size=40) | st.just(DELIMITER) | CONTENT.map(lambda value: json.dumps(value).encode())


@given(st.lists(FRAME, max_size=12), st.integers(0, 12))
def test_junk_frames_are_skipped(junk: Frames, cut: int) -> None:
    """However zmq's frames are read, a good message after them is decoded."""
    signer = Signer(KEY)
    frames = [b"topic", *good("a"), *junk, b"topic", *good("b")]
    first, begun = split(frames[:cut], complete=False, topics=1)
    last, begun = split(begun + frames[cut:], complete=True, topics=1)
    decoded = [message for one in first + last if (message := read(signer, one)) is not None]
    assert begun == []
    assert [event_of(message) for message in decoded] == [Status("idle")] * 2


@given(st.sampled_from(TYPES), CONTENT, CONTENT)
def test_any_content_becomes_an_event(message_type: str, content: Any, parent: Any) -> None:
    signer = Signer(KEY)
    header = json.dumps({"msg_id": "a", "msg_type": message_type}).encode()
    sent = signed(header, json.dumps(parent).encode(), b"{}", json.dumps(content).encode())
    message = read(signer, sent)
    if message is not None:
        event_of(message)
    assert read(signer, good("b")) is not None
