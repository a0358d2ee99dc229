"""What molten-nvim has too: code that is not in the buffer, cells of the user, and docs/from-molten.md."""

from tests.editors.neovim.neovim import Neovim

CELLS = "# %% one\n1\n\n# %% two\n2\n2 + 20\n3 + 30\n\n# %% three\n4\n"


def at(buffer: Neovim, line: int) -> None:
    buffer.api.current.window.cursor = (line, 0)


def shown(buffer: Neovim, count: int = 1) -> list[tuple[int, int, str]]:
    """First and last line of each result, 1-based, and its first line of text."""
    results = buffer.until_ended(count)
    return [(one["first"] + 1, one["last"] + 1, one["lines"][0].removeprefix("│ ")) for one in results]


def test_eval_runs_code_that_is_not_in_the_buffer(buffer: Neovim) -> None:
    buffer.open("x = 20\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.command("eval x + 1 | 2")
    buffer.until("vim.bo.filetype == 'kernel_bridge_output' and vim.fn.getline(1) == '23'")
    assert "x + 1 | 2" in buffer.lua("return vim.wo.winbar")
    buffer.keys("q")
    buffer.lua("vim.ui.input = function(options, answer) answer('x * 3') end")
    buffer.command("eval")
    buffer.until("vim.bo.filetype == 'kernel_bridge_output' and vim.fn.getline(1) == '60'")
    buffer.keys("q")
    assert len(buffer.results()) == 1


def test_a_defined_cell_follows_edits(buffer: Neovim) -> None:
    buffer.open(CELLS)
    buffer.api.command("5,6KernelBridge define")
    buffer.until_message("lines 5 to 6 are a cell now")
    buffer.keys("ggO# above<Esc>")
    at(buffer, 6)
    buffer.keys("o5<Esc>")
    buffer.command("run_cell")
    assert shown(buffer) == [(6, 8, "22")]


def test_motions_and_text_objects_know_defined_cells(buffer: Neovim) -> None:
    buffer.lua("""vim.keymap.set("n", "]c", "<Plug>(kernel-bridge-next-cell)")
    vim.keymap.set({ "x", "o" }, "ic", "<Plug>(kernel-bridge-inner-cell)")""")
    buffer.open(CELLS)
    buffer.api.command("6,7KernelBridge define")
    buffer.command("cell")
    lines = []
    for _ in range(4):
        lines.append(buffer.api.current.window.cursor[0])
        buffer.keys("]c")
    assert lines == [2, 5, 6, 10]
    buffer.command("cell 3")
    buffer.keys("yic")
    assert buffer.api.funcs.getreg('"') == "2 + 20\n3 + 30\n"
    at(buffer, 8)
    buffer.command("run_cell")
    assert shown(buffer) == [(5, 7, "33")]
    buffer.api.command("7KernelBridge undefine")
    at(buffer, 6)
    buffer.keys("yic")
    assert buffer.api.funcs.getreg('"') == "2\n2 + 20\n3 + 30\n"
    buffer.command("undefine")
    buffer.until_message("no cell was defined here")


def signs(buffer: Neovim) -> list[int]:
    """The lines of the screen that have the sign of a defined cell, 1-based."""
    return [number for number, row in enumerate(buffer.screen(), 1) if row.startswith("┃")]


def test_a_defined_cell_ends_with_its_lines(buffer: Neovim) -> None:
    buffer.open(CELLS)
    buffer.api.command("5,6KernelBridge define")
    assert signs(buffer) == [5, 6]
    buffer.keys("5Gdj")
    assert signs(buffer) == []
    buffer.keys("u")
    assert signs(buffer) == [5, 6]
    buffer.api.command("edit!")
    assert signs(buffer) == []
