"""The rows of the benchmark: a quantity, its repeated measurements, and whether it is within its limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """`figures` are the repetitions. `limit` None: informative only."""

    what: str
    peer: str
    figures: Sequence[float]
    limit: float | None
    unit: str = "x"

    @property
    def figure(self) -> float:
        return median(self.figures)

    @property
    def reached(self) -> bool:
        return self.limit is None or self.figure <= self.limit


def ratios(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> list[float]:
    """The ratios of `ours` to `theirs`, measured alternately so that a busy machine affects both."""
    return [ours() / theirs() for _ in range(rounds)]


def print_rows(sections: Sequence[Sequence[Row]]) -> None:
    table = Table(caption="figure: median of the repetitions; spread: smallest to largest value")
    for title in ("what", "compared with", "figure", "spread", "mark", ""):
        table.add_column(title, justify="right" if title in ("figure", "spread", "mark") else "left")
    for rows in sections:
        for row in rows:
            low, high = min(row.figures), max(row.figures)
            table.add_row(
                row.what,
                row.peer,
                f"{row.figure:.2f} {row.unit}",
                f"{low:.2f}-{high:.2f}" if len(row.figures) > 1 else "",
                "" if row.limit is None else f"{row.limit:g} {row.unit}",
                "" if row.limit is None else "reached" if row.reached else "[red]over[/]",
            )
        table.add_section()
    Console(width=None if Console().is_terminal else 150).print(table)
