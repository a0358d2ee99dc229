"""One short handler a command (protocol.md, "Commands").

A handler takes the server, its argument and the request. It returns the result or a coroutine that gives it;
the part before the coroutine runs at once, so that a document is read as it was when the command came. A
result of ANSWERED says that the handler has answered by itself.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ..bridge import stopping
from ..bridge.submission import RunOptions, Wanted, submit
from ..bridge.wire import run_to_wire
from ..protocol import commands as wire
from ..protocol.errors import InvalidArgument
from ..protocol.objects import Kernel, TextDocument, Wire
from ..protocol.strict import convert
from .answering import ANSWERED, answer
from .jsonrpc import Request
from .regions import wanted

if TYPE_CHECKING:
    from ..bridge.kernel import FollowedKernel
    from .lifecycle import Server


OF_ONE_CELL = {"kernel-bridge.run", "kernel-bridge.history", "kernel-bridge.export"}
"""The commands for which a cell of a notebook is not the same as the notebook."""

PATIENCE_S = 5.0
"""How long an editor may have to wait for an answer: Emacs does nothing else, and gives up after 10 s."""

TAKEN_S = 0.2
"""How long after that answer nothing else is sent. lsp-mode up to 9.0 loses what it reads together with the
answer it waits for, and the jsonrpc.el of Emacs 28 lets it lie until more comes (both leave their reader by a
`throw`); Emacs may read 70 ms late, to read more at once (process-adaptive-read-buffering)."""


class _ExecuteCommand(Wire):
    command: str
    arguments: list[Any] | None = None


def execute(server: "Server", request: Request) -> None:
    """Answer `workspace/executeCommand`, now or when its task has ended."""
    answer(server, request, lambda: _execute(server, request))


def _execute(server: "Server", request: Request) -> Any:
    asked = convert(msgspec.json.decode(request.params), _ExecuteCommand, "workspace/executeCommand")
    arguments = asked.arguments or [{}]
    if len(arguments) > 1:
        raise InvalidArgument(f"{asked.command}: takes one argument, an object; got {len(arguments)}")
    return _perform(server, asked.command, {} if arguments[0] is None else arguments[0], request)


def _perform(server: "Server", command: str, argument: Any, request: Request) -> Any:
    if command not in HANDLERS:
        raise InvalidArgument(f"unknown command {command!r}; there are: {', '.join(wire.COMMANDS)}")
    params = convert(argument, wire.COMMANDS[command][0], command)
    uri = getattr(getattr(params, "text_document", None), "uri", None)
    if uri is not None and command not in OF_ONE_CELL:
        owner = TextDocument(uri=server.language.documents.owner(uri))
        params = msgspec.structs.replace(params, text_document=owner)
    return HANDLERS[command](server, params, request)


def act(server: "Server", params: wire.ActParams, request: Request) -> Any:
    """The command of a code action or lens: a person is told how it went, whatever their editor shows."""
    request.on_answered = partial(server.features.acted, params)
    if not server.features.client.shows_runs:
        request.pause_s = TAKEN_S
        asyncio.get_running_loop().call_later(PATIENCE_S, request.put_off)
    if params.command == "kernel-bridge.act":
        raise InvalidArgument("kernel-bridge.act: field command: must be another command")
    return _perform(server, params.command, params.argument, request)


def _uri(params: Any) -> str | None:
    return params.text_document.uri if params.text_document is not None else None


def _kernel(server: "Server", params: wire.KernelRef) -> "FollowedKernel":
    return server.bridge.kernel(params.kernel_id, _uri(params))


async def list_kernel_specs(
    server: "Server", params: wire.ListKernelSpecsParams, _: Request
) -> wire.ListKernelSpecsResult:
    uri = _uri(params)
    specs = await server.bridge.specs.list(uri, server.language.documents.language_of(uri))
    return wire.ListKernelSpecsResult(specs=specs)


async def list_kernels(server: "Server", _: wire.Nothing, __: Request) -> wire.ListKernelsResult:
    return wire.ListKernelsResult(kernels=await server.bridge.list_kernels())


async def start_kernel(server: "Server", params: wire.StartKernelParams, _: Request) -> Kernel:
    language = server.language.documents.language_of(_uri(params))
    return (await server.bridge.start_kernel(params, language)).to_wire()


async def attach_kernel(server: "Server", params: wire.AttachKernelParams, _: Request) -> Kernel:
    return (await server.bridge.attach_kernel(params)).to_wire()


def bind_kernel(server: "Server", params: wire.BindKernelParams, _: Request) -> wire.Nothing:
    server.bridge.bind(params.text_document.uri, params.kernel_id)
    return wire.Nothing()


def run(server: "Server", params: wire.RunParams, request: Request) -> Coroutine[Any, Any, Any]:
    return _run(server, params, request, wanted(params, server.language.documents))


async def _run(server: "Server", params: wire.RunParams, request: Request, want: Wanted) -> Any:
    options = RunOptions(params.silent, params.store_history, params.stop_on_error, params.allow_stdin)
    submission = await submit(server.bridge, want, kernel_id=params.kernel_id, options=options)
    if not params.wait:
        request.respond(wire.RunResult(runs=submission.queued))
    submission.announce()
    if not params.wait:
        return ANSWERED
    await submission.ended()
    for run in submission.runs:
        server.outbox.flush(run.id)
    runs = [run_to_wire(run, with_outputs=True) for run in submission.runs]
    return wire.RunResult(runs=[server.outbox.shown(run) for run in runs])


async def cancel_run(server: "Server", params: wire.RunRef, _: Request) -> wire.CancelRunResult:
    return wire.CancelRunResult(run=await server.bridge.cancel_run(params.run_id))


async def interrupt_kernel(
    server: "Server", params: wire.KernelRef, _: Request
) -> wire.InterruptKernelResult:
    return wire.InterruptKernelResult(outcome=await stopping.interrupt(_kernel(server, params)))


async def restart_kernel(server: "Server", params: wire.KernelRef, _: Request) -> Kernel:
    kernel = _kernel(server, params)
    await server.bridge.restart_kernel(kernel)
    return kernel.to_wire()


async def shutdown_kernel(server: "Server", params: wire.KernelRef, _: Request) -> wire.Nothing:
    await server.bridge.shutdown_kernel(_kernel(server, params))
    return wire.Nothing()


async def detach_kernel(server: "Server", params: wire.KernelRef, _: Request) -> wire.Nothing:
    await server.bridge.detach_kernel(_kernel(server, params))
    return wire.Nothing()


async def get_run(server: "Server", params: wire.RunRef, _: Request) -> wire.GetRunResult:
    run = server.outbox.shown(await server.bridge.get_run(params.run_id))
    return wire.GetRunResult(run=run, seq=server.outbox.flush(params.run_id))


async def read_output(server: "Server", params: wire.ReadOutputParams, _: Request) -> wire.ReadOutputResult:
    text, total = await server.bridge.history.read_output(params)
    return wire.ReadOutputResult(text=text, total=total)


async def history(server: "Server", params: wire.HistoryParams, _: Request) -> wire.HistoryResult:
    return wire.HistoryResult(runs=await server.bridge.history.find(params))


def export(server: "Server", params: wire.ExportParams, _: Request) -> Coroutine[Any, Any, wire.ExportResult]:
    document = None
    if params.mode == "document":
        if (uri := _uri(params)) is None:
            raise InvalidArgument(
                'kernel-bridge.export: field textDocument: is required for mode "document" and missing'
            )
        document = server.language.documents.notebook(uri)
    return server.bridge.history.export(params, document)


async def show_output(server: "Server", params: wire.ShowOutputParams, _: Request) -> wire.ShowOutputResult:
    return await server.features.show_output(params)


def answer_input(server: "Server", params: wire.AnswerInputParams, _: Request) -> wire.Nothing:
    server.features.questions.answer(params.run_id, params.value)
    return wire.Nothing()


Handler = Callable[["Server", Any, Request], Any]

HANDLERS: dict[str, Handler] = {
    "kernel-bridge.listKernelSpecs": list_kernel_specs,
    "kernel-bridge.listKernels": list_kernels,
    "kernel-bridge.startKernel": start_kernel,
    "kernel-bridge.attachKernel": attach_kernel,
    "kernel-bridge.bindKernel": bind_kernel,
    "kernel-bridge.run": run,
    "kernel-bridge.cancelRun": cancel_run,
    "kernel-bridge.interruptKernel": interrupt_kernel,
    "kernel-bridge.restartKernel": restart_kernel,
    "kernel-bridge.shutdownKernel": shutdown_kernel,
    "kernel-bridge.detachKernel": detach_kernel,
    "kernel-bridge.getRun": get_run,
    "kernel-bridge.readOutput": read_output,
    "kernel-bridge.history": history,
    "kernel-bridge.export": export,
    "kernel-bridge.showOutput": show_output,
    "kernel-bridge.answerInput": answer_input,
    "kernel-bridge.act": act,
}
