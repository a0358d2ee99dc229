"""Inline results: when they appear, where, and what they look like."""

from typing import Any

import pytest

from tests.editors.neovim.neovim import Neovim


def check(editor: Neovim, code: str, expected: list[str], *, state: str = "ok", name: str = "a.py") -> dict:
    """Runs a file as one cell and checks the lines of the result, without borders. Returns the result."""
    editor.open(code, name)
    editor.command("run_cell")
    (result,) = editor.until_ended()
    assert [line.removeprefix("│ ") for line in result["lines"]] == expected
    assert result["state"] == state
    return result


def opened(editor: Neovim) -> str:
    """The path of the one file that was opened in another program."""
    editor.until("#test.opened > 0")
    (uri,) = editor.lua("return test.opened")
    return str(uri).removeprefix("file://")


def test_a_value_is_shown_under_the_last_line(buffer: Neovim) -> None:
    result = check(buffer, "x = 20\n\nx + 1\n", ["21"])
    assert (result["first"], result["last"], result["shown_at"]) == (0, 2, 2)
    assert result["mark"].strip().startswith(f"✓ [{result['count']}]")
    assert result["mark"].endswith("ms")
    assert result["group"] == "KernelBridgeOk"


def test_the_screen(buffer: Neovim) -> None:
    check(buffer, "print('eins\\nzwei')\n", ["eins", "zwei"])
    rows = buffer.screen()
    assert rows[0].startswith("✓ print('eins\\nzwei')   ✓ [")
    assert rows[1:3] == ["  │ eins", "  │ zwei"]


def test_output_appears_while_the_code_runs(buffer: Neovim) -> None:
    buffer.open("import threading\nprint('first', flush=True)\nthreading.Event().wait(60)\n")
    buffer.command("run_cell")
    buffer.until("vim.tbl_get(test.results(vim.api.nvim_get_current_buf()), 1, 'lines', 1) == '│ first'")
    (running,) = buffer.results()
    assert (running["state"], running["group"]) == ("running", "KernelBridgeRunning")
    buffer.lua("vim.fn.setqflist({}, ' ', { title = 'mine' })")
    buffer.command("interrupt")
    (ended,) = buffer.until_ended()
    assert ended["state"] == "error"
    assert "KeyboardInterrupt" in "\n".join(ended["lines"])
    assert ended["mark"].strip().startswith("⊘ [")
    assert ended["mark"].endswith(" interrupted")
    assert ended["group"] == "KernelBridgeEnded"
    assert buffer.lua("return { #vim.diagnostic.get(0), vim.fn.getqflist({ title = 0 }).title }") == [
        0,
        "mine",
    ]


def test_a_progress_bar_updates_its_line(buffer: Neovim) -> None:
    check(buffer, "for n in range(9): print(f'\\r{n} of 8', end='', flush=True)\n", ["8 of 8"])


def test_streams_and_values_keep_their_order(buffer: Neovim) -> None:
    code = "import sys\nprint('out', flush=True)\nprint('err', file=sys.stderr, flush=True)\n'value'\n"
    result = check(buffer, code, ["out", "err", "'value'"])
    assert "KernelBridgeStderr" in result["groups"]


def test_long_output_is_cut_in_the_middle(buffer: Neovim) -> None:
    shown = ["0", "1", "2", "3", "4", "⋯ 85 more lines · :KernelBridge output", *map(str, range(90, 100))]
    check(buffer, "for n in range(100): print(n)\n", shown)


def test_the_number_of_hidden_lines_is_exact(buffer: Neovim) -> None:
    hidden = "⋯ 199985 more lines · :KernelBridge output"
    shown = [*map(str, range(5)), hidden, *map(str, range(199_990, 200_000))]
    check(buffer, "for n in range(200_000): print(n)\n", shown)


def test_a_long_line_is_wrapped(buffer: Neovim) -> None:
    assert len(check(buffer, "print('ab' * 80)\n", ["ab" * 48, "ab" * 32])["lines"]) == 2


