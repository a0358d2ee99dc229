"""The Lua types are those of the protocol."""

import runpy

from tests.editors.neovim.neovim import PLUGIN


def test_the_types_are_those_of_the_schema() -> None:
    script = runpy.run_path(str(PLUGIN / "scripts" / "types.py"))
    assert script["TYPES"].read_text() == script["types"](), "run editors/neovim/scripts/types.py"
