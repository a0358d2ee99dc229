"""What molten-nvim has too: code that is not in the buffer, cells of the user, and docs/from-molten.md."""

import re

from tests.editors.neovim.neovim import ROOT, Neovim

PAGE = (ROOT / "docs" / "from-molten.md").read_text(encoding="utf-8")
EVENTS = ("KernelBridgeKernel", "KernelBridgeRun", "KernelBridgeOutput")  # the last one is a group, too

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


def test_eval_in_markdown_uses_the_kernel_of_the_fence_or_the_last_one(buffer: Neovim) -> None:
    buffer.open("Prose.\n\n```python\nx = 20\n```\n", "a.md")
    buffer.command("run_all")
    buffer.until_ended()
    for line in (1, 4):
        at(buffer, line)
        buffer.command("eval x + 2")
        buffer.until("vim.bo.filetype == 'kernel_bridge_output' and vim.fn.getline(1) == '22'")
        buffer.keys("q")


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


NAMES = """
MoltenInfo MoltenInit MoltenDeinit MoltenGoto MoltenNext MoltenPrev MoltenEvaluateLine MoltenEvaluateVisual
MoltenEvaluateOperator MoltenEvaluateArgument MoltenReevaluateCell MoltenReevaluateAll MoltenDelete
MoltenShowOutput MoltenHideOutput MoltenEnterOutput MoltenInterrupt MoltenOpenInBrowser MoltenImagePopup
MoltenRestart MoltenSave MoltenLoad MoltenExportOutput MoltenImportOutput MoltenToggleVirtual
MoltenEvaluateRange MoltenUpdateOption MoltenRunningKernels MoltenAvailableKernels MoltenDefineCell
MoltenStatusLineInit MoltenStatusLineKernels initialized kernels all_kernels
MoltenInitPre MoltenInitPost MoltenDeinitPre MoltenDeinitPost MoltenKernelReady
MoltenOutputBorder MoltenOutputBorderFail MoltenOutputBorderSuccess MoltenOutputWin MoltenOutputWinNC
MoltenOutputFooter MoltenCell MoltenVirtualText
auto_image_popup auto_init_behavior auto_open_html_in_browser auto_open_output cover_empty_lines
cover_lines_starting_with copy_output enter_output_behavior image_location image_provider open_cmd
output_crop_border output_show_exec_time output_show_more output_virt_lines output_win_border
output_win_cover_gutter limit_output_chars output_win_hide_on_leave output_win_max_height
output_win_max_width output_win_style save_path split_direction split_size show_mimetype_debug tick_rate
use_border_highlights virt_lines_off_by_1 virt_text_max_lines virt_text_output wrap_output
output_win_zindex virt_text_truncate floating_window_focus
"""
"""All commands, functions, events, highlight groups and options of molten-nvim 1.9.2."""


def test_the_page_names_everything_in_molten() -> None:
    named = set(re.findall(r"\w+", PAGE)) | set(re.findall(r"molten_(\w+)", PAGE))
    assert [name for name in NAMES.split() if name not in named] == []


def test_everything_that_the_page_names_exists(buffer: Neovim) -> None:
    buffer.lua("require('kernel_bridge.session')")
    spans = re.findall(r"`([^`\n]+)`", PAGE)
    options = buffer.lua("return require('kernel_bridge.config').get()")
    known = {
        "commands": buffer.lua("return vim.tbl_keys(require('kernel_bridge.command').subcommands)"),
        "functions": [*buffer.lua("return vim.tbl_keys(require('kernel_bridge.api'))"), "setup"],
        "groups": buffer.api.funcs.getcompletion("KernelBridge", "highlight"),
        "mappings": buffer.lua(
            "return vim.tbl_map(function(map) return map.lhs end, vim.api.nvim_get_keymap('n'))"
        ),
        "options": [
            f"{group}.{name}"
            for group in options
            if isinstance(options[group], dict)
            for name in options[group]
        ],
    }
    found = {
        "commands": [name for span in spans for name in re.findall(r"^:.*KernelBridge (\w+)", span)],
        "functions": re.findall(r"`(\w+)\(", PAGE.partition("## Functions")[2].partition("## Events")[0]),
        "groups": [name for name in re.findall(r"KernelBridge[A-Z]\w+", PAGE) if name not in EVENTS],
        "mappings": [span for span in spans if span.startswith("<Plug>")],
        "options": [
            span for span in spans if re.fullmatch(r"[a-z_]+\.[a-z_]+", span) and span != "history.path"
        ],
    }
    for kind, names in found.items():
        missing = {
            name for name in names if name not in known[kind] and not name.startswith(("Molten", "require"))
        }
        assert len(names) > 3
        assert missing == set(), kind
