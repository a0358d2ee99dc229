"""Kernel events become nbformat outputs, and changes that produce them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import Output
from kernel_bridge.runs.changes import Append, Clear, FoldChange, Replace, Rewrite
from kernel_bridge.runs.events import (
    ClearOutput,
    DisplayData,
    Error,
    ExecuteResult,
    OutputEvent,
    Stream,
    UpdateDisplayData,
)
from kernel_bridge.runs.fold import Outputs, apply
from tests.outputs import display_data, stream
from tests.unit.run_events import EVENTS, fold_all, outputs_of


def check(events: list[OutputEvent], expected: list[Output]) -> None:
    """Assert the outputs after the events."""
    assert outputs_of(fold_all(events)) == expected


def check_last(events: list[OutputEvent], expected: list[FoldChange]) -> None:
    """Assert the changes of the last event."""
    assert fold_all(events)[-1] == expected


OUT, ERR = Stream("stdout", "a\n"), Stream("stderr", "b\n")
PLAIN = {"text/plain": "1"}
OTHER = {"text/plain": "2"}
SHOWN = DisplayData(PLAIN, {}, "id")
UPDATE = UpdateDisplayData(OTHER, {"width": 2}, "id")


# each event


def test_streams_of_one_name_are_one_output() -> None:
    check([OUT, OUT, ERR, OUT], [stream("a\na\n"), stream("b\n", "stderr"), stream("a\n")])
    check_last([OUT, OUT], [Rewrite(0, 2, "a\n")])
    check_last([OUT, ERR], [Append(stream("b\n", "stderr"))])


def test_empty_text_is_no_output() -> None:
    check_last([Stream("stdout", "")], [])
    check_last([OUT, Stream("stdout", "")], [])


def test_a_stream_that_only_moves_is_an_empty_output() -> None:
    check([Stream("stdout", "\r"), Stream("stdout", "a")], [stream("a")])


def test_overwritten_text() -> None:
    check_last([Stream("stdout", "é1%"), Stream("stdout", "\r2")], [Rewrite(0, 0, "21%", removed=4)])
    check_last([Stream("stdout", "1%"), Stream("stdout", "\r")], [])


def test_a_display_ends_a_stream() -> None:
    check([OUT, DisplayData(PLAIN, {}), OUT], [stream("a\n"), display_data(PLAIN), stream("a\n")])


def test_a_result() -> None:
    result = {"output_type": "execute_result", "data": PLAIN, "metadata": {"a": 1}, "execution_count": 3}
    check([ExecuteResult(PLAIN, {"a": 1}, 3)], [result])
    check([ExecuteResult(PLAIN, {"a": 1})], [result | {"execution_count": None}])


def test_an_error() -> None:
    check(
        [Error("E", "v", ["t"])],
        [{"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}],
    )


def test_a_page() -> None:
    fold = Outputs()
    fold.fold(OUT)
    assert fold.page({"text/plain": ["Docs", "tring"]}) == [Append(display_data({"text/plain": "Docstring"}))]


def test_text_in_lines_is_joined() -> None:
    lines = ["a\n", "b"]
    bundle = {"text/html": lines, "image/png": lines, "application/json": lines, "application/x+json": lines}
    bundle["model/x+json"] = lines  # text: nbformat knows only JSON of applications
    joined = bundle | {"text/html": "a\nb", "image/png": "a\nb", "model/x+json": "a\nb"}
    check([DisplayData(bundle, {})], [display_data(joined)])
    check([SHOWN, UpdateDisplayData(bundle, {}, "id")], [display_data(joined)])
    check([DisplayData({"text/x": [1, 2]}, {})], [display_data({"text/x": [1, 2]})])


# clear_output


def test_clear() -> None:
    check([OUT, ClearOutput(False), ERR], [stream("b\n", "stderr")])
    check_last([OUT, ClearOutput(False)], [Clear()])
    check_last([ClearOutput(False)], [])
    check_last([OUT, ClearOutput(False), ClearOutput(False)], [])


def test_a_stream_restarts_after_a_clear() -> None:
    check_last([OUT, ClearOutput(False), OUT], [Append(stream("a\n"))])
    check([Stream("stdout", "ab"), ClearOutput(False), Stream("stdout", "\rc")], [stream("c")])


def test_a_delayed_clear_precedes_the_next_output() -> None:
    check_last([OUT, ClearOutput(True)], [])
    check([OUT, ClearOutput(True)], [stream("a\n")])
    check_last([OUT, ClearOutput(True), OUT], [Clear(), Append(stream("a\n"))])
    check_last([OUT, ClearOutput(True), SHOWN], [Clear(), Append(display_data(PLAIN))])
    check_last([OUT, ClearOutput(True), OUT, OUT], [Rewrite(0, 2, "a\n")])
    check_last([ClearOutput(True), OUT], [Append(stream("a\n"))])


def test_a_delayed_clear_waits_for_visible_output() -> None:
    check_last([OUT, ClearOutput(True), Stream("stdout", "")], [])
    check_last([SHOWN, ClearOutput(True), UPDATE], [Replace(0, display_data(OTHER, metadata={"width": 2}))])


def test_an_immediate_clear_replaces_a_delayed_one() -> None:
    check([OUT, ClearOutput(True), ClearOutput(False), OUT, OUT], [stream("a\na\n")])


# update_display_data


def test_every_output_of_a_display_id_is_updated() -> None:
    updated = display_data(OTHER, metadata={"width": 2})
    check(
        [SHOWN, OUT, SHOWN, DisplayData(PLAIN, {}), UPDATE],
        [updated, stream("a\n"), updated, display_data(PLAIN)],
    )


def test_an_update_keeps_the_output_type() -> None:
    check(
        [ExecuteResult(PLAIN, {}, 3, "id"), UPDATE],
        [
            {
                "output_type": "execute_result",
                "data": OTHER,
                "metadata": {"width": 2},
                "execution_count": 3,
            }
        ],
    )


def test_an_update_does_not_end_a_stream() -> None:
    check([SHOWN, OUT, UPDATE, OUT], [display_data(OTHER, metadata={"width": 2}), stream("a\na\n")])


def test_an_update_of_nothing() -> None:
    check_last([UPDATE], [])
    check_last([DisplayData(PLAIN, {}), UpdateDisplayData(OTHER, {})], [])
    check_last([SHOWN, ClearOutput(False), UPDATE], [])
    check_last([SHOWN, ClearOutput(True), OUT, UPDATE], [])


def test_display_ids() -> None:
    fold = Outputs()
    for event in (SHOWN, ExecuteResult(PLAIN, {}, 1, "other"), SHOWN, DisplayData(PLAIN, {})):
        fold.fold(event)
    assert fold.display_ids == ["id", "other"]
    fold.fold(ClearOutput(False))
    assert fold.display_ids == []


# properties


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=20), st.data())
def test_splitting_streams_changes_nothing(events: list[OutputEvent], data: st.DataObject) -> None:
    split: list[OutputEvent] = []
    for event in events:
        if isinstance(event, Stream):
            cut = data.draw(st.integers(0, len(event.text)))
            split += [Stream(event.name, event.text[:cut]), Stream(event.name, event.text[cut:])]
        else:
            split.append(event)
    assert outputs_of(fold_all(split)) == outputs_of(fold_all(events))


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=20))
def test_removed_text_is_counted_in_bytes_and_lines(events: list[OutputEvent]) -> None:
    outputs: list[Output] = []
    for changes in fold_all(events):
        for change in changes:
            if isinstance(change, Rewrite):
                removed = outputs[change.index]["text"][change.start :]
                assert change.removed == len(removed.encode("utf-8", "surrogatepass"))
                assert change.removed_lines == removed.count("\n")
            apply(outputs, change)
