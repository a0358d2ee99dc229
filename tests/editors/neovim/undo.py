"""Measures a substitution over 18,000 lines and its undo, beside 500 results.

python -m tests.editors.neovim.undo

Each is compared with the same in a Neovim without the plugin, whose only language server is the same server.
"wall" is the time until the screen is drawn; "cpu" is all that Neovim computes until a second later, when the
server has been notified.
"""

from statistics import median

from tests.editors.neovim.neovim import BIN, Neovim
from tests.editors.neovim.terminal import KITTY, terminal
from tests.home import private_home

CELLS, LINES, TIMES = 500, 36, 5
TEXT = "".join(f"# %% {cell}\n" + f"value = {cell}\n" * (LINES - 2) + "value\n" for cell in range(CELLS))
COMMANDS = {":%s": "%substitute/value/changed/", "its undo": "undo"}
ALONE = """
vim.lsp.config("alone", {
  cmd = { ..., "--stdio" },
  filetypes = { "python" },
  capabilities = { general = { positionEncodings = { "utf-16" } } },
})
vim.lsp.enable("alone")
"""
FOLLOWED = """
local params = { textDocument = { uri = vim.uri_from_bufnr(0) } }
assert(vim.lsp.buf_request_sync(0, "textDocument/foldingRange", params, 120000))
"""
ALL_RAN = """
local buffer, count = ...
return vim.wait(300000, function()
  local ran = vim.tbl_filter(function(place)
    return place.entry.run.state == "ok"
  end, require("kernel_bridge.sheets").of(buffer))
  return #ran == count and not require("kernel_bridge.displays").waits()
end, 200)
"""
MEASURE = """
local function cpu()
  local usage = vim.uv.getrusage()
  return (usage.utime.sec + usage.stime.sec) * 1e3 + (usage.utime.usec + usage.stime.usec) / 1e3
end
local start, before = vim.uv.hrtime(), cpu()
vim.cmd("silent " .. ...)
vim.cmd.redraw()
local wall = (vim.uv.hrtime() - start) / 1e6
vim.wait(1000, function() return false end, 100)
return { wall, cpu() - before }
"""


def measured(editor: Neovim) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of wall and CPU time of each command, several times."""
    editor.api.command("syntax off")  # it costs ten times as much, at times
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(TIMES):
        for name, command in COMMANDS.items():
            found[name].append(editor.lua(MEASURE, command))
            editor.lua(FOLLOWED)
    return found


def without_plugin() -> dict[str, list[tuple[float, float]]]:
    with private_home() as home, terminal(home, KITTY) as (_, editor):
        editor.lua("vim.lsp.enable('kernel_bridge', false)")
        editor.lua(ALONE, f"{BIN}/kernel-bridge")
        editor.open(TEXT)
        editor.until("(vim.lsp.get_clients({ name = 'alone' })[1] or {}).initialized")
        return measured(editor)


def with_plugin() -> dict[str, list[tuple[float, float]]]:
    with private_home() as home, terminal(home, KITTY) as (_, editor):
        buffer = editor.open(TEXT)
        editor.command("run_all")
        assert editor.lua(ALL_RAN, buffer, CELLS)
        return measured(editor)


def main() -> None:
    alone, beside = without_plugin(), with_plugin()
    for name in COMMANDS:
        for index, kind in enumerate(("wall", "cpu")):
            one, other = (median(time[index] for time in found[name]) for found in (alone, beside))
            times = f"{one:6.0f} ms alone, {other:6.0f} ms beside {CELLS} results"
            print(f"{name:10} {kind:5} {times}: {other / one:.2f} x", flush=True)
    one, other = (
        sum(median(time[1] for time in times) for times in found.values()) for found in (alone, beside)
    )
    print(
        f"both       cpu   {one:6.0f} ms alone, {other:6.0f} ms beside {CELLS} results: {other / one:.2f} x"
    )


if __name__ == "__main__":
    main()
