"""`python -m tests.compatibility [NAME ...]`: installs and tests kernels; if all, writes their page."""

import argparse
import asyncio
import sys

from rich.console import Console

from tests.compatibility import page
from tests.compatibility.checks import CHECKS, YES, Trial, try_kernel
from tests.compatibility.kernels import KERNELS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.compatibility", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*KERNELS, []], help="which kernels; by default all")
    names = parser.parse_args().names or list(KERNELS)
    console = Console(stderr=True)
    trials: list[Trial] = []
    surprises: list[str] = []
    for name in names:
        with console.status(f"trying {name}"):
            trial = asyncio.run(try_kernel(name))
        trials.append(trial)
        expected = dict.fromkeys(CHECKS, YES) | KERNELS[name].differs
        new = [
            f"{check}: {was}, not {expected[check]}"
            for check, was in trial.outcomes.items()
            if was != expected[check]
        ]
        surprises += [f"{name}: {surprise}" for surprise in new]
        console.print(f"{name}: {'; '.join(new) or 'as expected'}")
    if names == list(KERNELS):
        page.write(trials)
    sys.exit("\n".join(surprises) if surprises else 0)


if __name__ == "__main__":
    main()
