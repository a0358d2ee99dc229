"""A run that another process continues behaves as if it had not been cut, at any point."""

import asyncio
import json
import random
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import Change, Output
from kernel_bridge.runs.changes import Clear, FoldChange, Rewrite
from kernel_bridge.runs.events import ClearOutput, DisplayData, Error, ExecuteReply, OutputEvent, Stream
from kernel_bridge.runs.fold import Outputs
from kernel_bridge.runs.frozen import FrozenRun, freeze, thaw
from kernel_bridge.runs.live import LiveOutputs, Unseen
from kernel_bridge.runs.nesting import DEEPEST
from kernel_bridge.runs.packed import unpack
from kernel_bridge.runs.run import Location, Run
from tests.unit.history_samples import add, opened
from tests.unit.history_samples import make_run as stored_run
from tests.unit.run_events import EVENTS, fold_all, outputs_of
from tests.unit.test_live import check_against

BUDGETS = st.sampled_from([0, 5, 20, 60, 10**6])
LONG = st.builds(
    lambda part, times: Stream("stdout", part * times),
    st.sampled_from(["x", "é\n"]),
    st.sampled_from([5000, 17_000]),
)


def make_run(budget_bytes: int = 99, **values: Any) -> Run:
    usual = {"kernel_id": "kernel", "epoch": 1, "source": "1", "queued_at": ""}
    return Run(id="run", outputs=Outputs(), live=LiveOutputs(budget_bytes), **usual | values)


