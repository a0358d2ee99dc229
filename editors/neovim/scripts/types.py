"""Writes the protocol's types for Lua (LuaCATS) from docs/protocol.schema.json.

python editors/neovim/scripts/types.py
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "docs" / "protocol.schema.json"
TYPES = ROOT / "editors" / "neovim" / "lua" / "kernel_bridge" / "protocol.lua"
HEAD = """\
---@meta kernel_bridge.protocol
-- The types of the protocol, generated from docs/protocol.schema.json by editors/neovim/scripts/types.py.
"""
PLAIN = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "null": "nil"}
KEYWORDS = {"end", "function", "repeat", "until", "local", "return"}

Json = dict[str, Any]


def lua_type(schema: Json | bool) -> str:
    """The type of a value."""
    if isinstance(schema, bool) or not schema:
        return "any"
    if reference := schema.get("$ref"):
        return f"kernel_bridge.{reference.rpartition('/')[2]}"
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "|".join(json.dumps(value) for value in schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return "|".join(lua_type(part) for part in schema[union])
    match schema.get("type"):
        case list(names):
            return "|".join(PLAIN.get(name, "any") for name in names)
        case "array":
            item = lua_type(schema.get("items", True))
            return f"({item})[]" if "|" in item else f"{item}[]"
        case "object":
            return f"table<string, {lua_type(schema.get('additionalProperties', True))}>"
        case str(name):
            return PLAIN[name]
    return "any"


def definition(name: str, schema: Json) -> list[str]:
    """The lines of one class or alias."""
    about = [f"--- {line}".rstrip() for line in schema.get("description", "").split("\n") if line]
    if "properties" not in schema:
        return [*about, f"---@alias kernel_bridge.{name} {lua_type(schema)}"]
    required = set(schema.get("required", ()))
    fields = []
    for field, value in schema["properties"].items():
        key = f'["{field}"]' if field in KEYWORDS or not field.isidentifier() else field
        words = f" {value['description']}" if isinstance(value, dict) and value.get("description") else ""
        optional = "" if field in required else "?"
        fields.append(f"---@field {key}{optional} {lua_type(value)}{words}".replace("\n", " "))
    return [*about, f"---@class kernel_bridge.{name}", *fields]


def types() -> str:
    """The whole file."""
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    parts = ["\n".join(definition(name, schema)) for name, schema in sorted(definitions.items())]
    return HEAD + "\n" + "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    TYPES.write_text(types())
