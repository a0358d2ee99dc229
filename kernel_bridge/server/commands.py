"""One short handler for each command (protocol.md, "Commands").

A handler takes the context and its params. If it is a plain function that returns a coroutine, its body runs
before the next message is read, and sees the documents as they were when the command arrived.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ..bridge import stopping
from ..bridge.submission import RunOptions, Wanted, passed_over, submit
from ..bridge.wire import run_to_wire
from ..protocol import commands as wire
from ..protocol.errors import InvalidArgument
from ..protocol.objects import Kernel, TextDocument
from .answering import Answer
from .features.context import Context
from .peer import INFO
from .registry import server

if TYPE_CHECKING:
    from ..bridge.kernel import FollowedKernel

Params = TypeVar("Params", wire.StartKernelParams, wire.AttachKernelParams, wire.ExportParams)


def _owner(context: Context, params: Any) -> str | None:
    """The URI of the document that owns the kernel: for a cell, its notebook."""
    return None if params.text_document is None else context.documents.owner(params.text_document.uri)


def _of_owner(context: Context, params: Params) -> Params:
    """The params, referring to the document that owns the kernel."""
    uri = _owner(context, params)
    return params if uri is None else msgspec.structs.replace(params, text_document=TextDocument(uri=uri))


def _named(context: Context, params: wire.KernelRef) -> tuple[str | None, str | None, str | None]:
    """The id, or the document and the language at the position, that name a kernel."""
    document = params.text_document
    language = context.documents.language_at(document.uri, params.position) if document is not None else None
    return params.kernel_id, _owner(context, params), language


def _kernel(context: Context, params: wire.KernelRef) -> "FollowedKernel":
    return context.bridge.kernel(*_named(context, params))


@server.command("kernel-bridge.listKernelSpecs")
async def list_kernel_specs(
    context: Context, params: wire.ListKernelSpecsParams
) -> wire.ListKernelSpecsResult:
    from ..bridge.choice import package_needed  # not needed to answer `initialize`

    uri = _owner(context, params)
    language = context.documents.language_of(uri, params.position)
    specs = await context.bridge.specs.list(uri, language)
    return wire.ListKernelSpecsResult(specs=specs, package=package_needed(specs, language))


@server.command("kernel-bridge.listKernels")
async def list_kernels(context: Context, params: wire.Nothing) -> wire.ListKernelsResult:
    return wire.ListKernelsResult(kernels=await context.bridge.list_kernels())


@server.command("kernel-bridge.startKernel")
async def start_kernel(context: Context, params: wire.StartKernelParams) -> Kernel:
    language = context.documents.language_of(_owner(context, params), params.position)
    return (await context.bridge.start_kernel(_of_owner(context, params), language)).to_wire()


@server.command("kernel-bridge.installKernel")
async def install_kernel(context: Context, params: wire.InstallKernelParams) -> wire.InstallKernelResult:
    with context.progress.of_request("Installing ipykernel") as report:
        return await context.bridge.specs.install(params.python, report)


@server.command("kernel-bridge.attachKernel")
async def attach_kernel(context: Context, params: wire.AttachKernelParams) -> Kernel:
    return (await context.bridge.attach_kernel(_of_owner(context, params))).to_wire()


@server.command("kernel-bridge.bindKernel")
def bind_kernel(context: Context, params: wire.BindKernelParams) -> wire.Nothing:
    context.bridge.bind(context.documents.owner(params.text_document.uri), params.kernel_id)
    return wire.Nothing()


@server.command("kernel-bridge.run")
def run(context: Context, params: wire.RunParams) -> Coroutine[Any, Any, Any]:
    from .regions import wanted  # not needed to answer `initialize`

    return _run(context, params, wanted(params, context.documents))


async def _run(context: Context, params: wire.RunParams, want: Wanted) -> Any:
    options = RunOptions(params.silent, params.store_history, params.stop_on_error, params.allow_stdin)
    submission = await submit(context.bridge, want, kernel_id=params.kernel_id, options=options)
    if submission.passed_over:
        context.peer.show(INFO, passed_over(submission))
    if not params.wait:
        return Answer(submission.announce, wire.RunResult(runs=submission.queued))
    submission.announce()
    await submission.ended()
    for run in submission.runs:
        context.outbox.flush(run.id)
    runs = [run_to_wire(run, run.live) for run in submission.runs]
    return wire.RunResult(runs=[context.outbox.shown(run) for run in runs])


@server.command("kernel-bridge.cancelRun")
async def cancel_run(context: Context, params: wire.RunRef) -> wire.CancelRunResult:
    return wire.CancelRunResult(run=await context.bridge.cancel_run(params.run_id))


@server.command("kernel-bridge.interruptKernel")
async def interrupt_kernel(context: Context, params: wire.KernelRef) -> wire.InterruptKernelResult:
    kernel = context.bridge.kernel_to_interrupt(*_named(context, params))
    return wire.InterruptKernelResult(outcome=await stopping.interrupt(kernel))


@server.command("kernel-bridge.restartKernel")
async def restart_kernel(context: Context, params: wire.KernelRef) -> Kernel:
    kernel = context.bridge.kernel_to_restart(*_named(context, params))
    await context.bridge.restart_kernel(kernel)
    return kernel.to_wire()


@server.command("kernel-bridge.shutdownKernel")
async def shutdown_kernel(context: Context, params: wire.KernelRef) -> wire.Nothing:
    await context.bridge.shutdown_kernel(_kernel(context, params))
    return wire.Nothing()


@server.command("kernel-bridge.detachKernel")
async def detach_kernel(context: Context, params: wire.KernelRef) -> wire.Nothing:
    await context.bridge.detach_kernel(_kernel(context, params))
    return wire.Nothing()


@server.command("kernel-bridge.getRun")
async def get_run(context: Context, params: wire.RunRef) -> wire.GetRunResult:
    run = context.outbox.shown(await context.bridge.get_run(params.run_id))
    return wire.GetRunResult(run=run, seq=context.outbox.flush(params.run_id))


@server.command("kernel-bridge.readOutput")
async def read_output(context: Context, params: wire.ReadOutputParams) -> wire.ReadOutputResult:
    text, total = await context.bridge.history.read_output(params)
    return wire.ReadOutputResult(text=text, total=total)


@server.command("kernel-bridge.history")
async def history(context: Context, params: wire.HistoryParams) -> wire.HistoryResult:
    return wire.HistoryResult(runs=await context.bridge.history.find(params))


@server.command("kernel-bridge.export")
def export(context: Context, params: wire.ExportParams) -> Coroutine[Any, Any, wire.ExportResult]:
    document = None
    if params.mode == "document":
        uri = _owner(context, params)
        if uri is None:
            raise InvalidArgument(
                'kernel-bridge.export: field textDocument: is required for mode "document" and missing'
            )
        params, document = _of_owner(context, params), context.documents.notebook(uri)
    return context.bridge.history.export(params, document)


@server.command("kernel-bridge.openNotebook")
async def open_notebook(context: Context, params: wire.OpenNotebookParams) -> wire.OpenNotebookResult:
    return await context.bridge.history.open_notebook(params)


@server.command("kernel-bridge.answerInput")
def answer_input(context: Context, params: wire.AnswerInputParams) -> wire.Nothing:
    context.prompts.answer(params.run_id, params.value)
    return wire.Nothing()
