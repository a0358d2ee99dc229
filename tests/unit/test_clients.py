"""Generated files of the clients are up to date, and their sources follow the project's rules."""

import runpy
from pathlib import Path

import pytest

EDITORS = Path(__file__).parents[2] / "editors"
GENERATED: dict[Path, str] = runpy.run_path(str(EDITORS / "generate.py"))["files"]()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_generated_files_are_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == GENERATED[path], "run editors/generate.py"


def test_no_markdown_is_fully_trusted() -> None:
    """A link in the name of a kernel could otherwise run any command of VS Code."""
    sources = (EDITORS / "vscode" / "src").rglob("*.ts")
    assert not [path.name for path in sources if "isTrusted = true" in path.read_text()]
