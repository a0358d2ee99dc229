"""What a user does with single results: collapse, delete, run again, and move between them."""

from tests.editors.neovim.neovim import Neovim

RESULTS = "test.results(vim.api.nvim_get_current_buf())"


def ran(editor: Neovim, text: str, count: int, name: str = "a.py") -> None:
    """Runs all cells of a new file."""
    editor.open(text, name)
    editor.command("run_all")
    editor.until(f"#{RESULTS} == {count}")
    editor.until_ended(count)


def at(editor: Neovim, line: int, command: str) -> None:
    editor.api.current.window.cursor = (line, 0)
    editor.command(command)


def test_toggle_collapses_a_result_also_when_its_code_runs_again(buffer: Neovim) -> None:
    ran(buffer, "# %%\nfor n in range(20): print(n)\n\n# %%\nx = 1\n", 2)
    collapsed = ["│ ▸ 20 lines hidden · :KernelBridge toggle"]
    at(buffer, 1, "toggle")
    assert buffer.results()[0]["lines"] == collapsed
    before = buffer.results()[0]["id"]
    at(buffer, 2, "run_cell")
    buffer.until(f"{RESULTS}[1].id ~= ... and {RESULTS}[1].state == 'ok'", before)
    assert buffer.results()[0]["lines"] == collapsed
    buffer.lua("vim.keymap.set('n', '<F5>', '<Plug>(kernel-bridge-toggle)')")
    buffer.keys("<F5>")
    assert len(buffer.results()[0]["lines"]) == 16
    at(buffer, 5, "toggle")
    buffer.until_message("this result has no output to hide")


def test_delete_removes_the_result_at_the_cursor_until_it_is_restored(buffer: Neovim) -> None:
    ran(buffer, "# %%\n1\n\n# %%\n2\n", 2)
    at(buffer, 2, "delete")
    (left,) = buffer.results()
    assert left["lines"] == ["│ 2"]
    buffer.command("clear")
    assert buffer.results() == []
    buffer.command("restore")
    buffer.until_message("2 results restored")
    assert [one["lines"] for one in buffer.results()] == [["│ 1"], ["│ 2"]]


def test_moving_between_results(buffer: Neovim) -> None:
    ran(buffer, "# %%\n1\n\n# %%\n2\n\n# %%\n3\n" + "\n" * 80 + "# %%\n4\n", 4)
    buffer.lua("vim.keymap.set('n', '<F2>', '<Plug>(kernel-bridge-next-result)')")
    buffer.lua("vim.keymap.set('n', '<F3>', '<Plug>(kernel-bridge-prev-result)')")
    visited = []
    for keys in ("gg<F2>", "<F2>", "2<F2>", "<F2>", "<F3>", "9<F3>", "<F3>"):
        buffer.keys(keys)
        visited.append(buffer.api.current.window.cursor[0])
    assert visited == [2, 5, 90, 90, 8, 2, 2]
    buffer.command("next_result 3")
    rows = [row.strip() for row in buffer.screen()]
    assert "│ 4" in rows


def test_rerun_runs_the_same_lines_as_they_are_now(buffer: Neovim) -> None:
    buffer.open("n = 0\n\n# %%\nm = 0\nn += 1\nn\nk = 3\n")
    buffer.api.current.window.cursor = (1, 0)
    buffer.command("run")
    buffer.until_ended()
    buffer.api.command("5,6KernelBridge run")
    buffer.until(f"#{RESULTS} == 2 and {RESULTS}[2].lines[1] == '│ 1'")
    buffer.keys("3GO# moved<Esc>")
    at(buffer, 6, "rerun")
    buffer.until(f"#{RESULTS} == 2 and {RESULTS}[2].lines[1] == '│ 2'")
    buffer.api.current.buffer[6] = "n * 100"
    at(buffer, 7, "rerun")
    buffer.until(f"#{RESULTS} == 2 and {RESULTS}[2].lines[1] == '│ 300'")
    buffer.command("rerun_all")
    buffer.until(f"{RESULTS}[2].lines[1] == '│ 100'")
    (first, second) = buffer.until_ended(2)
    assert [(one["first"], one["last"]) for one in (first, second)] == [(0, 0), (5, 6)]


def test_rerun_of_a_part_of_a_line_runs_that_part(buffer: Neovim) -> None:
    buffer.open("[10, 1 + 1]\n")
    buffer.lua("vim.keymap.set('x', '<F4>', '<Plug>(kernel-bridge-run)')")
    buffer.keys("5lv4l<F4>")
    buffer.until(f"({RESULTS}[1] or {{ lines = {{}} }}).lines[1] == '│ 2'")
    (before,) = buffer.until_ended()
    buffer.command("rerun")
    buffer.until(f"{RESULTS}[1].id ~= ...", before["id"])
    (again,) = buffer.until_ended()
    assert again["lines"] == ["│ 2"]


def test_rerun_in_a_fence(buffer: Neovim) -> None:
    ran(buffer, "# Notes\n\n```python\nfence = globals().get('fence', 0) + 1\nfence\n```\n", 1, "a.md")
    at(buffer, 4, "rerun")
    buffer.until(f"{RESULTS}[1].lines[1] == '│ 2'")


def test_hundreds_of_results_are_drawn_where_the_window_is(buffer: Neovim) -> None:
    buffer.open("".join(f"# %%\nprint({n})\n" for n in range(120)))
    buffer.command("run_all")
    buffer.until(f"#{RESULTS} == 120")
    drawn = [one for one in buffer.until_ended(120) if one["lines"]]
    assert 20 < len(drawn) < 120
    buffer.keys("G")
    assert "│ 119" in [row.strip() for row in buffer.screen()]
    buffer.keys("gg")
