"""A project whose environment has no ipykernel: the question before anything runs, and both answers."""

import json
from pathlib import Path

import pytest

from tests.editors.vscode.window import Window, expect
from tests.environments import fill_cache, make_environment, provide_uv
from tests.home import Home

WHERE = "import sys\nprint('runs in', sys.prefix)"
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "only",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": WHERE,
        }
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def environment(folder: Path, vscode_home: Home) -> Path:
    """The project's environment, which has no ipykernel."""
    fill_cache()
    provide_uv(vscode_home)
    make_environment(folder / ".venv")
    return folder / ".venv"


def test_the_user_is_asked_to_install_ipykernel_or_to_choose_another_kernel(
    environment: Path, vscode: Window, vscode_home: Home
) -> None:
    (vscode.folder / "a.ipynb").write_text(json.dumps(NOTEBOOK))
    vscode.write("a.py", WHERE)
    dialog = vscode.page.locator(".monaco-dialog-box")

    vscode.run("Run All")
    expect(dialog).to_contain_text("The environment .venv has no ipykernel")
    expect(dialog).to_contain_text("uv pip install --python ./.venv/bin/python ipykernel")
    dialog.get_by_role("button", name="Choose Another Kernel").click()
    expect(vscode.box).to_contain_text("Select a kernel for a.py")
    offers = vscode.box.locator(".monaco-list-row").filter(has_text="install ipykernel")
    expect(offers.first).to_contain_text(".venv")
    vscode.press("Escape")
    vscode.expect_focus("a.py")
    expect(vscode.status).to_contain_text("No Kernel")
    assert not vscode_home.running("ipykernel_launcher")

    vscode.open("a.ipynb")
    vscode.cells.get_by_role("button", name="Execute Cell (").click()
    expect(dialog).to_contain_text("The environment .venv has no ipykernel")
    dialog.get_by_role("button", name="Install ipykernel").click()
    expect(vscode.text).to_contain_text(f"runs in {environment}")

    vscode.open("a.py")
    vscode.run("Run All")
    vscode.expect_inline("a.py", 2, "runs in")
    expect(vscode.text).to_contain_text(f"runs in {environment}")
