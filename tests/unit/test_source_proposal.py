"""Where a proposed next input goes, as a document reads after the edit."""

import pytest

from kernel_bridge.source.document import split_lines
from kernel_bridge.source.proposal import Edit, below, replacing


def applied(text: str, edit: Edit) -> str:
    lines = split_lines(text)
    before = "\n".join([*lines[: edit.start.line], lines[edit.start.line][: edit.start.column]])
    after = "\n".join([lines[edit.end.line][edit.end.column :], *lines[edit.end.line + 1 :]])
    return before + edit.text + after


@pytest.mark.parametrize(
    ("text", "last", "expected", "language"),
    [
        ("a\nb\n", 0, "a\nnew\nb\n", "python"),
        ("a", 0, "a\nnew", "python"),
        ("# %% t\na\n\n\n# %%\nb\n", 1, "# %% t\na\n\n# %%\nnew\n\n\n# %%\nb\n", "python"),
        ("#%%\na\n#%%\nb\n", 1, "#%%\na\n\n#%%\nnew\n\n#%%\nb\n", "python"),
        ("# %%\na\nmore\n", 1, "# %%\na\nmore\n\n# %%\nnew\n", "python"),
        ("# In[1]:\na\n", 1, "# In[1]:\na\n\n# %%\nnew\n", "python"),
        ("first\n# %%\na", 0, "first\n\n# %%\nnew\n\n# %%\na", "python"),
        ("(* %% *)\na\n", 1, "(* %% *)\na\n\n(* %% *)\nnew\n", "ocaml"),
        ("// %%\na\n", 1, "// %%\na\n\n// %%\nnew\n", "rust"),
        (
            "text\n```{python, echo=FALSE}\na\n```\nmore\n",
            2,
            "text\n```{python, echo=FALSE}\na\n```\n\n```{python}\nnew\n```\n\nmore\n",
            "quarto",
        ),
        ("~~~~py title=x\na\n~~~~\n", 1, "~~~~py title=x\na\n~~~~\n\n~~~~py\nnew\n~~~~\n", "markdown"),
        (
            "1. x\n   ```r\n   a\n   ```\n",
            2,
            "1. x\n   ```r\n   a\n   ```\n\n   ```r\n   new\n   ```\n",
            "rmd",
        ),
        ("```python\na", 1, "```python\na\n```\n\n```python\nnew\n```", "markdown"),
    ],
)
def test_below(text: str, last: int, expected: str, language: str) -> None:
    assert applied(text, below(split_lines(text), language, "new\n", last)) == expected


def test_in_place_of_the_code() -> None:
    text = "a\n%load x\n\nb\n"
    assert applied(text, replacing(split_lines(text), "python", "# x\n1\n", 1, 1)) == "a\n# x\n1\n\nb\n"


def test_code_with_a_fence_goes_into_a_longer_fence() -> None:
    text, code = "```python\n%load x\n```\n", '"""\n```\n"""\n'
    found = applied(text, replacing(split_lines(text), "markdown", code, 1, 1))
    assert found == f"{text}\n````python\n{code}````\n"
