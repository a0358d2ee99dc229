"""Scripts are read as jupytext reads them, except for the differences in MEANT."""

import json
from dataclasses import dataclass
from typing import Any

import jupytext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.history.notebook import Notebook
from kernel_bridge.history.script import script as write_script
from kernel_bridge.source.script import read_script

pytestmark = pytest.mark.slow

Json = dict[str, Any]
Cells = list[tuple[str, str, Json]]

# Notes about blank lines and quotes, which jupytext keeps to write the same text again.
LAYOUT = {"lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker"}
# Notes about the format and its filters, which it adds to the header's metadata.
NOTES = {"main_language", "cell_metadata_filter", "notebook_metadata_filter", "cell_metadata_json"}


@dataclass(frozen=True)
class Script:
    language_id: str
    extension: str
    comment: str
    end: str = ""
    code: tuple[str, ...] = ("x = 1", "y", "print(x)")
    magics: tuple[str, ...] = ("%load x", "%%bash")
    strings: tuple[str, ...] = ()  # several lines each

    def in_comment(self, text: str) -> str:
        return " ".join(part for part in (self.comment, text, self.end) if part)


PYTHON_STRINGS = (
    'x = """\n# %% text\n"""',
    "'''\n# %%\n# %time\n'''",
    'x = r"""a\\\n# %% [markdown]\n"""',
    'f"""{x}\n# In[3]:\n"""',
    'print("""a""", b"""\n#%% x\n""")',
    '"""it\'s\n# !echo\n"""  # %% x',
    "def f():\n    '''\n    # %% text\n    '''",
)
PYTHON_MAGICS = (
    "%time x", "%%time", "%%bash -s", "!echo a", "! ls", "x = !ls", "x = %time 1", "?print", "print??", "x?",
    "cat file", "cd", "ls -l", "%env A=\\\nb", "%matplotlib inline  # noescape", "cat = 3", "!echo \\\n  b",
)  # fmt: skip
C = ("int x = 1;", 'print("a // b");', "x?")
SCRIPTS = [
    Script("python", "py", "#", code=("x = 1", "def f():\n    return 1", "x?y", "'#'", '"\\"# %%"'),
           magics=PYTHON_MAGICS, strings=PYTHON_STRINGS),
    Script("r", "R", "#", code=("x <- 1", "y %in% x")),
    Script("julia", "jl", "#", strings=('"""\n# %% text\n"""', 'x = """a\n# %% [md]\n"""')),
    Script("javascript", "js", "//", code=C), Script("typescript", "ts", "//", code=C),
    Script("cpp", "cpp", "//", code=C), Script("java", "java", "//", code=C),
    Script("scala", "scala", "//", code=C, strings=('val x = """\n// %% text\n"""',)),
    Script("groovy", "groovy", "//", code=C, strings=("x = '''\n// %% text\n'''",)),
    Script("rust", "rs", "//", code=C, magics=(":dep x", ":vars")),
    Script("csharp", "cs", "//", code=C, magics=("#!time", "#!fsharp")),
    Script("fsharp", "fsx", "//", code=("let x = 1",)),
    Script("go", "go", "//", code=C, magics=("!ls", "!*ls", "%load x")),
    Script("shellscript", "sh", "#", code=("x=1", 'echo "a"')), Script("powershell", "ps1", "#"),
    Script("clojure", "clj", ";;", code=("(def x 1)",)), Script("scheme", "scm", ";;", code=("(f x)",)),
    Script("matlab", "m", "%", code=("x = 1;", "disp(x)"), magics=("%%time", "!ls")),
    Script("haskell", "hs", "--", code=("x = 1",)), Script("lua", "lua", "--"), Script("tcl", "tcl", "#"),
    Script("ocaml", "ml", "(*", "*)", code=("let x = 1;;",)), Script("maxima", "mac", "/*", "*/"),
    Script("sas", "sas", "/*", "*/", code=("proc print;",)), Script("stata", "do", "//"),
    Script("wolfram", "wolfram", "(*", "*)"), Script("q", "q", "/", magics=()), Script("xonsh", "xsh", "#"),
    Script("sagemath", "sage", "#"), Script("gnuplot", "gp", "#"), Script("coconut", "coco", "#"),
    Script("idl", "pro", ";"), Script("robotframework", "robot", "#"),
]  # fmt: skip

