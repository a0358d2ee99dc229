"""The plugin beside jupytext.nvim, otter.nvim, quarto-nvim and blink.cmp, all at once."""

from collections.abc import Iterator

import nbformat
import pytest

from tests.editors.neovim.neovim import BIN, Neovim, neovim
from tests.editors.neovim.plugins import parser, plugin
from tests.home import Home

pytestmark = pytest.mark.plugins

NAMES = ("quarto-dev/quarto-nvim", "jmbuhr/otter.nvim", "GCBallesteros/jupytext.nvim", "saghen/blink.cmp")
CONFIG = f"""
vim.lsp.config("pylsp", {{ cmd = {{ "{BIN}/pylsp" }}, filetypes = {{ "python" }} }})
vim.lsp.enable("pylsp")
require("kernel_bridge").setup({{ completion = true }})
require("jupytext").setup({{
  custom_language_formatting = {{ python = {{ extension = "md", style = "markdown", force_ft = "quarto" }} }},
}})
require("quarto").setup({{ codeRunner = {{ enabled = true, default_method = "kernel_bridge" }} }})
require("blink.cmp").setup({{
  fuzzy = {{ implementation = "lua" }},
  sources = {{ providers = {{ lsp = {{ timeout_ms = 30000 }} }} }},
}})
"""
ATTACHED = """
local attached = {}
for _, client in ipairs(vim.lsp.get_clients({ name = ... })) do
  for buffer in pairs(client.attached_buffers) do
    table.insert(attached, vim.fs.basename(vim.api.nvim_buf_get_name(buffer)))
  end
end
return attached
"""
ASK = """
local client = vim.lsp.get_clients({ name = "kernel_bridge" })[1]
client:request_sync("textDocument/completion", vim.lsp.util.make_position_params(0, "utf-16"), 30000)
"""  # a kernel's first completion loads jedi, and may take too long for a list
TEXT = "# A\n\n```{python}\nword_of_the_kernel = 20\nword_of_the_kernel + 1\n```\n\n```{python}\nwor\n```\n"


@pytest.fixture
def editor(home: Home) -> Iterator[Neovim]:
    folders = ",".join(map(str, [*map(plugin, NAMES), parser("python")]))
    with neovim(home, config=f"vim.opt.runtimepath:append('{folders}')\n{CONFIG}") as editor:
        yield editor


def until_otter(editor: Neovim, copy: str) -> None:
    """Waits until pylsp serves otter's copy of the code, and checks that our server does not."""
    editor.until(
        "vim.iter(vim.lsp.get_clients({ name = 'pylsp' })):any(function(one) return one.initialized end)"
    )
    assert editor.lua(ATTACHED, "pylsp") == [copy]
    assert editor.lua(ATTACHED, "kernel_bridge") == [copy.partition(".otter")[0]]


def test_quarto_runs_cells_and_blink_completes_them(editor: Neovim) -> None:
    editor.open(TEXT, "a.qmd")
    until_otter(editor, "a.qmd.otter.py")
    editor.api.current.window.cursor = (4, 0)
    editor.lua("require('quarto.runner').run_cell()")
    (result,) = editor.until_ended()
    assert (result["first"], result["shown_at"], result["lines"]) == (3, 4, ["│ 21"])
    editor.until("require('kernel_bridge').kernel().state == 'idle'")  # a busy kernel completes nothing
    editor.api.current.window.cursor = (9, 0)
    editor.lua(ASK)
    editor.api.input("A")
    editor.api.input("d_of")
    editor.until("require('blink.cmp').is_menu_visible()")
    editor.until("""vim.iter(require('blink.cmp').get_items()):any(function(item)
      return item.client_name == 'kernel_bridge'
    end)""")
    editor.api.input("<Esc>")
    editor.until("vim.fn.mode() == 'n'")
    assert editor.lines()[8] == "word_of"


def test_a_notebook_as_a_quarto_document(editor: Neovim) -> None:
    path = editor.home.work / "a.ipynb"
    cells = [nbformat.v4.new_markdown_cell("# A"), *map(nbformat.v4.new_code_cell, ("6 * 7", "_ + 1"))]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "file_extension": ".py"},
    }
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    editor.api.command(f"silent edit {path}")
    until_otter(editor, "a.ipynb.otter.py")
    editor.command("run_all")
    results = editor.until_ended(2)
    assert [result["lines"] for result in results] == [["│ 42"], ["│ 43"]]
    editor.api.command("silent write")
    sources = [cell["source"] for cell in nbformat.read(path, as_version=4)["cells"]]
    assert sources == ["# A", "6 * 7", "_ + 1"]
