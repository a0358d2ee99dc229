"""Runs on a kept kernel continue while no Neovim is there, and in the next one."""

import re

import psutil
import pytest

from tests.editors.neovim.neovim import Neovim, leaving, neovim
from tests.home import Home

pytestmark = pytest.mark.slow

RESULTS = "test.results(vim.api.nvim_get_current_buf())"
HERE = "require('kernel_bridge').kernel()"
KEEP = "require('kernel_bridge').setup({ settings = { keepAlive = true } })"
ANSWER = "vim.ui.input = function(options, answer) test.asked, test.answer = options.prompt, answer end"

TEXT = """# %% One
import os, time
def pass_gate(name):
    while not os.path.exists(name): time.sleep(0.01)
print("begun", flush=True)
pass_gate("one")
print("unseen", flush=True)
pass_gate("two")
print("done")

# %% Two
open("asks", "w").close()
name = input("Who? ")
print("hello", name)

# %% Three
6 * 7
"""
DONE = ["│ begun", "│ unseen", "│ done"]


def begin(editor: Neovim) -> None:
    """Runs three cells. The first has printed its first line, and waits."""
    editor.open(TEXT)
    editor.command("run_all")
    editor.until(f"#{RESULTS} == 3 and {RESULTS}[1].lines[1] == '│ begun'")


def states(editor: Neovim) -> list[str]:
    return [result["state"] for result in editor.results()]


def finish(editor: Neovim, home: Home) -> None:
    """Answers the question of the second cell. Checks the results, and ends the kernel."""
    editor.until("test.asked == 'Who? ' and test.answer and true")
    editor.lua("test.answer('Ada')")
    editor.until(f"#{RESULTS} == 3 and {RESULTS}[3].state == 'ok'")
    one, two, three = editor.until_ended(3)
    assert [one["lines"], two["lines"], three["lines"]] == [
        DONE,
        ["│ Who? Ada", "│ hello Ada"],
        ["│ 42"],
    ]
    assert [result["count"] for result in (one, two, three)] == [1, 2, 3]
    assert not any("lost" in result["mark"] for result in (one, two, three))
    editor.command("shutdown")
    editor.until_message("the kernel was shut down")


def test_runs_continue_after_neovim_has_quit_and_in_the_next_one(home: Home) -> None:
    with leaving(home, config=KEEP) as editor:
        begin(editor)
        kernel = editor.lua(f"return {HERE}.id")
        editor.open("name\n", "b.py")
        editor.command(f"attach {kernel}")
        editor.until(f"{HERE} and {HERE}.id == ...", kernel)
    (home.work / "one").touch()
    with leaving(home, config=KEEP) as editor:
        editor.api.command(f"silent edit! {home.work / 'a.py'}")
        editor.until(f"#{RESULTS} == 3 and {RESULTS}[1].lines[2] == '│ unseen'")
        assert states(editor) == ["running", "queued", "queued"]
        assert editor.lua("return require('kernel_bridge').statusline()").endswith(" · busy +2")
        editor.api.command(f"silent edit! {home.work / 'b.py'}")
        assert editor.lua(f"return {HERE}.id") == kernel
        (server,) = home.running("--stdio")
        server.suspend()
    with neovim(home, config=KEEP) as editor:  # the last server has not ended yet
        editor.lua(ANSWER)
        editor.api.command(f"silent edit! {home.work / 'a.py'}")
        editor.until(f"#{RESULTS} == 1")
        server.resume()
        (home.work / "two").touch()
        finish(editor, home)


def test_runs_continue_after_the_server_was_killed(home: Home) -> None:
    with neovim(home, config=KEEP) as editor:
        editor.lua(ANSWER)
        begin(editor)
        (server,) = home.running("--stdio")
        server.kill()
        psutil.wait_procs([server])
        for result in editor.until_ended(3):
            assert result["mark"].endswith(" detached · the server has exited")
        editor.command("restore")  # starts a server
        editor.until(f"{RESULTS}[1].state == 'running'")
        (home.work / "one").touch()
        editor.until(f"{RESULTS}[1].lines[2] == '│ unseen'")
        (home.work / "two").touch()
        finish(editor, home)


def test_a_kernel_that_was_detached_comes_back_with_what_ran_meanwhile(home: Home) -> None:
    with neovim(home) as editor:
        editor.lua(ANSWER)
        begin(editor)
        kernel = editor.lua(f"return {HERE}.id")
        editor.command("detach")
        editor.until_message("detached")
        assert all(" detached" in result["mark"] for result in editor.until_ended(3))
        (home.work / "one").touch()
        (home.work / "two").touch()
        editor.until("vim.uv.fs_stat('asks') and true")
        editor.lua("vim.ui.select = function(items, list) test.offered = list.format_item(items[1]) end")
        editor.command("attach")
        offered = editor.until("test.offered")
        assert re.fullmatch(
            rf"Python 3 \(ipykernel\) +busy \+1 +{kernel[:8]} +a\.py +started \d\d:\d\d +recorded", offered
        )
        editor.api.command("checkhealth kernel_bridge")
        assert "a recorder follows 1 kept kernel;" in "\n".join(editor.lines())
        editor.api.command("bwipeout")
        editor.command(f"attach {kernel}")
        finish(editor, home)
