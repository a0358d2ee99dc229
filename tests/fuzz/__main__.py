"""Random sessions for any length of time, and all triples of crossing commands.

python -m tests.fuzz --seconds 3600         new seeds, then statistics
python -m tests.fuzz --seed 20              replay one session
python -m tests.fuzz --seed 20 --shrink     with as few operations as still fail
python -m tests.fuzz --triples              every triple of commands, in every way
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import crossing
from tests.fuzz.operations import Operation, generate, to_json
from tests.fuzz.session import Outcome, play
from tests.home import install_fake_kernel, private_home

BATCH = 100  # scenes per bridge
PYTHON_EVERY = 10  # one session in this many uses ipykernel


@dataclass
class Figures:
    sessions: int = 0
    operations: int = 0
    runs: int = 0
    kills: int = 0
    findings: int = 0

    def add(self, outcome: Outcome) -> None:
        self.sessions += 1
        self.operations += outcome.operations
        self.runs += outcome.runs
        self.kills += outcome.kills
        self.findings += bool(outcome.wrong)

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions, {self.operations} operations, {self.runs} runs, "
            f"{self.kills} kills, {self.findings} findings"
        )


def language_of(seed: int) -> str:
    return "python" if seed % PYTHON_EVERY == PYTHON_EVERY - 1 else "fake"


async def again(seed: int, operations: list[Operation]) -> Outcome:
    return await play(seed, operations, language_of(seed))


async def search(seconds: float, length: int) -> Figures:
    """Play new seeds until the time is over."""
    figures = Figures()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed = random.SystemRandom().randrange(1_000_000_000)
        outcome = await again(seed, generate(seed, length))
        figures.add(outcome)
        if outcome.wrong:
            tell(seed, outcome, length)
        elif not figures.sessions % 10:
            print(figures, flush=True)
    return figures


def tell(seed: int, outcome: Outcome, length: int) -> None:
    print(f"seed {seed} (python -m tests.fuzz --seed {seed} --length {length}):")
    for wrong in outcome.wrong:
        print(f"  {wrong}")
    if outcome.wrong:
        transcript = Path(tempfile.gettempdir()) / f"kernel-bridge-fuzz-{seed}.txt"
        transcript.write_text("\n".join(outcome.transcript))
        print(f"  transcript: {transcript}")
    sys.stdout.flush()


async def shrink(seed: int, operations: list[Operation]) -> list[Operation]:
    """Remove operations, in pieces of decreasing size, as long as something remains wrong."""
    size = len(operations) // 2
    while size:
        at = 0
        while at < len(operations):
            fewer = operations[:at] + operations[at + size :]
            if (await again(seed, fewer)).wrong or (await again(seed, fewer)).wrong:  # timing differs
                operations = fewer
                print(f"{len(operations)} operations", flush=True)
            else:
                at += size
        size //= 2
    return operations


async def triples() -> int:
    """The number of three-command scenes that went wrong."""
    failed = 0
    scenes = crossing.scenes(3)
    for at in range(0, len(scenes), BATCH):
        with private_home() as home:
            install_fake_kernel(home)
            wrong = await crossing.play(home, scenes[at : at + BATCH])
        for scene, said in wrong.items():
            print(scene, *said, sep="\n  ", flush=True)
        failed += bool(wrong)
        print(f"{min(at + BATCH, len(scenes))} of {len(scenes)} triples", flush=True)
    return failed


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--length", type=int, default=150, help="operations in a session")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--triples", action="store_true")
    options = parser.parse_args()
    if options.triples:
        return int(await triples() > 0)
    if options.seed is None:
        figures = await search(options.seconds, options.length)
        print(figures)
        return int(figures.findings > 0)
    operations = generate(options.seed, options.length)
    outcome = await again(options.seed, operations)
    if outcome.wrong and options.shrink:
        operations = await shrink(options.seed, operations)
        outcome = await again(options.seed, operations)
    tell(options.seed, outcome, options.length)
    if options.shrink:
        print(to_json(operations))
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
