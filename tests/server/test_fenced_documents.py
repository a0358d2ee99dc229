"""Documents with code in fences: each language on a kernel of its own, in the order of the document."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.home import install_bash_kernel, private_home
from tests.server.client import Client, editor
from tests.server.command import run_command
from tests.server.documents import Document
from tests.server.features.plain import STANDARD, Plain
from tests.server.wire import Json, ResponseError

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

TEXT = """\
---
title: Two languages
---

```{python}
#| label: writes
open("numbers.txt", "w").write("3\\n4\\n");
```

Now the shell:

1. In a list:

   ```bash
   wc -l < numbers.txt
   echo 5 >> numbers.txt
   ```

```{r}
print("no kernel")
```

```python
total = sum(map(int, open("numbers.txt")))
print(total)
```

```{python}
#| eval: false
print("only if asked for")
```
"""
PROSE, SHELL, R, LAST, SKIPPED = 9, 14, 19, 24, 29


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[Client]:
    with private_home() as home:
        install_bash_kernel(home)
        async with editor(home) as client:
            yield client


def opened(client: Client, text: str = TEXT, name: str = "two.qmd", language: str = "quarto") -> Document:
    return client.open(text, name, language)


async def ran(client: Client, document: Document, unit: str, line: int = 0) -> list[tuple[str, str, str]]:
    """(language of the kernel, state, text of the outputs) of each run of a unit."""
    answer = await client.command(
        "run",
        textDocument=document.identifier,
        unit=unit,
        position=document.position(line),
        wait=True,
    )
    return [described(client, run) for run in answer["runs"]]


def described(client: Client, run: Json) -> tuple[str, str, str]:
    text = "".join(output.get("text", "") for output in run["outputs"])
    return client.mirror.kernels[run["kernelId"]]["language"], run["state"], text


async def test_all_runs_in_order_on_the_kernels_of_the_languages(client: Client) -> None:
    document = opened(client)
    assert await ran(client, document, "all") == [
        ("python", "ok", ""),
        ("bash", "ok", "2\n"),
        ("python", "ok", "12\n"),
    ]
    shown = [m["params"]["message"] for m in client.messages if m.get("method") == "window/showMessage"]
    assert shown == ["skipped code that has no kernel: r (IRkernel brings one)"]
    assert await ran(client, document, "above", LAST) == [("python", "ok", ""), ("bash", "ok", "2\n")]
    assert await ran(client, document, "cell", SKIPPED) == [("python", "ok", "only if asked for\n")]
    assert await ran(client, document, "statement", LAST) == [("python", "ok", "12\n")]
    assert await ran(client, document, "statement", SHELL) == [("bash", "ok", "3\n")]
    answer = await client.command(
        "run", textDocument=document.identifier, range=document.range((PROSE, 0), (R, 0)), wait=True
    )
    (run,) = answer["runs"]
    assert run["range"] == document.range((SHELL, 0), (SHELL + 1, 24))


async def test_prose_and_a_language_without_a_kernel_are_errors_that_help(client: Client) -> None:
    document = opened(client)
    for unit in ("cell", "line", "statement"):
        with pytest.raises(ResponseError) as caught:
            await ran(client, document, unit, PROSE)
        assert caught.value.kind == "NothingToRun"
        assert "line 10 is prose; place the cursor in fenced code" in str(caught.value)
    with pytest.raises(ResponseError) as caught:
        await ran(client, document, "cell", R)
    assert caught.value.kind == "KernelRequired"
    assert "IRkernel" in str(caught.value)


async def test_an_error_stops_the_code_of_every_language(client: Client) -> None:
    text = "```python\n1\n```\n```python\n1/0\n```\n```bash\necho no\n```\n```python\n2\n```\n"
    document = opened(client, text, "fails.md", "markdown")
    found = await ran(client, document, "all")
    assert [state for _, state, _ in found] == ["ok", "error", "aborted", "aborted"]
    assert [run["error"]["line"] for run in client.mirror.runs.values() if "error" in run] == [4]
    tolerant = text.replace("```python\n1/0", "```{python}\n#| error: true\n1/0")
    document = opened(client, tolerant, "tolerates.md", "markdown")
    found = await ran(client, document, "all")
    assert [state for _, state, _ in found] == ["ok", "error", "ok", "ok"]


async def test_interrupting_and_restarting_a_document_with_two_kernels(client: Client) -> None:
    text = "```python\nimport time; print(1, flush=True); time.sleep(1000)\n```\n```bash\necho no\n```\n"
    document = opened(client, text, "long.md", "markdown")
    call = client.call_command("run", textDocument=document.identifier, unit="all", wait=True)
    run_id = await client.until_true(
        lambda: next((id for id, run in client.mirror.runs.items() if run["state"] == "running"), None)
    )
    await client.until_text(run_id, "1")
    assert await client.command("interruptKernel", textDocument=document.identifier) == {
        "outcome": "interrupted"
    }
    answer = await call
    assert [run["state"] for run in answer["runs"]] == ["error", "aborted"]
    with pytest.raises(ResponseError, match="has 2 kernels") as caught:
        await client.command("restartKernel", textDocument=document.identifier)
    assert caught.value.code == -32602
    kernel = await client.command(
        "restartKernel", textDocument=document.identifier, position=document.position(4)
    )
    assert (kernel["language"], kernel["epoch"]) == ("bash", 2)


async def test_what_an_editor_shows() -> None:
    with private_home() as home:
        install_bash_kernel(home)
        async with editor(home, capabilities=None, standard=STANDARD) as client:
            await check_what_an_editor_shows(client)


async def check_what_an_editor_shows(client: Client) -> None:
    document, plain = opened(client), Plain(client)
    params = {"textDocument": document.identifier}
    symbols = await client.request("textDocument/documentSymbol", params)
    assert [symbol["name"] for symbol in symbols][:3] == [
        "writes",
        "wc -l < numbers.txt",
        'print("no kernel")',
    ]
    folds = await client.request("textDocument/foldingRange", params)
    assert [fold["startLine"] for fold in folds] == [4, 13, 18, 22, 27]
    lenses = await plain.lenses(document)
    assert [line for line, command in lenses if command["title"] == "Run cell"] == [4, 13, 18, 22, 27]
    assert "Run cell" not in await plain.actions(document, (PROSE, 0))
    assert "Run statement" in await plain.actions(document, (LAST, 0))
    await plain.act(document, "Run all cells", (PROSE, 0))
    await plain.until_hint(document, "12")
    assert (LAST, "12") in [(line, label.split()[1]) for line, label in await plain.hints(document)]
    while (found := await plain.at("completion", document, (LAST, 8)))["isIncomplete"]:
        pass  # the kernel is not free yet: an editor asks again at the next key
    assert "total" in [item["label"] for item in found["items"]]
    assert await plain.at("completion", document, (PROSE, 2)) is None
    assert await plain.at("hover", document, (PROSE, 2)) is None
    path = client.home.work / "two.ipynb"
    await client.command("export", textDocument=document.identifier, path=str(path), mode="document")
    cells = json.loads(path.read_text())["cells"]
    assert [(cell["cell_type"], cell["metadata"].get("vscode")) for cell in cells] == [
        ("raw", None),
        ("code", None),
        ("markdown", None),
        ("code", {"languageId": "shellscript"}),
        ("code", {"languageId": "r"}),
        ("code", None),
        ("code", None),
    ]


async def test_the_next_bridge_finds_the_kept_kernel_of_each_language() -> None:
    text = "```bash\nx=$((x + 1)); echo $x\n```\n```python\ny = globals().get('y', 0) + 1; print(y)\n```\n"
    with private_home() as home:
        install_bash_kernel(home)
        for expected in ("1\n", "2\n"):
            async with editor(home, settings={"keepAlive": True}) as client:
                document = opened(client, text, "kept.md", "markdown")
                found = await ran(client, document, "all")
                assert found == [("bash", "ok", expected), ("python", "ok", expected)]
                for kernel in client.mirror.kernels.values() if expected == "2\n" else ():
                    await client.command("shutdownKernel", kernelId=kernel["id"])
                if expected == "1\n":
                    await client.kill()
                    client.over = True


async def test_the_command_line_runs_the_document() -> None:
    with private_home() as home:
        install_bash_kernel(home)
        (home.work / "two.qmd").write_text(TEXT + "\n```python\nprint('unclosed')")
        done = run_command(home, "run", "two.qmd", "--export", "two.ipynb")
        assert (done.code, done.stdout) == (0, "2\n12\nunclosed\n")
        assert done.stderr.splitlines() == [
            "warning: two.qmd: line 33: this fence is never closed, so its code runs to the end",
            "warning: skipped code that has no kernel: r (IRkernel brings one)",
        ]
        assert run_command(home, "run", "two.qmd", "--cell", "2").stdout == "3\n"
        assert run_command(home, "run", "two.qmd", "--cell", "5").stdout == "only if asked for\n"
        assert run_command(home, "run", "two.qmd", "--lines", "10:15").stdout == "4\n"
        refused = run_command(home, "run", "two.qmd", "--cell", "3")
        assert refused.code == 3
        assert "IRkernel" in refused.stderr
        home.check_clean()
