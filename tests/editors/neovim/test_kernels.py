"""Kernels in Neovim: start, choose, share, interrupt, restart, detach, shut down, and die."""

import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.editors.neovim.neovim import BOUND_MS, Neovim, neovim
from tests.editors.neovim.terminal import terminal
from tests.environments import fill_cache, make_environment, provide_uv
from tests.home import Home

pytestmark = pytest.mark.slow

HERE = "require('kernel_bridge').kernel()"


def run(editor: Neovim, text: str, name: str = "a.py") -> str:
    """Runs a file as one cell. Returns the first line of its result."""
    editor.open(text, name)
    editor.command("run_cell")
    result = editor.until_ended()[-1]
    return str(result["lines"][0]).removeprefix("│ ") if result["lines"] else ""


def test_buffers_have_their_own_kernels_or_share_one(editor: Neovim) -> None:
    assert run(editor, "who = 'a'\nwho\n", "a.py") == "'a'"
    assert run(editor, "who = 'b'\nwho\n", "b.py") == "'b'"
    first = editor.lua("return require('kernel_bridge').kernel(vim.fn.bufnr('a.py')).id")
    assert first != editor.lua(f"return {HERE}.id")
    editor.command(f"attach {first}")
    editor.until(f"{HERE}.id == ...", first)
    editor.api.current.buffer[:] = ["who"]
    editor.command("run_cell")
    editor.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1] == \"│ 'a'\"")


def test_ipykernel_is_installed_when_the_user_agrees(editor: Neovim, home: Home) -> None:
    fill_cache()
    provide_uv(home)
    python = make_environment(home.work / ".venv")
    editor.open("import sys\nsys.prefix\n")
    editor.lua(
        """vim.ui.select = function(items, options, choose)
          test.prompt, test.offered = options.prompt, vim.tbl_map(options.format_item, items)
          test.choose = function(index) choose(items[index]) end
        end"""
    )
    editor.command("run_cell")
    editor.until("test.choose and true")
    assert editor.lua("return test.prompt") == ".venv has no ipykernel:"
    install, other, *_ = editor.lua("return test.offered")
    assert "install ipykernel and start" in install
    assert "Python 3 (ipykernel)" in other
    assert not home.running("ipykernel_launcher")
    editor.lua("test.choose(1)")
    editor.until_message(f"ipykernel was installed for {python}")
    assert str(home.work / ".venv") in editor.until_ended()[-1]["lines"][0]


def test_choosing_a_kernel(editor: Neovim) -> None:
    editor.open("1\n")
    editor.lua(
        """vim.ui.select = function(items, options, choose)
          test.offered = vim.tbl_map(options.format_item, items)
          choose(items[1])
        end"""
    )
    editor.command("select")
    editor.until(f"{HERE} and {HERE}.state == 'idle'")
    assert "Python 3 (ipykernel)" in editor.lua("return test.offered[1]")
    editor.command("select")
    editor.until("table.concat(test.offered, '\\n'):find(\"this buffer's\") and true")
    first, second, *_ = editor.lua("return test.offered")
    assert re.search(r"  start  /.*kernels/python3$", first)
    short = editor.lua(f"return {HERE}.id")[:8]
    assert re.fullmatch(
        rf"Python 3 \(ipykernel\) +idle +{short} +a\.py +started \d\d:\d\d +this buffer's", second
    )


def test_completion_finds_kernels_at_the_first_try(home: Home) -> None:
    with neovim(home, config="vim.lsp.enable('kernel_bridge', false)") as editor:

        def completed(line: str) -> list[str]:
            names: list[str] = editor.api.funcs.getcompletion(f"KernelBridge {line}", "cmdline")
            return names

        editor.open("1\n")
        editor.until("vim.deep_equal(vim.fn.getcompletion('KernelBridge start ', 'cmdline'), { 'python3' })")
        assert completed("run_cell k") == ["kernel="]
        assert completed("run_cell kernel=py") == ["kernel=python3"]
        assert completed("attach ") == []
        run(editor, "1\n")
        short = editor.lua(f"return {HERE}.id")[:8]
        assert completed("attach ") == [short, "python3"]
        assert completed("interrupt kernel=") == [f"kernel={short}", "kernel=python3"]
        editor.command("interrupt everything")
        editor.until_message("unknown argument everything; expected kernel=NAME")


