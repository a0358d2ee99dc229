"""The VS Code settings that run programs or write files, and which of them a workspace can set."""

import json
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2] / "editors" / "vscode" / "package.json"

RUNS_PROGRAMS = {"kernel-bridge.server.command", "kernel-bridge.server.python", "kernel-bridge.kernel.python"}
WRITES_FILES = {"kernel-bridge.history.path"}


def package() -> Any:
    return json.loads(PACKAGE.read_text(encoding="utf-8"))


def test_an_untrusted_workspace_cannot_set_programs_or_paths() -> None:
    trust = package()["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert set(trust["restrictedConfigurations"]) == RUNS_PROGRAMS | WRITES_FILES


def test_no_workspace_can_set_where_files_are_written() -> None:
    parts = package()["contributes"]["configuration"]
    properties = {name: one for part in parts for name, one in part["properties"].items()}
    scopes = {name: one.get("scope") for name, one in properties.items()}
    assert {scopes[name] for name in WRITES_FILES} == {"machine"}  # user and remote settings only
    named = ("path", "command", "python", "server", "url", "token")
    suspicious = {name for name in properties if any(word in name.lower().split(".")[-1] for word in named)}
    assert suspicious == RUNS_PROGRAMS | WRITES_FILES, "classify the new setting in this test"
