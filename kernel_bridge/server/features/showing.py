"""Opens outputs in the editor, the browser or a viewer (LSP 3.17, "Show Document Request").

A client that cannot show documents gets a message with the path of the file.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ...bridge.documents import path_of
from ...bridge.summary import data_text
from ...escapes import plain
from ...owned import write_private
from ...plurals import count
from ...protocol.commands import ReadOutputParams, ShowOutputParams, ShowOutputResult
from ...protocol.errors import ExportFailed, HistoryError, InvalidArgument
from ...protocol.vocabulary import Output
from ...runs.changes import size_bytes
from ..jsonrpc import ConnectionClosed, ResponseError
from ..peer import INFO, Peer
from ..registry import server
from ..session_files import SessionFiles
from .context import Context
from .views import file_of, view_of

SHOW_S = 10.0  # how long a client may take to answer whether it showed a document

SCHEME = "kernel-bridge"  # of the server's own documents

_START, _END = f"{SCHEME}:/runs/", "/output.txt"


@server.command("kernel-bridge.showOutput")
async def show_output(context: Context, params: ShowOutputParams) -> ShowOutputResult:
    """Open an output of a run, or its whole text. Raises NoSuchRun, InvalidArgument, ExportFailed."""
    if params.index is None:
        text = await text_of(context, params.run_id)
        if context.client.text_document_content:
            uri = uri_of(params.run_id)
        else:
            name = f"{params.run_id}.txt"
            uri = (await asyncio.to_thread(write_shown, context.files, name, text.encode())).as_uri()
        return ShowOutputResult(uri=uri, shown=await show(context, uri, external=False))
    run = await context.bridge.get_run(params.run_id)
    outputs = run.outputs or []
    if params.index >= len(outputs):
        raise InvalidArgument(
            f"kernel-bridge.showOutput: field index: the run has {count(len(outputs), 'output')}, "
            f"got {params.index}"
        )
    suffix, content = content_of(outputs[params.index])
    name = f"{run.id}-{params.index + 1}{suffix}"
    uri = (await asyncio.to_thread(write_shown, context.files, name, content)).as_uri()
    return ShowOutputResult(uri=uri, shown=await show(context, uri, external=True))


async def text_of(context: Context, run_id: str) -> str:
    """The whole text of a run; text over the budget comes from the history. Raises NoSuchRun."""
    outputs = (await context.bridge.get_run(run_id)).outputs or []
    for index, output in enumerate(outputs):
        if output["output_type"] == "stream" and "elided" in output:
            asked = ReadOutputParams(run_id=run_id, index=index, start=0, length=1 << 40)
            try:
                text, _ = await context.bridge.history.read_output(asked)
            except HistoryError:  # a silent run, or there is no history
                elided = output["elided"]
                hidden = count(elided["omitted"] - size_bytes(elided["tail"]), "byte")
                text = f"{output['text']}\n[{hidden} omitted]\n{elided['tail']}"
            outputs[index] = {**output, "text": text}
    return whole_text(outputs)


def uri_of(run_id: str) -> str:
    """The URI of the document with a run's text."""
    return f"{_START}{run_id}{_END}"


def run_of(uri: str) -> str | None:
    """The run whose text a document contains; None: it is not one of the server's documents."""
    if not (uri.startswith(_START) and uri.endswith(_END)):
        return None
    return uri.removeprefix(_START).removesuffix(_END)


async def show(context: Context, uri: str, *, external: bool) -> bool:
    """Show a document, or else its path. `external`: in another program, such as the browser."""
    if context.client.show_document and await _shown(context.peer, uri, external=external):
        return True
    context.peer.show(INFO, f"kernel-bridge wrote {path_of(uri) or uri}")
    return False


async def _shown(peer: Peer, uri: str, *, external: bool) -> bool:
    """Ask the client to show a document; return whether it did."""
    params = {"uri": uri, "external": True} if external else {"uri": uri, "takeFocus": True}
    try:
        async with asyncio.timeout(SHOW_S):
            answer = await peer.request("window/showDocument", params)
    except (ResponseError, ConnectionClosed, TimeoutError):
        return False
    return isinstance(answer, dict) and answer.get("success") is True


def whole_text(outputs: Sequence[Output]) -> str:
    """The outputs of a run as one text."""
    parts = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                parts.append(output["text"])
            case "error":
                parts.append("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}")
            case _:
                parts.append(data_text(output["data"]))
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in map(plain, parts))


def write_shown(files: SessionFiles, name: str, content: bytes) -> Path:
    """Write a file to show; return its path. Blocks. Raises ExportFailed."""
    try:
        path = files.folder() / name
        write_private(str(path), content)
    except OSError as error:
        raise ExportFailed(f"cannot write {name} to show it: {error}", path=name, reason=str(error)) from None
    return path


def content_of(output: Output) -> tuple[str, bytes]:
    """The suffix and the content of a file that shows an output. Raises InvalidArgument: it is plain text."""
    mime = view_of(output)
    if mime is None or output["output_type"] == "stream" or output["output_type"] == "error":
        raise InvalidArgument(
            f"kernel-bridge.showOutput: field index: the output is plain text ({output['output_type']}); "
            "omit index to show it"
        )
    return file_of(mime, output)