HEADERS: list[Json] = [
    {"kernelspec": {"display_name": "A: kernel", "name": "k"}},
    {"kernelspec": {"display_name": "K", "name": "k"}, "jupytext": {"comment_magics": False}},
    {"jupytext": {"text_representation": {"format_name": "percent"}, "formats": "ipynb,md"},
     "a": {"b": [1, {"c": None}], "d": "two\nlines", "e": 1.5}},
]  # fmt: skip
OPTIONS = [
    "", "", "", 'tags=["parameters"]', 'key="a value" other=1', '{"a": {"b": [1, null]}}', "x='y'", "b=True",
    'slideshow={"slide_type": "slide"}', 'name="it" flag', 'active="ipynb"', 'active=""', 'a="x=1"',
    'tags=["active-ipynb"]', 'run_control={"frozen": true}', 'k=[1, "c d", {"e=f": 2}]', "{'a': (1, 2)}",
]  # fmt: skip
TITLES = ["", "", "Title", "Two words, (really)", "% nested", "%% deep", "50% [1] of it", "ünï"]
KINDS = ["", "", "", "[markdown]", "[md]", "[raw]"]
TEXT = ("Text", "# Heading", "- a\n- b", "`code`", "100 %", "", "---")


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, str, str]:
    """A language id, a file extension and the text of a script."""
    script = draw(st.sampled_from(SCRIPTS) | st.just(SCRIPTS[0]))
    header = draw(st.sampled_from(HEADERS))
    lines = [script.in_comment(line) for line in ["---", *_yaml({"jupyter": header}), "---"]]
    lines.insert(0, "#!/usr/bin/env it") if draw(st.booleans()) else None
    if draw(st.booleans()):
        lines += ["", *draw(st.lists(st.sampled_from(script.code), min_size=1, max_size=2))]
    lines += [""]
    for _ in range(draw(st.integers(1, 4))):
        lines += draw(_cells(script))
    return script.language_id, script.extension, "\n".join([*lines, *draw(st.sampled_from([[], [""]]))])


def _yaml(value: Json, indent: str = "") -> list[str]:
    lines = []
    for name, part in value.items():
        if isinstance(part, dict) and part:
            lines += [f"{indent}{name}:", *_yaml(part, indent + "  ")]
        else:
            lines.append(f"{indent}{name}: {json.dumps(part)}")
    return lines


