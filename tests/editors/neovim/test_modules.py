"""The plugin's modules have no import cycles, and load others at the top unless there is a reason."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

from tests.editors.neovim.neovim import PLUGIN, Neovim

LUA = PLUGIN / "lua"
AT_USE = {
    "plugin/kernel_bridge.lua": "read at startup: loads modules on first use",
    "lsp/kernel_bridge.lua": "read with the first file: loads the drawing modules with the first message",
    "lua/kernel_bridge/init.lua": "loaded at startup by setup() and statuslines",
    "lua/kernel_bridge/images/snacks.lua": "snacks.nvim is optional",
    "lua/kernel_bridge/images/image_nvim.lua": "image.nvim is optional",
}
AT_START = {"kernel_bridge", "kernel_bridge.config"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(LUA).with_suffix("").parts).removesuffix(".init")


def requires(path: Path, before: str = "") -> list[str]:
    return re.findall(before + r'require\("([\w.]+)"\)', path.read_text(), re.MULTILINE)


def test_modules_have_no_import_cycles() -> None:
    TopologicalSorter({name_of(path): requires(path) for path in LUA.rglob("*.lua")}).prepare()


def test_requires_are_at_the_top() -> None:
    files = [path for path in PLUGIN.rglob("*.lua") if "example" not in path.parts]
    inside = {str(path.relative_to(PLUGIN)) for path in files if requires(path, r"^[ \t][^'\n]*")}
    assert inside == set(AT_USE)


def test_startup_loads_only_the_options(editor: Neovim) -> None:
    editor.lua("require('kernel_bridge').setup({}) return require('kernel_bridge').statusline()")
    loaded = editor.lua("return vim.tbl_keys(package.loaded)")
    assert {name for name in loaded if name.startswith("kernel_bridge")} == AT_START
