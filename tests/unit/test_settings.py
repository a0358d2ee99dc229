"""Settings from a client: partial, invalid, sent again."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernel_bridge.protocol.settings import FeatureSettings, HistorySettings, Settings, read_settings


def check(raw: Any, expected: Settings, *warnings: str, base: Settings = Settings()) -> None:
    """Reading `raw` returns `expected`, with one warning per start in `warnings`."""
    settings, messages = read_settings(raw, base)
    assert settings == expected
    assert len(messages) == len(warnings)
    for message, start in zip(messages, warnings, strict=True):
        assert message.startswith(start), message


@pytest.mark.parametrize(
    "raw", [None, {}, {"unknown": 1}, {"history": None}, {"history": {}}, {"autoStart": None}]
)
def test_an_omitted_setting_has_its_default(raw: Any) -> None:
    check(raw, Settings())


def test_the_protocol_lists_the_defaults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```json Settings\n(.*?)^```", page, re.M | re.S)
    listed = msgspec.json.decode(text)
    check(listed, Settings())
    nested = ((listed["history"], HistorySettings), (listed["features"], FeatureSettings))
    for names, struct in ((listed, Settings), *nested):
        assert set(names) == {field.encode_name for field in msgspec.structs.fields(struct)}


def test_given_settings_are_used() -> None:
    check(
        {"autoStart": False, "defaultKernels": {"r": "ir"}, "history": {"maxBytes": 5}},
        Settings(auto_start=False, default_kernels={"r": "ir"}, history=HistorySettings(max_bytes=5)),
    )


def test_an_omitted_setting_keeps_its_value() -> None:
    before = Settings(transport="tcp", history=HistorySettings(path="/h.db"))
    check(
        {"history": {"enabled": False}},
        Settings(transport="tcp", history=HistorySettings(enabled=False, path="/h.db")),
        base=before,
    )


@pytest.mark.parametrize(
    ("raw", "warning"),
    [
        ({"autoStart": "yes"}, "setting kernel-bridge.autoStart: expected bool, got str; true is used"),
        ({"transport": "pigeon"}, "setting kernel-bridge.transport: expected one of ipc, tcp, got"),
        ({"readyTimeout": 0}, "setting kernel-bridge.readyTimeout: expected float > 0"),
        (
            {"outputBudget": 1.5},
            "setting kernel-bridge.outputBudget: expected int, got float; 1048576 is used",
        ),
        ({"defaultKernels": {"r": 1}}, "setting kernel-bridge.defaultKernels: "),
        ({"history": {"maxBytes": "1 GB"}}, "setting kernel-bridge.history.maxBytes: expected int, got str"),
        ({"history": False}, "setting kernel-bridge.history: expected an object, got False"),
        (["autoStart"], "setting kernel-bridge: expected an object, got ['autoStart']"),
    ],
)
def test_a_wrong_type_is_reported_and_replaced_by_the_default(raw: Any, warning: str) -> None:
    check(raw, Settings(), warning)


def test_one_wrong_setting_does_not_affect_the_others() -> None:
    check({"keepAlive": 1, "trusted": False}, Settings(trusted=False), "setting kernel-bridge.keepAlive: ")
