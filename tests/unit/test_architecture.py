"""docs/architecture.md names existing packages and modules, and docs/security.md existing tests."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kernel_bridge"
EXTENSION = ROOT / "editors" / "vscode" / "src"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
BEFORE, OF_VSCODE = PAGE.split("## The VS Code extension\n")
OF_VSCODE, AFTER = OF_VSCODE.split("\n## ", 1)
OF_PACKAGE = BEFORE + AFTER


def test_the_page_lists_every_package() -> None:
    mapped = re.findall(r"^\| `([\w/]+)/` \|", OF_PACKAGE, re.M)
    packages = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*/__init__.py")}
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == packages


def test_the_modules_on_the_page_exist() -> None:
    folders = "protocol|source|runs|kernels|history|bridge|server|cli"
    named = set(re.findall(rf"`((?:{folders})/[\w/]*\w)`", OF_PACKAGE))
    assert len(named) > 50
    assert {
        name for name in named if not any((PACKAGE / f"{name}{end}").exists() for end in ("", ".py"))
    } == set()


def test_the_page_lists_the_folders_of_the_vscode_extension_and_modules_that_exist() -> None:
    mapped = re.findall(r"^\| `(\w+)/` \|", OF_VSCODE, re.M)
    assert sorted(mapped) == sorted(path.name for path in EXTENSION.iterdir() if path.is_dir())
    named = re.findall(rf"((?:{'|'.join(mapped)})/\w+)", OF_VSCODE)
    assert len(named) > 5
    assert {name for name in named if not (EXTENSION / f"{name}.ts").is_file()} == set()


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