@st.composite
def _cells(draw: st.DrawFn, script: Script) -> list[str]:
    kind, title = draw(st.sampled_from(KINDS)), draw(st.sampled_from(TITLES))
    options = draw(st.sampled_from(OPTIONS))
    if kind or script.end:  # MEANT has these
        options = options if "active" not in options and "frozen" not in options else ""
    if options.startswith("{"):
        title = title.replace("=", "")
    rest = " ".join(part for part in (title.lstrip("% "), kind, options) if part)
    nested = "%" * (len(title) - len(title.lstrip("%")))
    is_plain = not rest and not nested and not script.end
    spellings = [f"{script.comment} %%", f"{script.comment}%%" if script.comment != "%" else "% %%"]
    if is_plain:
        spellings += [f"{script.comment} <codecell>", f"{script.comment} In[3]:", f"{script.comment} In[ ]:"]
    marker = draw(st.sampled_from(spellings))
    marker += nested + (f" {rest}" if rest or nested else "") + (f" {script.end}" if script.end else "")
    if kind:
        body = draw(st.lists(st.sampled_from(TEXT), max_size=3))
        text = [line for part in body for line in part.split("\n")]
        if script.language_id == "python" and draw(st.booleans()):
            quotes, prefix = draw(st.sampled_from(['"""', "'''"])), draw(st.sampled_from(["", "r", "R"]))
            text = [prefix + quotes, *text, "# %% no marker", "```", "#%%", "```", quotes]
        else:
            text = [script.in_comment(line) if line or script.end else script.comment for line in text]
            if not script.end and draw(st.booleans()):
                fence = draw(st.sampled_from(["```", "~~~~"]))
                text += [f"{script.comment} {line}" for line in (f"{fence}mermaid", "%% no marker", fence)]
    else:
        magics = [
            "\n".join(f"{script.comment} {line}" for line in magic.split("\n")) for magic in script.magics
        ]
        more = [
            f"{script.comment} a comment",
            "",
            "    ",
            *(f"{script.comment} {magic}" for magic in magics if "\n" not in magic),
        ]
        pool = [*script.code, *script.strings, *magics, *([] if script.end else [*script.magics, *more])]
        text = [
            line for part in draw(st.lists(st.sampled_from(pool), max_size=4)) for line in part.split("\n")
        ]
    if "active" in options or "frozen" in options:  # code that is only for the notebook
        text = [f"{script.comment} {line}" for line in text]
    return [marker, *text, *[""] * draw(st.integers(0, 2))]


# The differences from jupytext, each with its reason. A script that begins with a blank line has a header.
MEANT: list[tuple[str, str, str, str, Cells]] = [
    ("without a header, a comment is what its author made it", "python", "py",
     "# %%\n# !rm -rf data", [("code", "# !rm -rf data", {})]),
    ("between brackets, a cut would be a syntax error in both halves", "python", "py",
     "\n# %%\nf(1,\n# %% x\n2)", [("code", "f(1,\n# %% x\n2)", {})]),
    ("a string that is never closed does not swallow the cells below", "python", "py",
     '\n# %%\nx = """a\n# %%\ny', [("code", 'x = """a', {}), ("code", "y", {})]),
    ("a backslash continues a string", "python", "py",
     "\n# %%\nx = 'a\\\n# %% b'", [("code", "x = 'a\\\n# %% b'", {})]),
    ("all strings of R may have several lines", "r", "R",
     "\n# %%\nx <- 'a\n# %% b'", [("code", "x <- 'a\n# %% b'", {})]),
    ("all strings of Julia may have several lines", "julia", "jl",
     '\n# %%\nx = "a\n# %% b"', [("code", 'x = "a\n# %% b"', {})]),
    ("template literals", "javascript", "js", "\n// %%\nx = `\n// %% b`", [("code", "x = `\n// %% b`", {})]),
    ("block comments", "cpp", "cpp", "\n// %%\n/*\n// %% b\n*/", [("code", "/*\n// %% b\n*/", {})]),
    ("VS Code needs no blank before the type", "python", "py",
     "\n#%%[markdown]\n# x", [("markdown", "x", {})]),
    ("VS Code ignores the case of the type", "python", "py",
     "\n# %% [Markdown]\n# x", [("markdown", "x", {})]),
    ("VS Code's marker of text", "python", "py", "\n# <markdowncell>\n# x", [("markdown", "x", {})]),
    ("Spyder's nested cell needs no title", "python", "py", "\n# %%%\nx", [("code", "x", {"cell_depth": 1})]),
    ("a type is a word of its own", "python", "py", "\n# %% x[raw]\ny", [("code", "y", {"title": "x[raw]"})]),
    ("what is no option is a title", "python", "py", "\n# %% x = y\n1", [("code", "1", {"title": "x = y"})]),
    ("a heading that looks like a magic keeps its sign", "python", "py",
     "\n# %% [raw]\n# # %time x", [("raw", "# %time x", {})]),
    ("text of an indented cell", "python", "py", "\n  # %% [raw]\n  # x", [("raw", "x", {})]),
    ("the indent that all code of a cell shares is removed", "python", "py",
     "\n# %%\n    x\n    y", [("code", "x\ny", {})]),
    ("an escaped `# +` remains a comment", "python", "py", "\n# %%\n# # + x", [("code", "# # + x", {})]),
    ("any language has a magic; the kernel knows whether it exists", "python", "py",
     '\n# %% language="new"\n# x', [("code", "%%new\nx", {})]),
    ("blank lines before the first marker are no cell", "python", "py", "\n\n\n# %%\nx", [("code", "x", {})]),
    ("every comment sign of a language counts", "scheme", "scm",
     "\n;; %%\nx\n; %%\ny", [("code", "x", {}), ("code", "y", {})]),
    ("a marker may touch the end of its comment", "ocaml", "ml", "(* %%*)\nx", [("code", "x", {})]),
    ("a comment ends with its closing sign", "maxima", "mac", "\n/* %% */\n/* %a */", [("code", "%a", {})]),
    ("`#!` is a magic in C#, unless a path follows", "csharp", "cs", "#!x\ny", [("code", "#!x\ny", {})]),
    ("a form feed ends no line, in editors and Python", "python", "py",
     "\n# %%\nx\x0cy", [("code", "x\x0cy", {})]),
]  # fmt: skip


