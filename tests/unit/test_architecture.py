"""docs/architecture.md names existing packages and modules, and docs/security.md existing tests."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kernel_bridge"


def test_the_page_lists_every_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    mapped = re.findall(r"^\| `([\w/]+)/` \|", page, re.M)
    packages = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*/__init__.py")}
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == packages


def test_the_modules_on_the_page_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:protocol|source|runs|kernels|history|bridge|server|cli)/[\w/]*\w)`", page))
    assert len(named) > 50
    assert {
        name for name in named if not any((PACKAGE / f"{name}{end}").exists() for end in ("", ".py"))
    } == set()


def test_every_module_has_a_docstring() -> None:
    silent = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_the_tests_on_the_security_page_exist() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and ".py`" in line.split("|")[-2]]
    named = {name for row in rows for name in re.findall(r"`([\w/]+\.py)`", row.split("|")[-2])}
    assert len(rows) > 15
    assert {name for name in named if not (ROOT / "tests" / name).is_file()} == set()
