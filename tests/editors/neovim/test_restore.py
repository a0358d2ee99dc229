"""Results come back: when a file is opened again, when it gets a kept kernel, and after a reload."""

import pytest

from tests.editors.neovim.neovim import Neovim, neovim
from tests.home import Home

pytestmark = pytest.mark.slow

TEXT = """# %% One
print("one")

# %% Two
1 / 0

# %% Three
import base64
from IPython.display import Image
Image(base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="))
"""
RESULTS = "test.results(vim.api.nvim_get_current_buf())"
HERE = "require('kernel_bridge').kernel()"


def reopen(editor: Neovim, name: str = "a.py") -> None:
    editor.api.command(f"silent edit! {editor.home.work / name}")


def test_a_file_opened_again_has_its_results(home: Home) -> None:
    with neovim(home) as editor:
        editor.open(TEXT)
        editor.command("run_all")
        editor.until(f"#{RESULTS} == 3")
        editor.until_ended(3)
        editor.api.current.window.cursor = (8, 0)
        editor.command("run_cell")  # the error before it aborted it
        editor.until(f"{RESULTS}[3].state == 'ok'")
    path = home.work / "a.py"
    path.write_text('"""New first lines."""\n\n' + TEXT.replace('print("one")', 'print("ONE")'))
    with neovim(home) as editor:
        reopen(editor)
        editor.until(f"#{RESULTS} == 3")
        editor.until(f"{RESULTS}[3].lines[1]:find('1×1', 1, true) and true")
        one, two, three = editor.results()
        assert (one["shown_at"], one["stale"], one["lines"]) == (3, True, ["│ one"])
        assert "edited since" in one["mark"]
        assert (two["shown_at"], two["stale"], two["state"]) == (6, False, "error")
        assert "ZeroDivisionError" in two["lines"][-1]
        assert (three["shown_at"], three["stale"]) == (11, False)
        assert editor.lua("return vim.diagnostic.get(0)") == []
        assert editor.api.funcs.getqflist() == []
        assert editor.lua(f"return {HERE} == nil")
        editor.keys('4GSprint("one")<Esc>')
        assert not editor.results()[0]["stale"]
        editor.command("clear")
        reopen(editor)
        editor.until(f"#{RESULTS} == 0")
        editor.command("restore")
        editor.until(f"#{RESULTS} == 3")
    with neovim(home, config="require('kernel_bridge').setup({ restore = false })") as editor:
        reopen(editor)
        editor.until("#vim.lsp.get_clients({ bufnr = 0 }) == 1")
        editor.command("restore")
        editor.until(f"#{RESULTS} == 3")
        editor.until_message("3 results restored")


def test_a_run_streams_on_in_a_buffer_that_was_closed_meanwhile(home: Home) -> None:
    release = home.work / "release"
    code = (
        "import os, time\nprint('begun', flush=True)\n"
        f"while not os.path.exists({str(release)!r}): time.sleep(0.01)\nprint('done')\n"
    )
    with neovim(home) as editor:
        editor.open(f"# %%\n{code}\n# %%\n'next'\n")
        editor.command("run_all")
        editor.until(f"({RESULTS}[1] or {{ lines = {{}} }}).lines[1] == '│ begun'")
        editor.api.command("silent %bwipeout!")
        path = home.work / "a.py"
        path.write_text("# new\n" + path.read_text())
        reopen(editor)
        editor.keys("ggO# newer<Esc>")
        editor.until(f"#{RESULTS} == 2 and {RESULTS}[1].lines[1] == '│ begun'")
        assert [(one["shown_at"], one["state"]) for one in editor.results()] == [
            (6, "running"),
            (9, "queued"),
        ]
        release.touch()
        first, second = editor.until_ended(2)
        assert (first["stale"], first["lines"]) == (False, ["│ begun", "│ done"])
        assert second["lines"] == ["│ 'next'"]


def test_a_file_that_gets_a_server_with_a_kernel_has_its_results(home: Home) -> None:
    with neovim(home) as editor:
        editor.open("# Notes\n\n```python\n6 * 7\n```\n", "a.md")
        editor.api.current.window.cursor = (4, 0)
        editor.command("run_cell")
        editor.until_ended()
    with neovim(home) as editor:
        reopen(editor, "a.md")
        assert editor.lua("return #vim.lsp.get_clients()") == 0
        editor.command("start python3")
        editor.until(f"#{RESULTS} == 1")
        (one,) = editor.results()
        assert (one["shown_at"], one["lines"]) == (3, ["│ 42"])


def test_lines_that_a_reload_takes_away_take_their_result_along(home: Home) -> None:
    with neovim(home) as editor:
        editor.open(TEXT)
        editor.command("run_all")
        editor.until(f"#{RESULTS} == 3")
        editor.until_ended(3)
        path = home.work / "a.py"
        path.write_text(TEXT.replace('print("one")', 'print("ones")').replace("# %% Two\n1 / 0\n", ""))
        editor.api.command("silent edit!")
        shown = "vim.tbl_filter(function(one) return one.shown_at >= 0 end, " + RESULTS + ")"
        editor.until(f"#{shown} == 2 and {shown}[1].stale")
        assert [one["shown_at"] for one in editor.lua(f"return {shown}")] == [1, 7]
        assert editor.lua("return vim.diagnostic.get(0)") == []
        editor.keys("u")
        editor.until(f"#{shown} == 3")
        assert not any(one["stale"] for one in editor.results())


def test_runs_that_another_plugin_asks_for_are_shown_where_their_code_is(home: Home) -> None:
    with neovim(home) as editor:
        editor.open("# %%\n1\n\n# %%\n2\n")
        editor.until("#vim.lsp.get_clients({ bufnr = 0, name = 'kernel_bridge' }) == 1")
        editor.lua(
            """local argument = { textDocument = { uri = vim.uri_from_bufnr(0) }, unit = "all" }
            local command = { title = "run", command = "kernel-bridge.run", arguments = { argument } }
            local server = vim.lsp.get_clients({ bufnr = 0, name = "kernel_bridge" })[1]
            server:exec_cmd(command, nil, function() end)"""
        )
        editor.keys("ggO# above<Esc>")
        editor.until(f"#{RESULTS} == 2")
        first, second = editor.until_ended(2)
        assert [(one["shown_at"], one["lines"]) for one in (first, second)] == [(2, ["│ 1"]), (5, ["│ 2"])]
