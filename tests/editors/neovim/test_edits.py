"""Results follow their code through edits, and are dimmed while the code differs from what ran."""

from tests.editors.neovim.neovim import Json, Neovim


def ran(editor: Neovim, text: str = "a = 1\nb = 2\n\n2\n\nc = 3\n", line: int = 4) -> None:
    """Opens a buffer and runs the statement at a line."""
    editor.open(text)
    editor.api.current.window.cursor = (line, 0)
    editor.command("run")
    editor.until_ended()


def result(editor: Neovim) -> Json:
    editor.results()  # settles the places
    editor.settle()
    (only,) = editor.results()
    return only


def check(editor: Neovim, keys: str, shown_at: int, *, stale: bool) -> None:
    """Checks the line of the result of line 4 after some keys, and whether it is dimmed."""
    ran(editor)
    editor.keys(keys)
    found = result(editor)
    assert (found["shown_at"], found["stale"]) == (shown_at, stale)
    assert (found["group"] == "KernelBridgeStale") == stale
    if stale and shown_at >= 0:
        assert "KernelBridgeStale" in found["groups"]
        assert "edited since" in found["mark"]


def test_inserting_lines_above_moves_it_down(buffer: Neovim) -> None:
    check(buffer, "ggOx = 1<CR>y = 2<Esc>", 5, stale=False)


def test_deleting_lines_above_moves_it_up(buffer: Neovim) -> None:
    check(buffer, "ggdd", 2, stale=False)


def test_lines_below_do_not_move_it(buffer: Neovim) -> None:
    check(buffer, "Gox<Esc>", 3, stale=False)


def test_a_new_line_after_it_does_not_dim_it(buffer: Neovim) -> None:
    check(buffer, "ox = 5<Esc>", 3, stale=False)


def test_editing_its_lines_dims_it(buffer: Neovim) -> None:
    check(buffer, "A + 1<Esc>", 3, stale=True)


def test_undoing_the_edit_undims_it(buffer: Neovim) -> None:
    check(buffer, "A + 1<Esc>u", 3, stale=False)


def test_deleting_its_lines_removes_it(buffer: Neovim) -> None:
    ran(buffer)
    buffer.keys("dd")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].shown_at == -1")


def test_undoing_the_deletion_restores_it(buffer: Neovim) -> None:
    check(buffer, "ddu", 3, stale=False)


def test_running_again_replaces_it(buffer: Neovim) -> None:
    ran(buffer)
    buffer.keys("A + 40<Esc>")
    buffer.command("run")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1] == '│ 42'")
    (only,) = buffer.until_ended()
    assert not only["stale"]


def test_the_old_result_stays_dimmed_until_the_new_run_has_output(buffer: Neovim) -> None:
    ran(buffer, "import threading; event = threading.Event()\n\nprint('x')\nevent.wait(60)\n", 1)
    buffer.api.current.window.cursor = (3, 0)
    buffer.command("run")
    buffer.until_ended(2)
    buffer.api.current.buffer[2:4] = ["_ = event.wait(60)"]
    buffer.lua("require('kernel_bridge').run({ lines = { 3, 3 } })")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[2].state == 'running'")
    waiting = buffer.results()[1]
    assert (waiting["lines"], waiting["groups"]) == (["│ x"], ["KernelBridgeStale"])
    buffer.command("interrupt")
    buffer.until_ended(2)


def test_running_a_cell_replaces_the_results_in_it(buffer: Neovim) -> None:
    buffer.open("1\n2\n3\n")
    for line in (1, 2, 3):
        buffer.api.current.window.cursor = (line, 0)
        buffer.command("run_line")
    buffer.until_ended(3)
    buffer.command("run_cell")
    buffer.until("#test.results(vim.api.nvim_get_current_buf()) == 1")
    (only,) = buffer.until_ended()
    assert (only["first"], only["last"], only["lines"]) == (0, 2, ["│ 3"])


def test_edits_while_the_kernel_starts_move_it(editor: Neovim) -> None:
    editor.open("a = 1\n\na\n")
    editor.api.current.window.cursor = (3, 0)
    editor.command("run")
    editor.keys("ggOx = 1<CR>y = 2<CR>z = 3<Esc>")
    (only,) = editor.until_ended()
    assert (only["shown_at"], only["stale"]) == (5, False)


