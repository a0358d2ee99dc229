"""Random kernel events for hypothesis, and the outputs they produce."""

from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import Output
from kernel_bridge.runs.changes import FoldChange
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

TEXTS = st.lists(
    st.sampled_from(["a", "bc", *"\n\r\bé😀\u0301\ud800\udc00", "\x1b[A", "\x1b[K", "\x1b[31m", "x" * 9]),
    min_size=1,
    max_size=8,
).map("".join)
BUNDLES = st.sampled_from([{"text/plain": "d"}, {"text/plain": "e"}])
IDS = st.sampled_from(["i", "j"])
EVENTS: st.SearchStrategy[OutputEvent] = st.one_of(
    st.builds(Stream, st.just("stdout"), TEXTS),
    st.builds(Stream, st.sampled_from(["stdout", "stderr"]), TEXTS),
    st.builds(DisplayData, BUNDLES, st.just({}), st.none() | IDS),
    st.builds(UpdateDisplayData, BUNDLES, st.just({}), IDS),
    st.builds(ExecuteResult, BUNDLES, st.just({}), st.just(3), st.none() | IDS),
    st.builds(ClearOutput, st.booleans()),
    st.builds(Error, st.just("E"), st.just("v"), st.just(["t"])),
)


def fold_all(events: list[OutputEvent]) -> list[list[FoldChange]]:
    """The changes that each event makes."""
    fold = Outputs()
    return [fold.fold(event) for event in events]


def outputs_of(changes: list[list[FoldChange]]) -> list[Output]:
    """The outputs after all changes, starting from none."""
    outputs: list[Output] = []
    for change in (change for some in changes for change in some):
        apply(outputs, change)
    return outputs
