"""Commands, mappings, text objects, options, events, health checks and help."""

import json
import re
import shutil
from typing import Any

import pytest

from tests.editors.neovim.neovim import BIN, PLUGIN, Neovim, neovim
from tests.home import Home

CELLS = "# %% one\n1\n\n# %% two\n2\n2 + 20\n\n# %% three\n3\n"


def shown(editor: Neovim, count: int) -> list[tuple[int, str]]:
    """The lines of the results, 1-based, and the first line of each."""
    return [
        (r["shown_at"] + 1, (r["lines"] or [""])[0].removeprefix("│ ")) for r in editor.until_ended(count)
    ]


def prepare(editor: Neovim, line: int = 5) -> None:
    editor.open(CELLS)
    editor.api.current.window.cursor = (line, 0)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("KernelBridge run", [(5, "2")]),
        ("KernelBridge", [(5, "2")]),
        ("KernelBridge run_line", [(5, "2")]),
        ("KernelBridge run_cell", [(6, "22")]),
        ("KernelBridge run_above", [(2, "1")]),
        ("KernelBridge run_below", [(6, "22"), (9, "3")]),
        ("KernelBridge run_all", [(2, "1"), (6, "22"), (9, "3")]),
        ("5,6KernelBridge run", [(6, "22")]),
    ],
)
def test_run_commands(buffer: Neovim, command: str, expected: list[Any]) -> None:
    prepare(buffer)
    buffer.api.command(command)
    assert shown(buffer, len(expected)) == expected


@pytest.mark.parametrize(
    ("mode", "plug", "keys", "expected"),
    [
        ("n", "run", "<F2>j", [(6, "22")]),
        ("n", "run", "<F2>l", [(5, "2")]),
        ("x", "run", "Vj<F2>", [(6, "22")]),
        ("x", "run", "jwwviw<F2>", [(6, "20")]),
        ("n", "run-line", "<F2>", [(5, "2")]),
        ("n", "run-statement", "<F2>", [(5, "2")]),
        ("n", "run-cell", "<F2>", [(6, "22")]),
        ("n", "run-and-advance", "<F2>", [(6, "22")]),
        ("n", "run-above", "<F2>", [(2, "1")]),
        ("n", "run-below", "<F2>", [(6, "22"), (9, "3")]),
        ("n", "run-all", "<F2>", [(2, "1"), (6, "22"), (9, "3")]),
    ],
)
def test_run_mappings(buffer: Neovim, mode: str, plug: str, keys: str, expected: list[Any]) -> None:
    prepare(buffer)
    buffer.api.command(f"{mode}map <buffer> <F2> <Plug>(kernel-bridge-{plug})")
    buffer.keys(keys)
    assert shown(buffer, len(expected)) == expected
    assert buffer.api.current.window.cursor[0] == (
        9 if plug == "run-and-advance" else buffer.api.funcs.line(".")
    )


@pytest.mark.parametrize(
    ("code", "keys", "expected"),
    [
        ("x = [\n    'ab12',\n    'cd34',\n]\n", "2G5|<C-v>j10|<F2>", ["'cd34'"]),
        ("a 1 + 10\nbb\nc 2 + 20\n", "gg3|<C-v>2j8|<F2>", ["22"]),  # a line that the block does not reach
        ("日'é'\nab'ß'\n", "gg3|<C-v>j5|<F2>", ["'ß'"]),  # screen columns, not bytes
        ("# 1\n# 2 + 2\n", "gg3|<C-v>j$<F2>", ["4"]),  # ragged
        ("#\t  if 1:\n#\n#\t    print(3)\n", "gg5|<C-v>2j$<F2>", ["3"]),  # after tabs, dedented
        ("# 7  1\n# 8+1 0\n", "2G5|<C-v>k3|<F2>", ["9"]),  # from the bottom to the top
    ],
)
def test_a_block_runs_its_columns(buffer: Neovim, code: str, keys: str, expected: list[str]) -> None:
    buffer.open(code)
    buffer.api.command("xmap <buffer> <F2> <Plug>(kernel-bridge-run)")
    buffer.keys(keys)
    (result,) = buffer.until_ended()
    assert [line.removeprefix("│ ") for line in result["lines"]] == expected
    assert buffer.lines() == code.splitlines()


