"""What an editor says of itself in `initialize` (LSP 3.17, "Initialize Request").

Editors leave out, null and mistype what they do not care for; what is not as it should be counts as not
said, so that it spoils no session.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MAX_PID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Editor:
    """The client of a session."""

    process_id: int | None
    encoding: str  # of positions: utf-8 where it is offered, else utf-16
    root_uri: str | None
    root_path: str | None
    folders: list[dict[str, str]]  # uri and name of each
    capabilities: Any  # unread but for what stands here
    has_notebooks: bool
    kernel_bridge: Any  # capabilities.experimental.kernelBridge, unread
    options: Any  # initializationOptions, unread
    trace: Any
    registers_configuration: bool  # wants didChangeConfiguration to be registered
    has_configuration: bool  # answers workspace/configuration


def read_editor(params: dict[str, Any]) -> Editor:
    """The editor that sent these InitializeParams."""
    capabilities = _object(params.get("capabilities"))
    workspace = _object(capabilities.get("workspace"))
    encodings = _list(_object(capabilities.get("general")).get("positionEncodings"))
    folders = [
        {"uri": folder["uri"], "name": folder["name"] if isinstance(folder.get("name"), str) else ""}
        for folder in map(_object, _list(params.get("workspaceFolders")))
        if _is_uri(folder.get("uri"))
    ]
    root_uri, root_path, pid = params.get("rootUri"), params.get("rootPath"), params.get("processId")
    return Editor(
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
