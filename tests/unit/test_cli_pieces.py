"""The pieces of a file with parameters, and the warnings about it."""

from pathlib import Path

from kernel_bridge.cli.pieces import Languages, open_script

MIXED = """\
```{python}
x = 1
```

```{r}
#| tags: [parameters]
alpha = 1
```

```{python}
y = 2
"""


def test_parameters_are_in_the_language_of_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mixed.qmd"
    path.write_text(MIXED)
    script = open_script(str(path), None, None, Languages(None), {"alpha": True})
    assert [(piece.source, piece.language_id) for piece in script.pieces] == [
        ("x = 1", "python"),
        ("#| tags: [parameters]\nalpha = 1", "r"),
        ("# Parameters\nalpha = TRUE", "r"),
        ("y = 2", "python"),
    ]
    assert script.warnings == (f"{path}: line 10: this fence is never closed, so its code runs to the end",)