def sent(frozen: FrozenRun) -> FrozenRun:
    """As another process receives it."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(frozen), type=FrozenRun)


def handed_over(run: Run) -> Run:
    frozen = sent(freeze(run, with_live=True))
    assert frozen.live is not None
    return thaw(frozen, LiveOutputs.restored(frozen.live))


def feed(run: Run, event: OutputEvent) -> tuple[list[FoldChange], list[Change]]:
    changes = run.outputs.fold(event)
    return changes, run.live.apply(changes)


@settings(max_examples=200)
@given(st.lists(EVENTS | LONG, max_size=25), st.integers(0, 25), BUDGETS)
def test_a_run_is_continued_elsewhere(events: list[OutputEvent], cut: int, budget: int) -> None:
    uncut, run = make_run(budget), make_run(budget)
    for event in events[:cut]:
        assert feed(run, event) == feed(uncut, event)
    taken = handed_over(run)
    for event in events[cut:]:
        expected = feed(uncut, event)
        assert feed(taken, event) == expected
        assert feed(run, event) == expected  # freezing changes nothing
        assert taken.live.outputs == uncut.live.outputs
    assert taken.outputs.display_ids == uncut.outputs.display_ids
    assert taken.live.size_bytes == uncut.live.size_bytes


@given(st.lists(EVENTS, max_size=25), st.integers(0, 25))
def test_a_run_that_no_client_sees_continues_its_fold(events: list[OutputEvent], cut: int) -> None:
    uncut, run = make_run(), make_run()
    for event in events[:cut]:
        assert run.outputs.fold(event) == uncut.outputs.fold(event)
    frozen = sent(freeze(run, with_live=False))
    assert frozen.live is None
    run = thaw(frozen, Unseen())
    for event in events[cut:]:
        changes, shown = feed(run, event)
        assert (changes, shown) == (uncut.outputs.fold(event), [])
    assert (run.live.outputs, run.live.size_bytes) == ([], 0)


def test_every_field_of_a_run_is_handed_over() -> None:
    text = "\ud800é\n"
    first = make_run()
    run = make_run(
        source=text,
        after=first,
        location=Location(text, 3, ((0, 1), (2, 3)), (0, 9), text, "cell", (text, None), text),
        error=Error(text, "v", [text]),
        reply=ExecuteReply("error", 2, Error("E", text, []), text, True, [{"text/plain": text}], True),
        times={"shell.execute_reply": "2026"},
    )
    run.hint = run.reason = run.next_input = text
    for field in fields(Run):
        if (kind := get_type_hints(Run, localns=globals())[field.name]) is bool:
            setattr(run, field.name, not field.default)
        elif kind is int:
            setattr(run, field.name, random.randint(1, 99))
    taken = handed_over(run)
    assert sent(freeze(run, with_live=True)).after == first.id
    assert taken.after is None
    for field in fields(Run):
        if field.name not in ("after", "outputs", "live"):
            assert getattr(taken, field.name) == getattr(run, field.name), field.name


def test_deeply_nested_json_is_handed_over() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    run = make_run(reply=ExecuteReply("ok", pages=[{"text/plain": deep}]))
    feed(run, DisplayData({"application/json": deep}, {}))
    (shown,) = handed_over(run).live.outputs
    assert json.dumps(shown).count("[") > DEEPEST // 2
    assert unpack(b"[" * 5000 + b"]" * 5000)


# from the history: live outputs


async def stored(path: Path, changes: list[list[FoldChange]], budget: int) -> list[Output]:
    async with opened(path) as (journal, _):
        add(journal, stored_run("run"), [change for some in changes for change in some])
        return (await journal.get_run("run", budget)).outputs


@settings(max_examples=40)
@given(st.lists(EVENTS | LONG, max_size=25), st.integers(0, 25), BUDGETS)
def test_stored_outputs_are_continued(events: list[OutputEvent], cut: int, budget: int) -> None:
    changes = fold_all(events)
    before, after = changes[:cut], changes[cut:]
    uncut = LiveOutputs(budget)
    for some in before:
        uncut.apply(some)
    with tempfile.TemporaryDirectory() as folder:
        outputs = asyncio.run(stored(Path(folder) / "history.db", before, budget))
    whole = outputs_of(before)
    length = len(whole[-1]["text"]) if whole and whole[-1]["output_type"] == "stream" else 0
    # They differ if text was overwritten that was omitted and no longer held: the history has more of it.
    is_same = outputs == uncut.outputs
    live = LiveOutputs.of_stored(outputs, length, budget)
    for some in after:
        shown, expected = live.apply(some), uncut.apply(some)
        if is_same:
            assert (shown, live.outputs) == (expected, uncut.outputs)
    assert (live.size_bytes == uncut.size_bytes) or not is_same
    check_against(live, outputs_of(changes), budget)


# from the history: the fold

APPENDED = st.lists(
    st.sampled_from(
        ["a", "bc", "\n", "é", "漢", "😀", "\x1b[31m", "\x1b[0m", "\x1b[3", "4m", "\x1b", "\ud800"]
    ),
    max_size=12,
).map("".join)


def check_resumed(before: list[str], later: list[OutputEvent], reach: int = 4096) -> None:
    """Assert that `later` makes the same changes where `reach` characters of the text are known."""
    uncut = Outputs()
    changes = [
        uncut.fold(event) for event in (DisplayData({}, {}), *(Stream("stdout", text) for text in before))
    ]
    text = outputs_of(changes)[-1]["text"]
    fold = Outputs.resumed(2, ("stdout", len(text), text[-reach:]))
    for event in later:
        assert fold.fold(event) == uncut.fold(event)


@settings(max_examples=200)
@given(APPENDED, st.lists(EVENTS, max_size=9))
def test_text_continues_after_a_kill(before: str, later: list[OutputEvent]) -> None:
    check_resumed(["a", before], later)


def test_after_a_kill_the_cursor_reaches_whole_lines_of_the_known_text() -> None:
    check_resumed(["\r  0%|  |", "\r 50%|# |"], [Stream("stdout", "\r100%|##|")])
    check_resumed(["a\n" * 3000, "10%"], [Stream("stdout", "\r20%"), Stream("stdout", "\x1b[9A\x1b[2Kb")])
    check_resumed(["\x1b[31mred\n" * 99, "10%\x1b[0m"], [Stream("stdout", "\r20%")], reach=20)
    check_resumed(["x" * 9000, "\x1b"], [Stream("stdout", "[3"), Stream("stdout", "1my")])
    long = Outputs.resumed(1, ("stdout", 9000, "x" * 4096))
    assert long.fold(Stream("stdout", "\ry")) == [Rewrite(0, 9000 - 4096, "y" + "x" * 4095, 4096)]


def test_after_a_kill_the_next_output_is_a_new_one() -> None:
    for stream in (None, ("stderr", 3, "abc")):
        assert Outputs.resumed(2, stream).fold(Stream("stdout", "a")) == Outputs().fold(Stream("stdout", "a"))
        assert Outputs.resumed(2, stream).fold(ClearOutput(False)) == [Clear()]
