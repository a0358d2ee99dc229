"""Offers everything that the user can do at a position as code actions (LSP 3.17, "Code Action Request").

Their kinds are private to kernel-bridge, so no editor applies one automatically.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...bridge.documents import path_of
from ...bridge.summary import shortened_line
from ...source.languages import comment_prefixes, find_language, is_fenced, is_python, speaks
from ..client import Client
from ..registry import Provider, server
from .actions import Command, act, run_unit
from .context import Context
from .params import CodeActionParams
from .proposals import action_title
from .views import name_of, view_of

if TYPE_CHECKING:
    from ...bridge.kernel import FollowedKernel
    from ..snapshot import Snapshot

AUTOMATIC = 2  # CodeActionTriggerKind: a light bulb, at every movement of the cursor
LIKELY_KERNELS = 4
LOOKING_S = 1.0  # how long the user may wait for the search for kernels

KINDS = [f"kernel-bridge.{kind}" for kind in ("run", "kernel", "show", "export")]

Action = tuple[str, Command]  # (kind without the prefix, command)


def _offered(client: Client) -> Any:
    return {"codeActionKinds": KINDS} if client.code_action_literals else True


@server.feature(
    "textDocument/codeAction",
    Provider("codeActionProvider", "code_actions", _offered, needs=lambda client: client.code_actions),
)
async def code_actions(context: Context, params: CodeActionParams) -> list[dict[str, Any]] | None:
    """The actions of the requested kinds; those that run code come first."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    line = document.to_inner(params.range.start).line
    kernel = context.kernel_of(document, line)
    if not _is_code(document) and kernel is None:
        return []  # prose or data: no kernel runs it
    asked = params.context
    if context.client.shows_runs and asked.trigger_kind == AUTOMATIC:
        return []  # the client has its own commands; a light bulb on every line would be noise
    actions = [*_answers(context, document, kernel, params)]
    actions += [*_running(document, params), *_of_result(context, document, params)]
    if kernel is not None:
        actions += _of_kernel(kernel, document)
    if asked.trigger_kind != AUTOMATIC and _wanted("kernel-bridge.kernel", asked.only):
        language = context.documents.language_of(document.uri, params.range.start) or document.language_id
        actions += await _kernels(context, document, kernel, language)
    actions += _exports(context, document)
    wanted = [
        (f"kernel-bridge.{kind}", command)
        for kind, command in actions
        if _wanted(f"kernel-bridge.{kind}", asked.only)
    ]
    if not context.client.code_action_literals:
        return [command for _, command in wanted]
    return [{"title": command["title"], "kind": kind, "command": command} for kind, command in wanted]


def _wanted(kind: str, only: list[str] | None) -> bool:
    """Whether a kind was requested; a requested kind includes all kinds below it."""
    return not only or any(f"{kind}.".startswith(f"{part}.") or not part for part in only)


def _answers(
    context: Context, document: "Snapshot", kernel: "FollowedKernel | None", params: CodeActionParams
) -> Iterator[Action]:
    """Answers to the kernel's prompt: the selection or the line, without a leading comment prefix."""
    prompt = context.prompts.of_kernel(kernel.id) if kernel is not None else None
    if prompt is None:
        return
    start, end = document.to_inner(params.range.start), document.to_inner(params.range.end)
    text = document.lines[start.line].strip()
    if start != end:
        text = "\n".join(document.text[document.index(start) : document.index(end)].splitlines())
    if start == end or start.column == 0:
        prefix = next((one for one in comment_prefixes(document.language_id) if text.startswith(one)), "")
        text = text.removeprefix(prefix).strip()
    for title, value in ((f"Answer “{shortened_line(text)}”", text), ("Cancel the question", None)):
        yield "run", act(title, "answerInput", {"runId": prompt.run_id, "value": value})


def _running(document: "Snapshot", params: CodeActionParams) -> Iterator[Action]:
    start, end = document.to_inner(params.range.start), document.to_inner(params.range.end)
    uri, position = document.uri, document.position(start)
    language = document.language_at(start.line)
    units = {"line": "Run line"} if language is not None else {}
    selection = act(
        "Run selection", "run", {"textDocument": {"uri": uri}, "range": document.range(start, end)}
    )
    length = document.index(end) - document.index(start)
    if length not in (0, 1):
        yield "run", selection
    if language is not None and is_python(language):
        units["statement"] = "Run statement"
    if any(cell.marker_line is not None for cell in document.cells):
        if language is not None:
            units |= {"cell": "Run cell", "above": "Run cells above", "below": "Run cell and all below"}
        units["all"] = "Run all cells"
    else:
        units["all"] = "Run whole document"
    for unit, title in units.items():
        yield "run", act(title, "run", run_unit(uri, unit, position))
    if length == 1:  # Helix and YouCompleteMe send this without a selection, so it must not be the default
        yield "run", selection


