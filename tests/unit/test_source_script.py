from typing import Any

import pytest

from kernel_bridge.source.header import read_header
from kernel_bridge.source.script import read_script

HEADER = "# ---\n# jupyter:\n#   kernelspec:\n#     name: k\n# ---\n"


def test_the_whole_header_is_read() -> None:
    text = (
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# ---\n# title: A\n# jupyter:\n#   jupytext:\n"
        "#     formats: ipynb,py:percent\n#   kernelspec:\n#     name: k\n#   own: [1, {a: 2021-01-01}]\n"
        "# author:\n#   - b\n# ---\n\n# %%\nx\n"
    )
    found = read_script(text, "python")
    assert [(cell.raw["cell_type"], cell.source) for cell in found.cells] == [
        ("raw", "---\ntitle: A\nauthor:\n  - b\n---"),
        ("code", "x"),
    ]
    assert found.metadata == {
        "jupytext": {
            "formats": "ipynb,py:percent",
            "executable": "/usr/bin/env python",
            "encoding": "# -*- coding: utf-8 -*-",
        },
        "kernelspec": {"name": "k"},
        "own": [1, {"a": "2021-01-01"}],
    }


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (f"{HEADER}# %%\nx\n", ()),
        ("# ---\n# jupyter:\n#   a: {\n# ---\n1\n",
         ("line 3: its header is ignored, because its YAML is invalid: expected the node content, "
          "but found '<stream end>'",)),
        ('x\n# %%\ny = """a\n# %%\nz\n', ("line 3: a string begins here and is never closed",)),
        ('"""a\n"""', ()),
    ],
)  # fmt: skip
def test_problems_name_their_line(text: str, problems: tuple[str, ...]) -> None:
    assert read_script(text, "python").problems == problems


@pytest.mark.parametrize(
    ("jupyter", "expected"),
    [
        ({"kernelspec": "{name: k}"}, True),
        ({"kernelspec": "{name: k}", "jupytext": "{comment_magics: false}"}, False),
        ({"jupytext": "{text_representation: {format_name: percent}}"}, True),
        ({"jupytext": "{text_representation: {format_name: hydrogen}}"}, False),
        ({"jupytext": "{comment_magics: true}"}, True),
        ({"jupytext": "{formats: ipynb}"}, False),
        ({"other": "1"}, False),
    ],
)
def test_the_header_says_whether_magics_are_in_comments(jupyter: dict[str, Any], expected: bool) -> None:
    lines = [f"#   {name}: {value}" for name, value in jupyter.items()]
    assert read_header(["# ---", "# jupyter:", *lines, "# ---"], "python").comments_magics is expected


@pytest.mark.parametrize(
    "text", ["# ---\n# jupyter:\n", "# a\n# ---\n# jupyter:\n# ---", "x", "", "#!/bin/sh"]
)
def test_other_comments_are_no_header(text: str) -> None:
    header = read_header(text.split("\n"), "python")
    assert (header.end, header.front_matter, header.comments_magics) == (int(text[:2] == "#!"), "", False)