def ours(text: str, language_id: str) -> tuple[Cells, Json]:
    found = read_script(text, language_id)
    return _outlines([cell.raw for cell in found.cells]), found.metadata


def theirs(text: str, extension: str) -> tuple[Cells, Json]:
    found = jupytext.reads(text, fmt=f"{extension}:percent")
    return _outlines(found.cells), json.loads(json.dumps(found.metadata))


def _outlines(cells: list[Any]) -> Cells:
    """Kind, source without blank lines around it, and metadata of each cell."""
    result = []
    for cell in cells:
        lines = cell["source"].split("\n")
        filled = [number for number, line in enumerate(lines) if line.strip()] or [len(lines)]
        source = "\n".join(lines[filled[0] : filled[-1] + 1])
        metadata = {name: value for name, value in cell["metadata"].items() if name not in LAYOUT}
        result.append((cell["cell_type"], source, json.loads(json.dumps(metadata))))
    return result


def _without_notes(metadata: Json, read: Json) -> Json:
    jupytext = {name: value for name, value in metadata.get("jupytext", {}).items() if name not in NOTES}
    if "text_representation" not in read.get("jupytext", {}):
        jupytext.pop("text_representation", None)
    else:
        jupytext["text_representation"] = read["jupytext"]["text_representation"]
    return metadata | {"jupytext": jupytext} if jupytext else {**metadata, "jupytext": {}}


@settings(max_examples=500, deadline=None)
@given(scripts())
def test_scripts_are_read_as_by_jupytext(script: tuple[str, str, str]) -> None:
    language_id, extension, text = script
    cells, metadata = ours(text, language_id)
    expected, notes = theirs(text, extension)
    assert cells == expected
    assert _without_notes(metadata, metadata) == _without_notes(notes, metadata)


@pytest.mark.parametrize(
    ("language_id", "extension", "cells", "expected"),
    [pytest.param(*case, id=reason) for reason, *case in MEANT],
)
def test_differences_that_are_meant(language_id: str, extension: str, cells: str, expected: Cells) -> None:
    script = next((script for script in SCRIPTS if script.extension == extension), SCRIPTS[0])
    header = ["---", *_yaml({"jupyter": HEADERS[0]}), "---"] if cells.startswith("\n") else []
    text = "\n".join(map(script.in_comment, header)) + cells
    assert ours(text, language_id)[0] == expected
    assert theirs(text, extension)[0] != expected


