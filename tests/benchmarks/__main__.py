"""`python -m tests.benchmarks [NAME ...]`: measures the bridge against its peers in one session.

Reports ratios, because times depend on the machine. The names are those of the measuring modules.
"""

import argparse
import sys

from rich.console import Console

from tests.benchmarks import (
    completion,
    endurance,
    flood,
    handover,
    history,
    idle,
    large,
    latency,
    loaded,
    prints,
    queue,
    stalled,
    startup,
)
from tests.benchmarks.table import Row, print_rows
from tests.home import install_fake_kernel, private_home

USUAL = (startup, latency, completion, queue, flood, prints, large, stalled, history, idle)
MEASURES = {
    module.__name__.rpartition(".")[2]: module.measure for module in (*USUAL, handover, loaded, endurance)
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*MEASURES, []], help="by default all but handover, loaded and endurance"
    )
    names = parser.parse_args().names or list(MEASURES)[: len(USUAL)]
    sections: list[list[Row]] = []
    progress = Console(stderr=True)
    for name in names:
        with private_home() as home, progress.status(f"measuring {name}"):
            install_fake_kernel(home)
            sections.append(list(MEASURES[name](home)))
    print_rows(sections)
    rows = [row for section in sections for row in section]
    over = [row for row in rows if not row.reached]
    sys.exit(f"{len(over)} of {len(rows)} figures are over their mark" if over else 0)


if __name__ == "__main__":
    main()
