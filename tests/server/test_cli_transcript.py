"""The outputs of a run while they change, in a terminal and in a pipe."""

import asyncio
import io
import os
from typing import Any, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.cli.terminal.screen import Screen
from kernel_bridge.cli.terminal.transcript import Transcript
from tests.outputs import append, display, stream
from tests.server.command import Display, pseudo_terminal

Change = dict[str, Any]
COLUMNS, ROWS = 40, 24


def text(index: int, added: str) -> Change:
    return {"kind": "text", "index": index, "text": added}


def line(index: int, new: str) -> Change:
    return {"kind": "line", "index": index, "text": new}


def replace(index: int, output: dict[str, Any]) -> Change:
    return {"kind": "replace", "index": index, "output": output}


CLEAR: Change = {"kind": "clear"}


def on_terminal(changes: list[Change], status: str = "") -> list[str]:
    """The lines on a terminal after the run. A status line is drawn and erased around each change."""
    with pseudo_terminal(COLUMNS, ROWS) as (master, slave):
        display = Display(master, COLUMNS, ROWS)

        async def write(stdout: TextIO, stderr: TextIO) -> None:
            screen = Screen(stdout, stderr, lambda: None)
            transcript = Transcript(screen)
            for change in changes:
                screen.show_status(status)
                transcript.apply([change])
                await asyncio.sleep(0)
                while display.read(0):
                    pass
            transcript.end()
            screen.close()

        with (
            open(os.dup(slave), "w", encoding="utf-8") as stdout,
            open(os.dup(slave), "w", encoding="utf-8") as stderr,
        ):
            asyncio.run(write(stdout, stderr))
        while display.read(0.01):
            pass
        return display.lines


def in_pipe(changes: list[Change]) -> str:
    """The text in a pipe after the run."""

    async def write() -> str:
        pipe = io.StringIO()
        transcript = Transcript(Screen(pipe, pipe, lambda: None))
        transcript.apply(changes)
        transcript.end()
        return pipe.getvalue()

    return asyncio.run(write())


@pytest.mark.parametrize(
    ("changes", "terminal", "pipe"),
    [
        ([append(stream("a")), text(0, "b\nc\n")], "ab\nc", "ab\nc\n"),
        ([append(stream("0%")), line(0, "50%"), line(0, "100%\n")], "100%", "100%\n"),
        (
            [append(stream("x\n0%")), line(0, "1%"), append(stream("\nend\n", "stderr"))],
            "x\n1%\nend",
            "x\n1%\nend\n",
        ),
        ([append(stream("wide " * 12)), line(0, "short")], "short", "short"),
        ([append(stream("text")), append(display("5"))], "text\n5", "text\n5\n"),
        (
            [append(display("a")), append(stream("b\n")), replace(0, display("A"))],
            "A\nb",
            "a\nb\nA\n",
        ),
        ([append(stream("one\n")), CLEAR, append(stream("two\n"))], "two", "one\ntwo\n"),
        ([append(stream("half")), CLEAR, append(stream("two\n"))], "two", "two\n"),
        ([append(stream("\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07\n"))], "red", "red\n"),
        ([append(stream("\x1b[3")), text(0, "1mred\x1b[0m\n")], "red", "red\n"),
        (
            [
                append(stream("outer 0\ninner 0")),
                replace(0, {"output_type": "stream", "name": "stdout", "text": "outer 1\ninner 0"}),
                line(0, "inner 1\n"),
            ],
            "outer 1\ninner 1",
            "outer 0\nouter 1\ninner 1\n",
        ),
    ],
)
def test_the_final_outputs_are_shown(changes: list[Change], terminal: str, pipe: str) -> None:
    assert "\n".join(on_terminal(changes, "busy")) == terminal
    assert in_pipe(changes) == pipe


def test_a_changed_output_that_scrolled_away_is_shown_again() -> None:
    rows = "".join(f"{number}\n" for number in range(50))
    changes = [append(display("before")), append(stream(rows)), replace(0, display("after"))]
    assert on_terminal(changes) == ["before", *rows.split(), "after"]


TEXTS = st.text(alphabet="ab日 \n", max_size=60)


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Valid sequences of changes, short enough to stay on the screen."""
    outputs: list[bool] = []  # whether each is a stream
    changes: list[Change] = []
    for _ in range(draw(st.integers(1, 5))):
        kinds = [
            "append",
            *(["replace", "clear"] if outputs else []),
            *(["text", "line"] if any(outputs[-1:]) else []),
        ]
        match draw(st.sampled_from(kinds)):
            case "append":
                outputs.append(draw(st.booleans()))
                name = draw(st.sampled_from(["stdout", "stderr"]))
                content = draw(TEXTS.filter(lambda text: text.count("\n") < 4))
                changes.append(append(stream(content, name) if outputs[-1] else display(content)))
            case "text":
                changes.append(text(len(outputs) - 1, draw(TEXTS.filter(lambda text: text.count("\n") < 2))))
            case "line":
                changes.append(line(len(outputs) - 1, draw(TEXTS.filter(lambda text: text.count("\n") < 2))))
            case "replace":
                index = draw(st.integers(0, len(outputs) - 1))
                if not outputs[index]:
                    changes.append(
                        replace(index, display(draw(TEXTS.filter(lambda text: text.count("\n") < 4))))
                    )
            case _:
                changes.append(CLEAR)
                outputs.clear()
    return changes


def final(changes: list[Change]) -> list[Change]:
    """Appends that produce the same outputs directly."""
    outputs: list[dict[str, Any]] = []
    for change in changes:
        match change["kind"]:
            case "append":
                outputs.append(dict(change["output"]))
            case "text":
                outputs[change["index"]]["text"] += change["text"]
            case "line":
                output = outputs[change["index"]]
                output["text"] = output["text"][: output["text"].rfind("\n") + 1] + change["text"]
            case "replace":
                outputs[change["index"]] = change["output"]
            case "clear":
                outputs.clear()
    return [{"kind": "append", "output": output} for output in outputs]


@given(histories())
def test_a_terminal_shows_the_final_outputs(changes: list[Change]) -> None:
    assert on_terminal(changes, "busy") == on_terminal(final(changes))
