"""Notebooks as text: every cell is read as it was, whatever is in it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.source.languages import language_of_kernel
from kernel_bridge.source.notebook import Notebook, NotebookCell
from kernel_bridge.source.view import is_view, read_view, write_view

Json = dict[str, Any]

LINES = st.sampled_from([
    "", "", " ", "x = 1", "# %%", "# %% [markdown]", "#%% a", "# \\%% a", "# \\\\%%", "%%bash", "%%time",
    "%matplotlib inline", "# %time", "  %time x", "!ls", "x = !ls", "# !ls \\", "  y", "?print", "print?",
    "ls", "```", "```python", "~~~", "````", "`x`", '"""', "'''", 'x = """', "f(", ")", "/*", "*/", "<!--",
    "-->", "<!-- #md -->", "<!-- #endmd -->", "<!-- #raw -->", "<!-- #region -->", "<script>", "---",
    "# ---", "- item", "  - sub", "    indented", "\tx", "# In[3]:", "# <codecell>", "#| echo: false",
    "title: x", "# jupyter:", "\\", "a \\", "é 😀", "{[markdown]}", "[x]: y", "#+end", "#=",
])  # fmt: skip
SOURCE = st.lists(LINES, max_size=5).map("\n".join) | st.text("ab \n#%`\"'", max_size=12)
METADATA = st.sampled_from([
    {}, {}, {}, {"tags": ["a", "b c"]}, {"title": "Title"}, {"name": "a`b"}, {"a b": {"c": [1, None, "-->"]}},
    {"slideshow": {"slide_type": "slide"}}, {"active": "ipynb"}, {"title": "[markdown]"}, {"cell_depth": 1},
    {"collapsed": True, "execution": {"x": "t"}, "language": "bash"}, {"tags": ["active-ipynb"]},
    {"x": "# %%", "y": "é"}, {"title": "a={b}"}, {"run_control": {"frozen": True}},
])  # fmt: skip
CELL = st.builds(
    lambda kind, source, metadata: NotebookCell(
        {"cell_type": kind, "source": source, "metadata": dict(metadata)}
    ),
    st.sampled_from(["code", "code", "markdown", "raw"]),
    SOURCE,
    METADATA,
)
KERNELS = st.sampled_from([
    {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3: x"}},
    {"kernelspec": {"name": "ir", "language": "R"}}, {"kernelspec": {"name": "j", "language": "julia"}},
    {"language_info": {"name": "python"}}, {}, {"kernelspec": {"name": "ocaml", "language": "OCaml"}},
    {"kernelspec": {"name": "go", "language": "go"}}, {"kernelspec": {"name": "bash", "language": "bash"}},
    {"kernelspec": {"name": "js", "language": "javascript"}},
])  # fmt: skip
NOTEBOOK = st.builds(
    lambda cells, metadata: Notebook(tuple(cells), metadata), st.lists(CELL, max_size=6), KERNELS
)


def lines_of(source: str) -> list[str]:
    lines = source.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def check(notebook: Notebook, language_id: str) -> str:
    text = write_view(notebook, language_id)
    read = read_view(text, language_id)
    assert [cell.raw["cell_type"] for cell in read.cells] == [
        cell.raw["cell_type"] for cell in notebook.cells
    ]
    for cell, other in zip(read.cells, notebook.cells, strict=True):
        assert lines_of(cell.source) == lines_of(other.source)
    assert is_view(text, language_id)
    assert read.kernelspec == notebook.kernelspec
    return text


@settings(max_examples=200, deadline=None)
@given(NOTEBOOK)
def test_every_cell_is_read_as_it_was(notebook: Notebook) -> None:
    check(notebook, language_of_kernel(notebook.language or "python"))
    check(notebook, "markdown")


def test_a_text_that_jupytext_wrote_says_so() -> None:
    header = ["---", "jupyter:", "  jupytext:", "    text_representation:", "      extension: .py", "---", ""]
    assert not is_view("\n".join(header), "markdown")
    assert not is_view("".join(f"# {line}\n" for line in header), "python")
    assert is_view("# %%\nx = 1\n", "python")


def test_what_is_in_a_region_of_markdown_is_one_cell() -> None:
    text = "a\n\n<!-- #md x=1 -->\n```python\nb\n```\n<!-- #endmd -->\n"
    text += "```python\nc\n```\n<!-- #raw -->\nd\n<!-- #endraw -->\n"
    found = [(cell.raw["cell_type"], cell.source) for cell in read_view(text, "markdown").cells]
    assert found == [("markdown", "a"), ("markdown", "```python\nb\n```"), ("code", "c"), ("raw", "d")]
    unclosed = read_view("<!-- #md -->\n```python\nb\n```\n", "markdown").cells
    assert [cell.raw["cell_type"] for cell in unclosed] == ["markdown", "code"]