def test_wide_characters_and_tabs_keep_their_columns(buffer: Neovim) -> None:
    check(buffer, "print('日本\\tx')\n", ["日本    x"])


def test_colours_become_highlights_and_other_sequences_are_dropped(buffer: Neovim) -> None:
    result = check(buffer, r"print('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2Jplain')" + "\n", ["red plain"])
    assert "KernelBridgeAnsiT01_" in result["groups"]


def test_a_display_is_updated_in_place(buffer: Neovim) -> None:
    code = "from IPython.display import display\nh = display('dark', display_id=True)\nh.update('light')\n"
    check(buffer, code, ["'light'"])


def test_clear_output(buffer: Neovim) -> None:
    code = "from IPython.display import clear_output\nprint('old')\nclear_output()\nprint('new')\n"
    check(buffer, code, ["new"])


def test_an_image_is_described_and_opened(buffer: Neovim) -> None:
    code = (
        "import base64, struct, zlib\n"
        "def part(name, data): return struct.pack('>I', len(data)) + name + data"
        " + struct.pack('>I', zlib.crc32(name + data))\n"
        "png = b'\\x89PNG\\r\\n\\x1a\\n' + part(b'IHDR', struct.pack('>IIBBBBB', 3, 2, 8, 0, 0, 0, 0))"
        " + part(b'IDAT', zlib.compress(b'\\0\\0\\0\\0' * 2)) + part(b'IEND', b'')\n"
        "from IPython.display import Image\n"
        "Image(png)\n"
    )
    buffer.open(code)
    buffer.command("run_cell")
    buffer.until_ended()
    shown = "│ ▣ image/png 3×2, 68 bytes · :KernelBridge open"
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1] == ...", shown)
    (result,) = buffer.results()
    assert "KernelBridgeMedia" in result["groups"]
    buffer.command("open")
    with open(opened(buffer), "rb") as file:
        assert file.read(4) == b"\x89PNG"


def test_html_without_text_opens_in_the_browser(buffer: Neovim) -> None:
    code = "from IPython.display import display\ndisplay({'text/html': '<b>x</b>'}, raw=True)\n"
    check(buffer, code, ["▣ HTML output, 8 bytes · :KernelBridge open"])
    buffer.command("open")
    assert opened(buffer).endswith(".html")


def test_bundles_show_their_readable_types(buffer: Neovim) -> None:
    shown = "HTML('<b>x</b>'), Markdown('# *hi*'), Latex('$x$'), JSON([1])"
    code = f"from IPython.display import *\ndisplay({shown})\n"
    check(buffer, code, ["▣ HTML output, 8 bytes · :KernelBridge open", "# hi", "x", "[1]"])


@pytest.mark.parametrize(
    ("mime", "value", "shown", "content"),
    [
        ("application/vnd.plotly.v1+json", {"data": []}, "Plotly figure, 11 bytes", '"data": []'),
        ("application/vnd.vegalite.v5+json", {"a": 1}, "Vega chart, 7 bytes", '"a": 1'),
        ("application/geo+json", {"type": "Point"}, "application/geo+json, 16 bytes", "Point"),
        (
            "application/javascript",
            "alert('<b>')",
            "application/javascript, 12 bytes",
            "alert('&lt;b&gt;",
        ),
        ("application/xml", "<a>é</a>", "application/xml, 9 bytes", "&lt;a&gt;é&lt;/a&gt;"),
        ("application/x-custom", "{}", "application/x-custom, 2 bytes", "{}"),
        ("image/png", "not base64!", "image/png, 11 bytes", "image/png that is not base64"),
        ("image/jpeg", "%%%", "image/jpeg, 3 bytes", "%%%"),
    ],
)
def test_what_neovim_cannot_show_is_opened(
    buffer: Neovim, mime: str, value: Any, shown: str, content: str
) -> None:
    bundle = {mime: value, "text/plain": "<A at 0x1f>"}
    code = f"from IPython.display import display\nbundle = {bundle!r}\ndisplay(bundle, raw=True)\n"
    check(buffer, code, [f"▣ {shown} · :KernelBridge open"])
    buffer.command("open")
    with open(opened(buffer), encoding="utf-8") as page:
        assert content in page.read()