WRITTEN = ["python", "r", "julia", "javascript", "cpp", "clojure", "matlab", "ocaml", "maxima", "sas", "lua"]
METADATA: list[Json] = [
    {}, {}, {"tags": ["parameters", "a b"]}, {"title": "A title"}, {"title": "x = {1}", "a": {"b": None}},
    {"cell_depth": 1, "title": "Nested"}, {"an odd key": "va\"lue"}, {"title": "[raw] % two\nlines"},
    {"slideshow": {"slide_type": "slide"}, "name": "it"}, {"flag": True, "none": None, "active": "ipynb"},
]  # fmt: skip
CODE = (
    "x = 1",
    "",
    "plot();",
    "%time x",
    "%%bash\necho",
    "!ls",
    "x?",
    "    ",
    "# %time x",
    "# !echo",
    "# # a",
)
WORDS = (*TEXT, "%matplotlib", "!ls", "a\\b", "end\\", "  indented", "trailing  ", "*) */", 'quotes"', "''")
MARKERS = ("%% a", "%%", "In[1]:", "<codecell>", '%% """', "%% [md] a=1", "%%% c")


@st.composite
def notebooks(draw: st.DrawFn) -> tuple[str, str, list[Json]]:
    """A language id, a file extension and cells."""
    script = draw(st.sampled_from([script for script in SCRIPTS if script.language_id in WRITTEN]))
    markers = MARKERS if script.language_id == "python" else ()
    pools = {
        "code": [*script.code, *script.strings, *(CODE if script.language_id == "python" else ())],
        "markdown": [*WORDS, *markers, "```\n%% a\n```"],
        "raw": [*WORDS, *markers],
    }
    cells = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(pools)))
        source = "\n".join(draw(st.lists(st.sampled_from(pools[kind]), max_size=4)))
        metadata = draw(st.sampled_from(METADATA))
        if kind != "code" or script.end:  # jupytext leaves the end of such comments in the code
            metadata = {name: value for name, value in metadata.items() if name != "active"}
        source = source.replace("%%bash", "%%time") if "active" in metadata else source
        cells.append({"cell_type": kind, "source": source, "metadata": metadata})
    return script.language_id, script.extension, cells


@settings(max_examples=300, deadline=None)
@given(notebooks())
def test_a_written_script_is_read_as_the_same_notebook(drawn: tuple[str, str, list[Json]]) -> None:
    language_id, extension, cells = drawn
    spec = {"display_name": 'Ä: "kernel"', "name": "k", "language": language_id}
    metadata = {"kernelspec": spec, "jupytext": {"executable": "/usr/bin/env x", "formats": "ipynb,md"}}
    text = "".join(write_script(Notebook(metadata, cells)))
    found, header = ours(text, language_id)
    read, _ = theirs(text, extension)
    assert found == read
    assert header["kernelspec"] == spec
    assert header["jupytext"].items() >= metadata["jupytext"].items()
    if not any("# %%" in cell["source"] for cell in cells if cell["cell_type"] != "code"):
        assert found == _outlines(cells)


@pytest.mark.parametrize(
    ("language_id", "kind", "source", "expected"),
    [
        ("python", "markdown", "%% a", "%% a"),
        ("python", "markdown", "%% a\n''' \"\"\"", "\\%% a\n''' \"\"\""),
        ("julia", "markdown", "%% a", "\\%% a"),
        ("ocaml", "raw", "<codecell>", "\\<codecell>"),
        ("python", "code", "# %% a\nx", "# \\%% a\nx"),
        ("cpp", "code", "// In[2]:", "// \\In[2]:"),
    ],
)
def test_text_that_looks_like_a_marker(language_id: str, kind: str, source: str, expected: str) -> None:
    spec = {"display_name": "K", "name": "k", "language": language_id}
    cell = {"cell_type": kind, "source": source, "metadata": {}}
    text = "".join(write_script(Notebook({"kernelspec": spec}, [cell])))
    assert ours(text, language_id)[0] == [(kind, expected, {})]
