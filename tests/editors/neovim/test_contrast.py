"""The plugin's highlight groups are readable in every colorscheme, on light and dark backgrounds."""

import pytest

from tests.editors.neovim.neovim import Neovim, neovim
from tests.editors.neovim.plugins import plugin
from tests.home import Home

DIMMED = {"KernelBridgeQueued", "KernelBridgeStale", "KernelBridgeBorder", "KernelBridgeMore"}
SCHEMES = {
    "catppuccin/nvim": ["catppuccin-mocha", "catppuccin-latte"],
    "folke/tokyonight.nvim": ["tokyonight-moon", "tokyonight-day"],
    "ellisonleao/gruvbox.nvim": ["gruvbox"],
    "maxmx03/solarized.nvim": ["solarized"],
}
COLOURS = """
local names = ...
vim.o.termguicolors = true
require("kernel_bridge").kernel() -- loads the groups
local ansi = require("kernel_bridge.ansi").group({ fg = 2 })
local found = {}
for _, name in ipairs(#names > 0 and names or vim.fn.getcompletion("", "color")) do
  for _, background in ipairs({ "dark", "light" }) do
    vim.o.background = background
    vim.cmd.colorscheme(name)
    local normal = vim.api.nvim_get_hl(0, { name = "Normal", link = false })
    local groups = {}
    for group in pairs(vim.api.nvim_get_hl(0, {})) do
      if group == ansi or (group:find("^KernelBridge%u%l+$") and not group:find("Ansi")) then
        local shown = vim.api.nvim_get_hl(0, { name = group, link = false })
        groups[group] = { shown.fg or normal.fg or vim.NIL, shown.bg or normal.bg or vim.NIL }
      end
    end
    table.insert(found, { name .. " on " .. background, groups })
  end
end
return found
"""


def luminance(colour: int) -> float:
    """The relative luminance of 0xrrggbb (WCAG 2.2)."""
    parts = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def hard_to_read(editor: Neovim, schemes: list[str]) -> tuple[int, list[str]]:
    """The number of schemes and backgrounds, and the groups with too little contrast."""
    found = editor.lua(COLOURS, schemes)
    problems = []
    for scheme, groups in found:
        assert len(groups) >= 11, groups
        for group, (front, back) in groups.items():
            if front is None or back is None:
                continue  # the terminal's own
            dark, light = sorted((luminance(front), luminance(back)))
            ratio = (light + 0.05) / (dark + 0.05)
            if ratio < (3 if group in DIMMED else 4.5):
                problems.append(f"{scheme}: {group} has {ratio:.2f}")
    return len(found), problems


def test_the_colorschemes_of_neovim(editor: Neovim) -> None:
    count, problems = hard_to_read(editor, [])
    assert count >= 50
    assert not problems


@pytest.mark.plugins
def test_common_colorschemes(home: Home) -> None:
    folders = ",".join(str(plugin(name)) for name in SCHEMES)
    with neovim(home, config=f"vim.opt.runtimepath:append('{folders}')") as editor:
        count, problems = hard_to_read(editor, [name for names in SCHEMES.values() for name in names])
        assert count == 12
        assert not problems


def test_a_group_of_the_user_stays(editor: Neovim) -> None:
    editor.lua("require('kernel_bridge').kernel()")
    editor.api.command("set termguicolors background=light | colorscheme morning")
    editor.api.command("highlight KernelBridgeOk guifg=#ffff00 | highlight! link KernelBridgeMedia Todo")
    for _ in range(2):
        editor.api.command("doautocmd ColorScheme")
    shown = "return vim.api.nvim_get_hl(0, { name = 'KernelBridge' .. ... })"
    assert editor.lua(shown, "Ok")["fg"] == 0xFFFF00
    assert editor.lua(shown, "Media")["link"] == "Todo"
