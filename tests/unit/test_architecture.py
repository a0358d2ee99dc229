"""docs/architecture.md maps every module, and docs/security.md names tests that are there."""

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


def test_the_tests_that_the_security_page_names_are_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and ".py`" in line.split("|")[-2]]
    named = {name for row in rows for name in re.findall(r"`([\w/]+\.py)`", row.split("|")[-2])}
    assert len(rows) > 15
    assert {name for name in named if not (ROOT / "tests" / name).is_file()} == set()
