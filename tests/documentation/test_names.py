"""The commands of the editors that the documentation names in its prose exist."""

import re

from tests.documentation.pages import ROOT, shown_to_readers
from tests.documentation.settings_tables import asked_of_neovim, vscode_contributes


def named(pattern: str) -> dict[str, str]:
    """What the pages name, each with one of the pages."""
    return {
        name: str(page.relative_to(ROOT))
        for page in shown_to_readers()
        for name in re.findall(pattern, page.read_text(encoding="utf-8"))
    }


def test_the_commands_of_vscode_exist() -> None:
    titles = {command["title"] for command in vscode_contributes()["commands"]}
    names = named(r"\*Kernel Bridge: ([^*\n]+)\*")
    assert names
    assert {name: page for name, page in names.items() if name not in titles} == {}


def test_the_commands_of_neovim_exist() -> None:
    commands = asked_of_neovim("vim.fn.getcompletion('KernelBridge ', 'cmdline')")
    names = named(r"`:KernelBridge!? (\w+)")
    assert names
    assert {name: page for name, page in names.items() if name not in commands} == {}
