"""The reference pages show what the sources define: options, settings, exit codes, environment variables."""

import re
from pathlib import Path

import pytest

from kernel_bridge.cli import exits
from tests.documentation import command_line_tables, settings_tables
from tests.documentation.reference import PAGES, fresh

PACKAGE = Path(__file__).parents[2] / "kernel_bridge"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_fresh(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == fresh(page), "run python -m tests.documentation.reference"


def test_every_setting_is_described() -> None:
    rows = [line for region in settings_tables.regions().values() for line in region.splitlines()]
    assert len(rows) > 40
    assert [
        row for row in rows if re.search(r"\| +\.? *\|", row.partition("`")[2].rpartition("` |")[2])
    ] == []


def test_every_exit_code_is_listed() -> None:
    page = command_line_tables.PAGE.read_text(encoding="utf-8")
    codes = {value for value in vars(exits).values() if isinstance(value, int)}
    assert set(map(int, re.findall(r"^\| (\d+) \|", page, re.M))) == codes


def test_every_environment_variable_is_listed() -> None:
    page = settings_tables.PAGE.read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'environ\w*(?:\.get\(|\[)"(\w+)"', text)}
    assert len(read) > 15
    assert {name for name in read if f"`{name}" not in page} == set()
