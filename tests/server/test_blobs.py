"""Binary data as files on disk (protocol.md, "Blobs")."""

import base64
import json
import stat
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.home import Home
from tests.server.client import EVERYTHING, Client, editor
from tests.server.conftest import Launch
from tests.server.wire import Json

pytestmark = pytest.mark.slow

FILES: Json = {**EVERYTHING, "blobs": "file"}
BINARY = {
    "image/png": b"\x89PNG",
    "image/svg+xml": "<svg>é</svg>".encode(),
    "audio/wav": b"RIFF",
    "video/mp4": b"mp4",
    "application/pdf": b"%PDF-1.7",
}
SENT: Json = {
    mime: content.decode() if mime == "image/svg+xml" else base64.encodebytes(content).decode()
    for mime, content in BINARY.items()
}
TEXT: Json = {"text/plain": "a plot", "text/html": "<b>a plot</b>", "application/json": {"image/png": "no"}}
SHOW = f"""
from IPython.display import display
handle = display({SENT | TEXT!r}, raw=True, display_id="plot")
"""


def path(value: Json) -> Path:
    """The file of a BlobFile."""
    assert value.keys() == {"uri", "bytes"}
    assert value["uri"].startswith("file:///")
    return Path(unquote(value["uri"].removeprefix("file://")))


def files(home: Home) -> list[Path]:
    return [file for file in (home.path / "cache").rglob("*") if file.is_file()]


async def shown(client: Client, **argument: Any) -> Json:
    """The MIME bundle of SHOW. Asserts that the response, getRun and the notifications agree."""
    run = await client.run(code=SHOW, **argument)
    answer = await client.command("getRun", runId=run["id"])
    assert run["outputs"] == answer["run"]["outputs"] == client.mirror.outputs[run["id"]]
    data: Json = run["outputs"][0]["data"]
    return data


async def test_binary_data_is_in_private_files(home: Home) -> None:
    async with editor(home, capabilities=FILES) as client:
        data = await shown(client)
        assert {mime: path(data[mime]).read_bytes() for mime in BINARY} == BINARY
        assert {mime: data[mime]["bytes"] for mime in BINARY} == {
            mime: len(content) for mime, content in BINARY.items()
        }
        assert {mime: data[mime] for mime in TEXT} == TEXT
        file = path(data["image/png"])
        assert file.is_relative_to(home.path / "cache")
        assert [stat.S_IMODE(there.stat().st_mode) for there in (file, file.parent)] == [0o600, 0o700]


async def test_an_updated_display_is_a_file_too(home: Home) -> None:
    async with editor(home, capabilities=FILES) as client:
        run = await client.run(code=SHOW)
        update = {"image/png": base64.b64encode(b"new").decode()}
        await client.run(code=f"display({update!r}, raw=True, display_id='plot', update=True)")
        (output,) = client.mirror.outputs[run["id"]]
        assert path(output["data"]["image/png"]).read_bytes() == b"new"


async def test_without_the_capability_data_is_inline(home: Home) -> None:
    async with editor(home) as client:
        assert await shown(client) == SENT | TEXT
        assert not files(home)


async def test_invalid_base64_is_unchanged(home: Home) -> None:
    async with editor(home, capabilities=FILES) as client:
        data = {"image/png": "no base64!"}
        run = await client.run(code=f"from IPython.display import display; display({data!r}, raw=True)")
        assert run["outputs"][0]["data"] == data


async def test_a_file_outlives_the_session_and_is_created_for_old_runs(home: Home) -> None:
    async with editor(home) as client:
        run = await client.run(code=SHOW)
    for _ in range(2):
        async with editor(home, capabilities=FILES) as client:
            old = (await client.command("getRun", runId=run["id"]))["run"]["outputs"][0]["data"]
        assert path(old["image/png"]).read_bytes() == BINARY["image/png"]
    assert len(files(home)) == len(BINARY)


async def test_an_export_embeds_the_data(home: Home) -> None:
    async with editor(home, capabilities=FILES) as client:
        await client.run(code=SHOW)
        exported = (await client.command("export", path="a.ipynb"))["path"]
    (output,) = json.loads(Path(exported).read_text("utf-8"))["cells"][0]["outputs"]
    assert base64.b64decode("".join(output["data"]["image/png"])) == BINARY["image/png"]


async def test_a_file_is_deleted_with_its_history_entry(home: Home) -> None:
    settings = {"history": {"maxBytes": 1_000_000}}
    async with editor(home, capabilities=FILES) as client:
        data = await shown(client)
    async with editor(home, capabilities=FILES, settings=settings) as client:
        for number in range(4):
            await client.run(code=f"print({number}, 'x' * 400_000)")
        assert "plot" not in str((await client.command("history"))["runs"])
        assert not path(data["image/png"]).exists()
    assert not files(home)


async def test_files_of_runs_outside_the_history_are_deleted_with_the_session(
    home: Home, launch: Launch
) -> None:
    async with editor(home, capabilities=FILES) as client:
        file = path((await shown(client, silent=True))["image/png"])
        assert file.exists()
    assert not files(home)
    killed = await launch()
    await killed.initialize(FILES, {"history": {"enabled": False}})
    await shown(killed)
    await killed.kill()
    killed.over = True
    assert files(home)
    async with editor(home, capabilities=FILES) as client:
        await shown(client, silent=True)
    assert not files(home)
