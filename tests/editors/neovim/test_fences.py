"""Cells are those of the server. In documents with fenced code: motions, runs and each language's kernel."""

import pytest

from kernel_bridge.source.cells import cells
from tests.editors.neovim.neovim import Neovim

DOCUMENTS = [
    "# Title\n\n```python\nx\n```\n\nprose\n\n```{r, echo=FALSE}\n1\n```\n",
    "---\ntitle: x\njupyter: python3\n---\n\n```{python}\n#| label: a\n1\n```\n",
    "---\nnot a header\n\n```python\n1\n```\n",
    "text\n\n    ```python\n    indented\n    ```\n\n   ```bash\n   three\n   ```\n",
    "- item\n\n  ```bash\n  echo hi\n  ```\n\n1. x\n   ~~~py\n   1\n   ~~~\n",
    "<!--\n```python\nhidden\n```\n-->\n\n<!-- #region -->\n```python\n1\n```\n<!-- #endregion -->\n",
    "```mermaid\ngraph\n```\n\n```\nplain\n```\n\n```{=html}\n<b>\n```\n\n```{js}\n1\n```\n\n```js\n1\n```\n",
    "````markdown\n```python\nnested\n```\n````\n~~~python\n```\n~~~\n",
    "```{code-cell} ipython3\n:tags: [x]\n2\n```\n\n```{.python .cell}\n3\n```\n\n```{#a .r}\n4\n```\n",
    "```python title='a' {1,2}\n1\n```\n```py .noeval\n2\n```\n\n``` {julia}\n3\n```\n",
    "```python\nunclosed\n",
    "```python\n```\n",
    "1. one\n   - two\n\n     ```r\n     1\nout of the list\n\n```python\n1\n```\n",
    "* * *\n\n\t```python\n\t1\n\t```\n\n-\t```py\n\t1\n\t```\n",
    "<script>\n\n```python\n1\n```\n</script>\n\n<prefix>\n```r\n1\n```\n",
]
SCRIPTS = [
    "t = '''\n# %% this is text\n'''\nprint(t)\n# %% the second cell\n",
    'x = f(r"""\n# %% text\n""", [\n# %% brackets\n])\n# %%\n',
    "# %%time\n%%time\n1\n#%%\n# %%%% deep\n  # %%[markdown]\n",
    '# %%\nx = (\n# %%\ndef f():\n    s = \'never closed\n# %%\n"""\n# %%\n',
    "s = 'it\\\n# %% text'\n# %%\n! echo '''\n# %%\n%%bash\necho \"it's\"\n# %%\n",
    "# In[3]:\n1\n# <codecell>\n2\n# <markdowncell>\n# text\n# In[ ]\n# In[1] and more\n",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_the_cells_of_scripts_are_those_of_the_server(buffer: Neovim, text: str) -> None:
    found = cells(text.removesuffix("\n"), "python")
    buffer.api.current.buffer[:] = text.splitlines()
    buffer.api.command("setfiletype python")
    lines = buffer.lua("return require('kernel_bridge.cells').of(0)")
    markers = [cell["first"] for cell in lines if cell["body_first"] > cell["first"]]
    assert markers == [cell.marker_line + 1 for cell in found if cell.marker_line is not None]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_the_fences_are_those_of_the_server(buffer: Neovim, text: str) -> None:
    expected = [
        [cell.first_line + 1, cell.language_id] for cell in cells(text, "markdown") if cell.kind == "code"
    ]
    buffer.api.current.buffer[:] = text.splitlines()
    buffer.api.command("setfiletype markdown")
    found = buffer.lua("return require('kernel_bridge.cells').of(0)")
    assert [[cell["first"], cell["language"]] for cell in found] == expected


TEXT = "# A\n\n```{python}\nx = 20\nx + 1\n```\n\nMiddle.\n\n```{python}\nx + 2\n```\n\nEnd.\n"


@pytest.mark.parametrize(
    ("start", "keys", "line"),
    [
        (1, "]c", 4),
        (4, "]c", 11),
        (8, "]c", 11),
        (8, "[c", 4),
        (13, "[c", 11),
        (11, "]c", 11),
        (14, "]c", 14),
        (1, "[c", 1),
        (1, "2]c", 11),
    ],
)
def test_motions(buffer: Neovim, start: int, keys: str, line: int) -> None:
    buffer.open(TEXT, "a.qmd")
    for plug, key in (("next-cell", "]c"), ("prev-cell", "[c")):
        buffer.api.command(f"nmap <buffer> {key} <Plug>(kernel-bridge-{plug})")
    buffer.api.current.window.cursor = (start, 0)
    buffer.keys(keys)
    assert buffer.api.current.window.cursor[0] == line


def test_text_objects(buffer: Neovim) -> None:
    buffer.open(TEXT, "a.qmd")
    for name, key in (("inner-cell", "ic"), ("a-cell", "ac")):
        buffer.api.command(f"omap <buffer> {key} <Plug>(kernel-bridge-{name})")
    buffer.keys("4Gdic")
    assert buffer.lines()[2:4] == ["```{python}", "```"]
    buffer.keys("3Gdac")
    assert buffer.lines()[:4] == ["# A", "", "", "Middle."]
    buffer.keys("1Gdac")
    assert buffer.lines()[0] == "# A"


def test_cells_run_one_after_the_other(buffer: Neovim) -> None:
    buffer.open(TEXT, "a.qmd")
    buffer.api.current.window.cursor = (3, 0)
    buffer.lua("require('kernel_bridge').run_and_advance()")
    (first,) = buffer.until_ended()
    assert (first["first"], first["last"], first["lines"]) == (3, 4, ["│ 21"])
    assert buffer.api.current.window.cursor[0] == 11
    buffer.command("run_cell")
    assert [result["lines"] for result in buffer.until_ended(2)] == [["│ 21"], ["│ 22"]]
    buffer.api.current.window.cursor = (6, 0)
    buffer.command("copy a")
    assert buffer.api.funcs.getreg("a") == "21\n"
    buffer.api.current.window.cursor = (8, 0)
    buffer.command("run_line")
    buffer.until_message("no code to run here")
    rows = buffer.screen()
    assert rows[5].startswith("  │ 21")
    assert rows[4].startswith("  x + 1   ✓ [")


def test_markdown_attaches_with_the_first_run(editor: Neovim) -> None:
    editor.open("# Title\n\n```python\n6 * 7\n```\n", "README.md")
    assert editor.lua("return #vim.lsp.get_clients()") == 0
    editor.command("run_all")
    (result,) = editor.until_ended()
    assert result["lines"] == ["│ 42"]
    editor.api.current.window.cursor = (4, 0)
    editor.command("restart")
    editor.until_message("Python 3 (ipykernel) was restarted")


def test_the_statusline_names_the_kernel_of_the_fence_at_the_cursor(buffer: Neovim) -> None:
    buffer.open("```python\n1\n```\n\n```r\n2\n```\n\nprose\n", "a.md")
    buffer.command("run_cell")
    buffer.until_ended()
    status = "return require('kernel_bridge').statusline()"
    assert buffer.lua(status).startswith("Python 3 (ipykernel) · ")
    buffer.api.current.window.cursor = (6, 0)
    assert buffer.lua(status) == ""
    buffer.api.current.window.cursor = (9, 0)
    assert buffer.lua(status).startswith("Python 3 (ipykernel) · ")


def test_results_below_the_fence(buffer: Neovim) -> None:
    buffer.lua("require('kernel_bridge').setup({ virtual_lines = { below_fence = true } })")
    buffer.open("# A\n\n```{python}\n1\n2\n\n```\n\nEnd.\n", "a.qmd")
    buffer.api.current.window.cursor = (4, 0)
    buffer.command("run_line")
    buffer.api.current.window.cursor = (5, 0)
    buffer.command("run_line")
    assert [(result["last"], result["shown_at"]) for result in buffer.until_ended(2)] == [(3, 3), (4, 6)]
    buffer.api.current.window.cursor = (5, 0)
    buffer.keys("A<CR>x = 3<Esc>")
    buffer.until("test.results(vim.api.nvim_get_current_buf())[2].shown_at == 4")
    buffer.lua("require('kernel_bridge').setup({})")
