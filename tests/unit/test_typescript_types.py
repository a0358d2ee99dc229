"""The types of the VS Code extension are those of the schema."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "editors" / "vscode" / "scripts" / "types.py"


def test_types_are_those_of_the_schema() -> None:
    script = runpy.run_path(str(SCRIPT))
    assert script["TYPES"].read_text() == script["types"](), "run editors/vscode/scripts/types.py"
