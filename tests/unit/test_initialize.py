"""InitializeParams from real editors and from broken ones."""

from typing import Any

import pytest

from kernel_bridge.server.initialize import Editor, read_editor

SILENT = Editor("an editor", None, "utf-16", None, None, [], {}, False, None, None, None, False, False)


def check(params: dict[str, Any], **expected: Any) -> None:
    """Assert the fields read from these InitializeParams; all others have their defaults."""
    editor = read_editor(params)
    names = [name for name in Editor.__slots__ if name != "capabilities"]
    read = {name: getattr(editor, name) for name in names if name in expected}
    rest = {name: getattr(editor, name) for name in names if name not in expected}
    assert read == expected
    assert rest == {name: getattr(SILENT, name) for name in rest}


def test_an_editor_with_all_capabilities() -> None:
    ours = {"version": 1}
    check(
        {
            "processId": 7,
            "clientInfo": {"name": "Neovim"},
            "rootUri": "file:///w",
            "rootPath": "/w",
            "workspaceFolders": [{"uri": "file:///f", "name": "f"}],
            "initializationOptions": {"autoStart": False},
            "trace": "verbose",
            "capabilities": {
                "general": {"positionEncodings": ["utf-32", "utf-16", "utf-8"]},
                "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
                "experimental": {"kernelBridge": ours},
            },
        },
        name="Neovim",
        process_id=7,
        root_uri="file:///w",
        root_path="/w",
        folders=[{"uri": "file:///f", "name": "f"}],
        options={"autoStart": False},
        trace="verbose",
        encoding="utf-8",
        registers_configuration=True,
        has_configuration=True,
        kernel_bridge=ours,
    )


@pytest.mark.parametrize("encodings", [None, [], ["utf-16"], ["utf-32"], 5, "utf-8"])
def test_columns_are_utf_16_unless_utf_8_is_offered(encodings: Any) -> None:
    check({"capabilities": {"general": {"positionEncodings": encodings}}}, encoding="utf-16")


def test_the_first_folder_is_the_root_if_none_is_named() -> None:
    folders = [{"uri": "file:///f", "name": "f"}, {"uri": "file:///g", "name": "g"}]
    check({"rootUri": None, "workspaceFolders": folders}, root_uri="file:///f", folders=folders)


@pytest.mark.parametrize(
    "odd",
    [
        {"processId": "1"},
        {"processId": 1 << 70},
        {"processId": 0},
        {"processId": True},
        {"rootUri": "file://[::1/broken"},
        {"rootUri": 5, "rootPath": 5},
        {"rootUri": "", "rootPath": ""},
        {"workspaceFolders": [{"uri": 5}, {}, 5]},
        {"workspaceFolders": 5},
        {"capabilities": {"workspace": [], "general": [], "experimental": []}},
        {"capabilities": {"workspace": {"configuration": "yes", "didChangeConfiguration": True}}},
        {"capabilities": None},
    ],
    ids=str,
)
def test_invalid_values_are_ignored(odd: dict[str, Any]) -> None:
    check(odd)