def test_a_run_on_another_kernel_leaves_the_buffer_its_own(editor: Neovim) -> None:
    assert run(editor, "who = 'b'\nwho\n", "b.py") == "'b'"
    other = editor.lua(f"return {HERE}.id")
    assert run(editor, "# %%\nwho = 'a'\nwho\n\n# %%\nwho\n", "a.py") == "'a'"
    own = editor.lua(f"return {HERE}.id")
    editor.api.current.window.cursor = (6, 0)
    editor.command(f"run_cell kernel={other[:8]}")
    mine, others = editor.until_ended(2)
    assert (mine["kernel"], " · on " in mine["mark"]) == (own, False)
    assert (others["kernel"], others["lines"]) == (other, ["│ 'b'"])
    assert others["mark"].endswith(f" · on {other[:8]}")
    assert editor.lua(f"return {HERE}.id") == own
    editor.command(f"eval kernel={other[:8]} who * 2")
    editor.until("vim.bo.filetype == 'kernel_bridge_output' and vim.fn.getline(1) == \"'bb'\"")
    editor.keys("q")
    editor.command("run_cell kernel=nope")
    editor.until_message('no running kernel matches "nope"; these run:')

    editor.command("restart")  # of the run at the cursor
    editor.until(f"require('kernel_bridge.session').kernels()['{other}'].epoch == 2")
    assert editor.lua(f"return {{ {HERE}.id, {HERE}.epoch }}") == [own, 1]
    editor.api.current.window.cursor = (3, 0)
    editor.command(f"shutdown kernel={other}")
    editor.until_message("Python 3 (ipykernel) was shut down")
    editor.command("run_cell kernel=python3")  # the only one of this name now
    editor.until(f"{HERE}.id == ...", own)
    assert [result["kernel"] for result in editor.until_ended(2)] == [own, other]


def test_a_language_without_a_kernel_offers_what_brings_one(editor: Neovim) -> None:
    editor.api.command("set shell=/bin/sh")
    editor.lua(
        """vim.ui.select = function(items, options, choose)
          test.offered = vim.tbl_map(options.format_item, items)
          choose(items[1])
        end"""
    )
    editor.open("1\n", "a.R")
    editor.command("run")
    editor.until("vim.bo.buftype == 'terminal'")
    command = "R -e 'install.packages(\"IRkernel\"); IRkernel::installspec()'"
    first, second = editor.lua("return test.offered")
    assert first == f"install IRkernel  {command}"
    assert re.fullmatch(r"more … \(\d+\)", second)
    editor.until("table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), ''):find(..., 1, true)", command)


def test_long_messages_do_not_ask_for_a_key(home: Home) -> None:
    with terminal(home, "") as (screen, editor):
        editor.lua("vim.notify = test.notify")
        editor.api.command("set columns=40")
        for command, part in (("nonsense", "unknown sub"), ("run kernel=nope", "no running kernel")):
            editor.open("1\n")
            screen.type(f":KernelBridge {command}\r".encode())
            until = time.monotonic() + BOUND_MS / 1000
            while part not in editor.api.funcs.execute("messages"):  # a wait inside Neovim would hold it up
                assert time.monotonic() < until, editor.screen()
            assert editor.api.api.get_mode() == {"mode": "n", "blocking": False}
            last = next(line for line in reversed(editor.screen()) if line)
            assert last.endswith(" … :messages"), last
            assert len(last) <= 40
        assert "run_all, run_below" in editor.api.funcs.execute("messages").replace("\n", "")


def test_a_failed_start_reports_the_reason(editor: Neovim) -> None:
    editor.open("1\n")
    editor.command("start nonesuch")
    editor.until_message("nonesuch")


