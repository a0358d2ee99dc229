"""A run that was cut at any point and continued from its frozen state behaves as if it had not been cut."""

import random
from dataclasses import fields
from typing import Any, get_type_hints

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import Change
from kernel_bridge.runs.changes import FoldChange
from kernel_bridge.runs.events import Error, ExecuteReply, OutputEvent
from kernel_bridge.runs.fold import Outputs
from kernel_bridge.runs.frozen import FrozenRun, freeze, thaw
from kernel_bridge.runs.live import LiveOutputs, Unseen
from kernel_bridge.runs.run import Location, Run
from tests.unit.run_events import EVENTS

BUDGETS = st.sampled_from([0, 5, 20, 60, 10**6])


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
@given(st.lists(EVENTS, max_size=25), st.integers(0, 25), BUDGETS)
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
