"""The YAML at the top of a markdown document, which may name its kernel and say how its code runs."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .document import BYTE_ORDER_MARK
from .yaml_text import BadYaml, read_yaml

_KERNEL_KEYS = {"jupyter", "kernelspec", "jupytext"}
_WORDS = {"true": True, "t": True, "yes": True, "false": False, "f": False, "no": False}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The values by their key, and the number of lines with the two `---`."""

    values: dict[str, Any] = field(default_factory=dict)  # empty: none, or no YAML
    line_count: int = 0
    problem: str = ""  # why the YAML is ignored

    @property
    def is_only_for_kernels(self) -> bool:
        """Whether it says nothing but how the code runs."""
        return bool(self.values) and self.values.keys() <= _KERNEL_KEYS

    @property
    def kernelspec(self) -> dict[str, str]:
        """The kernelspec that Quarto, jupytext or MyST name; empty: none."""
        jupyter = self.values.get("jupyter")
        if isinstance(jupyter, str):
            return {"name": jupyter}
        for parent in (jupyter, self.values):
            named = parent.get("kernelspec") if isinstance(parent, dict) else None
            if isinstance(named, dict):
                return {name: value for name, value in named.items() if isinstance(value, str)}
        return {}

    @property
    def execute(self) -> dict[str, Any]:
        """Quarto's options for all cells."""
        found = self.values.get("execute")
        return found if isinstance(found, dict) else {}


def flag(value: Any) -> bool | None:
    """A boolean, as YAML or R writes it; None: it is none."""
    return value if isinstance(value, bool) else _WORDS.get(str(value).lower())


def front_matter(lines: list[str]) -> FrontMatter:
    """The front matter of a document; empty if it has none, or if it is not closed."""
    if not lines or lines[0].removeprefix(BYTE_ORDER_MARK).rstrip() != "---":
        return FrontMatter()
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in ("---", "..."):
            return _read("\n".join(lines[1:number]), number + 1)
    return FrontMatter()


@lru_cache(maxsize=16)  # an editor asks for the cells of a document many times
def _read(text: str, line_count: int) -> FrontMatter:
    try:
        values = read_yaml(text)
    except BadYaml as error:
        where = f"line {error.line + 2}"  # after the first `---`
        problem = f"{where}: the front matter is ignored, because its YAML is invalid: {error}"
        return FrontMatter(line_count=line_count, problem=problem)
    return FrontMatter(values if isinstance(values, dict) else {}, line_count)
