"""Environments without ipykernel: the question before anything starts, and the installation."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.environments import fill_cache, make_environment, provide_uv
from tests.home import Home
from tests.server.client import EVERYTHING, REQUEST_CANCELLED, Client, Json, editor
from tests.server.test_notebook_documents import NOTEBOOKS, Book
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

ASKS = EVERYTHING | {"install": True}
STANDARD: Json = NOTEBOOKS | {"window": {"workDoneProgress": True}}
GENERIC: Json = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
WHERE = "import sys; print(sys.prefix)"


@asynccontextmanager
async def asking(home: Home, **environment: str) -> AsyncIterator[Client]:
    """An editor that asks whether to install, on a machine with uv."""
    provide_uv(home)
    async with editor(home, capabilities=ASKS, standard=STANDARD, environment=environment) as client:
        yield client


def progress(client: Client) -> list[Json]:
    return [m["params"] for m in client.messages if m.get("method") == "$/progress"]


async def test_the_projects_environment_gets_ipykernel_once_the_user_agrees(home: Home) -> None:
    fill_cache()
    python = make_environment(home.work / ".venv")
    uv = home.path / ".local" / "bin" / "uv"
    install = {"python": python, "command": f"{uv} pip install --python {python} ipykernel"}
    async with asking(home) as client:
        script = client.open(WHERE)
        notebook = Book(client, WHERE, metadata=GENERIC)
        for argument in (
            {"textDocument": script.identifier, "unit": "all"},
            {"textDocument": notebook.cell(0), "unit": "cell"},
        ):
            with pytest.raises(ResponseError) as refused:
                await client.run(**argument)
            assert refused.value.kind == "KernelRequired"
            assert (refused.value.data["install"], refused.value.data["remedy"]) == (install, "installKernel")
            assert (
                f"ipykernel is not installed in the environment .venv of {home.work}" in refused.value.message
            )
        with pytest.raises(ResponseError, match="ipykernel is not installed"):
            await client.command("startKernel", textDocument=notebook.identifier)
        assert (await client.command("listKernels"))["kernels"] == []
        specs = (await client.command("listKernelSpecs", textDocument=script.identifier))["specs"]
        assert [spec["install"] for spec in specs if spec.get("python") == python] == [install]

        installed = await client.command("installKernel", python=python)
        assert (installed["python"], installed["command"][1:]) == (
            python,
            ["pip", "install", "--python", python, "ipykernel"],
        )
        assert "+ ipykernel==" in installed["output"]
        kinds = [one["value"]["kind"] for one in progress(client)]
        assert (kinds[0], kinds[-1]) == ("begin", "end")
        assert "Installing ipykernel" in progress(client)[0]["value"]["title"]

        for argument in (
            {"textDocument": script.identifier, "unit": "all"},
            {"textDocument": notebook.cell(0), "unit": "cell"},
        ):
            run = await client.run(**argument)
            assert run["outputs"][0]["text"] == f"{home.work / '.venv'}\n"


async def test_a_chosen_kernel_is_started_without_a_question(home: Home) -> None:
    python = make_environment(home.work / ".venv")
    async with asking(home) as client:
        document = client.open(WHERE)
        with pytest.raises(ResponseError, match="ipykernel is not installed in Python 3"):
            await client.command("startKernel", python=python, textDocument=document.identifier)
        await client.command("startKernel", spec="python3", textDocument=document.identifier)
        run = await client.run(textDocument=document.identifier, unit="all")
        assert run["outputs"][0]["text"] == f"{sys.prefix}\n"
        client.notify(
            "workspace/didChangeConfiguration",
            {"settings": {"kernel-bridge": {"defaultKernels": {"python": "python3"}}}},
        )
        await client.run(textDocument=client.open(WHERE, "b.py").identifier, unit="all")


async def test_an_installation_that_fails_or_is_cancelled(home: Home) -> None:
    python = make_environment(home.work / ".venv")
    asked = asyncio.Event()
    answers = True

    async def index(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A package index without packages, or one that never answers."""
        asked.set()
        await reader.readuntil(b"\r\n\r\n")
        if answers:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(index, "127.0.0.1")
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/simple"
    async with server, asking(home, UV_DEFAULT_INDEX=url) as client:
        with pytest.raises(ResponseError) as failed:
            await client.command("installKernel", python=python)
        assert failed.value.kind == "InstallFailed"
        assert failed.value.data["exitCode"] == 1
        assert failed.value.data["command"][-1] == "ipykernel"
        assert "ipykernel was not found" in failed.value.data["output"]
        assert "ended with exit code 1\n" in failed.value.message
        assert "ipykernel was not found" in failed.value.message

        answers = False
        for cancel in ("request", "progress"):
            asked.clear()
            call = client.call_command("installKernel", python=python)
            await asked.wait()
            assert home.running("uv pip install") or home.running("pip install --python")
            if cancel == "request":
                client.cancel(call)
            else:
                client.notify("window/workDoneProgress/cancel", {"token": progress(client)[-1]["token"]})
            with pytest.raises(ResponseError) as cancelled:
                await call
            assert cancelled.value.code == REQUEST_CANCELLED
            assert not home.running("pip install --python")
        with pytest.raises(ResponseError, match="no Python interpreter '/gone/python'"):
            await client.command("installKernel", python="/gone/python")


async def test_an_untrusted_workspace_installs_nothing(home: Home) -> None:
    python = make_environment(home.work / ".venv")
    async with editor(home, capabilities=ASKS, settings={"trusted": False}) as client:
        with pytest.raises(ResponseError) as refused:
            await client.command("installKernel", python=python)
        assert refused.value.kind == "Untrusted"
