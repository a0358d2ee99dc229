"""The limits on runs in memory, and runs that are never evicted."""

import pytest

from kernel_bridge.bridge.run_memory import ENDED_BYTES, ENDED_RUNS, NEWEST_RUNS, RememberedRuns
from kernel_bridge.runs.events import DisplayData, Stream
from kernel_bridge.runs.fold import Outputs
from kernel_bridge.runs.live import LiveOutputs, Unseen
from kernel_bridge.runs.row import LONGEST_ROW, ROW_BYTES
from kernel_bridge.runs.run import Run
from kernel_bridge.runs.terminal import WINDOW_ROWS

MB = 1 << 20
ROW = LONGEST_ROW + ROW_BYTES


class Session:
    """A kernel's runs, and the ids of the evicted ones."""

    def __init__(self) -> None:
        self.gone: list[str] = []
        self.runs = RememberedRuns(self.gone.append)

    def run(self, name: str, size_bytes: int = 1, display: str | None = None, ends: bool = True) -> Run:
        run = Run(
            id=name,
            kernel_id="kernel",
            epoch=1,
            source="",
            queued_at="",
            outputs=Outputs(),
            live=LiveOutputs(size_bytes),
        )
        self.runs.add(run)
        self.runs.sent(run, f"message of {name}")
        run.start(f"message of {name}", "")
        event = (
            Stream("stdout", "x" * size_bytes)
            if display is None
            else DisplayData({"text/plain": "x" * size_bytes}, {}, display)
        )
        run.live.apply(run.outputs.fold(event))
        if display is not None:
            self.runs.shows(run, display)
        if ends:
            self.end(run)
        return run

    def end(self, run: Run) -> None:
        run.end("ok", "")
        self.runs.ended(run)


def test_the_oldest_are_evicted_if_there_are_many() -> None:
    session = Session()
    for number in range(ENDED_RUNS + 3):
        session.run(str(number))
    assert session.gone == ["0", "1", "2"]
    assert session.runs.get("2") is session.runs.heard("message of 2") is None
    assert session.runs.get("3") is session.runs.heard("message of 3") is not None


def test_a_run_that_has_not_ended_is_kept() -> None:
    session = Session()
    first = session.run("first", ends=False)
    for number in range(2 * ENDED_RUNS):
        session.run(str(number))
    assert session.runs.open() == [first]
    assert session.runs.heard("message of first") is session.runs.get("first") is first


def test_late_output_and_updates_keep_a_run() -> None:
    session = Session()
    late, shown = session.run("late"), session.run("shown", display="d")
    for number in range(ENDED_RUNS):
        if number % 100 == 0:
            assert session.runs.heard("message of late") is late
            assert session.runs.showing("d") == [shown]
        session.run(str(number))
    assert set(session.gone) == {"0", "1"}


def test_the_oldest_are_evicted_if_large_except_the_newest_and_displays() -> None:
    session = Session()
    session.run("shown", 8 * MB, display="d")
    for number in range(40):
        session.run(str(number), 8 * MB)
    assert session.gone == [str(number) for number in range(40 - NEWEST_RUNS)]
    assert session.runs.get("shown") is not None
    session.runs.forget_displays()
    session.run("last", 8 * MB)
    assert session.gone[-2:] == ["shown", str(40 - NEWEST_RUNS)]


@pytest.mark.parametrize(("size_bytes", "held"), [(MB, ENDED_BYTES // MB), (MB // 2, 2 * ENDED_BYTES // MB)])
def test_only_as_many_are_held_as_fit(size_bytes: int, held: int) -> None:
    session = Session()
    for number in range(held + 10):
        session.run(str(number), size_bytes - ROW)  # the fold holds the end of the text too
    assert len(session.gone) == 10


def test_text_that_only_the_fold_holds_counts() -> None:
    session = Session()
    for number in range(40):
        run = session.run(str(number), ends=False)
        run.live = Unseen()
        run.outputs.fold(Stream("stdout", ("x" * 9_999 + "\n") * WINDOW_ROWS))
        session.end(run)
    assert run.size_bytes > 9_999 * WINDOW_ROWS
    assert len(session.gone) == 40 - ENDED_BYTES // run.size_bytes


def test_displays_of_an_evicted_run_are_forgotten() -> None:
    session = Session()
    session.run("shown", display="d")
    for number in range(ENDED_RUNS):
        session.run(str(number))
    assert session.gone == ["shown"]
    assert session.runs.showing("d") == []
    assert session.runs._displays == {}
