"""`kernel-bridge` without arguments: what it can do, and the command line for each."""

import argparse

from .. import __version__
from .exits import OK
from .terminal.tables import Text, console

DOCS = "https://github.com/kernel-bridge/kernel-bridge/blob/main/docs/index.md"

TASKS = (
    ("Use it from your editor, which starts `kernel-bridge --stdio`", (DOCS,)),
    ("Run a file in the terminal", ("kernel-bridge run analysis.py", "kernel-bridge run report.ipynb")),
    (
        "Run a file without waiting for it, and watch it",
        ("kernel-bridge run train.py --detach", "kernel-bridge watch"),
    ),
    ("See which kernels exist, and what is wrong with them", ("kernel-bridge specs", "kernel-bridge doctor")),
    ("Look up past runs, and export them", ("kernel-bridge history", "kernel-bridge export runs.ipynb")),
)


async def overview(options: argparse.Namespace) -> int:
    out = console()
    out.print(Text(f"kernel-bridge {__version__}, a live Jupyter kernel for every editor"))
    for task, lines in TASKS:
        out.print()
        out.print(Text(task, "bold"))
        for line in lines:
            out.print(Text(f"  {line}", "cyan"), soft_wrap=True)  # one line, to copy
    out.print()
    out.print(Text("`kernel-bridge --help` lists all commands.", "dim"))
    return OK
