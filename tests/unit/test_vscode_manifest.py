"""The manifest of the VS Code extension: complete, consistent, and what both marketplaces accept."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import kernel_bridge

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
MANIFEST: Any = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
TEXTS: dict[str, str] = json.loads((EXTENSION / "package.nls.json").read_text(encoding="utf-8"))
CONTRIBUTES = MANIFEST["contributes"]
COMMANDS = {command["command"]: command for command in CONTRIBUTES["commands"]}
ALWAYS = ("showHistory", "showLog", "openExample")
"""The commands that need no file."""
OWN = ("kernelBridge.", "kernel-bridge.")

CATEGORIES = {
    *("AI", "Azure", "Chat", "Data Science", "Debuggers", "Education", "Extension Packs", "Formatters"),
    *("Keymaps", "Language Packs", "Linters", "Machine Learning", "Notebooks", "Other"),
    *("Programming Languages", "SCM Providers", "Snippets", "Testing", "Themes", "Visualization"),
}
MAX_TAGS = 30
"""The Marketplace refuses a package with more tags, and Open VSX drops the rest."""


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        yield from chain.from_iterable(map(strings, value.values() if isinstance(value, dict) else value))


def menu_items() -> list[dict[str, str]]:
    return list(chain.from_iterable(CONTRIBUTES["menus"].values()))


def steps() -> list[dict[str, Any]]:
    return [step for walkthrough in CONTRIBUTES["walkthroughs"] for step in walkthrough["steps"]]


def test_every_text_of_the_manifest_has_a_key_and_every_key_a_text() -> None:
    keys = [found[1] for value in strings(MANIFEST) if (found := re.fullmatch(r"%([\w.-]+)%", value))]
    assert set(keys) == set(TEXTS)
    assert all(text.strip() == text != "" for text in TEXTS.values())
    shown = ("title", "category", "description", "markdownDescription", "label", "displayName")
    plain = re.findall(rf'"({"|".join(shown)})": "([^%"][^"]*)"', json.dumps(MANIFEST))
    assert plain == [], "move these texts to package.nls.json"


def test_every_command_has_a_title_under_the_name_of_the_extension() -> None:
    titles = [TEXTS[command["title"].strip("%")] for command in COMMANDS.values()]
    assert len(COMMANDS) == len(CONTRIBUTES["commands"])
    assert len(set(titles)) == len(titles)
    assert {command["category"] for command in COMMANDS.values()} == {"%category%"}


def test_menus_keys_and_the_walkthrough_name_only_commands_that_exist() -> None:
    named = {entry["command"] for entry in [*menu_items(), *CONTRIBUTES["keybindings"]] if "command" in entry}
    for step in steps():
        named |= {event.removeprefix("onCommand:") for event in step.get("completionEvents", [])}
        named |= set(re.findall(r"\(command:([\w.]+)", TEXTS[step["description"].strip("%")]))
    assert {name for name in named if name.startswith(OWN)} - set(COMMANDS) == set()
    submenus = {submenu["id"] for submenu in CONTRIBUTES.get("submenus", [])}
    assert {item["submenu"] for item in menu_items() if "submenu" in item} == submenus
    assert {name for name in CONTRIBUTES["menus"] if name.startswith(OWN)} == submenus


def test_the_palette_shows_commands_only_where_they_apply() -> None:
    palette = {item["command"]: item["when"] for item in CONTRIBUTES["menus"]["commandPalette"]}
    assert set(COMMANDS) - set(palette) == {f"kernelBridge.{name}" for name in ALWAYS}


def test_conditions_name_only_settings_and_context_keys_that_exist() -> None:
    conditions = "\n".join(entry.get("when", "") for entry in [*menu_items(), *CONTRIBUTES["keybindings"]])
    settings = {name for part in CONTRIBUTES["configuration"] for name in part["properties"]}
    assert set(re.findall(r"config\.([\w.-]+)", conditions)) <= settings
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (EXTENSION / "src").rglob("*.ts"))
    keys = set(re.findall(r"kernelBridge\.(\w+)", conditions))
    assert {key for key in keys if not re.search(rf'"{key}"|kernelBridge\.{key}', sources)} == set()


def test_every_step_of_the_walkthrough_ends_by_an_event_and_shows_a_file_of_the_package() -> None:
    for step in steps():
        assert step["completionEvents"], step["id"]
        assert all((EXTENSION / path).is_file() for path in strings(step["media"])), step["id"]


def test_the_extension_activates_for_every_language_and_for_notebooks() -> None:
    # An event for each language would be a tag for each language.
    assert {"onLanguage", "onNotebook:jupyter-notebook"} <= set(MANIFEST["activationEvents"])


def test_the_marketplaces_accept_the_metadata() -> None:
    description = TEXTS[MANIFEST["description"].strip("%")]
    assert 40 < len(description) < 200
    assert set(MANIFEST["categories"]) <= CATEGORIES
    languages = chain.from_iterable([one["id"], *one["aliases"]] for one in CONTRIBUTES["languages"])
    activating = (event.partition(":")[2] for event in MANIFEST["activationEvents"] if "onLanguage:" in event)
    assert len({*MANIFEST["keywords"], *languages, *activating, "keybindings"}) <= MAX_TAGS
    icon = (EXTENSION / MANIFEST["icon"]).read_bytes()
    assert icon[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(icon[16:20]) == int.from_bytes(icon[20:24]) >= 128
    for link in (MANIFEST["homepage"], MANIFEST["bugs"], MANIFEST["qna"], MANIFEST["repository"]["url"]):
        assert link.startswith("https://github.com/kernel-bridge/kernel-bridge")
    assert "enabledApiProposals" not in MANIFEST


def test_it_is_a_preview_until_the_first_stable_version() -> None:
    assert MANIFEST.get("preview", False) == kernel_bridge.__version__.startswith("0.")


def test_the_readme_is_for_users() -> None:
    readme = (EXTENSION / "README.md").read_text(encoding="utf-8")
    developer = re.findall(r"\bnpm\b|`make |\bsrc/|node_modules|\.ts\b|git clone", readme)
    assert developer == []
    # The Marketplace refuses SVG, Open VSX drops <picture>, and a picture needs a description.
    assert re.findall(r"\S*\.svg\S*|<picture|!\[\]", readme) == []
    titles = {TEXTS[command["title"].strip("%")] for command in COMMANDS.values()}
    table = readme.partition("## Commands")[2].partition("\n## ")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| ")][1:]
    named = {name.strip() for cell in cells for name in cell.split(",")}
    assert named - titles == set()
