"""The JSON Schema of the wire (2020-12), generated from the types. The editors' types are generated from it.

`python -m kernel_bridge.protocol.schema` writes docs/protocol.schema.json.
"""

import dataclasses
import inspect
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Struct, UnsetType, defstruct

from . import objects, vocabulary
from .commands import COMMANDS
from .errors import REQUEST_FAILED, BridgeError, camel, kinds
from .notifications import NOTIFICATIONS, STDIN, ClientCapabilities, StdinAnswer, StdinRequest
from .objects import Wire
from .settings import HistorySettings, Settings

Json = dict[str, Any]

FILE = Path(__file__).parents[2] / "docs" / "protocol.schema.json"

ALIASES: dict[str, tuple[Any, str]] = {
    "KernelState": (objects.KernelState, "What a kernel is doing."),
    "KernelOrigin": (objects.KernelOrigin, "How the bridge knows a kernel; found: listed, not followed."),
    "Transport": (objects.Transport, "How the bridge reaches a kernel."),
    "RunState": (vocabulary.RunState, "The state of a run: queued, running, or one of five ends."),
    "Unit": (vocabulary.Unit, "The part of a document to run."),
    "ExportFormat": (objects.ExportFormat, "The format of an exported file."),
    "ExportMedia": (
        objects.ExportMedia,
        "Where the pictures of a Markdown export are: in files beside it, or in its text.",
    ),
    "ExportMode": (objects.ExportMode, "The cells of an export: runs, or the cells of a document."),
    "InterruptOutcome": (objects.InterruptOutcome, "The outcome of an interrupt."),
    "Output": (vocabulary.Output, "An nbformat 4.5 output with text as one string."),
    "Change": (
        vocabulary.Change,
        "One change to the outputs that a client holds. Apply changes in order.",
    ),
}
"""Unions that keep their name in the schema, with their descriptions (an alias has no docstring)."""


def schema() -> Json:
    """Build the schema: `$defs` has every wire type, `properties` the commands, methods and kinds."""
    defs = _types() | _errors() | _tables()
    places = {
        "commands": "Commands",
        "notifications": "Notifications",
        "requests": "Requests",
        "settings": "Settings",
        "capabilities": "ClientCapabilities",
        "error": "ResponseError",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kernel-bridge",
        "description": "The wire format of kernel-bridge, version 1, documented in docs/protocol.md. A field"
        " that is not required is omitted when it has no value; null counts as omitted. Unknown fields"
        " are ignored.",
        "type": "object",
        "properties": {place: _ref(name) for place, name in places.items()},
        "$defs": {name: {"title": name, **defs[name]} for name in sorted(defs)},
    }


