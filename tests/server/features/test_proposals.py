"""What a kernel proposes as its next input: shown, offered, and inserted if the user asks for it."""

from typing import Any

import pytest

from tests.server.documents import Document
from tests.server.features.plain import Plain
from tests.server.wire import ResponseError


def apply_edits(plain: Plain, document: Document) -> None:
    """Applies the edits that the server asks for, as an editor does."""

    def apply(params: Any) -> Any:
        (edit,) = params["edit"]["changes"][document.uri]
        start, end = (edit["range"][side] for side in ("start", "end"))
        plain.client.change(
            document,
            (start["line"], start["character"]),
            (end["line"], end["character"]),
            edit["newText"],
        )
        return {"applied": True}

    plain.client.answers["workspace/applyEdit"] = apply


async def test_a_proposal_is_inserted_below_on_request(plain: Plain) -> None:
    document = plain.client.open("# %%\r\nget_ipython().set_next_input('a = 1\\nb')\r\n# %%\r\n2\r\n")
    apply_edits(plain, document)
    await plain.act(document, "Run cell", (1, 0))
    ((line, label),) = await plain.until_hint(document, "proposes")
    assert (line, label.partition("ms  ")[2]) == (1, "the kernel proposes 2 lines")
    result = await plain.act(document, "Insert the 2 lines that the kernel proposes", (1, 0))
    assert result == {"uri": document.uri}
    assert document.text.splitlines()[2:] == ["", "# %%", "a = 1", "b", "", "# %%", "2"]
    assert document.text.count("\r\n") == document.text.count("\n")


async def test_loaded_code_replaces_the_line_that_loaded_it(plain: Plain) -> None:
    (plain.client.home.work / "other.py").write_text("x = 20\nx + 1\n")
    document = plain.client.open("%load other.py\n\n1\n")
    apply_edits(plain, document)
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "the kernel proposes 3 lines")
    title = "Replace the code with the 3 lines that the kernel proposes"
    assert title in await plain.actions(document, (0, 0))
    plain.client.change(document, (0, 0), (0, 0), "# mine\n")  # the code itself is unchanged
    await plain.act(document, title, (1, 0))
    assert document.text == "# mine\n# %load other.py\nx = 20\nx + 1\n\n1\n"


async def test_what_cannot_be_inserted_is_an_error(plain: Plain) -> None:
    client = plain.client
    document = client.open("get_ipython().set_next_input('a')\n")
    (run,) = (await plain.act(document, "Run line", (0, 0)))["runs"]
    await plain.until_hint(document, "proposes")
    title = "Insert the 1 line that the kernel proposes"
    for answer, reason in (
        ({"applied": False, "failureReason": "read-only"}, "read-only"),
        ({}, "no reason"),
    ):
        client.answers["workspace/applyEdit"] = answer
        with pytest.raises(ResponseError, match=reason) as refused:
            await plain.act(document, title, (0, 0))
        assert refused.value.data["kind"] == "NotInserted"
    client.change(document, (0, 0), (1, 0), "")
    with pytest.raises(ResponseError, match="no longer in an open document"):
        await client.command("insertNextInput", runId=run["id"])
