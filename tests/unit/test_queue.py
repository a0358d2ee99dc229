"""A run ends once, as its kernel reports; the queue sends one at a time, in the requested order."""

from typing import Any

import pytest

from kernel_bridge.protocol.vocabulary import RunState
from kernel_bridge.runs.events import Error, ExecuteReply
from kernel_bridge.runs.fold import Outputs
from kernel_bridge.runs.live import LiveOutputs
from kernel_bridge.runs.queue import RunQueue
from kernel_bridge.runs.run import Run

QUEUED, STARTED, ENDED, LATER = (f"2026-01-01T00:00:0{second}Z" for second in range(4))
FAILURE = Error("E", "v", ["t"])


def make_run(name: str, **fields: Any) -> Run:
    return Run(
        id=name,
        kernel_id="kernel",
        epoch=1,
        source="1",
        queued_at=QUEUED,
        outputs=Outputs(),
        live=LiveOutputs(0),
        **fields,
    )


def queue_of(*runs: Run) -> RunQueue:
    """A queue whose first run is in flight."""
    queue = RunQueue()
    queue.fill(queue.hold(), runs)
    first = queue.take()
    assert first is runs[0]
    first.start("message", STARTED)
    return queue


def check_runs(runs: list[Run], expected: dict[str, RunState]) -> None:
    assert {run.id: run.state for run in runs} == expected


# how one run ends


def check_outcome(reply: ExecuteReply | None, published: Error | None, expected: RunState) -> None:
    """Assert how a run ends when its kernel published that error and sent that reply."""
    run = make_run("a")
    queue = queue_of(run)
    run.error = published
    if reply is not None:
        run.take_reply(reply, ENDED)
    assert queue.finish(ENDED) == [run]
    assert (run.state, run.started_at, run.ended_at) == (expected, STARTED, ENDED)
    assert run.ended


@pytest.mark.parametrize("published", [None, FAILURE])
@pytest.mark.parametrize("status", ["ok", "error", "aborted"])
def test_a_run_ends_as_its_kernel_reports(status: RunState, published: Error | None) -> None:
    check_outcome(ExecuteReply(status), published, status)


def test_without_a_status_the_published_error_decides() -> None:
    check_outcome(ExecuteReply(None), None, "ok")
    check_outcome(ExecuteReply(None), FAILURE, "error")


def test_without_a_reply_the_published_error_decides() -> None:
    check_outcome(None, None, "ok")
    check_outcome(None, FAILURE, "error")


def check_complete(origin: str, reply: ExecuteReply | None, idle: bool, expected: bool) -> None:
    run = make_run("a", origin=origin, reply=reply, idle=idle)
    assert run.complete is expected


def test_a_run_needs_its_reply_and_its_idle() -> None:
    check_complete("bridge", None, False, False)
    check_complete("bridge", ExecuteReply("ok"), False, False)
    check_complete("bridge", None, True, False)
    check_complete("bridge", ExecuteReply("ok"), True, True)


def test_a_run_of_another_client_needs_its_idle() -> None:
    check_complete("other", None, False, False)
    check_complete("other", None, True, True)


def test_fields_of_a_reply() -> None:
    run = make_run("a")
    run.take_reply(ExecuteReply("error", 7, FAILURE, next_input="x"), ENDED)
    run.take_reply(ExecuteReply("error", None, Error("F", "w", [])), LATER)
    assert (run.execution_count, run.error, run.next_input) == (7, FAILURE, None)
    assert run.times == {"shell.execute_reply": ENDED}


def test_a_published_error_is_kept() -> None:
    run = make_run("a", error=FAILURE)
    run.take_reply(ExecuteReply("error", 7, Error("E", "v", [])), ENDED)
    assert run.error is FAILURE


def test_why_a_run_was_aborted() -> None:
    run = make_run("a")
    queue = queue_of(run)
    run.take_reply(ExecuteReply("aborted"), ENDED)
    queue.finish(ENDED)
    assert run.reason == "the kernel aborted it"


