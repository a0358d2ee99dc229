"""Measures the longest stall of Neovim's event loop while a kernel starts, and while one floods it.

python -m tests.editors.neovim.stall [NAME]

Only floods whose name contains NAME are measured. A 1 ms timer in a Neovim on a pty records the longest time
between two of its turns. "quiet" is the same measurement with nothing to do.
"""

import sys

from tests.editors.neovim.neovim import Neovim
from tests.editors.neovim.terminal import KITTY, terminal
from tests.home import private_home

PROBE = """
probe = { worst = 0, over = 0, turns = 0 }
local last = vim.uv.hrtime()
local timer = vim.uv.new_timer()
timer:start(1, 1, function()
  local now = vim.uv.hrtime()
  local gap = (now - last) / 1e6
  last = now
  probe.turns = probe.turns + 1
  probe.worst = math.max(probe.worst, gap)
  if gap > 30 then probe.over = probe.over + 1 end
end)
"""
ENDED = """
local buffer = ...
return vim.wait(300000, function() return (test.results(buffer)[1] or {}).state == "ok" end, 100)
"""
FLOODS = {
    "100 MB in long writes": "for n in range(1000): print(('x' * 99 + chr(10)) * 1000, end='')\n",
    "2,000,000 short lines": "for n in range(2_000_000): print(n)\n",
    "100,000 flushed prints": "for n in range(100_000): print('line', n, flush=True)\n",
    "20,000 turns of a progress bar": "for n in range(20_000): print(f'\\r{n}', end='', flush=True)\n",
}


def measure(editor: Neovim, name: str, code: str | None, look: bool = False) -> None:
    """Prints the longest stall while the code runs. `look` opens its output buffer."""
    if code:
        editor.open(code, name.replace(" ", "_") + ".py")  # not a file whose last result would come back
        editor.command(f"attach {editor.lua('return kernel')}")
        editor.until("require('kernel_bridge').kernel() ~= nil")
    editor.lua("probe.worst, probe.over, probe.turns = 0, 0, 0")
    buffer = editor.api.current.buffer.number
    if code:
        editor.command("run_cell")
        if look:
            editor.until("(test.results(...)[1] or {}).state == 'running'", buffer)
            editor.command("output")
        assert editor.lua(ENDED, buffer)
    else:
        editor.lua("vim.wait(3000, function() return false end, 1000)")
    report(name, editor)
    editor.api.command("silent! only!")


def report(name: str, editor: Neovim) -> None:
    found = editor.lua("return probe")
    stalls = f"{found['worst']:7.1f} ms  {found['over']:4} over 30 ms, {found['turns']} turns"
    print(f"{name:45} {stalls}", flush=True)


def main() -> None:
    with private_home() as home, terminal(home, KITTY) as (_, editor):
        editor.lua(PROBE)
        measure(editor, "quiet", None)
        editor.open("1\n")
        editor.lua("probe.worst, probe.over, probe.turns = 0, 0, 0")
        editor.command("run")
        editor.until_ended()
        editor.lua("kernel = require('kernel_bridge').kernel().id")
        report("server and kernel start", editor)
        wanted = " ".join(sys.argv[1:])
        for name, code in FLOODS.items():
            if wanted not in name:
                continue
            measure(editor, name, code)
            measure(editor, name + ", output open", code, look=True)


if __name__ == "__main__":
    main()
