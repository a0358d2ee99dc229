"""Writes the protocol's types for TypeScript from docs/protocol.schema.json.

python editors/vscode/scripts/types.py
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "docs" / "protocol.schema.json"
TYPES = ROOT / "editors" / "vscode" / "src" / "protocol.ts"
HEAD = "// The types of the protocol, generated from docs/protocol.schema.json by editors/vscode/scripts/types.py.\n"
PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}

Json = dict[str, Any]


def typescript_type(schema: Json | bool, indent: str = "") -> str:
    """The type of a value."""
    if isinstance(schema, bool) or not schema:
        return "unknown"
    if reference := schema.get("$ref"):
        return str(reference.rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(typescript_type(part, indent) for part in schema[union])
    match schema.get("type"):
        case list(names):
            return " | ".join(PLAIN.get(name, "unknown") for name in names)
        case "array":
            item = typescript_type(schema.get("items", True), indent)
            return f"({item})[]" if "|" in item else f"{item}[]"
        case "object":
            if "properties" in schema:
                return "{\n" + "\n".join(members(schema, indent + "  ")) + f"\n{indent}}}"
            if schema.get("additionalProperties", True) is False:
                return "Record<string, never>"
            return f"Record<string, {typescript_type(schema.get('additionalProperties', True), indent)}>"
        case str(name):
            return PLAIN[name]
    return "unknown"


def members(schema: Json, indent: str) -> list[str]:
    """The lines of an object's fields."""
    required = set(schema.get("required", ()))
    lines = []
    for field, value in schema["properties"].items():
        if isinstance(value, dict) and value.get("description"):
            lines.append(f"{indent}/** {value['description']} */".replace("\n", " "))
        key = field if field.isidentifier() else json.dumps(field)
        optional = "" if field in required else "?"
        lines.append(f"{indent}{key}{optional}: {typescript_type(value, indent)};")
    return lines


def definition(name: str, schema: Json) -> str:
    """One exported interface or type."""
    about = " ".join(schema.get("description", "").split())
    head = f"/** {about} */\n" if about else ""
    if "properties" in schema:
        return f"{head}export interface {name} {typescript_type(schema)}"
    return f"{head}export type {name} = {typescript_type(schema)};"


def types() -> str:
    """The whole file."""
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    return (
        HEAD
        + "\n"
        + "\n\n".join(definition(name, schema) for name, schema in sorted(definitions.items()))
        + "\n"
    )


if __name__ == "__main__":
    TYPES.write_text(types())
