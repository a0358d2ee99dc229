"""The tables of docs/reference/settings.md, from the definitions in the server, VS Code and Neovim."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernel_bridge.protocol.schema import schema

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "settings.md"
PACKAGE = ROOT / "editors" / "vscode" / "package.json"
NEOVIM = ROOT / "editors" / "neovim"
SECTION = "kernel-bridge."


def regions() -> dict[str, str]:
    """The generated parts of the page, by name."""
    defs = schema()["$defs"]
    return {
        "server": _table(_rows("", defs["Settings"])),
        "history": _table(_rows("history.", defs["HistorySettings"])),
        "features": _table(_rows("features.", defs["FeatureSettings"])),
        "vscode": _vscode(),
        "neovim": _neovim(),
    }


def _rows(prefix: str, node: Any) -> Iterator[tuple[str, ...]]:
    for name, field in node["properties"].items():
        if "$ref" not in field:
            yield (
                f"`{prefix}{name}`",
                _type(field),
                _code(field["default"]),
                field["description"],
                field["x-takes-effect"],
            )


def _table(rows: Iterator[tuple[str, ...]]) -> str:
    return _markdown(("setting", "type", "default", "meaning", "takes effect"), rows)


def _markdown(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


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


def vscode_settings() -> dict[str, Any]:
    """The settings of the VS Code extension, by their names without the section."""
    parts = json.loads(PACKAGE.read_text(encoding="utf-8"))["contributes"]["configuration"]
    return {name.removeprefix(SECTION): one for part in parts for name, one in part["properties"].items()}


def _vscode() -> str:
    properties = vscode_settings()
    shared = dict(_defaults())
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
    return _markdown(("setting", "type", "default", "meaning"), own) + f"\n{sentence}\n"


def _defaults() -> Iterator[tuple[str, Any]]:
    """(name, default) of each server setting."""
    defs = schema()["$defs"]
    for prefix, struct in (
        ("", "Settings"),
        ("history.", "HistorySettings"),
        ("features.", "FeatureSettings"),
    ):
        for name, field in defs[struct]["properties"].items():
            yield prefix + name, field.get("default")


def _plain(description: str) -> str:
    """VS Code's markup for a link to another setting, as plain code."""
    return re.sub(r"`#([\w.-]+)#`", r"`\1`", description)


def _neovim() -> str:
    source = (NEOVIM / "lua" / "kernel_bridge" / "config.lua").read_text(encoding="utf-8")
    classes: dict[str, list[tuple[str, str, str]]] = {}
    for name, body in re.findall(r"^---@class kernel_bridge\.(\w+)\n((?:---@field .*\n)+)", source, re.M):
        classes[name] = re.findall(r"^---@field (\w+)\?? (table<.*?>|\S+)(?: (.*))?$", body, re.M)
    defaults = _lua_defaults()
    rows = []
    for name, type_, words in classes["Options"]:
        nested = classes.get(type_.removeprefix("kernel_bridge."))
        value = defaults.get(name)
        if nested is None:
            shown = json.dumps(value, ensure_ascii=False) if not isinstance(value, dict) else "…"
            rows.append(
                (f"`{name}`", _lua_type(type_), f"`{shown}`" if value is not None else "", _sentence(words))
            )
            continue
        for inner, inner_type, inner_words in nested:
            rows.append(
                (f"`{name}.{inner}`", _lua_type(inner_type), _code(value[inner]), _sentence(inner_words))
            )
    return _markdown(("option", "type", "default", "meaning"), iter(rows))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _lua_type(type_: str) -> str:
    return f"`{type_}`"


def _lua_defaults() -> Any:
    """The defaults as the plugin itself has them."""
    code = "lua io.stdout:write(vim.json.encode(require('kernel_bridge.config').get()))"
    nvim = Path(sys.executable).parent / "nvim"
    command = [nvim, "--clean", "--headless", "--cmd", f"set rtp^={NEOVIM}", "-c", code, "-c", "qa!"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