def encoded() -> str:
    """Return the text of docs/protocol.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _types() -> Json:
    """The message types and the named unions."""
    types: list[Any] = [type_ for pair in COMMANDS.values() for type_ in pair]
    types += [*NOTIFICATIONS.values(), StdinRequest, StdinAnswer, ClientCapabilities, Settings]
    types += map(_data_of, _failures())
    for typed in (vocabulary.BlobFile, *get_args(vocabulary.Output), *get_args(vocabulary.Change)):
        types.append(_struct_of(typed))
    words = {name: alias for name, (alias, _) in ALIASES.items() if get_origin(alias) is Literal}
    components, raw = msgspec.json.schema_components([*types, *words.values()], ref_template="#/$defs/{name}")
    alias_of = {_key(node): name for name, node in zip(words, components[len(types) :], strict=True)}

    defs = {name: _tidy(node, alias_of) for name, node in raw.items()}
    for name, (alias, description) in ALIASES.items():
        defs[name] = {"description": description, **_union(alias)}
    defs["MimeBundle"] = {
        "description": "MIME type -> its value: text, base64, JSON for JSON types, or a BlobFile if "
        'the client asked for blobs: "file".',
        "type": "object",
        "additionalProperties": True,
    }
    # Its default is null, but an omitted setting keeps its earlier value.
    history = defs[HistorySettings.__name__]["properties"]
    history["path"] |= {"type": ["string", "null"], "default": None}
    return defs


def _tables() -> Json:
    answer = {"anyOf": [_ref("StdinAnswer"), {"type": "null"}]}
    return {
        "Commands": _table(
            "Commands of `workspace/executeCommand`, each with its argument and result.",
            {
                name: _pair("argument", _ref(argument.__name__), _ref(result.__name__))
                for name, (argument, result) in COMMANDS.items()
            },
        ),
        "Notifications": _table(
            "Notifications from the server, each with its params.",
            {method: _ref(params.__name__) for method, params in NOTIFICATIONS.items()},
        ),
        "Requests": _table(
            "Requests from the server, each with its params and result; null: the user cancelled.",
            {STDIN: _pair("params", _ref("StdinRequest"), answer)},
        ),
    }


def _struct_of(typed: Any) -> type[Struct]:
    """Turn a typed dictionary into a struct, so that its fields keep their order in the schema."""
    named = {"data": "MimeBundle", "output": "Output"}  # unions that msgspec does not support

    def field(name: str, hint: Any) -> tuple[Any, ...]:
        if name in named:
            return name, Annotated[dict[str, Any], Meta(extra_json_schema=_ref(named[name]))]
        return (name, hint) if name in typed.__required_keys__ else (name, hint | UnsetType, UNSET)

    fields = [field(name, hint) for name, hint in get_type_hints(typed).items()]
    return defstruct(typed.__name__, fields, namespace={"__doc__": typed.__doc__}, kw_only=True)


def _tidy(node: Any, alias_of: dict[str, str]) -> Any:
    """Rewrite the node to match the wire: no null for an omitted field, and named unions as references."""
    if isinstance(node, list):
        return [_tidy(item, alias_of) for item in node]
    if not isinstance(node, dict):
        return node
    if "type" in node and "$ref" in node:  # a union that msgspec sees as any object
        return _ref(node["$ref"].rpartition("/")[2])
    options = node.get("anyOf", [])
    if node.get("default", ...) is None and {"type": "null"} in options:
        (option,) = (
            option for option in options if option != {"type": "null"}
        )  # a union would have an alias
        node = {key: value for key, value in node.items() if key not in ("anyOf", "default")} | option
    if name := alias_of.get(_key(node)):
        return _ref(name) | ({"default": node["default"]} if "default" in node else {})
    tidy = {key: _tidy(value, alias_of) for key, value in node.items() if (key, value) != ("required", [])}
    if "description" in tidy and isinstance(tidy["description"], str):
        text = inspect.cleandoc(tidy["description"])  # before Python 3.13, docstrings keep their indentation
        tidy["description"] = re.sub(r"`[a-z_]+`", lambda found: camel(found[0]), text)
    if len(tidy.get("enum", ())) == 1:
        (tidy["const"],) = tidy.pop("enum")
    return tidy


def _key(node: Json) -> str:
    return json.dumps({key: value for key, value in node.items() if key != "default"}, sort_keys=True)


def _union(alias: Any) -> Json:
    if get_origin(alias) is Literal:
        return {"enum": list(get_args(alias))}
    return {"oneOf": [_ref(member.__name__) for member in get_args(alias)]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _object(description: str, properties: Json, required: list[str]) -> Json:
    return {"description": description, "type": "object", "properties": properties, "required": required}


def _table(description: str, properties: Json) -> Json:
    return _object(description, properties, list(properties))


def _pair(given: str, first: Json, result: Json) -> Json:
    return {"type": "object", "properties": {given: first, "result": result}, "required": [given, "result"]}


def _errors() -> Json:
    """The JSON-RPC error of a failed command, and its data."""
    names = [kind.__name__ for kind in _failures()]
    return {
        "ErrorKind": {"description": "Why a command failed (code -32803).", "enum": names},
        "ErrorData": {
            "description": "The data of an error with code -32803.",
            "oneOf": [_ref(f"{name}Data") for name in names],
        },
        "ResponseError": _object(
            "The error of a failed request. Its message names what failed, the value, and what to do.",
            {"code": {"type": "integer"}, "message": {"type": "string"}, "data": _ref("ErrorData")},
            ["code", "message"],
        ),
    }


def _failures() -> list[type[BridgeError]]:
    return [kind for kind in kinds() if kind.code == REQUEST_FAILED]


def _data_of(kind: type[BridgeError]) -> type[Struct]:
    """Build the struct for the data of an error."""
    hints = get_type_hints(kind, include_extras=True)
    return defstruct(
        f"{kind.__name__}Data",
        [
            (one.name, hints[one.name], NODEFAULT if one.default is dataclasses.MISSING else one.default)
            for one in dataclasses.fields(kind)
            if one.name != "message"
        ],
        bases=(Wire,),
        namespace={"__doc__": kind.__doc__},
        tag_field="kind",
        tag=kind.__name__,
        kw_only=True,
    )


if __name__ == "__main__":
    FILE.write_text(encoded(), encoding="utf-8")
