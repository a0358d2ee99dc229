"""docs/architecture.md has every module in its code map, and none that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_code_map_is_that_of_the_tree() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    mapped = re.findall(r"^\| `([\w/]+)` \|", page, re.M)
    package = ROOT / "kernel_bridge"
    modules = {path.relative_to(package).with_suffix("").as_posix() for path in package.rglob("*.py")}
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == {name for name in modules if not name.endswith("__init__")}