def test_a_reload_keeps_it(buffer: Neovim) -> None:
    ran(buffer)
    for _ in range(2):
        buffer.api.command("silent edit!")
        found = result(buffer)
        assert (found["shown_at"], found["lines"]) == (3, ["│ 2"])
        assert [row.strip() for row in buffer.screen()].count("│ 2") == 1


def test_a_formatter_that_rewrites_the_file_keeps_it(buffer: Neovim) -> None:
    ran(buffer)
    buffer.api.current.buffer[:] = ["import os", "", "a = 1", "b = 2", "", "", "2", "c = 3"]
    found = result(buffer)
    assert (found["shown_at"], found["stale"]) == (6, False)
    buffer.keys("u")
    found = result(buffer)
    assert (found["shown_at"], found["stale"]) == (3, False)


def test_a_filter_that_changes_its_line_dims_it_in_place(buffer: Neovim) -> None:
    ran(buffer)
    buffer.api.command("%!sed 's/^2/22/'")
    found = result(buffer)
    assert (found["shown_at"], found["stale"]) == (3, True)


def test_an_external_change_of_the_file_moves_it(buffer: Neovim) -> None:
    ran(buffer)
    path = buffer.home.work / "a.py"
    path.write_text("# new\n# lines\n" + path.read_text())
    buffer.api.command("silent edit!")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].shown_at == 5")
    assert not result(buffer)["stale"]


def test_two_windows_on_one_buffer(buffer: Neovim) -> None:
    buffer.open("print('ab' * 60)\n")
    buffer.api.command("vsplit")
    buffer.command("run_cell")
    (found,) = buffer.until_ended()
    narrow = max(len(line) for line in found["lines"])
    assert narrow <= 50
    buffer.api.command("only")
    buffer.until("#test.results(vim.api.nvim_get_current_buf())[1].lines == 2")


def test_the_window_scrolls_to_a_result_below_it(buffer: Neovim) -> None:
    buffer.open("\n" * 60 + "# %%\nfor n in range(9): print(n)\n")
    buffer.keys("62Gzb")
    assert buffer.api.funcs.line("w$") == 62
    buffer.command("run_cell")
    buffer.until_ended()
    rows = [row.strip() for row in buffer.screen()]
    assert rows[-3] == "│ 8"
    assert buffer.api.current.window.cursor[0] == 62
    buffer.keys("gg")
    buffer.api.current.window.cursor = (62, 0)


def test_results_in_a_fold_reappear_when_it_opens(buffer: Neovim) -> None:
    ran(buffer)
    buffer.api.command("set foldmethod=manual | 4,5fold")
    assert not any("│ 2" in row for row in buffer.screen())
    buffer.keys("zR")
    assert any("│ 2" in row for row in buffer.screen())
    buffer.api.command("normal! zE")


def test_deleting_code_removes_its_diagnostic_and_undo_restores_it(
    buffer: Neovim,
) -> None:
    ran(buffer, "a = 1\n1 / 0\nb = 2\n", 2)
    assert len(buffer.lua("return vim.diagnostic.get(0)")) == 1
    buffer.keys("dd")
    buffer.until("#vim.diagnostic.get(0) == 0")
    buffer.keys("u")
    buffer.until("#vim.diagnostic.get(0) == 1")


def shown(editor: Neovim) -> list[tuple[int, str]]:
    """The line and the first row of each result, from top to bottom."""
    found = editor.results()
    editor.settle()
    found = editor.results()
    return [(one["shown_at"], one["lines"][0]) for one in found if one["shown_at"] >= 0 and one["lines"]]


def test_a_cut_cell_takes_its_result_to_where_it_is_pasted(buffer: Neovim) -> None:
    ran(buffer, "# %%\n1\n2\n\n# %%\nb = 3\n\n# %%\nc = 4\n", 3)
    buffer.keys("ggV3jd")
    assert shown(buffer) == []
    buffer.keys("Ax<Esc>j")  # other edits in between
    buffer.keys("p")
    assert shown(buffer) == [(4, "│ 2")]
    buffer.keys("u")
    assert shown(buffer) == []
    buffer.keys("uu")
    assert shown(buffer) == [(2, "│ 2")]
    buffer.api.command("2,3move $")
    assert shown(buffer) == [(8, "│ 2")]
    buffer.keys("u")
    assert shown(buffer) == [(2, "│ 2")]


