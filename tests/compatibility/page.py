"""docs/reference/kernels.md, from the results of the trials."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.compatibility.checks import CHECKS, YES, Trial

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "kernels.md"

HEAD = """\
# Tested kernels

Look up how kernel-bridge works with a kernel, and what that kernel does differently. kernel-bridge runs
every kernel that has a kernelspec; these were tested through the real server. This page is generated:
`make kernels` installs the kernels outside the checkout, hidden from your own Jupyter, tests each one and
writes the page.

## What each kernel supports

| column | ✓ means |
|---|---|
| result | The value of an expression is an execute_result. |
| stdout | Printed text is a stream output. |
| error | Code that fails ends its run as `error`, with an error output. |
| plot | A plot is shown as a picture. |
| completion | Names are completed. |
| stdin | Code that asks for a line receives it. |
| attach | A second bridge attaches while the kernel is busy, and receives its output. |
| interrupt | The interrupt ends the running code, and the kernel keeps its state. |
| restart | The kernel has the same id, a new process and no old state. |
| shutdown, death | After a shutdown or a kill, no process, file or socket is left. |

A cell without ✓ shows what happened instead. `-` means that the language does not have the feature.
Workarounds for single kernels are in one table, `kernel_bridge/kernels/quirks.py`.
"""


def write(trials: Iterable[Trial]) -> None:
    """Write the whole page."""
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
        "## Versions and peculiarities",
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
