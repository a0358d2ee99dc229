"""Bad files and values from a user or a client cause an immediate error that names the problem."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home
from tests.server.bad_files import BAD
from tests.server.client import Client, editor
from tests.server.command import run_command
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

KINDS = [
    "endless", "pipe", "loop", "dangling", "folder", "socket", "sparse", "zeroes", "not UTF-8", "900 levels",
    "100,000 levels", "a list",
]  # fmt: skip


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_notebook_is_refused_on_the_command_line(home: Home, kind: str) -> None:
    BAD[kind](home.work / "a.ipynb")
    done = run_command(home, "run", "a.ipynb")
    assert (done.code, "a.ipynb" in done.stderr, "bug" in done.stderr) == (2, True, False), done


def test_bad_scripts_and_notebooks_to_resume_are_refused(home: Home) -> None:
    for kind in ("endless", "pipe", "sparse"):
        path = home.work / f"{kind}.R"
        BAD[kind](path)
        for arguments in (["run", path.name], ["run", "-", "--resume", "--export", path.name]):
            done = run_command(home, *arguments, stdin="1")
            assert (done.code, path.name in done.stderr, "bug" in done.stderr) == (2, True, False), done


@pytest.mark.parametrize("levels", [250, 600, 900, 100_000])
def test_nested_metadata_and_parameters_are_refused_on_the_command_line(home: Home, levels: int) -> None:
    cell = {
        "cell_type": "code",
        "source": "1",
        "metadata": {"deep": 0},
        "outputs": [],
        "execution_count": None,
    }
    notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    (home.work / "a.ipynb").write_text(notebook.replace('"deep": 0', f'"deep": {nested(levels)}'))
    done = run_command(home, "run", "a.ipynb", "--export", "b.ipynb")
    assert (done.code, "nested more than 200 levels" in done.stderr) == (2, True), done
    if levels < 20_000:  # within the length limit of an argument
        (home.work / "a.py").write_text("1\n")
        done = run_command(home, "run", "a.py", "-y", f'{{"alpha": {nested(levels)}}}')
        assert (done.code, "nested more than 200 levels" in done.stderr) == (2, True), done


def test_any_bytes_on_stdin_are_handled(home: Home) -> None:
    done = run_command(home, "run", "-", prefix=["sh", "-c", 'printf "\\377\\n" | "$@"', "sh"])
    assert (done.code, "not UTF-8 text" in done.stderr) == (2, True), done


async def test_a_bad_document_is_not_exported(home: Home) -> None:
    async with editor(home) as client:
        await client.run(code="1")
        for kind in KINDS:
            for name in ("a.ipynb", "b.py"):
                path = home.work / name
                BAD[kind](path)
                document = {"uri": path.as_uri()}
                asked = {"path": "out.ipynb", "mode": "document", "overwrite": True, "textDocument": document}
                error = await answered(client, "export", **asked)
                assert name == "b.py" or (error is not None and "a.ipynb cannot be read" in error.message)
                remove(path)


async def test_a_bad_connection_file_is_refused(home: Home) -> None:
    async with editor(home) as client:
        path = home.work / "kernel-1.json"
        for kind in KINDS:
            BAD[kind](path)
            for argument in ({"connectionFile": str(path)}, {"connectionFile": "kernel-1.json"}, {}):
                error = await answered(client, "attachKernel", **argument)
                assert error is not None
                assert error.kind == "BadConnectionFile"
            remove(path)


def remove(path: Path) -> None:
    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


async def test_a_value_that_no_process_accepts_is_named(home: Home) -> None:
    async with editor(home) as client:
        for asked in (
            {"env": {"A": "a\0b"}},
            {"env": {"A=B": "a"}},
            {"env": {"": "a"}},
            {"extraArguments": ["a\0b"]},
            {"extraArguments": ["x" * 3_000_000]},
            {"cwd": "a\0b"},
            {"cwd": "x" * 5_000},
        ):
            error = await answered(client, "startKernel", spec="python3", **asked)
            assert error is not None, asked
        for python in ("a\0b", "x" * 5_000, "/"):
            error = await answered(client, "startKernel", python=python)
            assert error is not None, python
        for spec in ("a\0b", "x" * 100_000, "../../x"):
            error = await answered(client, "startKernel", spec=spec)
            assert error is not None


@pytest.mark.parametrize("levels", [250, 600, 900, 100_000])
async def test_deeply_nested_params_are_answered(home: Home, levels: int) -> None:
    async with editor(home) as client:
        body = (
            '{"jsonrpc":"2.0","id":"deep","method":"workspace/executeCommand","params":'
            '{"command":"kernel-bridge.listKernels","arguments":[' + nested(levels) + "]}}"
        ).encode()
        client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = await client.until(
            lambda message: message.get("id") in ("deep", None) and "method" not in message
        )
        assert answer.get("error", {}).get("code") != -32603, answer
        await client.command("listKernels")


async def answered(client: Client, command: str, **argument: Any) -> ResponseError | None:
    """The error of a command; None if it succeeded. Asserts that it is not an internal error."""
    try:
        await client.command(command, **argument)
    except ResponseError as refused:
        error = refused
    else:
        return None
    assert error.code != -32603, error
    return error


def test_a_folder_that_is_not_utf8_is_listed_as_json(home: Home) -> None:
    folder = Path(os.fsdecode(os.fsencode(home.work) + b"/caf\xe9"))
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to("/bin/sh")
    done = run_command(home, "specs", "--json", prefix=["sh", "-c", 'cd caf*; exec "$@"', "sh"])
    assert done.code == 0, done
    assert any("caf\ufffd" in spec.get("python", "") for spec in json.loads(done.stdout)["specs"])
