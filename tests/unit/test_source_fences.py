"""Fences and cells of markdown documents, compared with markdown-it (CommonMark) and jupytext."""

import re
from textwrap import indent

import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kernel_bridge.source.cells import cells, language_at, main_language
from kernel_bridge.source.document import split_lines
from kernel_bridge.source.fences import fences, unclosed_fence
from kernel_bridge.source.inquiry import inquiry
from kernel_bridge.source.region import Place, regions, statement_candidates
from kernel_bridge.source.script import read_script

DOCUMENT = """\
---
title: Two languages
execute:
  error: true
---

# Heading

```{python}
#| label: first
x = 1
```

1. an item

   ```bash
   echo a
     echo b
   ```

<!--
```python
hidden
```
-->

````markdown
```python
shown
```
````

~~~ {r, second, eval=FALSE, error=FALSE}
y <-
  2
~~~
"""


def _main(text: str, language_id: str) -> str:
    return main_language(split_lines(text), cells(text, language_id), language_id)


def code(text: str, language_id: str = "markdown") -> list[tuple[str, str]]:
    """(language, source) of each code cell."""
    return [
        (region.language_id, region.source)
        for start, cell in ((cell.start_line, cell) for cell in cells(text, language_id))
        if cell.kind == "code"
        for region in regions(text, language_id, "cell", position=Place(start, 0))
    ]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("python", "python"),
        ("Python3", "python"),
        ("py", "python"),
        ("{python}", "python"),
        (" {r}", "r"),
        ("{r, echo=FALSE}", "r"),
        ("{r chunk-name, echo=FALSE}", "r"),
        ("{python #label .class key=value}", "python"),
        ("{.python .cell-code}", "python"),
        ("{#lst-one .julia}", "julia"),
        ("{code-cell} ipython3", "python"),
        ("{code-cell}", "python"),
        ("bash", "shellscript"),
        ("sh", "shellscript"),
        ("c++", "cpp"),
        ("C#", "csharp"),
        ("jl", "julia"),
        ("rust,no_run", "rust"),
        ('python tags=["parameters"]', "python"),
        ("js {1,3-5}", "javascript"),
        ("python:app.py", "python"),
        ("", None),
        ("text", None),
        ("console", None),
        ("{=html}", None),
        ("{mermaid}", None),
        ("{dot}", None),
        ("{ojs}", None),
        ("{js}", None),
        ("{{python}}", None),
        ("{note}", None),
        ("{}", None),
        ("markdown", None),
        ("python .noeval", None),
    ],
)
def test_the_language_of_an_info_string(info: str, language: str | None) -> None:
    found = code(f"~~~{info}\nx\n~~~")
    assert found == ([(language, "x")] if language else [])


def test_the_cells_of_a_document() -> None:
    found = cells(DOCUMENT, "quarto")
    assert [(cell.kind, cell.language_id, cell.title, cell.marker_line, cell.tags) for cell in found] == [
        ("raw", "yaml", "", None, ()),
        ("markdown", "markdown", "", None, ()),
        ("code", "python", "first", 8, ("raises-exception",)),
        ("markdown", "markdown", "", None, ()),
        ("code", "shellscript", "", 15, ("raises-exception",)),
        ("markdown", "markdown", "", None, ()),
        ("code", "r", "second", 32, ("skip-execution",)),
    ]
    assert code(DOCUMENT) == [
        ("python", "#| label: first\nx = 1"),
        ("shellscript", "echo a\n  echo b"),
        ("r", "y <-\n  2"),
    ]
    assert unclosed_fence(split_lines(DOCUMENT)) is None
    assert _main(DOCUMENT, "quarto") == "python"
    assert _main("no code", "rmd") == "r"