def test_restart_discards_variables_and_notifies(editor: Neovim) -> None:
    run(editor, "x = 1\n")
    editor.command("restart")
    editor.until_message("was restarted")
    assert editor.lua(f"return {HERE}.epoch") == 2
    editor.open("x\n", "b.py")
    editor.command(
        f"attach {editor.lua('return vim.tbl_keys(require([[kernel_bridge.session]]).kernels())[1]')}"
    )
    editor.until(f"{HERE} ~= nil")
    editor.command("run")
    (result,) = editor.until_ended()
    assert "NameError" in "\n".join(result["lines"])


def test_restart_and_run(editor: Neovim) -> None:
    assert run(editor, "n = globals().get('n', 0) + 1\nn\n") == "1"
    editor.command("run_cell")
    editor.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1] == '│ 2'")
    editor.command("restart_and_run")
    editor.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1] == '│ 1'")


def test_a_dead_kernel_is_reported(editor: Neovim) -> None:
    editor.open("import threading\nthreading.Event().wait(60)\n")
    editor.command("run_cell")
    editor.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).state == 'running'")
    os.kill(editor.lua(f"return {HERE}.pid"), signal.SIGKILL)
    (result,) = editor.until_ended()
    assert result["state"] == "lost"
    assert "⚠ " in result["mark"]
    editor.until(f"{HERE}.state == 'dead'")
    assert editor.lua("return require('kernel_bridge').statusline()") == "Python 3 (ipykernel) · dead"
    kernel, epoch = editor.lua(f"return {{ {HERE}.id, {HERE}.epoch }}")
    editor.command("interrupt")
    editor.until_message("the kernel is dead; start it again with :KernelBridge restart")
    editor.api.current.buffer[:] = ["'alive'"]
    editor.lua(
        "vim.ui.select = function(items, options, choose) test.asked = options.prompt choose(items[1]) end"
    )
    editor.command("run_cell")
    editor.until("(test.results(vim.api.nvim_get_current_buf())[1].lines[1] or ''):find('alive') and true")
    assert editor.lua("return test.asked").startswith("Python 3 (ipykernel) is dead (")
    os.kill(editor.lua(f"return {HERE}.pid"), signal.SIGKILL)
    editor.until(f"{HERE}.state == 'dead'")
    editor.command("restart")
    editor.until(f"{HERE}.state == 'idle'")
    editor.until_message("Python 3 (ipykernel) was restarted")
    assert editor.lua(f"return {{ {HERE}.id, {HERE}.epoch }}") == [kernel, epoch + 2]
    assert editor.lua("return vim.tbl_count(require('kernel_bridge.session').kernels())") == 1


def test_restart_starts_a_kernel_that_was_shut_down(editor: Neovim) -> None:
    run(editor, "1\n")
    kernel = editor.lua(f"return {HERE}.id")
    editor.command("shutdown")
    editor.until_message("the kernel was shut down")
    editor.command("restart")
    editor.until(f"{HERE}.state == 'idle'")
    editor.api.current.buffer[:] = ["2"]
    editor.command("run_cell")
    editor.until("(test.results(vim.api.nvim_get_current_buf())[1].lines[1] or ''):find('2') and true")
    assert editor.results()[0]["kernel"] == kernel


def test_a_dead_server_is_reported(editor: Neovim) -> None:
    editor.open("import threading\nthreading.Event().wait(60)\n")
    editor.command("run_cell")
    editor.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).state == 'running'")
    (server,) = editor.home.running("--stdio")
    server.kill()
    (result,) = editor.until_ended()
    assert (result["state"], "the server has exited" in result["mark"]) == ("lost", True)
    psutil.wait_procs(editor.home.running("ipykernel_launcher"), timeout=15)
    for path in editor.home.connection_files():
        path.unlink()


