"""Error texts in the words of each front end."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import kernel_bridge
from kernel_bridge.cli.commands import WORDS
from kernel_bridge.protocol.commands import COMMANDS as NAMES
from kernel_bridge.protocol.errors import (
    BadConnectionFile,
    ExportExists,
    HistoryError,
    KernelDead,
    KernelError,
    KernelLaunchFailed,
    Remedy,
    kinds,
)
from kernel_bridge.server.remedies import ACTIONS, COMMANDS

SOURCES = Path(kernel_bridge.__file__).parent


@pytest.mark.parametrize("words", [COMMANDS, ACTIONS, WORDS])
def test_each_front_end_has_words_for_every_remedy(words: Mapping[Remedy, str]) -> None:
    assert list(words) == list(Remedy)


@pytest.mark.parametrize("layer", ["bridge", "history", "kernels", "runs", "source"])
def test_only_front_ends_name_commands(layer: str) -> None:
    command = re.compile(rf"(?:{'|'.join(map(re.escape, NAMES))})(?!\.?\w)")
    for path in (SOURCES / layer).rglob("*.py"):
        assert command.findall(path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KernelDead("it is dead"), "it is dead"),
        (KernelDead("it is dead", remedy=Remedy.START_KERNEL), "it is dead; start"),
        (KernelDead("it is dead: why", remedy=Remedy.START_KERNEL), "it is dead: why; start"),
        (KernelDead("it is dead\nit\nwrote", remedy=Remedy.START_KERNEL), "it is dead; start\nit\nwrote"),
    ],
)
def test_the_advice_ends_the_first_line(error: KernelDead, text: str) -> None:
    assert error.worded({Remedy.START_KERNEL: "start"}) == text


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (KernelDead("it is dead"), {}),
        (KernelLaunchFailed("no", stderr="", exit_code=0), {"stderr": "", "exitCode": 0}),
        (BadConnectionFile("no", key="ip"), {"key": "ip"}),
        (ExportExists("no", path="a", remedy=Remedy.OVERWRITE), {"path": "a", "remedy": "overwrite"}),
    ],
)
def test_the_data_of_an_error(error: KernelError, data: dict[str, object]) -> None:
    assert error.data == {"kind": type(error).__name__, **data}


def test_groups_are_not_kinds() -> None:
    assert {kind.__name__ for kind in kinds(HistoryError)} == {
        "ExportExists",
        "ExportFailed",
        "FileChanged",
        "HistoryDisabled",
        "NoSuchRun",
        "NothingToExport",
    }
