"""The tables of docs/reference/settings.md, from the definitions in the server, VS Code and Neovim."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernel_bridge.protocol.schema import schema
from tests.documentation.pages import ROOT, table

PAGE = ROOT / "docs" / "reference" / "settings.md"
EXTENSION = ROOT / "editors" / "vscode"
NEOVIM = ROOT / "editors" / "neovim"
NVIM = Path(sys.executable).parent / "nvim"
SECTION = "kernel-bridge."


STRUCTS = {
    "server": ("", "Settings"),
    "history": ("history.", "HistorySettings"),
    "features": ("features.", "FeatureSettings"),
}
"""The server's settings: the part of the page, the prefix of the names, the type in the schema."""


def regions() -> dict[str, str]:
    """The generated parts of the page, by name."""
    tables = {name: _server(*struct) for name, struct in STRUCTS.items()}
    return {**tables, "vscode": _vscode(), "neovim": _neovim()}


def _server(prefix: str, struct: str) -> str:
    rows = (
        (f"`{name}`", _type(field), _code(field["default"]), field["description"], field["x-takes-effect"])
        for name, field in _fields(prefix, struct)
    )
    return table(("setting", "type", "default", "meaning", "takes effect"), rows)


def _fields(prefix: str, struct: str) -> Iterator[tuple[str, Any]]:
    """(name, schema) of each setting that is not a group of settings."""
    for name, field in schema()["$defs"][struct]["properties"].items():
        if "$ref" not in field:
            yield prefix + name, field


def _type(field: Any) -> str:
    if choices := field.get("enum"):
        return " or ".join(map(_code, choices))
    if options := field.get("anyOf"):
        return " or ".join(_code(one["const"]) if "const" in one else _type(one) for one in options)
    names = [field["type"]] if isinstance(field["type"], str) else field["type"]
    if "exclusiveMinimum" in field:
        return f"{names[0]} > {field['exclusiveMinimum']}"
    if "minimum" in field:
        return f"{names[0]} ≥ {field['minimum']}"
    return " or ".join(names)


def _code(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def vscode_contributes() -> Any:
    """What the manifest of the VS Code extension contributes, with its texts in English."""
    texts = json.loads((EXTENSION / "package.nls.json").read_text(encoding="utf-8"))
    manifest = (EXTENSION / "package.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r'"%([\w.-]+)%"', lambda key: json.dumps(texts[key[1]]), manifest))[
        "contributes"
    ]


def vscode_settings() -> dict[str, Any]:
    """The settings of the VS Code extension, by their names without the section."""
    parts = vscode_contributes()["configuration"]
    return {name.removeprefix(SECTION): one for part in parts for name, one in part["properties"].items()}


def _vscode() -> str:
    properties = vscode_settings()
    shared = {name: field["default"] for struct in STRUCTS.values() for name, field in _fields(*struct)}
    own = (
        (f"`{SECTION}{name}`", _type(one), _code(one["default"]), _plain(one["markdownDescription"]))
        for name, one in properties.items()
        if name not in shared
    )
    both = [name for name in properties if name in shared]
    other = [
        f"`{name}` ({_code(properties[name]['default'])})"
        for name in both
        if properties[name]["default"] != shared[name]
    ]
    sentence = f"The extension also offers these server settings: {', '.join(f'`{name}`' for name in both)}."
    if other:
        sentence += f" Of these, {', '.join(other)} has another default in VS Code."
    return table(("setting", "type", "default", "meaning"), own) + f"\n{sentence}\n"


def _plain(description: str) -> str:
    """VS Code's markup for a link to another setting, as plain code."""
    return re.sub(r"`#([\w.-]+)#`", r"`\1`", description)


def _neovim() -> str:
    source = (NEOVIM / "lua" / "kernel_bridge" / "config.lua").read_text(encoding="utf-8")
    defaults = _lua_defaults()
    classes: dict[str, list[tuple[str, str, str]]] = {}
    for name, body in re.findall(r"^---@class kernel_bridge\.(\w+)\n((?:---@field .*\n)+)", source, re.M):
        classes[name] = re.findall(r"^---@field (\w+)\?? (table<.*?>|\S+)(?: (.*))?$", body, re.M)
    rows = []
    for name, type_, words in classes["Options"]:
        value = defaults.get(name)
        if nested := classes.get(type_.removeprefix("kernel_bridge.")):
            rows += [(f"{name}.{inner}", *rest, _code(value[inner])) for inner, *rest in nested]
        else:
            shown = "" if value is None else "`…`" if isinstance(value, dict) else _code(value)
            rows.append((name, type_, words, shown))
    cells = ((f"`{name}`", f"`{type_}`", shown, _sentence(words)) for name, type_, words, shown in rows)
    return table(("option", "type", "default", "meaning"), cells)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _lua_defaults() -> Any:
    """The defaults as the plugin itself has them."""
    return asked_of_neovim("require('kernel_bridge.config').get()")


def asked_of_neovim(expression: str) -> Any:
    """The value of a Lua expression in a Neovim with the plugin."""
    command = [NVIM, "--clean", "--headless", "--cmd", f"set rtp^={NEOVIM}"]
    command += ["-c", "runtime plugin/kernel_bridge.lua"]
    command += ["-c", f"lua io.stdout:write(vim.json.encode({expression}))", "-c", "qall!"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