def test_shutdown_and_cancel(editor: Neovim) -> None:
    editor.open("# %%\nimport threading\nthreading.Event().wait(60)\n# %%\n2\n")
    editor.command("run_all")
    editor.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).state == 'running'")
    editor.until("require('kernel_bridge').statusline() == 'Python 3 (ipykernel) · busy +1'")
    editor.api.current.window.cursor = (5, 0)
    editor.command("cancel")
    editor.until("test.results(vim.api.nvim_get_current_buf())[2].state == 'cancelled'")
    editor.command("shutdown")
    editor.until_message("the kernel was shut down")
    assert [result["state"] for result in editor.until_ended(2)] == ["lost", "cancelled"]


def test_a_detached_kernel_keeps_running(home: Home) -> None:
    with pytest.raises(AssertionError, match="ipykernel"), neovim(home) as editor:  # noqa: PT012
        run(editor, "1\n")
        pid = editor.lua(f"test.id = {HERE}.id:sub(1, 8) return {HERE}.pid")
        editor.open("import threading\nthreading.Event().wait(60)\n", "b.py")
        editor.command(f"attach {editor.lua('return test.id')}")
        editor.until(f"{HERE}")
        editor.command("run_cell")
        editor.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).state == 'running'")
        editor.command("detach")
        editor.until_message("the kernel was detached and keeps running")
        (result,) = editor.until_ended()
        assert "○ " in result["mark"]
        assert result["mark"].endswith(" detached · the code may still run in the kernel")
        assert editor.lua("return require('kernel_bridge').statusline()") == "Python 3 (ipykernel) · detached"
        editor.command("interrupt")
        editor.until_message(":KernelBridge attach")
    psutil.Process(pid).kill()


def test_quitting_during_a_run_leaves_no_processes(home: Home) -> None:
    with neovim(home) as editor:
        editor.open("import threading\nthreading.Event().wait(600)\n")
        editor.command("run_cell")
        editor.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).state == 'running'")


def test_a_missing_server_causes_one_message_with_a_remedy(home: Home) -> None:
    with neovim(home, config="vim.env.PATH = '/usr/bin:/bin'") as editor:
        editor.open("1\n")
        editor.command("run")
        editor.until_message("pip install jupyter-kernel-bridge")
        assert editor.results() == []


def bring_server(home: Home) -> Path:
    """Installs the real server in a project's environment. It leaves a trace when run."""
    program = home.work / ".venv" / "bin" / "kernel-bridge"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\ntouch {home.work}/was-run\nexec {_program()} "$@"\n')
    program.chmod(0o755)
    return program


def test_a_server_in_the_workspace_runs_once_it_is_trusted(home: Home) -> None:
    program = bring_server(home)
    with neovim(home, config="vim.env.PATH = '/usr/bin:/bin'") as editor:
        editor.open("1\n", name="first.py")
        assert editor.lua("return #vim.lsp.get_clients()") == 0
        editor.api.command(f"edit {program}")
        editor.lua("assert(vim.secure.trust({ action = 'allow', bufnr = 0 }))")
        assert run(editor, "1 + 1\n") == "2"
        editor.open("1\n", name="second.py")
        editor.until("#vim.lsp.get_clients({ bufnr = 0 }) == 1")


def test_a_denied_server_in_the_workspace_never_runs(home: Home) -> None:
    program = bring_server(home)
    deny = f'vim.secure.trust({{ action = "deny", path = {str(program)!r} }})'
    with neovim(home, config=f"vim.env.PATH = '/usr/bin:/bin'\n{deny}") as editor:
        editor.open("1\n")
        editor.command("run")
        editor.until_message("not trusted")
        editor.lua("vim.cmd.checkhealth('kernel_bridge')")
        assert not (home.work / "was-run").exists()


def _program() -> str:
    from tests.editors.neovim.neovim import BIN

    return str(BIN / "kernel-bridge")


def test_commands_without_a_kernel_suggest_select(editor: Neovim) -> None:
    editor.open("1\n")
    for command in ("interrupt", "restart", "shutdown", "detach"):
        editor.lua("test.messages = {}")
        editor.command(command)
        editor.until_message(":KernelBridge select")