@pytest.mark.parametrize(
    ("start", "keys", "line"), [(5, "]c", 9), (5, "[c", 2), (2, "2]c", 9), (9, "]c", 9), (2, "[c", 2)]
)
def test_motions(buffer: Neovim, start: int, keys: str, line: int) -> None:
    prepare(buffer, start)
    buffer.api.command("nmap <buffer> ]c <Plug>(kernel-bridge-next-cell)")
    buffer.api.command("nmap <buffer> [c <Plug>(kernel-bridge-prev-cell)")
    buffer.keys(keys)
    assert buffer.api.current.window.cursor[0] == line


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ("dic", ["# %% one", "1", "", "# %% two", "", "# %% three", "3"]),
        ("dac", ["# %% one", "1", "", "# %% three", "3"]),
        ("vicd", ["# %% one", "1", "", "# %% two", "", "# %% three", "3"]),
    ],
)
def test_text_objects(buffer: Neovim, keys: str, left: list[str]) -> None:
    prepare(buffer)
    for mode in "xo":
        buffer.api.command(f"{mode}map <buffer> ic <Plug>(kernel-bridge-inner-cell)")
        buffer.api.command(f"{mode}map <buffer> ac <Plug>(kernel-bridge-a-cell)")
    buffer.keys(keys)
    assert buffer.lines() == left


def test_the_plugin_maps_no_keys(buffer: Neovim) -> None:
    maps = [
        m
        for mode in "nxoi"
        for m in buffer.api.api.get_keymap(mode)
        if "kernel" in m.get("rhs", "") and "<Plug>" not in m["lhs"]
    ]
    assert maps == []


def test_command_completion(buffer: Neovim) -> None:
    names = buffer.api.funcs.getcompletion("KernelBridge ", "cmdline")
    wanted = (
        "start attach select run run_cell run_above run_below run_all interrupt restart restart_and_run shutdown "  # noqa: E501
        "detach cancel output insert copy export import notebook history info log"
    )
    assert set(wanted.split()) <= set(names)
    assert buffer.api.funcs.getcompletion("KernelBridge inter", "cmdline") == ["interrupt"]
    buffer.command("nonsense")
    buffer.until_message("unknown subcommand nonsense")