@pytest.mark.parametrize(
    "text",
    [
        "<pandas.io.formats.style.Styler at 0x7f3a2b1c>",
        "<IPython.lib.display.IFrame at 0x7f3a2b1c>",
        "<VegaLite 5 object>\n\nIf you see this message, it means the renderer is off",
    ],
)
def test_html_replaces_a_bare_name(buffer: Neovim, text: str) -> None:
    bundle = {"text/plain": text, "text/html": "<b>x</b>"}
    code = f"from IPython.display import display\nbundle = {bundle!r}\ndisplay(bundle, raw=True)\n"
    check(buffer, code, ["▣ HTML output, 8 bytes · :KernelBridge open"])


@pytest.mark.parametrize("text", ["   a\n0  1", "<b> is bold"])
def test_html_beside_a_text_is_in_the_mark(buffer: Neovim, text: str) -> None:
    bundle = {"text/plain": text, "text/html": "<b>x</b>"}
    code = f"from IPython.display import display\nbundle = {bundle!r}\ndisplay(bundle, raw=True)\n"
    assert check(buffer, code, text.split("\n"))["mark"].endswith(" ms · ▣ HTML")
    buffer.command("open")
    assert opened(buffer).endswith(".html")


def test_an_object_without_text_shows_its_class(buffer: Neovim) -> None:
    check(buffer, "class A:\n  def __repr__(_): return '<a.A object>'\nA()\n", ["<a.A object>"])


def test_an_error_stays_on_its_line_when_another_is_added(buffer: Neovim) -> None:
    buffer.open("1 / 0\n\nraise KeyboardInterrupt\n")
    buffer.command("run_line")
    buffer.until_ended()
    buffer.keys("ggO# a<CR># b<Esc>G")
    buffer.command("run_line")
    buffer.until_ended(2)
    found = buffer.lua("return vim.diagnostic.get(0)")
    assert [(one["lnum"], one["message"]) for one in found] == [
        (2, "ZeroDivisionError: division by zero"),
        (4, "KeyboardInterrupt"),
    ]


def test_an_error_is_a_diagnostic_and_in_the_quickfix_list(buffer: Neovim) -> None:
    buffer.open("# %%\nok = 1\n\n# %%\ndef f():\n    return 1 / 0\n\nf()\n")
    buffer.api.current.window.cursor = (5, 0)
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    assert (result["state"], result["group"]) == ("error", "KernelBridgeError")
    (problem,) = buffer.lua("return vim.diagnostic.get(0)")
    assert (problem["lnum"], problem["message"]) == (5, "ZeroDivisionError: division by zero")
    found = buffer.api.funcs.getqflist({"items": 1, "title": 1})
    assert found["title"] == "kernel-bridge: ZeroDivisionError: division by zero"
    assert found["items"][0]["lnum"] == 6
    buffer.api.current.buffer[5] = "    return 1"
    buffer.command("run_cell")
    buffer.until("#vim.diagnostic.get(0) == 0")


def test_frames_in_other_files_are_in_the_quickfix_list(buffer: Neovim) -> None:
    (buffer.home.work / "module.py").write_text("def f():\n    raise ValueError('deep')\n")
    buffer.open("import module\nmodule.f()\n")
    buffer.command("run_cell")
    buffer.until_ended()
    items = buffer.api.funcs.getqflist()
    assert [(buffer.api.funcs.bufname(item["bufnr"]).rpartition("/")[2], item["lnum"]) for item in items] == [
        ("a.py", 2),
        ("a.py", 2),
        ("module.py", 2),
    ]


