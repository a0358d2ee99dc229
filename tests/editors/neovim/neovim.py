"""A real Neovim with the plugin and a clean configuration, driven over its own API.

Tests wait with `vim.wait`, which checks a condition while Neovim processes events, up to BOUND_MS.
"""

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pynvim

from tests.home import Home

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = ROOT / "editors" / "neovim"
BIN = Path(sys.executable).parent
BOUND_MS = 30_000
QUITTING_S = 10

HELPERS = r"""
_G.test = { messages = {}, events = {}, opened = {}, notify = vim.notify }
vim.notify = function(message, level) table.insert(test.messages, message) end
vim.ui.open = function(path) table.insert(test.opened, path) return {}, nil end
vim.api.nvim_create_autocmd("User", { pattern = "KernelBridge*", callback = function(event)
  table.insert(test.events, { name = event.match, data = event.data })
end })
function test.results(bufnr)
  local list = {}
  local displays, sheets = require("kernel_bridge.displays"), require("kernel_bridge.sheets")
  for _, place in ipairs(sheets.of(bufnr)) do
    local entry, drawing = place.entry, displays.drawing(place.entry.run.id)
    local first, last = sheets.lines(place)
    local mark = drawing and drawing.end_mark
      and vim.api.nvim_buf_get_extmark_by_id(bufnr, displays.namespace, drawing.end_mark, { details = true })
    local details = mark and mark[3] or {}
    local lines, groups = {}, {}
    for index, line in ipairs(details.virt_lines or {}) do
      lines[index] = ""
      for _, chunk in ipairs(line) do
        lines[index] = lines[index] .. chunk[1]
        for _, group in ipairs(type(chunk[2]) == "table" and chunk[2] or { chunk[2] }) do groups[group] = true end
      end
    end
    table.insert(list, {
      id = entry.run.id, state = entry.run.state, kernel = entry.run.kernelId, first = first, last = last,
      shown_at = mark and mark[1] or -1, lines = lines, groups = vim.tbl_keys(groups),
      mark = table.concat(vim.tbl_map(function(chunk) return chunk[1] end, details.virt_text or {})), group = details.virt_text and details.virt_text[1][2],
      count = entry.run.executionCount or 0, stale = place.stale,
    })
  end
  table.sort(list, function(a, b) return a.shown_at < b.shown_at end)
  return list
end
"""  # noqa: E501


class Neovim:
    """One Neovim; `api` is the pynvim session."""

    def __init__(self, api: pynvim.Nvim, home: Home) -> None:
        self.api = api
        self.home = home

    # Buffers

    def open(self, text: str, name: str = "a.py") -> int:
        """Edits a new file in the only window. Returns the number of the buffer."""
        path = self.home.work / name
        path.write_text(text)
        self.api.command(f"silent edit! {path}")
        return int(self.api.current.buffer.number)

    def lines(self, buffer: int = 0) -> list[str]:
        return list(self.api.api.buf_get_lines(buffer, 0, -1, False))

    def keys(self, keys: str) -> None:
        """Types keys, with mappings, and waits until Neovim has processed them."""
        self.api.api.feedkeys(self.api.replace_termcodes(keys), "mtx", False)

    def command(self, command: str) -> None:
        self.api.command(f"KernelBridge {command}")

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.api.exec_lua(code, *arguments)

    # The screen

    def results(self, buffer: int = 0) -> list[Json]:
        """The results in a buffer from top to bottom, read from Neovim's extmarks."""
        results: list[Json] = self.lua("return test.results(...)", buffer or self.api.current.buffer.number)
        return results

    def screen(self) -> list[str]:
        """The rows of the screen."""
        self.api.command("redraw!")
        rows: list[str] = self.lua(
            """local rows = {}
            for row = 1, vim.o.lines do
              local cells = {}
              for column = 1, vim.o.columns do cells[column] = vim.fn.screenstring(row, column) end
              rows[row] = (table.concat(cells):gsub("%s+$", ""))
            end
            return rows"""
        )
        return rows

    def messages(self) -> list[str]:
        """The messages that the plugin has sent with vim.notify."""
        messages: list[str] = self.lua("return test.messages")
        return messages

    def check_errors(self) -> None:
        """Asserts that the plugin has raised no error."""
        shown = self.api.command_output("messages") + "\n".join(self.messages())
        assert "stack traceback" not in shown, shown

    # Waiting

    def until(self, condition: str, *arguments: Any) -> Any:
        """Waits until a Lua expression is true. Returns its value."""
        code = f"""local arguments = {{ ... }}
            local value
            local function look() value = (function(...) return {condition} end)(unpack(arguments)) return value end
            return vim.wait({BOUND_MS}, look, 10) and value or vim.NIL"""  # noqa: E501
        value = self.lua(code, *arguments)
        assert value is not None, f"never: {condition}\n{self.messages()}\n" + "\n".join(self.screen())
        return value

    def until_ended(self, count: int = 1, buffer: int = 0) -> list[Json]:
        """Waits for `count` results in the buffer, all of them ended and drawn. Returns all results."""
        buffer = buffer or self.api.current.buffer.number
        self.until(
            """(function(buffer, count)
              local results = test.results(buffer)
              for _, result in ipairs(results) do
                if result.state == "queued" or result.state == "running" then return false end
              end
              return #results >= count
            end)(...)""",
            buffer,
            count,
        )
        self.settle()
        return self.results(buffer)

    def settle(self) -> None:
        """Waits until all changes are drawn."""
        self.until("not require('kernel_bridge.displays').waits()")

    def until_message(self, part: str) -> None:
        self.until("table.concat(test.messages, '\\n'):find(..., 1, true) and true", part)


@contextmanager
def neovim(home: Home, *arguments: str, config: str = "") -> Iterator[Neovim]:
    """Starts a Neovim, quits it at the end, and checks that it leaves no processes or files behind."""
    with leaving(home, *arguments, config=config) as editor:
        yield editor
    home.check_clean()


@contextmanager
def leaving(home: Home, *arguments: str, config: str = "") -> Iterator[Neovim]:
    """Starts a Neovim, and quits it at the end. Kept kernels stay."""
    environment = {**home.environment, "PATH": f"{BIN}:{home.environment['PATH']}"}
    environment.pop("NVIM", None)
    environment.pop("TMUX", None)
    start = home.path / "init.lua"
    start.write_text(f'vim.lsp.enable("kernel_bridge")\nvim.o.columns, vim.o.lines = 100, 50\n{config}')
    program = shutil.which("nvim", path=environment["PATH"])
    assert program
    command = [program, "--embed", "--headless", "--clean", "--cmd", f"set rtp^={PLUGIN}", "-u", str(start)]
    api = pynvim.attach(
        "child", argv=["env", "-i", "-C", str(home.work), *_assignments(environment), *command, *arguments]
    )
    editor = Neovim(api, home)
    try:
        editor.until("vim.v.vim_did_enter == 1")
        editor.lua(HELPERS)
        yield editor
        editor.check_errors()
    finally:
        # A Neovim that waits for a key or computes does not quit: it must not keep a failed test from ending.
        killed = threading.Timer(QUITTING_S, _kill, [home, "--embed"])
        killed.start()
        with suppress(OSError, EOFError):
            api.command("qall!")
        with suppress(OSError, RuntimeError):
            api.close()
        killed.cancel()


def _kill(home: Home, part: str) -> None:
    for process in home.running(part):
        process.kill()


def _assignments(environment: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environment.items()]