def test_copy(buffer: Neovim) -> None:
    buffer.open("print('\\x1b[31mred\\x1b[0m')\n'value'\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.command("copy a")
    assert buffer.api.funcs.getreg("a") == "red\n'value'\n"
    buffer.until_message("2 lines (21 bytes) copied to register a")
    buffer.command("copy no")
    buffer.until_message("no is no register")


def test_copy_includes_what_the_server_left_out(buffer: Neovim) -> None:
    buffer.open("print('\\n'.join(f'é {n}' for n in range(400_000)))\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.command("copy a")
    buffer.until_message("400000 lines (3.9 MB) copied to register a")
    assert buffer.api.funcs.getreg("a") == "".join(f"é {n}\n" for n in range(400_000))


def test_copy_asks_before_it_copies_very_long_output(buffer: Neovim) -> None:
    buffer.lua("""test.answers = { "Cancel", "Copy" }
    vim.ui.select = function(_, options, chosen)
      table.insert(test.messages, options.prompt)
      chosen(table.remove(test.answers, 1))
    end""")
    buffer.open("print('x' * 12_000_000)\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.api.command("let @a = 'kept'")
    buffer.command("copy a")
    assert buffer.messages() == ["The output has 12.0 MB. Copy all of it?"]
    buffer.command("copy a")
    buffer.until_message("1 line (12.0 MB) copied to register a")
    assert buffer.lua("return vim.fn.getreg('a'):len()") == 12_000_001


def test_copy_without_text_keeps_the_register(buffer: Neovim) -> None:
    buffer.open("pass\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.api.command("let @a = 'kept'")
    buffer.lua("require('kernel_bridge').copy({ register = 'a' })")
    buffer.until_message("no text")
    assert buffer.lua("return vim.fn.getreg('a')") == "kept"


def test_commands_on_a_cell_marker_act_on_its_cell(buffer: Neovim) -> None:
    prepare(buffer)
    buffer.command("run_all")
    shown(buffer, 3)
    for marker, result in ((1, "1"), (4, "22"), (8, "3")):
        buffer.api.current.window.cursor = (marker, 0)
        buffer.lua("require('kernel_bridge').copy({ register = 'a' })")
        assert buffer.lua("return vim.fn.getreg('a')") == f"{result}\n"


def test_export_into_the_notebook_that_the_buffer_shows(buffer: Neovim) -> None:
    code: dict[str, Any] = {"cell_type": "code", "source": "1 + 1", "outputs": [], "execution_count": None}
    notebook: dict[str, Any] = {"cells": [code], "metadata": {"a": "b"}, "nbformat": 4, "nbformat_minor": 4}
    buffer.open("# %%\n1 + 1\n", "shown.ipynb")
    buffer.api.command("set filetype=python")
    path = buffer.home.work / "shown.ipynb"
    path.write_text(json.dumps(notebook))
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.command(f"export {path}")
    buffer.until_message("1 cell written to")
    written = json.loads(path.read_text())
    (output,) = written["cells"][0].pop("outputs")
    assert output["data"]["text/plain"] == ["2"]
    assert written == notebook | {"cells": [written["cells"][0]]}


def test_history(buffer: Neovim) -> None:
    buffer.open("'long ago'\n", "history.py")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.lua(
        "vim.ui.select = function(items, options, choose) test.offered = options.format_item(items[1]) choose(items[1]) end"  # noqa: E501
    )
    buffer.command("history ago")
    buffer.until("vim.bo.filetype == 'kernel_bridge_output'")
    assert buffer.lines() == ["'long ago'"]
    assert "'long ago'" in buffer.lua("return test.offered")


def test_info_and_log(buffer: Neovim) -> None:
    buffer.open("1\n")
    buffer.command("run_cell")
    buffer.until_ended()
    lines = "\n".join(buffer.lua("return require('kernel_bridge.info').lines(0)"))
    assert "kernel-bridge 0" in lines
    assert "Python 3 (ipykernel)" in lines
    windows = len(buffer.api.windows)
    buffer.command("info")
    assert len(buffer.api.windows) == windows + 1
    buffer.command("log")
    assert buffer.api.current.buffer.name.endswith("lsp.log")


def test_clear(buffer: Neovim) -> None:
    buffer.open("1 / 0\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.command("clear")
    assert buffer.results() == []
    assert buffer.lua("return vim.diagnostic.get(0)") == []


def test_events(buffer: Neovim) -> None:
    buffer.open("print(1)\n")
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    events = buffer.lua("return test.events")
    states = [e["data"]["run"]["state"] for e in events if e["name"] == "KernelBridgeRun"]
    assert states == ["queued", "running", "ok"]
    outputs = [e["data"] for e in events if e["name"] == "KernelBridgeOutput"]
    assert outputs[0]["runId"] == result["id"]
    assert any(e["name"] == "KernelBridgeKernel" for e in events)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("{ nonsense = 1 }", "unknown option nonsense"),
        ("{ virtual_lines = { max_line = 3 } }", "unknown option virtual_lines.max_line"),
        ("{ output = { open = 'sideways' } }", "output.open: expected one of split, vsplit, float, tab"),
        ("{ throttle_ms = 'fast' }", "throttle_ms"),
        ("3", "options: expected table"),
    ],
)
def test_options_are_validated(buffer: Neovim, options: str, problem: str) -> None:
    error = buffer.lua(f"local _, problem = pcall(require('kernel_bridge').setup, {options}) return problem")
    assert problem in error


def test_options_are_used(home: Home) -> None:
    options = (
        f"{{ command = {{ '{BIN}/kernel-bridge', '--stdio' }}, virtual_lines = {{ max_lines = 3, border = '> ' }},"  # noqa: E501
        " signs = false, diagnostics = false, quickfix = false, icons = { error = 'E' },"
        " settings = { outputBudget = 4096 } }"
    )
    with neovim(home, config=f"require('kernel_bridge').setup({options})") as editor:
        editor.open("for n in range(9): print(n)\n1 / 0\n")
        editor.command("run_cell")
        (result,) = editor.until_ended()
        assert result["lines"][1].startswith("> ⋯ ")
        assert result["mark"].strip().startswith("E [1]")
        assert editor.screen()[0].startswith("for n")
        assert editor.lua("return vim.diagnostic.get(0)") == []
        assert editor.api.funcs.getqflist() == []


def test_health(buffer: Neovim) -> None:
    buffer.open("1\n")
    buffer.command("run_cell")
    buffer.until_ended()
    buffer.api.command("checkhealth kernel_bridge")
    report = "\n".join(buffer.lines())
    for part in ("kernel-bridge 0.", "Python 3 (ipykernel)", "images", "Neovim 0.11"):
        assert part in report, report


def test_help(buffer: Neovim) -> None:
    shutil.copytree(
        PLUGIN / "doc", buffer.home.work / "plugin" / "doc", ignore=shutil.ignore_patterns("tags")
    )
    buffer.api.command(f"helptags {buffer.home.work}/plugin/doc | set rtp+={buffer.home.work}/plugin")
    for subject in ("kernel-bridge", ":KernelBridge", "kernel-bridge-maps", "<Plug>(kernel-bridge-run)"):
        buffer.api.command(f"help {subject}")
        assert buffer.api.current.buffer.name.endswith("kernel-bridge.txt")
    text = "\n".join(buffer.lines())
    for name in buffer.lua("return vim.tbl_keys(require('kernel_bridge.command').subcommands)"):
        assert re.search(rf"^:KernelBridge {name}\b", text, re.MULTILINE), f"no help for {name}"
    for name in buffer.lua("return vim.tbl_keys(require('kernel_bridge.api'))"):
        assert f"*kernel_bridge.{name}()*" in text, f"no help for {name}()"
    for name in buffer.api.funcs.getcompletion("KernelBridge", "highlight"):
        assert re.match("KernelBridge(Ansi|Image)", name) or name in text, f"no help for {name}"
    for name in buffer.lua("return vim.tbl_keys(require('kernel_bridge.config').get())"):
        assert re.search(rf"^{name}[ .]", text, re.MULTILINE), f"no help for {name}"


def test_insert_what_the_kernel_proposes(buffer: Neovim) -> None:
    buffer.open("# %%\nget_ipython().set_next_input('a = 1\\nb')\n\n# %%\n2\n")
    before = buffer.lines()
    buffer.api.current.window.cursor = (2, 0)
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    assert result["lines"] == ["│ ↳ the kernel proposes 2 lines · :KernelBridge insert"]
    buffer.command("insert")
    buffer.until("vim.api.nvim_buf_line_count(0) == 9")
    assert buffer.lines()[2:7] == ["", "# %%", "a = 1", "b", ""]
    buffer.until("#test.results(vim.api.nvim_get_current_buf())[1].lines == 0")
    assert not buffer.results()[0]["stale"]
    buffer.keys("u")
    assert buffer.lines() == before
    buffer.command("insert")
    buffer.until_message("the kernel proposes no next input here")


def test_loaded_code_replaces_the_line_that_loaded_it(buffer: Neovim) -> None:
    (buffer.home.work / "loaded.py").write_text("x = 20\nx + 1\n")
    buffer.open("%load loaded.py\n\n1\n")
    buffer.command("run_line")
    (result,) = buffer.until_ended()
    assert result["lines"] == ["│ ↳ the kernel proposes 3 lines · :KernelBridge insert"]
    buffer.command("insert")
    buffer.until("vim.api.nvim_buf_line_count(0) == 5")
    assert buffer.lines() == ["# %load loaded.py", "x = 20", "x + 1", "", "1"]
    buffer.command("run_cell")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1] == '│ 1'")
    buffer.keys("u")
    assert buffer.lines() == ["%load loaded.py", "", "1"]
