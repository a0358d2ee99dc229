"""Buffers without a name, renamed files, CRLF files, and files in a language without a kernel."""

from tests.editors.neovim.neovim import Neovim

HERE = "test.results(vim.api.nvim_get_current_buf())"


def scratch(editor: Neovim, *lines: str) -> int:
    """Opens a Python buffer without a name."""
    editor.api.command("enew | set filetype=python")
    editor.api.current.buffer[:] = list(lines)
    return int(editor.api.current.buffer.number)


def run(editor: Neovim) -> str:
    """Runs the buffer as one cell. Returns the first line of its result."""
    editor.command("run_cell")
    return str(editor.until_ended()[-1]["lines"][0]).removeprefix("│ ")


def test_an_unnamed_buffer_keeps_its_kernel_when_named(buffer: Neovim) -> None:
    scratch(buffer, "unnamed = 5", "unnamed")
    assert run(buffer) == "5"
    buffer.api.command("silent write! named.py")
    buffer.api.current.buffer[:] = ["unnamed + 1"]
    buffer.command("run_cell")
    buffer.until(f"({HERE}[1].lines[1] or ''):find('6', 1, true) and true")


def test_a_second_unnamed_buffer_is_refused(buffer: Neovim) -> None:
    scratch(buffer, "'first'")
    assert run(buffer) == "'first'"
    scratch(buffer, "'second'")
    buffer.command("run_cell")
    buffer.until_message("another unnamed buffer uses the server")
    assert buffer.results() == []
    buffer.api.command("file second.py")
    assert run(buffer) == "'second'"


def test_a_renamed_file_keeps_its_kernel_and_its_results(buffer: Neovim) -> None:
    buffer.open("renamed = 7\nrenamed\n", "before.py")
    assert run(buffer) == "7"
    buffer.api.command("silent saveas! after.py")
    assert [result["lines"] for result in buffer.results()] == [["│ 7"]]
    buffer.api.current.buffer[:] = ["renamed * 2"]
    buffer.command("run_cell")
    buffer.until(f"({HERE}[1].lines[1] or ''):find('14', 1, true) and true")


def test_crlf(buffer: Neovim) -> None:
    path = buffer.home.work / "dos.py"
    path.write_bytes(b"# %%\r\ns = '''a\r\nb'''\r\ns\r\n\r\n# %%\r\n2\r\n")
    buffer.api.command(f"silent edit! {path}")
    assert buffer.api.current.buffer.options["fileformat"] == "dos"
    buffer.api.current.window.cursor = (3, 0)
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    assert (result["shown_at"], result["lines"]) == (3, ["│ 'a\\nb'"])


def test_a_file_without_a_matching_kernel_offers_all_kernels(buffer: Neovim) -> None:
    buffer.lua("vim.ui.select = function(items, options) test.offered = { options.prompt, #items } end")
    buffer.open("hello\n", "a.nonesuch")
    buffer.command("run_line")
    buffer.until("test.offered ~= nil")
    prompt, count = buffer.lua("return test.offered")
    assert prompt == "Start a kernel:"
    assert count >= 1
    buffer.settle()
    assert buffer.results() == []


def test_markdown_and_empty_cells_are_skipped(buffer: Neovim) -> None:
    buffer.open("# %% [markdown]\n# # Title\n\n# %%\n\n# %%\n3\n")
    buffer.api.current.window.cursor = (2, 0)
    for line in (5, 7):
        buffer.lua("require('kernel_bridge').run_and_advance()")
        assert buffer.api.current.window.cursor[0] == line
    buffer.lua("require('kernel_bridge').run_and_advance()")
    assert [result["lines"] for result in buffer.until_ended()] == [["│ 3"]]
    assert buffer.messages() == []
    buffer.api.current.window.cursor = (2, 0)
    buffer.command("run_cell")
    buffer.until_message("kernel-bridge: no code to run here")