def _of_result(context: Context, document: "Snapshot", params: CodeActionParams) -> Iterator[Action]:
    """Actions on the proposal and the outputs of the run on that line."""
    result = context.results.at(document, document.to_inner(params.range.start).line)
    if result is None:
        return
    run = result.run
    if context.client.apply_edit and (title := action_title(run)) is not None:
        yield "run", act(title, "insertNextInput", {"runId": run.id})
    outputs = run.live.outputs
    if any(output["output_type"] != "error" for output in outputs) or run.error is not None:
        yield "show", act("Show whole output", "showOutput", {"runId": run.id})
    for index, output in enumerate(outputs):
        if (mime := view_of(output)) is not None:
            argument = {"runId": run.id, "index": index}
            yield "show", act(f"Open {name_of(mime)} ({index + 1})", "showOutput", argument)


def _is_code(document: "Snapshot") -> bool:
    """Whether a kernel may run some of a document."""
    if not is_fenced(document.language_id):
        return find_language(document.language_id) is not None
    return any(cell.kind == "code" for cell in document.cells)


def _of_kernel(kernel: "FollowedKernel", document: "Snapshot") -> Iterator[Action]:
    named = {"kernelId": kernel.id}
    name = kernel.session.spec.display_name
    if kernel.alive and (kernel.session.state != "idle" or kernel.queue.running is not None):
        yield "kernel", act("Interrupt", "interruptKernel", named)
    if kernel.session.host.restartable:
        yield "kernel", act(f"Restart {name}", "restartKernel", named)
    if not kernel.alive:
        return
    if kernel.session.host.origin == "attached":
        yield "kernel", act(f"Detach from {name}", "detachKernel", named)
    yield "kernel", act(f"Shut down {name}", "shutdownKernel", named)


def _whose(bridge: Any, kernel_id: str) -> str:
    """The documents that use a kernel, which distinguish it from others of the same kind."""
    paths = [path_of(uri) for uri in bridge.bindings.documents_of(kernel_id)]
    names = [path.name for path in paths if path is not None]
    return f" of {', '.join(names)}" if names else ", already running"


async def _kernels(
    context: Context, document: "Snapshot", bound: "FollowedKernel | None", language: str
) -> list[Action]:
    """The kernels that the user probably wants: the running ones, then those that can be started."""
    bridge, uri = context.bridge, document.uri
    actions: list[Action] = []
    for kernel in bridge.kernels.values():
        if kernel.alive and kernel is not bound and speaks(kernel.session.spec.language, language):
            title = f"Use {kernel.session.spec.display_name} ({kernel.id[:8]}){_whose(bridge, kernel.id)}"
            actions.append(
                ("kernel", act(title, "bindKernel", {"textDocument": {"uri": uri}, "kernelId": kernel.id}))
            )
    try:
        async with asyncio.timeout(LOOKING_S):
            specs = await bridge.specs.list(uri, language)
            running = await bridge.running_kernels()
    except TimeoutError:
        return actions
    for found in running:
        if not found.spec.language or speaks(found.spec.language, language):
            title = f"Attach to {found.spec.display_name} ({found.kernel_id[:8]})"
            argument = {"connectionFile": str(found.path), "textDocument": {"uri": uri}}
            actions.append(("kernel", act(title, "attachKernel", argument)))
    fitting = [spec for spec in specs if spec.usable and speaks(spec.language, language)]
    for spec in fitting[:LIKELY_KERNELS]:
        argument = {"spec": spec.name, "textDocument": {"uri": uri}}
        actions.append(("kernel", act(f"Start {spec.display_name}", "startKernel", argument)))
    return actions


def _exports(context: Context, document: "Snapshot") -> Iterator[Action]:
    """Exports to a new notebook beside the document."""
    if not any(result.run.ended for result in context.results.of(document.uri)):
        return
    path = path_of(document.uri)
    if path is not None and path.parent.is_dir():
        target = _free(path)
        argument = {"path": str(target), "textDocument": {"uri": document.uri}}
        yield "export", act(f"Export runs to {target.name}", "export", argument)


def _free(path: Path) -> Path:
    """The path with a notebook's suffix, numbered if that file exists."""
    target, number = path.with_suffix(".ipynb"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.stem}-{number}.ipynb")
    return target
