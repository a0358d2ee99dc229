"""Inserts the code that a kernel proposes as its next input (`%load`, `%recall`), if the user asks for it."""

from typing import TYPE_CHECKING, Any

from ...plurals import count
from ...protocol.commands import InsertNextInputResult, RunRef
from ...protocol.errors import NotInserted
from ..jsonrpc import ResponseError
from ..registry import server
from .context import Context

if TYPE_CHECKING:
    from ...runs.run import Run
    from ...source.proposal import Edit
    from ..snapshot import Snapshot
    from .results import Result


def action_title(run: "Run") -> str | None:
    """The action that inserts the proposal of a run; None: it has none."""
    if run.next_input is None:
        return None
    action = "Replace the code with" if run.next_input_replaces else "Insert"
    return f"{action} the {count(len(run.next_input.splitlines()), 'line')} that the kernel proposes"


@server.command("kernel-bridge.insertNextInput")
async def insert_next_input(context: Context, params: RunRef) -> InsertNextInputResult:
    """Have the client apply the proposal of a run to its document. Raises NoSuchRun, NotInserted."""
    run = await context.bridge.get_run(params.run_id)
    if run.next_input is None:
        raise NotInserted(f"the kernel proposed no next input in run {run.id}")
    result = context.results.by_run.get(run.id)
    document = context.documents.find(result.uri) if result is not None else None
    if result is None or document is None:
        raise NotInserted(
            f"the code of run {run.id} is no longer in an open document, so what the kernel proposes has no "
            "place; run the code again"
        )
    edit = _workspace_edit(context, document, _edit(document, result))
    try:
        answer = await context.peer.request("workspace/applyEdit", {"edit": edit})
    except ResponseError as error:
        answer = {"failureReason": error.message}
    if not isinstance(answer, dict) or answer.get("applied") is not True:
        reason = answer.get("failureReason") if isinstance(answer, dict) else None
        raise NotInserted(
            f"the editor did not insert what the kernel proposes ({reason or 'no reason reported'})"
        )
    return InsertNextInputResult(uri=document.uri)


def _edit(document: "Snapshot", result: "Result") -> "Edit":
    """In place of the code if the kernel asks for that and the code is still what ran, else below it."""
    from ...source import proposal  # not needed to answer `initialize`

    run, (first, last) = result.run, result.lines(document)
    assert run.next_input is not None
    if run.next_input_replaces and not result.stale:
        return proposal.replacing(document.lines, document.language_id, run.next_input, first, last)
    return proposal.below(document.lines, document.language_id, run.next_input, last)


def _workspace_edit(context: Context, document: "Snapshot", edit: "Edit") -> dict[str, Any]:
    line_end = "\r\n" if "\r\n" in document.text else "\n"
    edits = [{"range": document.range(edit.start, edit.end), "newText": edit.text.replace("\n", line_end)}]
    if not context.client.versioned_edits:
        return {"changes": {document.uri: edits}}
    named = {"uri": document.uri, "version": document.version}
    return {"documentChanges": [{"textDocument": named, "edits": edits}]}
