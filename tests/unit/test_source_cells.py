import pytest

from kernel_bridge.source.cell import Cell
from kernel_bridge.source.cells import cell_at, cells
from kernel_bridge.source.languages import comment_prefixes


def check(text: str, expected: list[tuple[int, int, int | None]], language_id: str = "python") -> None:
    """Each expected cell: first body line, end line, marker line."""
    assert [
        (cell.start_line, cell.end_line, cell.marker_line) for cell in cells(text, language_id)
    ] == expected


def test_a_document_without_markers_is_one_cell() -> None:
    check("a\nb", [(0, 2, None)])
    check("", [(0, 1, None)])


def test_text_before_the_first_marker_is_a_cell_unless_blank() -> None:
    check("a\n# %%\nb", [(0, 1, None), (2, 3, 1)])
    check("\n  \n# %%\nb", [(3, 4, 2)])
    check("\ufeff\n# %%\nb", [(2, 3, 1)])


@pytest.mark.parametrize(
    "marker",
    [
        "# %%",
        "#%%",
        "#  %%",
        "  # %%",
        "# %% title",
        "#%%[markdown]",
        "# %%%",
        "\ufeff# %%",
        "# In[1]:",
        "# In[ ]:",
        "# <codecell>",
        "# <markdowncell>",
        "# %%\tx",
    ],
)
def test_markers(marker: str) -> None:
    check(f"{marker}\nx", [(1, 2, 0)])


@pytest.mark.parametrize(
    "line", ["%%", "%%bash", "x # %%", "# % %", "## %%", "# In[1]: x", "// %%", "#%%title", "# %%time"]
)
def test_lines_that_are_not_markers(line: str) -> None:
    check(f"{line}\nx", [(0, 2, None)])


@pytest.mark.parametrize(
    ("marker", "language_id"),
    [
        ("// %%", "typescript"),
        ("//%%", "cpp"),
        ("-- %%", "lua"),
        ("; %%", "scheme"),
        (";; %%", "clojure"),
        ("% %%", "matlab"),
        ("# %%", "octave"),
        ("(* %% *)", "ocaml"),
        ("# %%", "unheard-of"),
    ],
)
def test_markers_use_the_languages_own_comments(marker: str, language_id: str) -> None:
    check(f"{marker}\nx", [(1, 2, 0)], language_id)


def test_lines_of_percent_signs_are_decoration_if_percent_is_a_comment() -> None:
    check("%%%%%%\n%%% title\nx", [(0, 3, None)], "erlang")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_counts(end: str) -> None:
    check(end.join(["a", "# %%", "b", "# %% c", ""]), [(0, 1, None), (2, 3, 1), (4, 5, 3)])


@pytest.mark.parametrize(
    ("text", "language_id"),
    [
        ('"""\n# %%\n"""', "python"),
        ("x = rb'''\n# %%\n'''", "python"),
        ('f"""{a}\n# %%\n{b}"""', "python"),
        ('"a\\\n# %%"', "python"),
        ("f(1,\n  # %%\n  2)", "python"),
        ('%%time\nx = """\n# %%\n"""', "python"),
        ('x = "\n# %%\n"', "r"),
        ("x <- r'(\n# %%\n)'", "r"),
        ('x = "\n# %%\n"', "julia"),
        ("#=\n# %%\n=#", "julia"),
        ("x = `\n// %%\n`", "javascript"),
        ("/*\n// %%\n*/", "typescript"),
        ('val x = """\n// %%\n"""', "kotlin"),
        ('"""\n// %%\n"""', "java"),
        ("'''\n// %%\n'''", "groovy"),
        ("/*\n// %%\n*/", "cpp"),
    ],
)
def test_a_marker_in_a_string_is_text(text: str, language_id: str) -> None:
    last = text.count("\n") + 1
    prefix = comment_prefixes(language_id)[0]
    check(f"{text}\n{prefix} %%\nx", [(0, last, None), (last + 1, last + 2, last)], language_id)


@pytest.mark.parametrize(
    ("text", "language_id"),
    [
        ('x = """never closed', "python"),
        ("f(1,", "python"),
        ("# it's a comment", "python"),
        ("%%bash\necho \\", "python"),
        ('# a " in a comment', "r"),
        ("x = 'unclosed", "r"),
        ("y = A' * \"it's\"", "julia"),
        ("let c = '\"';", "rust"),
        ('let x = "/*"; // `', "javascript"),
        ("/* never closed", "c"),
    ],
)
def test_a_marker_after_a_string_that_ends_or_never_ends_counts(text: str, language_id: str) -> None:
    last = text.count("\n") + 1
    prefix = comment_prefixes(language_id)[0]
    check(f"{text}\n{prefix} %%\nx", [(0, last, None), (last + 1, last + 2, last)], language_id)


def test_a_marker_in_a_fence_of_markdown_is_text() -> None:
    check("# %% [md]\n# ```mermaid\n# %% a\n# ```\n# %%\nx", [(1, 4, 0), (5, 6, 4)])
    check("# %% [md]\n# ```\n# %% a\nx", [(1, 2, 0), (3, 4, 2)])
    check("# %%\n# ```\n# %% a\n# ```", [(1, 2, 0), (3, 4, 2)])


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("# %%", ("code", "", "")),
        ("# %% Load data", ("code", "Load data", "")),
        ("# %% [markdown]", ("markdown", "", "")),
        ("# %%[markdown]", ("markdown", "", "")),
        ("# %% [md] Title", ("markdown", "Title", "")),
        ("# %% Title [raw]", ("raw", "Title", "")),
        ("# %% List [1, 2]", ("code", "List [1, 2]", "")),
        ('# %% A title [markdown] key="value" tags=["a"]', ("markdown", "A title", 'key="value" tags=["a"]')),
        ('# %% tags=["[raw]"]', ("code", "", 'tags=["[raw]"]')),
        ('# %% A {"key": 1}', ("code", "A", '{"key": 1}')),
        ("# %%% Nested", ("code", "Nested", "")),
        ("# In[3]:", ("code", "", "")),
    ],
)
def test_kind_title_and_metadata(marker: str, expected: tuple[str, str, str]) -> None:
    [cell] = cells(f"{marker}\nx", "python")
    assert (cell.kind, cell.title, cell.metadata) == expected


def test_the_end_of_a_comment_is_not_part_of_the_title() -> None:
    assert cells("(* %% Title *)\nx", "ocaml") == [Cell("code", "ocaml", "Title", "", 1, 2, 0)]


def test_a_marker_line_belongs_to_the_cell_that_it_starts() -> None:
    found = cells("\n# %%\na\n# %%\nb", "python")
    assert [cell_at(found, line) for line in range(5)] == [None, found[0], found[0], found[1], found[1]]
