"""docs/kernels.md, from what came of the trials."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.compatibility.checks import CHECKS, YES, Trial

PAGE = Path(__file__).parents[2] / "docs" / "kernels.md"

HEAD = """\
# Kernels

kernel-bridge starts whatever has a kernelspec. These kernels were tried, through the real server.
`make kernels` installs them (outside the checkout, where your Jupyter does not find them), tries them again,
and writes this page; nothing on it is written by hand.

| column | ✓ means |
|---|---|
| result | the value of an expression is an execute_result |
| stdout | what is printed is a stream output |
| error | a failure ends the run as `error`, with an error output |
| plot | a picture is shown |
| completion | names are completed |
| stdin | code that asks for a line gets it |
| attach | a second bridge attaches while the kernel is busy, and hears it |
| interrupt | what runs is ended, and the kernel keeps its state |
| restart | the same id, a new process that remembers nothing |
| shutdown, death | when it was shut down or killed, no process, file or socket is left |

What stands in place of ✓ is what came instead; "-": the language has nothing of the kind. What kernel-bridge
does differently for a kernel is in one table, `kernel_bridge/kernels/quirks.py`.
"""


def write(trials: Iterable[Trial]) -> None:
    """All of it, anew."""
    trials = list(trials)
    columns = [check for check in CHECKS if check != "start"]
    lines = [
        HEAD,
        f"| kernelspec | {' | '.join(columns)} |",
        f"|---|{'---|' * len(columns)}",
        *(
            f"| `{trial.name}` | {' | '.join(_cell(trial.outcomes[check]) for check in columns)} |"
            for trial in trials
        ),
        "",
        "| kernelspec | kernel | version | from | transport | what to know |",
        "|---|---|---|---|---|---|",
        *map(_described, trials),
    ]
    PAGE.write_text("\n".join(lines) + "\n")


def _cell(outcome: str) -> str:
    return "✓" if outcome == YES else outcome


def _described(trial: Trial) -> str:
    kernel, info = trial.kernel, trial.info
    fields = (
        f"`{trial.name}`", kernel.title, info.get("implementationVersion", ""), kernel.package,
        info["transport"], kernel.note,
    )  # fmt: skip
    return f"| {' | '.join(fields)} |"


def named_in(text: str) -> list[str]:
    """The kernelspecs in the first column of the matrix."""
    matrix = text.partition("\n| kernelspec")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)`", matrix, re.MULTILINE)
