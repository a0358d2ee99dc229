"""Deeply nested JSON is rejected before it is processed, wherever it is read."""

import json
from pathlib import Path

import pytest

from kernel_bridge.kernels.connection_files import read_connection_file
from kernel_bridge.protocol.errors import BadConnectionFile
from kernel_bridge.source.json_text import DEEPEST, TooDeep, read_json
from kernel_bridge.source.notebook import read_notebook
from kernel_bridge.source.options import read_options
from kernel_bridge.source.script import read_script

DEPTHS = [DEEPEST + 1, 600, 900, 100_000]


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def test_ordinary_nesting_is_accepted() -> None:
    for text in (nested(DEEPEST), "[" * DEEPEST + "]" * DEEPEST, "1", "[]"):
        assert read_json(text) == json.loads(text)


@pytest.mark.parametrize("levels", DEPTHS)
def test_deep_json_is_rejected_everywhere(levels: int, tmp_path: Path) -> None:
    deep = nested(levels)
    for text in (deep, "[" * levels + "]" * levels, f"[1, {deep}]"):
        with pytest.raises(TooDeep):
            read_json(text)
    with pytest.raises(ValueError, match="nested more than"):
        read_notebook('{"nbformat": 4, "cells": [], "metadata": ' + deep + "}")
    (tmp_path / "kernel-1.json").write_text('{"transport": ' + deep + "}")
    if levels < 10_000:  # larger than any connection file
        with pytest.raises(BadConnectionFile, match="nested more than"):
            read_connection_file(tmp_path / "kernel-1.json")
    with pytest.raises(BadConnectionFile):
        read_connection_file(tmp_path / "kernel-1.json")


@pytest.mark.parametrize("levels", DEPTHS)
def test_deep_options_of_a_marker_are_ignored(levels: int) -> None:
    assert read_options(nested(levels)) is None
    assert read_options(f"a={'[' * levels}]") is None
    (cell,) = read_script(f"# %% {nested(levels)}\n1\n", "python").cells
    assert cell.source == "1"
