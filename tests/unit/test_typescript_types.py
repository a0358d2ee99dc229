"""The types of the VS Code extension are those of the schema."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "editors" / "vscode" / "scripts" / "types.py"


def test_types_are_those_of_the_schema() -> None:
    script = runpy.run_path(str(SCRIPT))
    assert script["TYPES"].read_text() == script["types"](), "run editors/vscode/scripts/types.py"


def test_no_markdown_is_trusted_as_a_whole() -> None:
    """A link in the name of a kernel could run any command of VS Code."""
    sources = (SCRIPT.parents[1] / "src").glob("*.ts")
    assert not [path.name for path in sources if "isTrusted = true" in path.read_text()]
