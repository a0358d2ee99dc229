"""The configuration that the documentation shows: Neovim loads the Lua, JSON and TOML parse.

Emacs Lisp and Vim script are loaded by `make test-editors`.
"""

import json
import subprocess
import tomllib

import pytest

from tests.documentation.pages import ROOT, Block, all_blocks
from tests.documentation.settings_tables import NVIM, SECTION, vscode_settings
from tests.home import Home

# A chunk, or the specification of a plugin as lazy.nvim takes it. vim.pack came with Neovim 0.12.
# tests/editors/neovim/test_beside_plugins.py sets up quarto-nvim itself.
LOAD = """
local path, plugin = ...
vim.pack = vim.pack or { add = function(list) assert(vim.islist(list)) end }
package.preload.quarto = function()
  return { setup = function(options) assert(type(options) == "table") end }
end
vim.opt.rtp:append(plugin .. "/editors/neovim")
vim.cmd.runtime("plugin/kernel_bridge.lua")
local text = table.concat(vim.fn.readfile(path), "\\n")
local chunk = loadstring("return " .. text) or assert(loadstring(text))
local spec = chunk()
if type(spec) == "table" then
  for _, name in ipairs({ "init", "build", "config" }) do
    if type(spec[name]) == "function" then spec[name]({ dir = plugin }, spec.opts) end
  end
end
"""


def blocks(language: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", all_blocks(language), ids=str)


@blocks("lua")
def test_neovim_loads_it(home: Home, block: Block) -> None:
    path, load = home.path / "block.lua", home.path / "load.lua"
    path.write_text(block.text, encoding="utf-8")
    load.write_text(LOAD, encoding="utf-8")
    call = f"lua local ok, problem = pcall(loadfile('{load}'), '{path}', '{ROOT}')"
    call += " if not ok then io.stderr:write(problem) vim.cmd.cquit() end"
    done = subprocess.run(
        [NVIM, "--clean", "--headless", "-c", call, "-c", "qall!"],
        env=home.environment,
        cwd=home.work,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@blocks("json")
def test_it_is_json(block: Block) -> None:
    read = json.loads(block.text)
    names = {name.removeprefix(SECTION) for name in read if name.startswith(SECTION)}
    assert names <= set(vscode_settings())


@blocks("toml")
def test_it_is_toml(block: Block) -> None:
    tomllib.loads(block.text)
