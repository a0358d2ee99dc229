"""Runs from a document or as plain code, on a real kernel through the real process."""

import asyncio

import pytest

from tests.home import Home
from tests.outputs import stream
from tests.server.client import Client, editor
from tests.server.wire import ResponseError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_the_unsaved_text_runs(home: Home, encoding: str) -> None:
    async with editor(home, encodings=(encoding,)) as bridge:
        document = bridge.open("x = '😀é'\r\nprint(x)\r\n")
        bridge.change(document, (0, 6), (0, 7), "!")
        selection = document.range((0, 0), (0, 8))
        await bridge.run(textDocument=document.identifier, range=selection)
        run = await bridge.run(unit="line", textDocument=document.identifier, position=document.position(1))
        assert run["outputs"] == [stream("😀!\n")]


async def test_a_run_has_its_states_its_count_and_its_outputs(bridge: Client) -> None:
    run = await bridge.run(code="print('a')\n1 + 1")
    two = {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}
    assert run["outputs"] == [stream("a\n"), {"output_type": "execute_result", **two}]
    assert run["executionCount"] == 1
    assert bridge.mirror.states[run["id"]] == ["queued", "running", "ok"]


async def test_an_overwritten_line_is_one_line(bridge: Client) -> None:
    run = await bridge.run(code="for i in range(300): print(f'\\r{i}', end='', flush=True)")
    assert run["outputs"] == [stream("299")]


async def test_an_error_names_its_line_and_aborts_the_queue(bridge: Client) -> None:
    document = bridge.open("# %%\n1\n# %%\ndef f():\n    1 / 0\n\nf()\n# %%\n2\n")
    runs = await bridge.runs(unit="all", textDocument=document.identifier)
    assert [run["state"] for run in runs] == ["ok", "error", "aborted"]
    assert (runs[1]["error"]["ename"], runs[1]["error"]["line"]) == ("ZeroDivisionError", 4)


async def test_a_prompt_is_answered_or_cancelled(home: Home) -> None:
    async with editor(home, stdin={"name? ": "Ada", "more? ": None}.get) as bridge:
        run = await bridge.run(code="print(input('name? '))")
        assert run["outputs"] == [stream("name? Ada\nAda\n")]
        run = await bridge.run(code="input('more? ')")
        assert run["error"]["ename"] == "KeyboardInterrupt"


async def test_a_prompt_is_withdrawn_when_its_run_ends(home: Home) -> None:
    withdrawn = asyncio.Event()

    async def wait_for_ever(prompt: str) -> str | None:
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            withdrawn.set()

    async with editor(home, stdin=wait_for_ever) as bridge:
        run = await bridge.run(code="input('name? ')", wait=False)
        await bridge.until(lambda message: message.get("method") == "kernel-bridge/stdin")
        answer = await bridge.command("interruptKernel", kernelId=run["kernelId"])
        assert answer == {"outcome": "interrupted"}
        assert (await bridge.until_ended(run["id"]))["state"] == "error"
        await withdrawn.wait()


async def test_without_stdin_the_kernel_raises(home: Home) -> None:
    async with editor(home, capabilities={"version": 1, "output": True}) as bridge:
        run = await bridge.run(code="input()")
        assert run["error"]["ename"] == "StdinNotImplementedError"


async def test_cancelling_an_awaited_run_interrupts_it(bridge: Client) -> None:
    code = "print('go', flush=True)\nimport time; time.sleep(60)"
    call = bridge.call_command("run", code=code, wait=True, kernelId=await bridge.kernel())
    await bridge.until_true(lambda: any(map(bridge.mirror.text, bridge.mirror.outputs)))
    bridge.cancel(call)
    with pytest.raises(ResponseError, match="-32800"):
        await call


async def test_a_client_of_plain_lsp_gets_no_messages_of_the_protocol(home: Home) -> None:
    async with editor(home, capabilities=None) as bridge:
        await bridge.run(code="print(1)")
        assert not [m for m in bridge.messages if m.get("method", "").startswith("kernel-bridge/")]


async def test_nothing_is_left_when_the_editor_dies(home: Home) -> None:
    async with editor(home) as bridge:
        await bridge.kernel()
        bridge.end_input()
        await bridge.ended(exit_code=1)


async def test_nothing_is_left_when_the_bridge_is_killed(home: Home) -> None:
    async with editor(home) as bridge:
        await bridge.kernel()
        bridge.process.kill()
        await bridge.ended(exit_code=-9, gone_within_s=10)