def test_units_use_the_language_of_their_fence() -> None:
    def sources(unit: str, line: int) -> list[str]:
        return [region.source for region in regions(DOCUMENT, "quarto", unit, position=Place(line, 0))]  # type: ignore[arg-type]

    assert sources("all", 0) == ["#| label: first\nx = 1", "echo a\n  echo b"]  # without the skipped cell
    assert sources("below", 12) == ["echo a\n  echo b"]
    assert sources("above", 15) == ["#| label: first\nx = 1"]
    assert sources("cell", 34) == ["y <-\n  2"]  # asked for by itself
    assert sources("statement", 8) == ["x = 1"]
    assert sources("line", 16) == ["echo a"]
    for unit in ("cell", "line"):
        assert sources(unit, 6) == sources(unit, 21) == sources(unit, 28) == []  # prose, comment, inner fence
    assert sources("statement", 11) == []  # the closing fence
    [first, *_] = statement_candidates(DOCUMENT, "quarto", Place(33, 0))
    assert (first.source, first.start.line, first.language_id) == ("y <-", 33, "r")
    assert list(statement_candidates(DOCUMENT, "quarto", Place(6, 0))) == []
    chosen = regions(DOCUMENT, "quarto", "range", (Place(10, 0), Place(34, 0)))
    assert [(region.source, region.start.line) for region in chosen] == [
        ("x = 1", 10),
        ("echo a\n  echo b", 16),
        ("y <-", 33),
    ]
    lines, found = split_lines(DOCUMENT), cells(DOCUMENT, "quarto")
    assert [language_at(found, "quarto", line) for line in (7, 8, 16, 33)] == [
        None,
        "python",
        "shellscript",
        "r",
    ]
    assert inquiry(lines, found, Place(8, 3)) is inquiry(lines, found, Place(6, 1)) is None
    asked = inquiry(lines, found, Place(16, 5))
    assert asked is not None
    assert asked.code == "   echo a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeff```python\r\nx\r\n\ty\r\n```\r\n", [("python", "x\n\ty")]),
        ("````python\n```\n````", [("python", "```")]),
        ("```python\n~~~\n```", [("python", "~~~")]),
        ("```python\nx\n````", [("python", "x")]),
        ("```python\nx\n``\n", [("python", "x\n``")]),
        ("``` a`b\nx", []),
        ("    ```python\n    x\n", []),  # indented code
        ("- ```python\n  x\n  ```", [("python", "x")]),
        ("- a\n\n      ```python\n      x\n", []),  # indented code in a list item
        ("10. a\n\n    ```python\n    x\n    ```", [("python", "x")]),
        ("- ```python\n  x\nnext", [("python", "x")]),  # the end of the item ends the fence
        ("> ```python\n> x\n> ```", []),
        ("<pre>\n```python\nx\n```\n</pre>\n```r\ny", [("r", "y")]),
        ("---\na: b\n```python\nx\n```", [("python", "x")]),  # no front matter: it is not closed
        ("---\na: '```python'\n---\n```r\ny\n```", [("r", "y")]),
        ("```{code-cell} ipython3\n:tags: [raises-exception]\n\nx\n```", [("python", "x")]),
        ("```{code-cell}\n---\ntags: [a]\n---\nx\n```", [("python", "x")]),
        ("```{code-cell}\n:tags: [a]\n```", []),
    ],
)
def test_documents(text: str, expected: list[tuple[str, str]]) -> None:
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("```{python}\n#| eval: false\n1\n```", ("skip-execution",)),
        ("```{r, eval=F, error=T}\n1\n```", ("skip-execution", "raises-exception")),
        ("```{ojs}\n```\n```{julia}\n#| eval: true\n#| error: true\n1\n```", ("raises-exception",)),
        ("```{javascript}\n//| eval: false\n1\n```", ("skip-execution",)),
        ("```{sql}\n--| eval: false\n1\n```", ("skip-execution",)),
        ("```{matlab}\n%| eval: false\n1\n```", ("skip-execution",)),
        ("```{python}\n#| tags: [parameters]\na = 1\n```", ("parameters",)),
        ('```python tags=["a", "b"]\n1\n```', ("a", "b")),
        ("```{code-cell}\n:tags: [skip-execution]\n1\n```", ("skip-execution",)),
        ("```{code-cell}\n---\ntags:\n- parameters\n---\n1\n```", ("parameters",)),
        ("```{python}\n1\n#| eval: false\n```", ()),  # options are above the code
        ("---\nexecute: {eval: false}\n---\n```{python}\n1\n```", ("skip-execution",)),
        ("---\nexecute: {eval: false}\n---\n```{python}\n#| eval: true\n1\n```", ()),
        ("---\nexecute: [\n---\n```{python}\n1\n```", ()),  # front matter that is no YAML
    ],
)
def test_options_that_concern_running(text: str, tags: tuple[str, ...]) -> None:
    (cell,) = (cell for cell in cells(text, "quarto") if cell.kind == "code")
    assert cell.tags == tags