# the queue


def test_one_at_a_time_in_order() -> None:
    first, second = make_run("a"), make_run("b")
    queue = queue_of(first, second)
    assert queue.take() is None
    assert second.state == "queued"
    assert queue.finish(ENDED) == [first]
    assert queue.take() is second
    assert queue.running is second
    assert queue.finish(ENDED) == [second]
    assert queue.take() is None


def test_nothing_in_flight() -> None:
    queue = RunQueue()
    assert queue.take() is None
    assert queue.finish(ENDED) == []
    assert queue.lose("gone", ENDED) == []


def check_after(status: RunState, stop_on_error: bool, expected: dict[str, RunState]) -> None:
    """Assert the runs that change when the first of three ends like this."""
    first = make_run("a", stop_on_error=stop_on_error)
    queue = queue_of(first, make_run("b"), make_run("c", stop_on_error=False))
    first.take_reply(ExecuteReply(status), ENDED)
    check_runs(queue.finish(ENDED), expected)
    assert len(queue.waiting) == 3 - len(expected)


def test_an_error_aborts_waiting_runs() -> None:
    check_after("error", True, {"a": "error", "b": "aborted", "c": "aborted"})


def test_an_error_aborts_nothing_without_stop_on_error() -> None:
    check_after("error", False, {"a": "error"})


def test_other_ends_abort_nothing() -> None:
    check_after("ok", True, {"a": "ok"})
    check_after("aborted", True, {"a": "aborted"})


def test_a_run_requested_after_the_error_is_executed() -> None:
    first, later = make_run("a"), make_run("b")
    queue = queue_of(first)
    first.take_reply(ExecuteReply("error"), ENDED)
    queue.finish(ENDED)
    queue.fill(queue.hold(), [later])
    assert queue.take() is later


def test_aborted_runs_never_started() -> None:
    first, second = make_run("a"), make_run("b")
    queue = queue_of(first, second)
    first.take_reply(ExecuteReply("error"), ENDED)
    queue.finish(ENDED)
    assert (second.started_at, second.ended_at, second.reason) == (None, ENDED, "an earlier run failed")


def test_a_dead_kernel() -> None:
    queue = queue_of(make_run("a"), make_run("b"), make_run("c"))
    changed = queue.lose("the kernel died", ENDED)
    check_runs(changed, {"a": "lost", "b": "cancelled", "c": "cancelled"})
    assert {run.reason for run in changed} == {"the kernel died"}
    assert queue.running is None
    assert queue.take() is None


def test_a_run_that_ends_its_kernel() -> None:
    runs = [make_run("exits"), make_run("waits")]
    queue = queue_of(*runs)
    runs[0].take_reply(ExecuteReply("ok", ends_kernel=True), ENDED)
    check_runs(queue.finish(ENDED), {"exits": "ok", "waits": "cancelled"})
    assert runs[1].reason == "ended by the code"


def test_an_interrupt_cancels_waiting_runs() -> None:
    first = make_run("a")
    queue = queue_of(first, make_run("b"), make_run("c"))
    check_runs(queue.drop("cancelled", "interrupted", ENDED), {"b": "cancelled", "c": "cancelled"})
    assert queue.running is first
    assert first.state == "running"


def test_cancelling_a_waiting_run() -> None:
    first, second, third = make_run("a"), make_run("b"), make_run("c")
    queue = queue_of(first, second, third)
    assert queue.cancel(second, "no more", ENDED)
    assert (second.state, second.reason) == ("cancelled", "no more")
    queue.finish(ENDED)
    assert queue.take() is third


def test_only_a_waiting_run_is_cancelled() -> None:
    first = make_run("a")
    queue = queue_of(first)
    assert not queue.cancel(first, "no more", ENDED)
    assert first.state == "running"
    queue.finish(ENDED)
    assert not queue.cancel(first, "no more", LATER)
    assert (first.state, first.ended_at) == ("ok", ENDED)
