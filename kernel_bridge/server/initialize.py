"""Reads the editor's `initialize` params (LSP 3.17, "Initialize Request").

Editors omit, null and mistype fields that they do not use. A malformed field counts as absent, so it cannot
break the session.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MAX_PID = 2**31 - 1
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Editor:
    """The client of a session."""

    name: str  # at most LONGEST_NAME characters
    process_id: int | None
    encoding: str  # of positions: utf-8 if the editor offers it, else utf-16
    root_uri: str | None
    root_path: str | None
    folders: list[dict[str, str]]  # uri and name of each
    capabilities: Any  # unread, except for the fields below
    has_notebooks: bool
    kernel_bridge: Any  # capabilities.experimental.kernelBridge, unread
    options: Any  # initializationOptions, unread
    trace: Any
    registers_configuration: bool  # expects a registration of didChangeConfiguration
    has_configuration: bool  # answers workspace/configuration


def read_editor(params: dict[str, Any]) -> Editor:
    """Read the InitializeParams of an editor."""
    capabilities = _object(params.get("capabilities"))
    workspace = _object(capabilities.get("workspace"))
    encodings = _list(_object(capabilities.get("general")).get("positionEncodings"))
    folders = [
        {"uri": folder["uri"], "name": folder["name"] if isinstance(folder.get("name"), str) else ""}
        for folder in map(_object, _list(params.get("workspaceFolders")))
        if _is_uri(folder.get("uri"))
    ]
    root_uri, root_path, pid = params.get("rootUri"), params.get("rootPath"), params.get("processId")
    name = _object(params.get("clientInfo")).get("name")
    return Editor(
        name=name[:LONGEST_NAME] if isinstance(name, str) and name else "an editor",
        process_id=pid if type(pid) is int and 0 < pid <= MAX_PID else None,
        encoding="utf-8" if "utf-8" in encodings else "utf-16",
        root_uri=root_uri if _is_uri(root_uri) else folders[0]["uri"] if folders else None,
        root_path=root_path if isinstance(root_path, str) and root_path else None,
        folders=folders,
        capabilities=capabilities,
        has_notebooks=isinstance(capabilities.get("notebookDocument"), dict),
        kernel_bridge=_object(capabilities.get("experimental")).get("kernelBridge"),
        options=params.get("initializationOptions"),
        trace=params.get("trace"),
        registers_configuration=_object(workspace.get("didChangeConfiguration")).get("dynamicRegistration")
        is True,
        has_configuration=workspace.get("configuration") is True,
    )


def _is_uri(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    try:
        urlsplit(value)
    except ValueError:
        return False
    return True


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
