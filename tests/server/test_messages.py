"""Every message of the server is valid by the schema from which clients are generated."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from kernel_bridge.protocol.commands import COMMANDS
from kernel_bridge.protocol.notifications import NOTIFICATIONS, STDIN
from kernel_bridge.protocol.schema import schema
from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import ResponseError

SCHEMA = schema()
CODE = """
import sys
from IPython.display import display
print("out", end="\\r")
print("over")
print("err", file=sys.stderr)
handle = display(display_id=True, obj=1)
handle.update(2)
print("a" * 100)
print(input("name: "))
1 / 0
"""
SETTINGS = {"outputBudget": 50}


def validate(name: str, value: Any) -> None:
    Draft202012Validator(SCHEMA | {"$ref": f"#/$defs/{name}"}).validate(value)


async def ask(client: Client, name: str, **argument: Any) -> Any:
    """Send a command. Return its result. Raises ResponseError. Asserts that the schema accepts either."""
    parameters, result = COMMANDS[f"kernel-bridge.{name}"]
    validate(parameters.__name__, argument)
    try:
        answer = await client.command(name, **argument)
    except ResponseError as error:
        validate("ResponseError", {"code": error.code, "message": error.message, "data": error.data})
        raise
    validate(result.__name__, answer)
    return answer


async def test_every_message_of_a_session_is_valid(home: Home) -> None:
    async with editor(home, settings=SETTINGS, stdin=lambda _: "Ada") as client:
        document = client.open(CODE)
        await ask(client, "listKernelSpecs", textDocument={"uri": document.uri})
        (run,) = (await ask(client, "run", textDocument={"uri": document.uri}, unit="all", wait=True))["runs"]
        assert run["state"] == "error"
        assert {output["output_type"] for output in run["outputs"]} == {"stream", "display_data", "error"}
        this = {"kernelId": run["kernelId"]}
        await ask(client, "run", code="6 * 7", **this, wait=True)
        await ask(client, "getRun", runId=run["id"])
        await ask(client, "cancelRun", runId=run["id"])
        await ask(client, "readOutput", runId=run["id"], index=0, start=1, length=2)
        await ask(client, "history", text="HANDLE", **this)
        await ask(client, "export", path="a.ipynb", **this)
        await ask(client, "interruptKernel", **this)
        await ask(client, "restartKernel", **this)
        await ask(client, "listKernels")
        await ask(client, "bindKernel", textDocument={"uri": document.uri}, kernelId=None)
        await ask(client, "shutdownKernel", **this)
        methods = {message["method"]: message["params"] for message in client.messages if "method" in message}
        assert methods.keys() >= {*NOTIFICATIONS, STDIN}
        for message in client.messages:
            if type_ := NOTIFICATIONS.get(message.get("method", "")):
                validate(type_.__name__, message["params"])
        validate("StdinRequest", methods[STDIN])


async def test_errors_are_valid_and_of_their_kind(home: Home) -> None:
    async def check(kind: str, name: str, **argument: Any) -> None:
        with pytest.raises(ResponseError) as caught:
            await ask(client, name, **argument)
        assert caught.value.kind == kind

    async with editor(home) as client:
        await check("NoSuchKernelSpec", "startKernel", spec="none-such")
        await check("NoSuchKernel", "interruptKernel", kernelId="none")
        await check("KernelRequired", "run", code="1")
        await check("DocumentNotOpen", "run", textDocument={"uri": "file:///none.py"}, unit="all")
        await check("NoSuchRun", "getRun", runId="none")
        await check("NothingToExport", "export", path="a.ipynb", kernelId="none")
