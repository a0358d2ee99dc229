"""Code actions and lenses, in an editor without a kernel-bridge plugin."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.client import editor
from tests.server.features.plain import STANDARD, Plain
from tests.server.wire import ResponseError

CELLS = "# %%\r\nx = '😀'; y = 20\r\n# %% two\r\nx, y\r\n# %% three\r\nx * 2\r\n"


async def test_a_selection_runs_and_its_result_is_shown_after_it(plain: Plain) -> None:
    document = plain.client.open("a = '😀'; b = 6 * 7; b\r\nb\r\n")
    await plain.act(document, "Run selection", (0, 9), (0, 22))
    ((line, label),) = await plain.until_hint(document, "→")
    assert line == 0
    assert label.startswith("→ 42  [1]  ")
    plain.client.change(document, (0, 0), (0, 0), "\r\n")
    assert await plain.hints(document) == [(1, label)]
    plain.client.change(document, (1, 13), (1, 14), "7")
    assert await plain.hints(document) == [(1, f"(edited) {label}")]
    plain.client.change(document, (1, 13), (1, 14), "6")
    assert await plain.hints(document) == [(1, label)]
    plain.client.change(document, (1, 0), (2, 0), "")
    assert await plain.hints(document) == []


@pytest.mark.parametrize(
    ("title", "sources"),
    [
        ("Run line", ["x, y"]),
        ("Run statement", ["x, y"]),
        ("Run cell", ["x, y"]),
        ("Run cells above", ["x = '😀'; y = 20"]),
        ("Run cell and all below", ["x, y", "x * 2"]),
        ("Run all cells", ["x = '😀'; y = 20", "x, y", "x * 2"]),
    ],
)
async def test_each_unit(plain: Plain, title: str, sources: list[str]) -> None:
    document = plain.client.open(CELLS)
    runs = (await plain.act(document, title, (3, 0)))["runs"]
    assert [run["source"] for run in runs] == sources


async def test_a_run_after_several_changes_in_one_notification_has_the_right_line(plain: Plain) -> None:
    """Emacs collects the keys of half a second in one notification, with one change per key."""
    document = plain.client.open("1\n6 * 7\n")
    changes = [document.replace((0, at), (0, at), key) for at, key in enumerate("2 + ")]
    named = {"uri": document.uri, "version": document.version}
    plain.client.notify("textDocument/didChange", {"textDocument": named, "contentChanges": changes})
    await plain.act(document, "Run line", (1, 0))
    ((line, label),) = await plain.until_hint(document, "→ 42")
    assert line == 1
    assert label.startswith("→ 42  [1]")


@pytest.mark.parametrize(("end", "first"), [(0, "Run line"), (1, "Run line"), (2, "Run selection")])
async def test_a_selection_of_one_character_counts_as_a_cursor(plain: Plain, end: int, first: str) -> None:
    document = plain.client.open("😀😀")
    titles = list(await plain.actions(document, (0, 0), (0, end)))
    assert titles[0] == first
    assert ("Run selection" in titles) == (end > 0)


async def test_a_document_without_cells_runs_as_a_whole(plain: Plain) -> None:
    document = plain.client.open("1\n2\n")
    titles = list(await plain.actions(document, (0, 0)))
    assert titles[:3] == ["Run line", "Run statement", "Run whole document"]
    assert "Run cell" not in titles


async def test_a_file_without_code_offers_no_actions(plain: Plain) -> None:
    document = plain.client.open("# Title\n", "a.md", "markdown")
    assert await plain.actions(document, (0, 0)) == {}


async def test_actions_on_the_kernel(plain: Plain) -> None:
    document = plain.client.open("import time; time.sleep(60)\n")
    before = await plain.actions(document, (0, 0))
    start = next(title for title in before if title.startswith("Start Python 3"))
    kernel = await plain.execute(before[start]["command"])
    assert kernel["state"] == "idle"
    name = kernel["displayName"]
    other = plain.client.open("1\n", "b.py")
    await plain.act(other, f"Use {name} ({kernel['id'][:8]}) of a.py", (0, 0))
    await plain.act(other, "Run line", (0, 0))
    await plain.until_hint(other, "→ 1")
    run = (await plain.act(document, "Run line", (0, 0)))["runs"][0]
    assert run["kernelId"] == kernel["id"]
    await plain.until_hint(document, "… running")
    assert await plain.act(document, "Interrupt", (0, 0)) == {"outcome": "interrupted"}
    assert [label for _, label in await plain.until_hint(document, "✗") if "KeyboardInterrupt" in label]
    again = await plain.act(document, f"Restart {name}", (0, 0))
    assert (again["id"], again["epoch"]) == (kernel["id"], 2)
    await plain.act(document, f"Shut down {name}", (0, 0))
    assert f"Restart {name}" not in await plain.actions(document, (0, 0))


async def test_a_dead_kernel_is_restarted(plain: Plain) -> None:
    document = plain.client.open("6 * 7\n")
    start = next(
        title for title in await plain.actions(document, (0, 0)) if title.startswith("Start Python 3")
    )
    kernel = await plain.act(document, start, (0, 0))
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "→ 42")
    os.kill(kernel["pid"], signal.SIGKILL)
    await plain.until_hint(document, "(kernel ended)")
    with pytest.raises(ResponseError, match="is dead"):
        await plain.act(document, "Run line", (0, 0))
    await plain.until_message("restart it with the code action “Restart …”")
    again = await plain.act(document, f"Restart {kernel['displayName']}", (0, 0))
    assert (again["id"], again["epoch"], again["state"]) == (kernel["id"], 2, "idle")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "→ 42  [1]")


async def test_a_result_from_before_a_restart_is_marked(plain: Plain) -> None:
    document = plain.client.open("x = 6 * 7; x\n1 / 0\nx\n")
    for line in (0, 1):
        await plain.act(document, "Run line", (line, 0))
        await plain.until_hint(document, ("→ 42", "✗ Zero")[line])
    restart = next(title for title in await plain.actions(document, (0, 0)) if title.startswith("Restart"))
    await plain.act(document, restart, (0, 0))
    first, second = await plain.until_hint(document, "before restart")
    assert first[1].startswith("(before restart) → 42")
    assert second[1].startswith("(before restart) ✗ ZeroDivisionError")
    assert "(before restart)" in (await plain.at("hover", document, (0, 9)))["contents"]["value"]
    plain.client.change(document, (0, 4), (0, 5), "7")
    assert (await plain.hints(document))[0][1].startswith("(edited, before restart) → 42")
    await plain.act(document, "Run line", (2, 0))
    assert (await plain.until_hint(document, "NameError"))[2][1].startswith("✗ NameError")
    await plain.act(document, restart.replace("Restart", "Shut down"), (0, 0))
    assert [label.partition(")")[0] for _, label in await plain.until_hint(document, "(kernel ended)")] == [
        "(edited, kernel ended",
        "(kernel ended",
        "(kernel ended",
    ]


async def test_a_running_kernel_is_attached(plain: Plain) -> None:
    document = plain.client.open("1 + 1\n")
    kernel = await plain.client.command("startKernel", spec="python3")
    await plain.client.command("detachKernel", kernelId=kernel["id"])
    title = f"Attach to {kernel['displayName']} ({kernel['id'][:8]})"
    attached = await plain.act(document, title, (0, 0))
    assert (attached["id"], attached["origin"]) == (kernel["id"], "attached")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "→ 2")
    restarted = await plain.act(document, f"Restart {kernel['displayName']}", (0, 0))
    assert restarted["id"] == kernel["id"]
    await plain.act(document, f"Detach from {kernel['displayName']}", (0, 0))
    await plain.act(document, title, (0, 0))
    await plain.act(document, f"Shut down {kernel['displayName']}", (0, 0))


async def test_runs_are_exported_next_to_the_document_and_shown(plain: Plain) -> None:
    document = plain.client.open("6 * 7\n")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "→ 42")
    for name in ("a.ipynb", "a-2.ipynb"):
        await plain.act(document, f"Export runs to {name}", (0, 0))
        path = plain.client.home.work / name
        await plain.client.until_true(lambda: plain.shown and plain.shown[-1]["uri"] == path.as_uri())  # noqa: B023
        cells = json.loads(path.read_text())["cells"]
        assert cells[0]["outputs"][0]["data"]["text/plain"] == ["42"]


async def test_outputs_of_a_run_are_opened(plain: Plain) -> None:
    code = "from IPython.display import HTML, display\nprint('\\x1b[31mred\\x1b[0m 😀')\n"
    code += "display(HTML('<b>ü</b>'))"
    document = plain.client.open(f"{code}\n")
    await plain.act(document, "Run whole document", (0, 0))
    await plain.until_hint(document, "→")
    await plain.act(document, "Show whole output", (1, 0))
    text = Path(plain.shown[-1]["uri"].removeprefix("file://"))
    assert text.read_text() == "red 😀\nü\n"
    await plain.act(document, "Open page (2)", (1, 0))
    assert plain.shown[-1]["external"]
    page = Path(plain.shown[-1]["uri"].removeprefix("file://"))
    assert page.read_text().endswith("<b>ü</b>")
    await plain.client.close()
    assert not text.parent.exists()


async def test_a_light_bulb_does_not_search_for_kernels(plain: Plain) -> None:
    document = plain.client.open("1\n")
    titles = await plain.actions(document, (0, 0), triggerKind=2)
    assert list(titles) == ["Run line", "Run statement", "Run whole document"]


async def test_a_client_that_shows_runs_gets_no_light_bulb(home: Home) -> None:
    async with editor(home, standard=STANDARD) as client:
        plain = Plain(client)
        document = client.open("1\n")
        assert await plain.actions(document, (0, 0), triggerKind=2) == {}
        assert "Run line" in await plain.actions(document, (0, 0), triggerKind=1)


@pytest.mark.parametrize(
    ("only", "titles"),
    [
        (["kernel-bridge"], ["Run line", "Run statement", "Run whole document"]),
        (["kernel-bridge.run"], ["Run line", "Run statement", "Run whole document"]),
        (["source.fixAll", "quickfix"], []),
        (["kernel"], []),
    ],
)
async def test_only_the_requested_kinds(plain: Plain, only: list[str], titles: list[str]) -> None:
    document = plain.client.open("1\n")
    found = await plain.actions(document, (0, 0), only=only, triggerKind=2)
    assert list(found) == titles


async def test_advice_to_the_user_names_code_actions_not_commands(home: Home) -> None:
    settings = {"autoStart": False}
    async with editor(home, capabilities=None, standard=STANDARD, settings=settings) as client:
        plain = Plain(client)
        document = client.open("1\n")
        with pytest.raises(ResponseError, match=r"start one with kernel-bridge\.startKernel"):
            await plain.act(document, "Run line", (0, 0))
        await plain.until_message("start one with the code action “Start …”")


async def test_a_failure_is_returned_and_shown(plain: Plain) -> None:
    document = plain.client.open("\n")
    with pytest.raises(ResponseError, match="no code to run"):
        await plain.act(document, "Run line", (0, 0))
    assert (await plain.until_message("no code to run"))[0] == 1


async def test_a_client_without_hints_gets_a_message_with_the_result(home: Home) -> None:
    document_only = {"textDocument": {"codeAction": {}}}
    async with editor(home, capabilities=None, standard=document_only) as client:
        plain = Plain(client)
        document = client.open("6 * 7\n1 / 0\ninput()\n")
        params = {
            "textDocument": document.identifier,
            "range": document.range((0, 0), (0, 0)),
            "context": {"diagnostics": []},
        }
        commands = await client.request("textDocument/codeAction", params)
        assert all(isinstance(command["command"], str) for command in commands)
        run = next(command for command in commands if command["title"] == "Run line")
        await plain.execute(run)
        assert (await plain.until_message("→ 42"))[0] == 3
        run["arguments"][0]["argument"]["position"]["line"] = 1
        await plain.execute(run)
        assert (await plain.until_message("ZeroDivisionError: division by zero"))[0] == 1
        run["arguments"][0]["argument"]["position"]["line"] = 2
        await plain.execute(run)
        assert (await plain.until_message("in a terminal with `kernel-bridge run`"))[0] == 2


async def test_lenses_of_cells(plain: Plain) -> None:
    document = plain.client.open(
        "# %%\r\nimport time\r\n# %% [markdown]\r\n# 😀\r\n# %% 😀\r\ntime.sleep(60)\r\n"
    )
    lenses = await plain.lenses(document)
    assert [(line, command["title"]) for line, command in lenses] == [
        (0, "Run cell"),
        (4, "Run cell"),
        (4, "Run above"),
    ]
    await plain.execute(lenses[2][1])
    await plain.execute(lenses[1][1])
    await plain.until_hint(document, "✓")
    await plain.until_hint(document, "… running")
    (interrupt,) = [command for _, command in await plain.lenses(document) if command["title"] == "Interrupt"]
    await plain.execute(interrupt)
    await plain.until_hint(document, "KeyboardInterrupt")
    assert len(await plain.lenses(document)) == 3
    assert any(m.get("method") == "workspace/codeLens/refresh" for m in plain.client.messages)


async def test_a_document_without_cells_has_no_lenses(plain: Plain) -> None:
    assert await plain.lenses(plain.client.open("1\n")) == []
