"""The changes to a run's outputs that a client receives, within a budget of stream text."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import Change, Output
from kernel_bridge.runs.events import ClearOutput, DisplayData, OutputEvent, Stream, UpdateDisplayData
from kernel_bridge.runs.live import TAIL_BYTES, LiveOutputs
from tests.outputs import stream
from tests.server.mirror import apply
from tests.unit.run_events import EVENTS, fold_all, outputs_of


def sent(events: list[OutputEvent], budget: int) -> list[list[Change]]:
    """The changes that each event sends. Asserts that applying them always produces `outputs`."""
    live, client, each = LiveOutputs(budget), list[Output](), []
    for changes in fold_all(events):
        each.append(live.apply(changes))
        apply(client, each[-1])
        assert client == live.outputs
    return each


def out(*texts: str) -> list[OutputEvent]:
    return [Stream("stdout", text) for text in texts]


def check(events: list[OutputEvent], budget: int, expected: list[Change]) -> None:
    """Assert what the last event sends."""
    assert sent(events, budget)[-1] == expected


def append(text: str, name: str = "stdout") -> Change:
    return {"kind": "append", "output": stream(text, name)}


def elide(omitted: int, tail: str, index: int = 0, hidden_lines: int = 0) -> Change:
    lines = hidden_lines + tail.count("\n")
    return {"kind": "elide", "index": index, "omitted": omitted, "tail": tail, "lines": lines}


def replace(text: str, index: int = 0, **elided: Any) -> Change:
    return {"kind": "replace", "index": index, "output": stream(text) | elided}


def text(text: str, index: int = 0) -> Change:
    return {"kind": "text", "index": index, "text": text}


def line(text: str, index: int = 0) -> Change:
    return {"kind": "line", "index": index, "text": text}


# within the budget


def test_text_is_added() -> None:
    check(out("a"), 9, [append("a")])
    check(out("a\n", "b"), 9, [text("b")])


def test_a_line_is_replaced() -> None:
    check(out("a\n10%", "\r20%"), 99, [line("20%")])
    check(out("10%", "\r20%"), 99, [line("20%")])
    check(out("a\n10%", "\r20%\nb"), 99, [line("20%\nb")])
    check(out("10%", "\r\x1b[K"), 99, [line("")])


def test_lines_above_are_replaced_with_the_output() -> None:
    check(out("a\n1\n2", "\x1b[A\r3"), 99, [replace("a\n3\n2")])


def test_displays_are_sent_whole() -> None:
    shown = DisplayData({"text/plain": "x" * 99}, {}, "id")
    output = {"output_type": "display_data", "data": {"text/plain": "x" * 99}, "metadata": {}}
    check([shown], 0, [{"kind": "append", "output": output}])
    update = UpdateDisplayData({"text/plain": "y" * 99}, {}, "id")
    updated = output | {"data": {"text/plain": "y" * 99}}
    check([shown, *out("a"), update], 0, [{"kind": "replace", "index": 0, "output": updated}])


def test_clear() -> None:
    check([*out("a"), ClearOutput(False)], 9, [{"kind": "clear"}])


# over the budget


def test_a_budget_of_zero() -> None:
    check(out("ab"), 0, [append(""), elide(2, "ab")])
    check(out("ab", "c\n"), 0, [elide(4, "abc\n")])


def test_the_budget_is_used_to_its_last_byte() -> None:
    check(out("abc", "de"), 5, [text("de")])
    check(out("abc", "def"), 5, [text("de"), elide(1, "f")])
    check(out("abc", "de", "f"), 5, [elide(1, "f")])
    check(out("abcdef"), 5, [append("abcde"), elide(1, "f")])


def test_the_cut_is_at_a_character() -> None:
    check(out("aé"), 2, [append("a"), elide(2, "é")])
    check(out("é😀b"), 5, [append("é"), elide(5, "😀b")])
    check(out("a\ud800b"), 3, [append("a"), elide(4, "\ud800b")])
    check(out("a\ud800b"), 4, [append("a\ud800"), elide(1, "b")])


def test_once_over_the_budget_text_does_not_grow() -> None:
    check(out("ab😀", "c"), 4, [elide(5, "😀c")])


def test_the_budget_is_for_all_streams() -> None:
    check([*out("abc"), Stream("stderr", "de")], 4, [append("d", "stderr"), elide(1, "e", index=1)])
    check([*out("abcd"), Stream("stderr", "e")], 4, [append("", "stderr"), elide(1, "e", index=1)])


def test_the_tail_is_the_newest_text() -> None:
    check(out("a" * 5000), 0, [append(""), elide(5000, "a" * TAIL_BYTES)])
    check(out("a" * 5000, "b" * 100), 0, [elide(5100, "a" * (TAIL_BYTES - 100) + "b" * 100)])
    check(out("é" * 5000), 0, [append(""), elide(10_000, "é" * (TAIL_BYTES // 2))])
    check(out("a\n" * 5000), 0, [append(""), elide(10_000, "a\n" * (TAIL_BYTES // 2), hidden_lines=2952)])
    check(out("😀" * 2000 + "a"), 0, [append(""), elide(8001, "😀" * (TAIL_BYTES // 4 - 1) + "a")])


def test_overwriting_omitted_text() -> None:
    check(out("ab\n10%", "\r5"), 3, [elide(3, "50%")])
    check(out("ab\n100%", "\r\x1b[K9%"), 3, [elide(2, "9%")])
    check(out("é\né\n100%", "\x1b[A\rb\n"), 3, [elide(6, "b\n100%")])


def test_a_clear_frees_budget() -> None:
    check([*out("abcdef"), ClearOutput(False), *out("abcd")], 4, [append("abcd")])


def test_an_overwritten_line_frees_budget() -> None:
    check(out("abcdef", "\r\x1b[Kg", "hij"), 6, [text("hij")])
    check([*out("abcdef", "\r\x1b[K"), Stream("stderr", "ghijkl")], 6, [append("ghijkl", "stderr")])


def test_a_line_over_the_edge_of_the_budget_is_overwritten() -> None:
    check(out("ab\n100%", "\r200%"), 5, [line("20"), elide(2, "0%")])


def test_omitted_text_that_fits_again_is_restored() -> None:
    check(out("ab\n100%", "\r\x1b[K9%"), 5, [replace("ab\n9%")])
    check(out("abc\nd\n", "\x1b[A\x1b[2K\x1b[A\x1b[2K\r"), 4, [replace("\n\n")])
    check(out("abc\ndef", "\r\x1b[K"), 4, [replace("abc\n")])


def test_omitted_text_that_was_dropped_is_not_restored() -> None:
    long = "x" * TAIL_BYTES
    check(out("a" * 10 + "\n", "b\n", long, "\r\x1b[K"), 11, [elide(2, "", hidden_lines=1)])


# properties


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def check_against(live: LiveOutputs, everything: list[Output], budget: int) -> None:
    standing = 0
    for seen, whole in zip(live.outputs, everything, strict=True):
        if whole["output_type"] != "stream":
            assert seen == whole
            continue
        elided = seen.get("elided", {"omitted": 0, "tail": "", "lines": 0})
        standing += size(seen["text"])
        assert size(seen["text"]) + elided["omitted"] == size(whole["text"])
        assert seen["text"].count("\n") + elided["lines"] == whole["text"].count("\n")
        assert whole["text"].startswith(seen["text"])
        assert whole["text"].endswith(elided["tail"])
        assert size(elided["tail"]) <= min(TAIL_BYTES, elided["omitted"])
    assert standing <= budget


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=25), st.sampled_from([0, 5, 20, 60]))
def test_only_the_budget_elides_text(events: list[OutputEvent], budget: int) -> None:
    live, changes = LiveOutputs(budget), fold_all(events)
    for some in changes:
        live.apply(some)
    check_against(live, outputs_of(changes), budget)


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=25), st.sampled_from([0, 5, 20, 60, 10**6]))
def test_a_client_always_has_the_current_outputs(events: list[OutputEvent], budget: int) -> None:
    sent(events, budget)


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=25))
def test_within_the_budget_a_client_has_everything(events: list[OutputEvent]) -> None:
    client: list[Output] = []
    for changes in sent(events, 10**6):
        apply(client, changes)
    assert client == outputs_of(fold_all(events))


@settings(max_examples=300)
@given(
    st.lists(EVENTS, max_size=25),
    st.integers(0, 25),
    st.sampled_from([0, 5, 60]),
    st.sampled_from([0, 5, 60]),
)
def test_under_another_budget_no_text_is_miscounted(
    events: list[OutputEvent], joined: int, budget: int, own_budget: int
) -> None:
    live, changes = LiveOutputs(budget), fold_all(events)
    for some in changes[:joined]:
        live.apply(some)
    own = live.under(own_budget)
    client = copy.deepcopy(own.outputs)
    for some in changes[joined:]:
        apply(client, own.apply(some))
        assert client == own.outputs
    check_against(own, outputs_of(changes), own_budget)
