"""Code that ends its kernel: nothing runs after it, and its run ends as the kernel's reply says."""

import json

import pytest

from tests.home import Home
from tests.server.client import Client
from tests.server.command import run_command, write
from tests.server.wire import ResponseError

shared_loop = pytest.mark.asyncio(loop_scope="module")

NOTE = "the kernel was ended by the code\n"
CELLS = """\
# %%
print("a")
exit()
# %%
import time
time.sleep(0.3)
print("never")
"""


@shared_loop
@pytest.mark.parametrize(
    ("code", "state"), [("exit()", "ok"), ("quit()", "ok"), ("exit", "ok"), ("exit(); 1 / 0", "error")]
)
async def test_nothing_is_sent_to_a_kernel_that_the_code_ends(shared: Client, code: str, state: str) -> None:
    kernel = (await shared.command("startKernel", spec="python3"))["id"]
    with shared.together():
        calls = [
            shared.call_command("run", kernelId=kernel, wait=True, code=code)
            for code in (code, "print('never')", "print('neither')")
        ]
    first, *others = [(await call)["runs"][0] for call in calls]
    assert (first["state"], NOTE in [output.get("text") for output in first["outputs"]]) == (state, True)
    for run in others:
        assert (run["state"], run["reason"], run["outputs"]) == ("cancelled", "ended by the code", [])
    with pytest.raises(ResponseError, match="ended by the code") as failed:
        await shared.run(code="1", kernelId=kernel)
    assert failed.value.kind == "KernelDead"
    assert (await shared.command("restartKernel", kernelId=kernel))["epoch"] == 2
    assert (await shared.run(code="6 * 7", kernelId=kernel))["outputs"][0]["data"]["text/plain"] == "42"
    await shared.command("shutdownKernel", kernelId=kernel)


@shared_loop
async def test_a_kept_kernel_that_the_code_ends_leaves_nothing(shared: Client) -> None:
    kernel = await shared.command("startKernel", spec="python3", keepAlive=True)
    assert [path for path in shared.home.made() if kernel["id"] in path.name]
    await shared.run(code="exit()", kernelId=kernel["id"])
    assert (await shared.until_kernel(kernel["id"], "dead"))["reason"] == "ended by the code"
    assert not [path for path in shared.home.made() if kernel["id"] in path.name]
    assert kernel["connectionFile"] not in map(str, shared.home.connection_files())
    assert not [process for process in shared.home.processes() if process.pid == kernel["pid"]]


@shared_loop
async def test_code_that_keeps_its_kernel_or_only_raises(shared: Client) -> None:
    kernel = (await shared.command("startKernel", spec="python3"))["id"]
    assert (await shared.run(code="exit(keep_kernel=True)", kernelId=kernel))["state"] == "ok"
    run = await shared.run(code="raise SystemExit(3)", kernelId=kernel)
    assert (run["state"], run["error"]["ename"]) == ("error", "SystemExit")
    assert (await shared.run(code="1", kernelId=kernel))["state"] == "ok"
    await shared.command("shutdownKernel", kernelId=kernel)


@pytest.mark.parametrize(("options", "stderr"), [([], ""), (["--keep-alive"], NOTE)])
def test_the_command_ends_well_and_the_notebook_says_why(home: Home, options: list[str], stderr: str) -> None:
    done = run_command(home, "run", write(home, "a.py", CELLS), "--export", "a.ipynb", *options)
    assert (done.code, done.stdout, done.stderr) == (0, "a\n", stderr)
    first, second = json.loads((home.work / "a.ipynb").read_text())["cells"]
    last = first["outputs"][-1]
    assert (last.get("ename") == "SystemExit", last.get("text") == [NOTE]) == (not options, bool(options))
    assert second["outputs"] == []
    home.check_clean()
