"""The schema matches the types and the published file, and accepts the messages that are sent."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]

from kernel_bridge.protocol import commands, notifications, objects
from kernel_bridge.protocol.errors import (
    BridgeError,
    KernelLaunchFailed,
    KernelRequired,
    NoSuchRun,
    Remedy,
    kinds,
)
from kernel_bridge.protocol.schema import FILE, encoded, schema
from kernel_bridge.protocol.settings import Settings

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"
SCHEMA = schema()

STREAM = {"output_type": "stream", "name": "stdout", "text": "a\n"}
RUN = objects.Run(
    id="r", kernel_id="k", epoch=1, source="1", origin="bridge", state="ok", queued_at="2026-01-01T00:00:00Z"
)
SPEC = objects.KernelSpec(
    name="python3",
    display_name="Python 3",
    language="python",
    argv=["python"],
    interrupt_mode="signal",
    source="kernelspec",
    usable=True,
)


def validate(name: str, value: Any) -> None:
    Draft202012Validator(SCHEMA | {"$ref": f"#/$defs/{name}"}).validate(value)


def refs(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if "$ref" in node else []
        return here + [ref for value in node.values() for ref in refs(value)]
    return [ref for item in node for ref in refs(item)] if isinstance(node, list) else []


def test_the_published_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == encoded(), "run python -m kernel_bridge.protocol.schema"


def test_it_is_a_valid_schema_without_dangling_references() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert {ref.removeprefix("#/$defs/") for ref in refs(SCHEMA)} <= SCHEMA["$defs"].keys()


def test_it_has_every_command_notification_and_error() -> None:
    defs = SCHEMA["$defs"]
    assert set(defs["Commands"]["properties"]) == set(commands.COMMANDS)
    assert set(defs["Notifications"]["properties"]) == set(notifications.NOTIFICATIONS)
    failures = {error.__name__ for error in kinds() if error.code == BridgeError.code}
    assert set(defs["ErrorKind"]["enum"]) == failures


def test_names_are_camel_case() -> None:
    snake = re.compile(r"[a-z]_[a-z]")
    by_nbformat = {"output_type", "execution_count"}
    fields = {field for node in SCHEMA["$defs"].values() for field in node.get("properties", {})}
    assert {field for field in fields if snake.search(field)} == by_nbformat


@pytest.mark.parametrize(
    ("name", "field"), [("AppendChange", "output"), ("ReplaceChange", "output"), ("Run", "outputs")]
)
def test_output_fields_refer_to_output(name: str, field: str) -> None:
    assert refs(SCHEMA["$defs"][name]["properties"][field]) == ["#/$defs/Output"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Run", RUN),
        ("Run", msgspec.structs.replace(RUN, outputs=[STREAM])),
        ("KernelSpec", SPEC),
        ("Settings", Settings()),
        (
            "RunParams",
            commands.RunParams(unit="cell", text_document=objects.TextDocument(uri="file:///a.py")),
        ),
        ("BindKernelParams", {"textDocument": {"uri": "file:///a.py"}, "kernelId": None}),
        ("Change", {"kind": "append", "output": STREAM}),
        ("Change", {"kind": "clear"}),
        ("Change", {"kind": "elide", "index": 0, "omitted": 9, "tail": "z", "lines": 2}),
        ("Output", STREAM | {"elided": {"omitted": 9, "tail": "z", "lines": 2}}),
        ("Output", {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}),
        ("Output", {"output_type": "execute_result", "data": {}, "metadata": {}, "execution_count": 1}),
        ("Output", {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}),
        ("ErrorData", NoSuchRun("no run 'r'", remedy=Remedy.LIST_RUNS).data),
        ("ErrorData", KernelLaunchFailed("it ended", exit_code=1, stderr="no").data),
        ("ErrorData", KernelRequired("none", specs=[SPEC]).data),
    ],
)
def test_valid_values(name: str, value: Any) -> None:
    validate(name, msgspec.to_builtins(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Change", {"kind": "other"}),
        ("Change", {"kind": "text", "index": 0}),
        ("Output", {"output_type": "stream", "name": "stdout"}),
        ("Run", {"id": "r"}),
        ("RunParams", {"unit": "page"}),
        ("ErrorData", {"kind": "KernelRequired"}),
        ("ErrorData", {"kind": "Other"}),
    ],
)
def test_invalid_values(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        validate(name, value)


EXAMPLES = re.findall(r"^```json (\w+)\n(.*?)^```", PROTOCOL.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_the_examples_of_the_protocol_are_valid(name: str, text: str) -> None:
    validate(name, msgspec.json.decode(text))


def test_every_message_has_an_example_in_the_protocol() -> None:
    shown = {name for name, _ in EXAMPLES}
    results = {result for pair in commands.COMMANDS.values() for result in pair}
    needed = {type_.__name__ for type_ in results | set(notifications.NOTIFICATIONS.values())}
    assert needed | {"ClientCapabilities", "Settings", "StdinRequest", "StdinAnswer"} <= shown


@pytest.mark.parametrize(
    ("changes", "outputs"),
    [
        ([{"kind": "append", "output": STREAM}, {"kind": "text", "index": 0, "text": "b"}], ["a\nb"]),
        ([{"kind": "append", "output": STREAM}, {"kind": "line", "index": 0, "text": "b"}], ["a\nb"]),
        (
            [{"kind": "append", "output": STREAM | {"text": "a"}}, {"kind": "line", "index": 0, "text": "b"}],
            ["b"],
        ),
        ([{"kind": "append", "output": STREAM}, {"kind": "clear"}], []),
        (
            [{"kind": "append", "output": STREAM}, {"kind": "replace", "index": 0, "output": {"text": "b"}}],
            ["b"],
        ),
    ],
)
def test_the_apply_function_of_the_protocol(changes: list[Any], outputs: list[str]) -> None:
    (source,) = re.findall(
        r"^```python\n(def apply.*?)^```", PROTOCOL.read_text(encoding="utf-8"), re.M | re.S
    )
    assert source.count("\n") <= 16
    names: dict[str, Any] = {}
    exec(source, names)
    applied: list[Any] = []
    names["apply"](applied, msgspec.to_builtins(changes))
    assert [output["text"] for output in applied] == outputs


def test_the_table_of_errors_in_the_protocol_is_complete() -> None:
    rows = re.findall(r"^\| ([A-Z]\w+) \| [^|]+ \| ([^|]*)\|$", PROTOCOL.read_text(encoding="utf-8"), re.M)
    fields = {
        kind: [
            name + ("" if name in node["required"] else "?")
            for name in node["properties"]
            if name not in ("kind", "remedy")
        ]
        for kind in SCHEMA["$defs"]["ErrorKind"]["enum"]
        for node in [SCHEMA["$defs"][f"{kind}Data"]]
    }
    assert {kind: re.findall(r"\b[a-z]\w*\??(?=[,: ])", data) for kind, data in rows} == fields
