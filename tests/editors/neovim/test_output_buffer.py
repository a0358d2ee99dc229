"""The output buffer shows the whole output of a run."""

from tests.editors.neovim.neovim import Neovim


def run(editor: Neovim, code: str) -> None:
    editor.open(code)
    editor.command("run_cell")
    editor.until_ended()


def marks(editor: Neovim) -> list[tuple[int, int, int, str]]:
    """Highlights: row, first column, last column, group."""
    found = editor.lua(
        "local ns = vim.api.nvim_get_namespaces().kernel_bridge_output "
        "return vim.api.nvim_buf_get_extmarks(0, ns, 0, -1, { details = true })"
    )
    return [(m[1], m[2], m[3]["end_col"], m[3]["hl_group"]) for m in found if "end_col" in m[3]]


def test_it_shows_the_whole_output(buffer: Neovim) -> None:
    run(buffer, "for n in range(3000): print(n)\n")
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_line_count(0) == 3000")
    assert buffer.lines() == [str(n) for n in range(3000)]
    assert buffer.api.funcs.search("^2718$") == 2719
    buffer.keys("yy")
    assert buffer.api.funcs.getreg("") == "2718\n"
    assert not buffer.api.current.buffer.options["modifiable"]
    buffer.keys("q")
    assert len(buffer.api.windows) == 1


def test_it_follows_a_running_run(buffer: Neovim) -> None:
    buffer.open(
        "import threading\nprint('a', flush=True)\nprint('\\r10 %', end='', flush=True)\n"
        "input()\nprint('\\r20 %', end='', flush=True)\nprint('\\nb')\ninput()\n"
    )
    buffer.lua(
        "test.answer = {} vim.ui.input = function(options, answer) table.insert(test.answer, answer) end"
    )
    buffer.command("run_cell")
    buffer.until("#test.answer == 1")
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_get_lines(0, 0, -1, false)[2] == '10 %'")
    buffer.lua("test.answer[1]('')")
    buffer.until("#test.answer == 2")
    buffer.until("vim.api.nvim_buf_get_lines(0, 0, -1, false)[4] == 'b'")
    assert buffer.lines()[:4] == ["a", "10 %", "20 %", "b"]
    buffer.lua("test.answer[2]('')")
    buffer.until("vim.wo.winbar:find('✓') and true")


def test_colours_are_highlights(buffer: Neovim) -> None:
    run(buffer, r"print('a \x1b[1;32mgreen\x1b[0m b')" + "\n")
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == 'a green b'")
    assert (0, 2, 7, "KernelBridgeAnsiT02_B") in marks(buffer)


def test_each_output_is_a_fold(buffer: Neovim) -> None:
    run(buffer, "print('a\\nb')\nfrom IPython.display import display\ndisplay('x')\nprint('c\\nd')\n")
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_line_count(0) == 5")
    buffer.keys("zM")
    assert [buffer.api.funcs.foldclosed(line) for line in range(1, 6)] == [1, 1, -1, 4, 4]


def test_it_shows_the_next_run_of_the_same_code(buffer: Neovim) -> None:
    run(buffer, "n = globals().get('n', 0) + 1\nn\n")
    buffer.command("output")
    first = int(buffer.lines()[0])
    buffer.api.command("wincmd p")
    buffer.command("run_cell")
    buffer.api.command("wincmd p")
    buffer.until("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == ...", str(first + 1))


def test_left_out_output_is_loaded(buffer: Neovim) -> None:
    run(buffer, "for n in range(400_000): print(n)\n")
    (result,) = buffer.results()
    assert any("left out" in line or "more" in line for line in result["lines"])
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_line_count(0) == 400000")
    assert buffer.api.funcs.getline(399_999) == "399998"
    assert buffer.api.funcs.getline(123_456) == "123455"


def test_gx_opens_an_image(buffer: Neovim) -> None:
    run(buffer, "from IPython.display import display\nprint('x')\ndisplay({'text/html': '<b>'}, raw=True)\n")
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_line_count(0) == 2")
    assert buffer.lines()[1] == "▣ HTML output, 3 bytes · press gx to open"
    buffer.keys("Ggx")
    buffer.until("#test.opened > 0")
    (path,) = buffer.lua("return test.opened")
    assert path.endswith(".html")


def test_edit_reloads_the_whole_output(buffer: Neovim) -> None:
    run(buffer, "for n in range(40): print(n)\nfrom IPython.display import HTML\nHTML('x')\n")
    buffer.command("output")
    lines = buffer.until(
        "vim.api.nvim_buf_line_count(0) == 41 and vim.api.nvim_buf_get_lines(0, 0, -1, false)"
    )
    buffer.api.command("edit")
    buffer.until("vim.deep_equal(vim.api.nvim_buf_get_lines(0, 0, -1, false), ...)", lines)
    assert not buffer.api.current.buffer.options["modifiable"]


def test_a_buffer_of_an_earlier_session_points_to_the_history(buffer: Neovim) -> None:
    buffer.api.command("edit kernel-bridge://output/0042cc18")
    assert "earlier session" in buffer.lines()[0]
    assert buffer.api.current.buffer.options["buftype"] == "nofile"


def test_commands_act_on_the_buffer_of_its_code(buffer: Neovim) -> None:
    buffer.open("# %%\nimport time\nprint('first')\ntime.sleep(60)\n")
    buffer.command("run_cell")
    buffer.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).state == 'running'")
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == 'first'")
    code = buffer.lua("return vim.fn.bufnr('a.py')")
    buffer.command("interrupt")
    (ended,) = buffer.until_ended(buffer=code)
    assert ended["state"] == "error"
    buffer.command("copy a")
    assert buffer.api.funcs.getreg("a").startswith("first\n")
    buffer.api.command("1KernelBridge run")
    buffer.until_message("these lines are output")
    assert not buffer.lua("return vim.lsp.get_clients({ bufnr = 0 })")


def test_the_number_of_lines_left_out_is_exact(buffer: Neovim) -> None:
    buffer.lua("require('kernel_bridge').setup({ output = { load_bytes = 0 } })")
    try:
        run(buffer, "for n in range(200_000): print(n)\n")
        buffer.command("output")
        line = buffer.until("vim.fn.search(' left out · press <CR> to load$', 'w') > 0 and vim.fn.line('.')")
        lines = buffer.lines()
        left_out = int(lines[line - 1].split()[1])
        before, after = line - 1, len(lines) - line
        partial = int(lines[before - 1]) != before - 1
        assert lines[-1] == "199999"
        assert before - partial + left_out + after == 200_000
    finally:
        buffer.lua("require('kernel_bridge').setup({})")
