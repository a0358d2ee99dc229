"""The settings of the VS Code extension that a project can carry: which count, and where."""

import json
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2] / "editors" / "vscode" / "package.json"

RUNS_PROGRAMS = {"kernel-bridge.server.command", "kernel-bridge.server.python", "kernel-bridge.kernel.python"}
WRITES_FILES = {"kernel-bridge.history.path"}


def package() -> Any:
    return json.loads(PACKAGE.read_text(encoding="utf-8"))


def test_what_runs_a_program_or_writes_a_file_is_not_taken_from_a_workspace_without_trust() -> None:
    trust = package()["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert set(trust["restrictedConfigurations"]) == RUNS_PROGRAMS | WRITES_FILES


def test_no_workspace_sets_where_files_are_written() -> None:
    parts = package()["contributes"]["configuration"]
    properties = {name: one for part in parts for name, one in part["properties"].items()}
    scopes = {name: one.get("scope") for name, one in properties.items()}
    assert {scopes[name] for name in WRITES_FILES} == {"machine"}  # user and remote settings only
    named = ("path", "command", "python", "server", "url", "token")
    suspicious = {name for name in properties if any(word in name.lower().split(".")[-1] for word in named)}
    assert suspicious == RUNS_PROGRAMS | WRITES_FILES, "a new setting needs its place in this test"