def test_frames_in_earlier_cells_are_in_the_quickfix_list(buffer: Neovim) -> None:
    buffer.open("# %%\n\ndef f(x):\n    return 1 / x\n\n# %%\nf(1)\nf(0)\n")
    buffer.command("run_all")
    buffer.until_ended(2)
    items = buffer.api.funcs.getqflist()
    assert [(item["lnum"], item["text"]) for item in items] == [
        (8, "ZeroDivisionError: division by zero"),
        (8, "in this cell"),
        (4, "in f(x)"),
    ]


def test_an_error_aborts_queued_runs(buffer: Neovim) -> None:
    buffer.open("# %%\n1 / 0\n# %%\n2\n")
    buffer.command("run_all")
    first, second = buffer.until_ended(2)
    assert (first["state"], second["state"]) == ("error", "aborted")
    assert "⊘ aborted" in second["mark"]


def test_a_traceback_is_shown_without_its_title(buffer: Neovim) -> None:
    buffer.open("1 / 0\n")
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    lines = [line.removeprefix("│ ") for line in result["lines"]]
    assert lines == [
        f"Cell In[{result['count']}], line 1",
        "----> 1 1 / 0",
        "",
        "ZeroDivisionError: division by zero",
    ]


def test_a_rule_is_cut_instead_of_wrapped(buffer: Neovim) -> None:
    (rule,) = check(buffer, "print('-' * 300)\n", ["-" * 96])["lines"]
    assert set(rule.removeprefix("│ ")) == {"-"}


def test_colours_are_legible_on_dark_and_light(buffer: Neovim) -> None:
    check(buffer, r"print('\x1b[38;5;22mgreen\x1b[33mbrown\x1b[0m')" + "\n", ["greenbrown"])
    for background in ("dark", "light"):
        buffer.api.command(f"set background={background}")
        for name in ("KernelBridgeAnsiT16_", "KernelBridgeAnsiT03_"):
            buffer.until(
                """(function(name)
                  local function light(colour)
                    return bit.rshift(colour, 16) + bit.rshift(colour, 8) % 256 + colour % 256
                  end
                  local shown = vim.api.nvim_get_hl(0, { name = name }).fg
                  local ground = vim.api.nvim_get_hl(0, { name = "Normal" }).bg
                  return math.abs(light(shown) - light(ground)) > 200
                end)(...)""",
                name,
            )
    buffer.api.command("set background=dark")


def test_a_mark_that_does_not_fit_is_shown_under_its_line(buffer: Neovim) -> None:
    buffer.open("'x' # " + "-" * 86 + "\n")
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    assert result["mark"] == ""
    assert result["lines"][0].startswith("  ✓ [")
    assert result["lines"][1] == "│ 'x'"


def test_a_wide_table_is_cut_and_scrolls(buffer: Neovim) -> None:
    rows = ["  ".join(f"column_{n}_{row}" for n in range(40)) for row in range(2)]
    bundle = {"text/plain": "\n".join(rows), "text/html": "<table></table>"}
    code = f"from IPython.display import display\nbundle = {bundle!r}\ndisplay(bundle, raw=True)\n"
    check(buffer, code, [row[:95] + "…" for row in rows])
    buffer.api.command("set nowrap")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].lines[2] == ...", "│ " + rows[1])
    buffer.keys("G$zs")
    assert buffer.screen()[3].startswith("    column_2_0  column_3_0")
    buffer.api.command("set wrap")
    framed = "┌" + "─" * 120 + "┐"
    check(buffer, f"print({framed!r})\n", [framed[:95] + "…"], name="b.py")


