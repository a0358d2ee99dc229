"""Pending changes are merged without changing their effect."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import Change
from kernel_bridge.runs.events import ClearOutput, DisplayData, OutputEvent, Stream, UpdateDisplayData
from kernel_bridge.runs.live import LiveOutputs
from kernel_bridge.runs.waiting import WaitingChanges
from tests.outputs import append, display, stream
from tests.server.mirror import apply
from tests.unit.run_events import EVENTS, fold_all


def check(events: list[OutputEvent], expected: list[Change], taken: int = 0, budget: int = 10**6) -> None:
    """Assert what is pending after the events, the first `taken` of which were sent already."""
    live, waiting = LiveOutputs(budget), WaitingChanges()
    for number, changes in enumerate(fold_all(events)):
        if number == taken:
            waiting.take()
        waiting.add(live.apply(changes))
    assert bool(waiting) == bool(expected)
    assert waiting.take() == expected
    assert not waiting
    assert waiting.take() == []


def out(*texts: str) -> list[OutputEvent]:
    return [Stream("stdout", text) for text in texts]


SHOWN = DisplayData({"text/plain": "1"}, {}, "id")
UPDATE = UpdateDisplayData({"text/plain": "2"}, {}, "id")
AGAIN = UpdateDisplayData({"text/plain": "3"}, {}, "id")


def test_nothing() -> None:
    check([], [])


def test_text_is_joined() -> None:
    check(out("a", "b", "c"), [append(stream("abc"))])
    check(out("a", "b", "c"), [{"kind": "text", "index": 0, "text": "bc"}], taken=1)


def test_text_after_other_outputs() -> None:
    check(
        [*out("a"), Stream("stderr", "b"), Stream("stderr", "c"), *out("d")],
        [
            append(stream("bc", "stderr")),
            append(stream("d")),
        ],
        taken=1,
    )


def test_overwritten_lines_are_not_sent() -> None:
    check(out("a\n1%", "\r2%", "\r3%"), [{"kind": "line", "index": 0, "text": "3%"}], taken=1)
    check(out("a\n1%", "\r2%", "\r3%"), [append(stream("a\n3%"))])
    check(out("1%", "\n2%", "\r3%"), [{"kind": "text", "index": 0, "text": "\n3%"}], taken=1)
    check(out("1%", "\r2%\n3%", "\r4%", "\n"), [{"kind": "line", "index": 0, "text": "2%\n4%\n"}], taken=1)
    check(out("1", "2", "\r3%"), [{"kind": "line", "index": 0, "text": "3%"}], taken=1)


def test_a_replaced_output_is_sent_once() -> None:
    check([SHOWN, UPDATE, AGAIN], [append(display("3"))])
    check([SHOWN, UPDATE, AGAIN], [{"kind": "replace", "index": 0, "output": display("3")}], taken=1)
    check(
        out("1\n2\n", "\x1b[A3", "4"),
        [{"kind": "replace", "index": 0, "output": stream("1\n34\n")}],
        taken=1,
    )


def test_a_clear_drops_pending_changes() -> None:
    check([*out("a", "b"), ClearOutput(False)], [{"kind": "clear"}], taken=1)
    check(
        [SHOWN, ClearOutput(False), *out("c", "d")],
        [{"kind": "clear"}, append(stream("cd"))],
        taken=1,
    )


def test_only_the_newest_elide_is_sent() -> None:
    check(
        out("abc", "d", "e", "f"),
        [
            {"kind": "text", "index": 0, "text": "d"},
            {"kind": "elide", "index": 0, "omitted": 2, "tail": "ef", "lines": 0},
        ],
        taken=1,
        budget=4,
    )


def test_a_progress_bar_at_the_edge_of_the_budget_does_not_pile_up() -> None:
    check(
        out("ab", *[f"\r{number}" for number in range(100, 200)]),
        [
            {"kind": "line", "index": 0, "text": "19"},
            {"kind": "elide", "index": 0, "omitted": 1, "tail": "9", "lines": 0},
        ],
        taken=1,
        budget=2,
    )


def test_a_progress_bar_beside_a_display_does_not_pile_up() -> None:
    both: list[OutputEvent] = [*out("\r1%"), UPDATE, *out("\r2%"), AGAIN]
    check(
        [SHOWN, *out("0%"), *both * 50],
        [
            {"kind": "line", "index": 1, "text": "2%"},
            {"kind": "replace", "index": 0, "output": display("3")},
        ],
        taken=2,
    )


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=25), st.sampled_from([0, 5, 20, 60, 10**6]), st.data())
def test_merged_changes_equal_single_ones(
    events: list[OutputEvent], budget: int, data: st.DataObject
) -> None:
    live, every = LiveOutputs(budget), fold_all(events)
    joined_at = data.draw(st.integers(0, len(every)))
    for changes in every[:joined_at]:
        live.apply(changes)
    client = copy.deepcopy(live.outputs)
    waiting = WaitingChanges(len(client))
    for changes in every[joined_at:]:
        sent = live.apply(changes)
        before = copy.deepcopy(sent)
        waiting.add(sent)
        if data.draw(st.booleans()):
            apply(client, waiting.take())
            assert client == live.outputs
        assert sent == before
    joined = waiting.take()
    apply(client, joined)
    assert client == live.outputs
    assert len(joined) <= 2 * max(len(client), 1) + 1
