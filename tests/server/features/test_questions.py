"""input() in an editor without a kernel-bridge plugin."""

from typing import Any

import pytest

from tests.home import Home
from tests.server.client import editor
from tests.server.features.plain import STANDARD, Plain
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

TEXT = "name = input('Your name: '); name\r\n\r\n# Ada 😀\r\nx = 'Bob, 😀'; y\r\n"
INPUT = {"features": {"input": True}}
ASKED: dict[str, Any] = {
    "capabilities": None,
    "standard": STANDARD,
    "settings": INPUT,
}


@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [
        ((2, 1), (2, 1), "Ada 😀"),
        ((1, 0), (1, 0), ""),
        ((3, 5), (3, 11), "Bob, 😀"),
        ((2, 0), (3, 0), "Ada 😀"),
        ((2, 2), (3, 3), "Ada 😀\nx ="),
    ],
)
async def test_a_code_action_answers_from_the_document(
    home: Home, start: tuple[int, int], end: tuple[int, int], answer: str
) -> None:
    async with editor(home, **ASKED) as client:
        plain = Plain(client)
        document = client.open(TEXT)
        await plain.act(document, "Run line", (0, 0))
        await plain.until_hint(document, "… asks: Your name:")
        found = await plain.actions(document, start, end)
        first, second = list(found)[:2]
        assert first.startswith("Answer “" + answer.partition("\n")[0])
        assert second == "Cancel the question"
        await plain.execute(found[first]["command"])
        await plain.until_hint(document, f"→ {answer!r}")
        assert not any(title.startswith("Answer") for title in await plain.actions(document, start, end))
        with pytest.raises(ResponseError, match="is not waiting for input"):
            await plain.execute(found[first]["command"])


async def test_without_hints_a_message_shows_the_prompt(home: Home) -> None:
    async with editor(
        home, capabilities=None, standard={"textDocument": {"codeAction": {}}}, settings=INPUT
    ) as client:
        plain = Plain(client)
        document = client.open(TEXT)
        run = {"textDocument": document.identifier, "unit": "line", "position": document.position(0, 0)}
        (asking,) = (await client.command("run", **run))["runs"]
        message = await plain.until_message("the code asks: Your name: (type the answer on a line")
        assert message[0] == 2
        await client.command("answerInput", runId=asking["id"], value="Ada")


async def test_the_prompt_is_cancelled_or_interrupted(home: Home) -> None:
    async with editor(home, **ASKED) as client:
        plain = Plain(client)
        document = client.open(TEXT)
        for title in ("Cancel the question", "Interrupt"):
            await plain.act(document, "Run line", (0, 0))
            await plain.until_hint(document, "… asks: Your name:")
            await plain.act(document, title, (1, 0))
            await plain.until_hint(document, "✗ KeyboardInterrupt")
            assert "Cancel the question" not in await plain.actions(document, (1, 0))


async def test_a_password_is_never_requested(home: Home) -> None:
    async with editor(home, **ASKED) as client:
        plain = Plain(client)
        document = client.open("import getpass; getpass.getpass('Secret: ')\n")
        await plain.act(document, "Run line", (0, 0))
        assert (await plain.until_message("password"))[0] == 2
        await plain.until_hint(document, "✗ KeyboardInterrupt")


async def test_without_the_setting_the_kernel_raises(plain: Plain) -> None:
    document = plain.client.open(TEXT)
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "✗ StdinNotImplementedError")
    await plain.until_message("features.input")