def test_markdown_is_highlighted_in_the_result_and_in_the_output_buffer(buffer: Neovim) -> None:
    source = "# Title\n\n**bold** `code` $x^2$\n\n```python\nimport os\n```\n\n| a | *b* |\n|---|-----|"
    shown = ["# Title", "", "bold code x²", "", "import os", "", "| a |  b  |", "|---|-----|"]
    hostile = source.replace("# Title", "# Ti\x1b[2J\x9btle")
    result = check(buffer, f"from IPython.display import Markdown\nMarkdown({hostile!r})\n", shown)
    assert {"@markup.heading.1.markdown", "@markup.strong.markdown_inline"} < set(result["groups"])
    buffer.command("output")
    buffer.until("vim.api.nvim_buf_line_count(0) == 10")
    assert "\n".join(buffer.lines()) == source
    namespace = buffer.lua("return vim.api.nvim_get_namespaces().kernel_bridge_output")
    marks = buffer.api.api.buf_get_extmarks(0, namespace, [2, 0], [2, -1], {"details": True})
    assert "@markup.strong.markdown_inline" in {mark[3].get("hl_group") for mark in marks}


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"$\displaystyle \frac{x^{2} + 1}{2 \pi}$", "(x² + 1)/(2 π)"),
        (r"$\int_{0}^{\infty} e^{- x^{2}}\, dx = \frac{\sqrt{\pi}}{2}$", "∫₀^∞ e^(- x²) dx = √π/2"),
        (r"$\left[\begin{matrix}1 & 2\\3 & 4\end{matrix}\right]$", "[1 2; 3 4]"),
        (r"$\hat{y}_i \leq \sqrt[3]{x+1}$", "y\u0302ᵢ ≤ ³√(x+1)"),
        (r"$\unknown{x}$", r"$\unknown{x}$"),
    ],
)
def test_latex_is_readable(buffer: Neovim, source: str, shown: str) -> None:
    check(buffer, f"from IPython.display import Latex\nLatex({source!r})\n", [shown])


def test_a_formula_is_text_where_its_picture_cannot_be_drawn(buffer: Neovim) -> None:
    bundle = {"image/png": "iVBO", "text/latex": "$x^{2}$", "text/plain": "x**2"}
    code = f"from IPython.display import display\nbundle = {bundle!r}\ndisplay(bundle, raw=True)\n"
    check(buffer, code, ["x**2"])


def test_options_choose_the_end_that_is_kept_and_how_many_pictures(buffer: Neovim) -> None:
    options = "{ virtual_lines = { max_lines = 3, keep = ... }, images = { max_count = 2 } }"
    numbers = "for n in range(100): print(n)\n"
    more = "⋯ 98 more lines · :KernelBridge output"
    try:
        for keep, shown in (
            ("head", ["0", "1", more]),
            ("tail", [more, "98", "99"]),
            ("both", ["0", more, "99"]),
        ):
            buffer.lua(f"require('kernel_bridge').setup({options})", keep)
            check(buffer, numbers, shown, name=f"{keep}.py")
        code = (
            "from IPython.display import display\nfor name in 'abc':\n    print(name)\n"
            "    display({'image/gif': 'R0lG'}, raw=True)\n"
        )
        picture, more = "▣ image/gif, 3 bytes · :KernelBridge open", "⋯ 1 more picture · :KernelBridge output"
        buffer.lua("require('kernel_bridge').setup({ images = { max_count = 2 } })")
        check(buffer, code, ["a", picture, "b", picture, "c", more])
    finally:
        buffer.lua("require('kernel_bridge').setup({})")


def test_output_and_pages_open_by_option(buffer: Neovim) -> None:
    try:
        buffer.lua("require('kernel_bridge').setup({ auto_open = { output = true, pages = true } })")
        html = "from IPython.display import HTML\nHTML('<b>x</b>')\n"
        code = buffer.open(html)
        buffer.command("run_cell")
        assert opened(buffer).endswith(".html")
        assert buffer.api.current.buffer.number == code
        (shown,) = [window for window in buffer.api.windows if window.buffer.number != code]
        assert shown.buffer[:] == ["▣ HTML output, 8 bytes · press gx to open"]
        buffer.api.current.buffer.append(["# %%", "'next'"])
        buffer.keys("G")
        buffer.command("run_cell")
        buffer.until(
            "#vim.api.nvim_list_wins() == 2 and vim.fn.bufname(vim.fn.winbufnr(2)):find('output/') and true"
        )
        buffer.until("vim.fn.getbufline(vim.fn.winbufnr(2), 1)[1] == \"'next'\"")
    finally:
        buffer.lua("require('kernel_bridge').setup({})")
