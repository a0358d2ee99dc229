"""Generates the code that the clients share with the server: the protocol's types, and tables of languages.

python editors/generate.py

The types come from docs/protocol.schema.json, the tables from the server's modules. A test checks that the
generated files are up to date.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any, get_args

from kernel_bridge.protocol.vocabulary import RunEnd
from kernel_bridge.server.features.views import READABLE
from kernel_bridge.source.fences import IN_PAGE
from kernel_bridge.source.languages import LANGUAGES, comment_prefixes, fence_names
from kernel_bridge.source.percent import TEXT_KINDS

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "docs" / "protocol.schema.json"
TYPESCRIPT = ROOT / "editors" / "vscode" / "src" / "server"
LUA = ROOT / "editors" / "neovim" / "lua" / "kernel_bridge"
LUA_KEYWORDS = {
    *("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local"),
    *("nil", "not", "or", "repeat", "return", "then", "true", "until", "while"),
}

Json = dict[str, Any]
Type = Callable[[Json | bool], str]


@dataclass(frozen=True, slots=True)
class Printer:
    """The syntax of types in a language."""

    plain: dict[str, str]  # JSON Schema's name of a type -> the language's
    unknown: str
    prefix: str  # before the name of a type of the protocol
    union: str  # separator of two members
    record: str  # a map from strings to {}
    empty: str  # an object without fields
    fields: Callable[[Json, Type], str]  # an object without a name

    def type_of(self, schema: Json | bool) -> str:
        """The type of a schema in the language."""
        if isinstance(schema, bool) or not schema:
            return self.unknown
        if reference := schema.get("$ref"):
            return f"{self.prefix}{reference.rpartition('/')[2]}"
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return self.union.join(map(json.dumps, schema["enum"]))
        for members in ("anyOf", "oneOf"):
            if members in schema:
                return self.union.join(map(self.type_of, schema[members]))
        match schema.get("type"):
            case list(names):
                return self.union.join(self.plain.get(name, self.unknown) for name in names)
            case "array":
                item = self.type_of(schema.get("items", True))
                return f"({item})[]" if "|" in item else f"{item}[]"
            case "object" if "properties" in schema:
                return self.fields(schema, self.type_of)
            case "object":
                others = schema.get("additionalProperties", True)
                return self.record.format(self.type_of(others)) if others is not False else self.empty
            case str(name):
                return self.plain[name]
        return self.unknown


def fields(schema: Json) -> Iterator[tuple[str, str, Json | bool, str]]:
    """(name, "?" if optional, schema, description on one line) of each field of an object."""
    required = set(schema.get("required", ()))
    for name, value in schema["properties"].items():
        words = value.get("description", "") if isinstance(value, dict) else ""
        yield name, "" if name in required else "?", value, words.replace("\n", " ")


def definitions() -> list[tuple[str, Json]]:
    """The named types of the protocol."""
    return sorted(json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"].items())


def listed(words: Iterable[str], brackets: str) -> str:
    """A list of strings. Both languages accept JSON strings."""
    inside = ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
    return f"[{inside}]" if brackets == "[]" else f"{{ {inside} }}"


# TypeScript


def typescript_fields(schema: Json, type_of: Type) -> str:
    lines = []
    for name, optional, value, words in fields(schema):
        if words:
            lines.append(f"/** {words} */")
        lines.append(f"{name if name.isidentifier() else json.dumps(name)}{optional}: {type_of(value)};")
    return "{\n" + indent("\n".join(lines), "  ") + "\n}"


TYPESCRIPT_TYPES = Printer(
    plain={"integer": "number", **{name: name for name in ("string", "number", "boolean", "null")}},
    unknown="unknown",
    prefix="",
    union=" | ",
    record="Record<string, {}>",
    empty="Record<string, never>",
    fields=typescript_fields,
)


def typescript_types() -> str:
    parts = ["// The types of the protocol, generated from docs/protocol.schema.json by editors/generate.py."]
    for name, schema in definitions():
        about = " ".join(schema.get("description", "").split())
        head = f"/** {about} */\n" if about else ""
        body = TYPESCRIPT_TYPES.type_of(schema)
        named = f"interface {name} {body}" if "properties" in schema else f"type {name} = {body};"
        parts.append(f"{head}export {named}")
    return "\n\n".join(parts) + "\n"


def typescript_vocabulary() -> str:
    languages = {name: comment_prefixes(name) for one in LANGUAGES if not one.fenced for name in one.vscode}
    fenced = [name for one in LANGUAGES if one.fenced for name in one.vscode]
    comments = [f'  ["{name}", {listed(prefixes, "[]")}],' for name, prefixes in languages.items()]
    closing = {name: one.comment_end for one in LANGUAGES if one.comment_end for name in one.vscode}
    ends = listed(get_args(RunEnd), "[]")
    return "\n".join(
        [
            "// Tables for use without the server, generated from its modules by editors/generate.py.",
            "",
            'import type { RunState } from "./protocol";',
            "",
            "/** States of a run that has ended. */",
            f"export const ENDS: ReadonlySet<RunState> = new Set<RunState>({ends});",
            "",
            "/** Comment prefixes of the languages that have a kernel, by VS Code's language ID. */",
            "export const COMMENTS: ReadonlyMap<string, readonly string[]> = new Map([",
            *comments,
            "]);",
            "",
            "/** What closes a comment on its line, for the languages that need it. */",
            "export const COMMENT_ENDS: ReadonlyMap<string, string> = new Map([",
            *(f"  {listed(pair, '[]')}," for pair in closing.items()),
            "]);",
            "",
            "/** Words in brackets that mark a text cell. */",
            f"export const TEXT_KINDS: readonly string[] = {listed(TEXT_KINDS, '[]')};",
            "",
            "/** Languages whose documents are prose with code in fences, by VS Code's language ID. */",
            f"export const FENCED: ReadonlySet<string> = new Set({listed(fenced, '[]')});",
            "",
            "/** The languages of code fences, by the name in the info string in lower case. */",
            "export const FENCE_NAMES: ReadonlyMap<string, string> = new Map([",
            *(f"  {listed(pair, '[]')}," for pair in fence_names().items()),
            "]);",
            "",
            "/** Names in braces that do not: their code is part of the page. */",
            f"export const IN_PAGE: ReadonlySet<string> = new Set({listed(IN_PAGE, '[]')});",
            "",
        ]
    )


# Lua


def lua_fields(schema: Json, type_of: Type) -> str:
    return "{ " + ", ".join(f"{name}{end}: {type_of(value)}" for name, end, value, _ in fields(schema)) + " }"


LUA_TYPES = Printer(
    plain={"null": "nil", **{name: name for name in ("string", "integer", "number", "boolean")}},
    unknown="any",
    prefix="kernel_bridge.",
    union="|",
    record="table<string, {}>",
    empty="table<string, any>",
    fields=lua_fields,
)


def lua_key(name: str) -> str:
    return f'["{name}"]' if name in LUA_KEYWORDS or not name.isidentifier() else name


def lua_types() -> str:
    lines = [
        "---@meta kernel_bridge.protocol",
        "-- The types of the protocol, generated from docs/protocol.schema.json by editors/generate.py.",
    ]
    for name, schema in definitions():
        lines += ["", *(f"--- {line}" for line in schema.get("description", "").split("\n") if line)]
        if "properties" not in schema:
            lines.append(f"---@alias kernel_bridge.{name} {LUA_TYPES.type_of(schema)}")
            continue
        lines.append(f"---@class kernel_bridge.{name}")
        for field, optional, value, words in fields(schema):
            text = f"---@field {lua_key(field)}{optional} {LUA_TYPES.type_of(value)} {words}"
            lines.append(text.rstrip())
    return "\n".join(lines) + "\n"


def lua_vocabulary() -> str:
    languages = {
        name: comment_prefixes(name) for one in LANGUAGES if not one.fenced for name in one.filetypes
    }
    fenced = [name for one in LANGUAGES if one.fenced for name in one.filetypes]

    def table(about: str, name: str, type: str, values: dict[str, str]) -> list[str]:
        rows = [f"  {lua_key(key)} = {value}," for key, value in values.items()]
        return ["", f"--- {about}", f"---@type {type}", f"M.{name} = {{", *rows, "}"]

    return "\n".join(
        [
            "-- Tables for use without the server, generated from its modules by editors/generate.py.",
            "",
            "local M = {}",
            *table(
                "States of a run that has ended.",
                "ends",
                "table<kernel_bridge.RunState, true>",
                dict.fromkeys(get_args(RunEnd), "true"),
            ),
            *table(
                "Comment prefixes of the languages that have a kernel, by filetype.",
                "comments",
                "table<string, string[]>",
                {name: listed(prefixes, "{}") for name, prefixes in languages.items()},
            ),
            "",
            "--- MIME types that need no other program to be shown.",
            "---@type string[]",
            f"M.readable = {listed(READABLE, '{}')}",
            *table(
                "Filetypes of the languages whose LSP name is another.",
                "filetypes",
                "table<string, string>",
                {
                    one.ids[0]: json.dumps(one.filetypes[0])
                    for one in LANGUAGES
                    if one.filetypes and one.ids[0] != one.filetypes[0]
                },
            ),
            *table(
                "Filetypes whose documents are prose with code in fences.",
                "fenced",
                "table<string, true>",
                dict.fromkeys(fenced, "true"),
            ),
            *table(
                "The languages of code fences, by the name in the info string in lower case.",
                "fence_names",
                "table<string, string>",
                {name: json.dumps(language) for name, language in fence_names().items()},
            ),
            *table(
                "Names in braces that do not: their code is part of the page.",
                "in_page",
                "table<string, true>",
                dict.fromkeys(IN_PAGE, "true"),
            ),
            "",
            "return M",
            "",
        ]
    )


def files() -> dict[Path, str]:
    """The text of each generated file."""
    return {
        TYPESCRIPT / "protocol.ts": typescript_types(),
        TYPESCRIPT / "vocabulary.ts": typescript_vocabulary(),
        LUA / "protocol.lua": lua_types(),
        LUA / "vocabulary.lua": lua_vocabulary(),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
