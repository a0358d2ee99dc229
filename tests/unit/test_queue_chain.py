"""Runs of one submission on several kernels: in order across the queues, and never stuck (property tests)."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.protocol.vocabulary import RunState
from kernel_bridge.runs.events import Error, ExecuteReply
from kernel_bridge.runs.queue import RunQueue
from kernel_bridge.runs.run import ENDED_BY_CODE, Run
from tests.unit.test_queue import ENDED, FAILURE, STARTED, make_run

KERNELS = ("A", "B", "C")

Step = tuple[str, str, int]  # what happens, on which kernel, and to which of its waiting runs
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ok", "ok", "ok", "error", "exit", "interrupt", "lose", "cancel"]),
        st.sampled_from(KERNELS),
        st.integers(0, 5),
    ),
    max_size=12,
)
SUBMISSIONS = st.lists(
    st.lists(st.tuples(st.sampled_from(KERNELS), st.booleans()), min_size=1, max_size=5), max_size=3
)


class Kernels:
    """The queues of several kernels, driven as the bridge does it."""

    def __init__(self) -> None:
        self.queues = {name: RunQueue() for name in KERNELS}
        self.started: list[Run] = []

    def submit(self, number: int, cells: list[tuple[str, bool]]) -> list[Run]:
        """Queue a run on each of these kernels; False: its error is allowed."""
        runs: list[Run] = []
        for index, (_, stops) in enumerate(cells):
            run = make_run(f"{number}.{index}", stop_on_error=stops)
            run.after = runs[-1] if runs else None
            runs.append(run)
        for name, queue in self.queues.items():
            queue.fill(queue.hold(), [run for run, (on, _) in zip(runs, cells, strict=True) if on == name])
        self.settle()
        return runs

    def settle(self) -> None:
        """What follows the end of a run, until nothing changes any more."""
        while any([*self._settled(), *self._sent()]):
            pass

    def _settled(self) -> list[Run]:
        return [run for queue in self.queues.values() for run in queue.settle(ENDED)]

    def _sent(self) -> list[Run]:
        sent = [run for queue in self.queues.values() if (run := queue.take()) is not None]
        for run in sent:
            run.start("message", STARTED)
        self.started += sent
        return sent

    def finish(self, name: str, reply: ExecuteReply, error: Error | None = None) -> None:
        run = self.queues[name].running
        if run is not None:
            run.error = error
            run.take_reply(reply, ENDED)
            self.queues[name].finish(ENDED)

    def step(self, what: str, name: str, index: int) -> None:
        queue = self.queues[name]
        match what:
            case "ok":
                self.finish(name, ExecuteReply("ok"))
            case "exit":
                self.finish(name, ExecuteReply("ok", ends_kernel=True))
            case "error":
                self.finish(name, ExecuteReply("error"), FAILURE)
            case "interrupt":
                queue.drop("cancelled", "the kernel was interrupted", ENDED)
                self.finish(name, ExecuteReply("error"), FAILURE)
            case "lose":
                queue.lose("the kernel died", ENDED)
            case "cancel" if queue.waiting:
                queue.cancel(queue.waiting[index % len(queue.waiting)], "cancelled by the user", ENDED)
        self.settle()


def let_the_next_run(run: Run) -> bool:
    """Whether what follows an ended run was allowed to start."""
    return (run.state == "ok" and not run.ends_kernel) or (run.state == "error" and not run.stop_on_error)


@given(SUBMISSIONS, STEPS)
def test_runs_of_a_submission_are_in_order_on_all_kernels(
    submissions: list[list[tuple[str, bool]]], steps: list[Step]
) -> None:
    kernels = Kernels()
    chains = [kernels.submit(number, cells) for number, cells in enumerate(submissions)]
    for step in steps:
        kernels.step(*step)
    for _ in range(sum(map(len, chains))):  # nothing is stuck: each ok lets at least one run end
        for name in KERNELS:
            kernels.step("ok", name, 0)
    assert all(run.ended for chain in chains for run in chain)
    for chain in chains:
        assert [run for run in kernels.started if run in chain] == [run for run in chain if run.started_at]
        for index, run in enumerate(chain):
            if run.started_at:
                assert all(let_the_next_run(one) for one in chain[:index] if not one.bypassed)
            elif not run.bypassed:
                assert run.state in ("aborted", "cancelled")
                assert run.reason


def check(after: Callable[[Kernels], None], expected: dict[str, tuple[RunState, str | None]]) -> None:
    """A run on A, one on B and one on A, after something happened to the first."""
    kernels = Kernels()
    runs = kernels.submit(0, [("A", True), ("B", True), ("A", True)])
    after(kernels)
    kernels.settle()
    assert {run.id: (run.state, run.reason) for run in runs} == expected


def test_a_run_that_fails_aborts_those_on_other_kernels() -> None:
    check(
        lambda kernels: kernels.step("error", "A", 0),
        {
            "0.0": ("error", None),
            "0.1": ("aborted", "an earlier run failed"),
            "0.2": ("aborted", "an earlier run failed"),
        },
    )


def test_the_death_and_the_exit_of_a_kernel_cancel_those_on_other_kernels() -> None:
    died = "the kernel died"
    check(
        lambda kernels: kernels.step("lose", "A", 0),
        {"0.0": ("lost", died), "0.1": ("cancelled", died), "0.2": ("cancelled", died)},
    )
    check(
        lambda kernels: kernels.step("exit", "A", 0),
        {"0.0": ("ok", None), "0.1": ("cancelled", ENDED_BY_CODE), "0.2": ("cancelled", ENDED_BY_CODE)},
    )


def test_a_run_cancelled_by_itself_does_not_hold_up_or_let_through_what_follows() -> None:
    check(
        lambda kernels: kernels.step("cancel", "B", 0),
        {"0.0": ("running", None), "0.1": ("cancelled", "cancelled by the user"), "0.2": ("queued", None)},
    )
