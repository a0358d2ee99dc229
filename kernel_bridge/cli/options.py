"""Parts of the command line: how a command is added, and the values of options."""

import argparse
from typing import TypeAlias

from ..logs import LEVELS

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def command(
    commands: Commands, name: str, what: str, *examples: str, codes: str | None = None
) -> argparse.ArgumentParser:
    """Add a command. `what` is its line in the list of commands and, as a sentence, the head of its help."""
    shown = "\n".join(["examples:", *(f"  {example}" for example in examples)]) if examples else None
    command = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog="\n\n".join(filter(None, (shown, codes))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # Only the help of `kernel-bridge` itself lists these options.
    for option, choices in (("--log-level", LEVELS), ("--log-file", None)):
        command.add_argument(option, choices=choices, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return command


def natural(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


def seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return seconds


def lines(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    try:
        lines = int(first), int(last or first)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected A:B, two line numbers, got {text!r}") from None
    if not 1 <= lines[0] <= lines[1]:
        raise argparse.ArgumentTypeError(f"expected A:B with 1 <= A <= B, got {text!r}")
    return lines
