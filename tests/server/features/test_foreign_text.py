"""Names, messages and values from a project and its kernels never reach an editor with control characters."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home
from tests.server.features.plain import Plain
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

HOSTILE = (
    "\x1b]52;c;eA==\x07\x1b[2J\x1bP$qm\x1b\\\x9d0;x\x9c\x7f\u202egnp\u2066 ``` [x](command:evil) **b** `\r\nx"
)
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
RAW = {"arguments", "argv", "metadata", "resourceDir", "uri", "contents"}
"""Fields that editors do not display, and that of a hover, where output keeps its right-to-left text."""


def install(home: Home, name: str, argv: list[str]) -> None:
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": HOSTILE, "language": "python", "metadata": {HOSTILE: HOSTILE}}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def install_python(home: Home) -> None:
    install(home, "hostile", [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


def check_inert(value: Any) -> None:
    """Assert that no text in it has a character that controls a terminal or reorders text."""
    match value:
        case str():
            assert not ACTING.search(value), ascii(value)
        case list():
            for one in value:
                check_inert(one)
        case dict():
            for name, one in value.items():
                if name not in RAW:
                    check_inert(one)


async def test_every_message_about_a_run_is_inert(plain: Plain) -> None:
    client = plain.client
    install_python(client.home)
    client.notify("$/setTrace", {"value": "verbose"})
    source = f"class E(Exception): pass\nE.__name__ = {HOSTILE!r}\nraise E({HOSTILE!r})\n"
    document = client.open(source)
    kernel = await client.command("startKernel", spec="hostile", textDocument=document.identifier)
    await plain.act(document, "Run whole document", (0, 0))
    (diagnostic,) = await plain.until_diagnostics(document, 1)
    assert "x" in diagnostic["message"]
    hover = await plain.at("hover", document, (0, 9))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", hover["contents"]["value"])
    await plain.hints(document)
    assert any("u202egnp" in title for title in await plain.actions(document, (0, 0)))
    os.kill(kernel["pid"], signal.SIGKILL)
    await plain.until_message("u202egnp")
    check_inert(client.messages)


async def test_a_list_of_kernels_is_inert(plain: Plain) -> None:
    install_python(plain.client.home)
    install(plain.client.home, "missing", [f"/{HOSTILE}"])
    check_inert(await plain.client.command("listKernelSpecs"))
    check_inert(await plain.client.command("listKernels"))


async def test_the_stderr_of_a_dead_kernel_is_inert(plain: Plain) -> None:
    stderr = f"one\n{HOSTILE}"
    install(plain.client.home, "dies", [sys.executable, "-c", f"raise SystemExit({stderr!r})"])
    with pytest.raises(ResponseError) as raised:
        await plain.client.command("startKernel", spec="dies")
    check_inert([raised.value.message, raised.value.data])
    assert raised.value.data["stderr"].startswith("one\n")


async def test_text_cannot_break_out_of_a_hover(plain: Plain) -> None:
    install_python(plain.client.home)
    document = plain.client.open(
        "from IPython.display import display\n"
        "display({'image/png': 'aa)[x](command:evil)'}, raw=True)\n"
        f"{HOSTILE!r}\n"
    )
    await plain.client.command("startKernel", spec="hostile", textDocument=document.identifier)
    await plain.act(document, "Run whole document", (0, 0))
    await plain.until_hint(document, "→")
    value = (await plain.at("hover", document, (2, 60)))["contents"]["value"]
    fence = None
    for line in value.split("\n"):
        if ticks := re.match("(`{3,})", line):
            fence = ticks[1] if fence is None else None if line == fence else fence
        elif fence is None:
            assert "command:evil" not in line
    assert fence is None
