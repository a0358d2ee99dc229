"""An editor's view of the runs: their states and outputs, built from the notifications alone.

Asserts, on each notification, the order that the protocol guarantees.
"""

from typing import Any

Json = dict[str, Any]

ENDS = ("ok", "error", "aborted", "cancelled", "lost")
BEFORE = {"queued": (None,), "running": (None, "queued"), **dict.fromkeys(ENDS, ("queued", "running"))}
"""State -> the states that may precede it. None: the run was not reported yet."""


class Mirror:
    """`runs` and `outputs` by run id, `kernels` by kernel id, `states` the run's states in order."""

    def __init__(self) -> None:
        self.kernels: dict[str, Json] = {}
        self.runs: dict[str, Json] = {}
        self.states: dict[str, list[str]] = {}
        self.outputs: dict[str, list[Json]] = {}
        self.seq: dict[str, int] = {}
        self.unmet: dict[str, list[Json]] = {}  # runs first seen in the middle -> their outputs since

    def take(self, method: str, params: Json) -> None:
        """Applies one notification. Ignores those outside `kernel-bridge/`."""
        match method:
            case "kernel-bridge/kernel":
                self.kernels[params["kernel"]["id"]] = params["kernel"]
            case "kernel-bridge/run":
                self._take_run(params["run"])
            case "kernel-bridge/output":
                self._take_output(params)

    def text(self, run_id: str) -> str:
        """All stream text of the run."""
        return "".join(output.get("text", "") for output in self.outputs.get(run_id, []))

    def ended(self, run_id: str) -> bool:
        return self.runs.get(run_id, {}).get("state") in ENDS and run_id not in self.unmet

    def meet(self, answer: Json) -> None:
        """Takes the outputs of a run that was first seen in the middle, from getRun."""
        run = answer["run"]
        self.outputs[run["id"]], self.seq[run["id"]] = run["outputs"], answer["seq"]
        for params in self.unmet.pop(run["id"]):
            if params["seq"] > answer["seq"]:
                self._take_output(params)

    def _take_run(self, run: Json) -> None:
        assert "outputs" not in run, f"a run notification has outputs: {run}"
        seen = self.states.setdefault(run["id"], [])
        if self.runs.get(run["id"], {}).get("detached"):  # its kernel has been attached again
            seen.clear()
            self.outputs.pop(run["id"], None)
            self.seq.pop(run["id"], None)
        before = seen[-1] if seen else None
        assert before in BEFORE[run["state"]], f"run {run['id']} changed from {before} to {run['state']}"
        if before is None and run["state"] == "running":
            self.unmet[run["id"]] = []  # it may have begun earlier, in another process
        seen.append(run["state"])
        self.runs[run["id"]] = run

    def _take_output(self, params: Json) -> None:
        run_id, seq = params["runId"], params["seq"]
        if run_id in self.unmet:
            self.unmet[run_id].append(params)
            return
        expected = self.seq.get(run_id, 0) + 1
        assert seq == expected, f"run {run_id}: seq is {seq}, expected {expected}"
        states = self.states.get(run_id, [])
        assert "running" in states, f"run {run_id}: output before it was running ({states})"
        self.seq[run_id] = seq
        apply(self.outputs.setdefault(run_id, []), params["changes"])


def apply(outputs: list[Json], changes: list[Json]) -> None:
    """Applies the changes of one kernel-bridge/output notification to a client's outputs."""
    for change in changes:
        match change["kind"]:
            case "append":
                outputs.append(dict(change["output"]))
            case "text":
                outputs[change["index"]]["text"] += change["text"]
            case "line":
                stream = outputs[change["index"]]
                stream["text"] = stream["text"][: stream["text"].rfind("\n") + 1] + change["text"]
            case "replace":
                outputs[change["index"]] = dict(change["output"])
            case "clear":
                outputs.clear()
            case "elide":
                elided = {name: change[name] for name in ("omitted", "tail", "lines")}
                outputs[change["index"]]["elided"] = elided
            case kind:
                raise AssertionError(f"unknown kind of change: {kind}")
