"""A client's params are read strictly; errors name the field and what it must be."""

from typing import Any

import pytest

from kernel_bridge.protocol.commands import (
    BindKernelParams,
    HistoryParams,
    ReadOutputParams,
    RunParams,
    StartKernelParams,
)
from kernel_bridge.protocol.errors import INVALID_PARAMS, InvalidArgument
from kernel_bridge.protocol.objects import TextDocument, Wire
from kernel_bridge.protocol.strict import convert

URI = {"uri": "file:///a.py"}


@pytest.mark.parametrize(
    ("value", "to", "message"),
    [
        ({"wait": "yes"}, RunParams, "run: field wait: expected bool, got str"),
        ({"wait": 1}, RunParams, "run: field wait: expected bool, got int"),
        (
            {"unit": "page"},
            RunParams,
            "run: field unit: expected one of range, line, statement, cell, above,",
        ),
        ({"textDocument": {}}, RunParams, "run: field textDocument.uri: is required and missing"),
        ({"textDocument": {"uri": 5}}, RunParams, "run: field textDocument.uri: expected str, got int"),
        (
            {"position": {"line": -1, "character": 0}},
            RunParams,
            "run: field position.line: expected int >= 0",
        ),
        ({"range": {"start": {"line": 0, "character": 0}}}, RunParams, "run: field range.end: is required"),
        ({"textDocument": URI}, BindKernelParams, "run: field kernelId: is required and missing"),
        (
            {"extraArguments": ["a", 5]},
            StartKernelParams,
            "run: field extraArguments[1]: expected str, got int",
        ),
        ({"transport": "pigeon"}, StartKernelParams, "run: field transport: expected one of ipc, tcp, got"),
        ({"readyTimeout": 0}, StartKernelParams, "run: field readyTimeout: expected float > 0"),
        ({"limit": 0}, HistoryParams, "run: field limit: expected int >= 1"),
        ([], RunParams, "run: expected object, got array"),
        ("all", RunParams, "run: expected object, got str"),
    ],
)
def test_an_invalid_argument_is_named(value: Any, to: type[Wire], message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        convert(value, to, "run")
    assert str(caught.value).startswith(message)
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, RunParams()),
        ({"later": {"than": "this version"}}, RunParams()),
        ({"code": "1", "kernelId": None}, RunParams(code="1")),
        ({"code": "1", "wait": None, "silent": None, "range": None}, RunParams(code="1")),
        (
            {"runId": "r", "index": 0, "start": 0, "length": 5},
            ReadOutputParams(run_id="r", index=0, start=0, length=5),
        ),
        (
            {"textDocument": URI | {"languageId": "python"}, "kernelId": None},
            BindKernelParams(
                text_document=TextDocument(uri="file:///a.py"),
                kernel_id=None,
            ),
        ),
    ],
)
def test_a_valid_argument_is_accepted(value: Any, expected: Wire) -> None:
    assert convert(value, type(expected), "run") == expected