def test_equal_lines_keep_their_own_results(buffer: Neovim) -> None:
    buffer.open("n = 0\n" + "n += 1; n\n" * 3)
    for line in (1, 2, 3, 4):
        buffer.api.current.window.cursor = (line, 0)
        buffer.command("run_line")
    buffer.until_ended(4)
    before = [(1, "│ 1"), (2, "│ 2"), (3, "│ 3")]
    buffer.api.current.window.cursor = (2, 0)
    buffer.keys("dd")
    assert shown(buffer)[-2:] == [(1, "│ 2"), (2, "│ 3")]
    buffer.keys("u")
    assert shown(buffer)[-3:] == before
    buffer.api.command("%delete")
    assert shown(buffer) == []
    buffer.keys("u")
    assert shown(buffer)[-3:] == before


def test_undoing_restores_a_dimmed_result_and_one_cut_in_two(buffer: Neovim) -> None:
    ran(buffer, "a = 1\n\nif a:\n    b = 2\n    print(b)\n\nc = 3\n", 3)
    buffer.keys("5GA + 1<Esc>")
    buffer.keys("3GVGd")
    assert shown(buffer) == []
    buffer.keys("u")
    found = result(buffer)
    assert (found["first"], found["last"], found["stale"]) == (2, 4, True)
    buffer.keys("u")
    assert not result(buffer)["stale"]
    buffer.keys("5GVGd")
    assert (result(buffer)["last"], result(buffer)["stale"]) == (3, True)
    buffer.keys("u")
    assert (result(buffer)["last"], result(buffer)["stale"]) == (4, False)


def test_a_formatter_of_exactly_its_lines_keeps_all_of_them(buffer: Neovim) -> None:
    ran(buffer, "a = 1\n\nfor n in [1]:\n  print(n)\n\nc = 3\n", 3)
    buffer.api.current.buffer[2:4] = ["for n in [1]:", "    print(n)"]
    found = result(buffer)
    assert (found["first"], found["last"], found["stale"]) == (2, 3, True)
    buffer.keys("u")
    assert not result(buffer)["stale"]


def test_a_formatter_that_moves_equal_lines_keeps_their_order(buffer: Neovim) -> None:
    buffer.open("n = 0\n" + "n += 1; n\n" * 3)
    for line in (1, 2, 3, 4):
        buffer.api.current.window.cursor = (line, 0)
        buffer.command("run_line")
    buffer.until_ended(4)
    buffer.api.current.buffer[:] = ["n = 0", "", *["n += 1; n"] * 3]
    assert shown(buffer) == [(2, "│ 1"), (3, "│ 2"), (4, "│ 3")]


def test_lines_deleted_before_the_server_answers_come_back_with_their_result(editor: Neovim) -> None:
    editor.open("a = 1\n\n1 + 1\n")
    editor.until("#vim.lsp.get_clients({ bufnr = 0, name = 'kernel_bridge' }) == 1")
    editor.api.current.window.cursor = (3, 0)
    editor.command("run")
    editor.keys("dd")
    editor.until("#require('kernel_bridge.sheets').of(vim.api.nvim_get_current_buf()) == 1")
    assert shown(editor) == []
    editor.keys("u")
    editor.until_ended()
    assert shown(editor) == [(2, "│ 2")]


def test_thousands_of_edits_are_followed_at_once(buffer: Neovim) -> None:
    ran(buffer, "a = 1\nb = 2\n\n2\n" + "x = 1\n" * 2000)
    buffer.api.command("%s/ = / == /")
    buffer.keys("u")
    joined = buffer.lua(
        """local log = {}
        for line = 1999, 0, -1 do require('kernel_bridge.edits').add(log, line, line + 1, line + 1) end
        return #log"""
    )
    assert joined == 1
    assert shown(buffer) == [(3, "│ 2")]