@pytest.mark.parametrize(
    ("front", "name", "language"),
    [
        ("jupyter: julia-1.9", "julia-1.9", "shellscript"),
        ("jupyter:\n  kernelspec:\n    name: ir\n    language: R", "ir", "r"),
        ("kernelspec:\n  name: python3\n  display_name: Python 3", "python3", "shellscript"),
        ("title: none", None, "shellscript"),
    ],
)
def test_the_kernelspec_of_a_document(front: str, name: str | None, language: str) -> None:
    text = f"---\n{front}\n---\n```bash\n1\n```\n"
    assert read_script(text, "markdown").kernelspec == name
    assert _main(text, "markdown") == language


def test_an_unclosed_fence_is_found() -> None:
    assert unclosed_fence(["text", "```python", "x", "~~~"]) == 1
    assert unclosed_fence(["```python", "x", "```"]) is None


PIECES = st.sampled_from(
    [
        *("text", "", "  text", "    text", "# heading", "***", "> quoted", "> ```", "\tx"),
        *("- item", "  - item", "1. item", "-   item", "10) item"),
        *("```", "````", "~~~", "~~~~", "  ```", "   ~~~", "    ```", "\t```", "``` text", "~~~ a`b"),
        *("``` a`b", "```python", "~~~r", "  ```bash", "   ````julia", "- ```python", "1. ~~~"),
        *("<!-- a", "-->", "<!-- b -->"),
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
def test_fences_are_those_of_commonmark(lines: list[str]) -> None:
    """Fences in block quotes are prose here, and are not compared.

    A list item that begins with a blank line, and markers of list items in paragraphs, are not generated.
    """
    found = [(fence.info, fence.opening) for fence in fences(lines)]
    depth = 0
    expected = []
    for token in MarkdownIt("commonmark").parse("\n".join(lines)):
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "fence" and not depth and token.map:
            expected.append((token.info.strip(), token.map[0]))
    assert found == expected


CHUNKS = st.lists(
    st.sampled_from(
        [
            ("markdown", "Some prose."),
            ("markdown", "# A heading\n\nand text"),
            ("markdown", "- an item"),
            ("markdown", "```text\nno code\n```"),
            ("code", "x = 1"),
            ("code", "def f():\n    return 2"),
            ("code", "print('```')"),
        ]
    ),
    max_size=8,
)


@given(CHUNKS, st.sampled_from(["md", "Rmd", "md:myst"]))
def test_code_is_what_jupytext_reads(chunks: list[tuple[str, str]], format: str) -> None:
    """jupytext splits prose into several cells; code must be the same. For .qmd it needs Quarto itself."""
    opening = {"md": "python", "Rmd": "{python}", "md:myst": "{code-cell} ipython3"}[format]
    kernelspec = "kernelspec:\n  display_name: Python 3\n  language: python\n  name: python3"
    text = (
        f"---\n{kernelspec}\n---\n"
        if format == "md:myst"
        else f"---\njupyter:\n{indent(kernelspec, '  ')}\n---\n"
    )
    for kind, source in chunks:
        text += f"\n```{opening}\n{source}\n```\n" if kind == "code" else f"\n{source}\n"
    read = jupytext.reads(text, fmt=format)
    expected = [cell.source for cell in read.cells if cell.cell_type == "code"]
    assert [source for _, source in code(text)] == expected


def test_broken_front_matter_is_reported_with_its_line() -> None:
    document = read_script("---\ntitle: x\nexecute: {eval: [\n---\n\n```python\n1\n```\n", "quarto")
    assert [cell.source for cell in document.cells if cell.has_code] == ["1"]
    (problem,) = document.problems
    assert re.match("line [34]: the front matter is ignored, because its YAML is invalid: ", problem)
