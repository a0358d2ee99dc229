"""`kernel-bridge run`: a kernel for a file, its pieces one by one, and what came of it."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..bridge.application import Bridge
from ..bridge.followed import FollowedKernel
from ..bridge.wire import now, run_to_wire
from ..protocol.commands import ExportParams, StartKernelParams
from ..protocol.objects import Run, TextDocument
from ..protocol.settings import Settings
from ..source.languages import find_language
from .answers import Answers
from .exits import BROKEN_PIPE, INTERRUPTED, OK, RAISED, UsageError
from .observers import JsonLines
from .pieces import Piece, Script, read_script
from .screen import Screen
from .terminal import Reporter, Terminal

EVERYTHING = Settings(output_budget=2**62)  # all output is written, however much it is


async def run(options: argparse.Namespace) -> int:
    """Run what the options say; the exit code.

    Raises UsageError, and what starting a kernel and exporting raise (protocol/errors).
    """
    _check_export(options)
    execution = _Execution(options)
    with execution.signals():
        return await execution.finish()


class _Execution:
    """One call of `run`, and what a signal does to it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        answers = Answers(0)
        self._reporter: Reporter
        if options.json:
            self._reporter = JsonLines(answers, self._reader_gone)
        else:
            screen = Screen(sys.stdout, sys.stderr, self._reader_gone)
            self._reporter = Terminal(screen, answers, options.file if options.file != "-" else "stdin")
        self._bridge = Bridge(self._reporter, EVERYTHING, Path.cwd())
        self._kernel: FollowedKernel | None = None  # while it runs our code
        self._interrupt: asyncio.Task[None] | None = None
        self._work: asyncio.Task[int] | None = None
        self._ended_by: int | None = None  # the exit code of what ended everything

    async def finish(self) -> int:
        self._work = asyncio.create_task(self._run(), name="run")
        try:
            return await self._work
        except asyncio.CancelledError:
            if self._ended_by is None:
                raise
            return self._ended_by
        finally:
            if self._interrupt is not None:
                self._interrupt.cancel()
                await asyncio.gather(self._interrupt, return_exceptions=True)
            self._reporter.waiting("" if self._options.attach else "stopping the kernel")
            await self._bridge.close()
            await self._reporter.close()

    async def _run(self) -> int:
        options = self._options
        if options.attach is not None:
            from .kernels import attach  # with rich, which takes its time to import

            self._reporter.waiting("attaching to the kernel")
            kernel = await attach(self._bridge, options.attach)
            self._reporter.waiting("")
            language = _document_language(kernel.session.spec.language)
            script = read_script(options.file, options.lines, options.cell, language)
        else:
            script = read_script(options.file, options.lines, options.cell, await self._language())
            kernel = await self._start(script)
        runs = [
            kernel.new_run(
                piece.source,
                location=piece.location,
                stop_on_error=not (options.allow_errors or piece.may_fail),
                queued_at=now(),
            )
            for piece in script.pieces
        ]
        pieces = dict(zip((run.id for run in runs), script.pieces, strict=True))
        self._reporter.expect(pieces)
        self._kernel = kernel
        kernel.start(runs, kernel.enqueue(runs))
        await asyncio.gather(*(kernel.ended(run) for run in runs))
        self._kernel = None
        ended = [run_to_wire(run) for run in runs]
        self._reporter.summary(ended)
        if options.export and any(run.started_at for run in ended):
            await self._export([run.id for run in ended])
        return self._exit_code(ended, pieces)

    async def _language(self) -> str | None:
        """The language of the kernel that the options name, for a file whose name does not tell its own."""
        if self._options.python:
            return "python"
        for spec in await self._bridge.list_specs() if self._options.kernel else ():
            if spec.name == self._options.kernel.lower():
                return _document_language(spec.language)
        return None

    async def _start(self, script: Script) -> FollowedKernel:
        options = self._options
        name = options.kernel
        if name is None and options.python is None and script.kernelspec is not None:
            if any(spec.name == script.kernelspec for spec in await self._bridge.list_specs()):
                name = script.kernelspec
            else:
                self._reporter.warn(
                    f"{script.name} asks for the kernel {script.kernelspec!r}, which is not installed here; "
                    f"taking one for {script.language_id or 'its language'}"
                )
        if name is None and options.python is None and script.language_id is None:
            raise UsageError(
                f"the name of {script.name} does not tell its language; "
                "name a kernel with --kernel (`kernel-bridge specs` lists them)"
            )
        self._reporter.waiting(f"starting {name or options.python or 'a kernel'}")
        asked = StartKernelParams(
            spec=name, python=options.python, text_document=TextDocument(uri=script.uri)
        )
        kernel = await self._bridge.start_kernel(asked, script.language_id)
        self._reporter.waiting("")
        return kernel

    async def _export(self, run_ids: list[str]) -> None:
        options = self._options
        asked = ExportParams(path=options.export, run_ids=run_ids, overwrite=options.overwrite)
        result = await self._bridge.export(asked)
        self._reporter.note(f"wrote {options.export} ({result.cells} cell{'s' if result.cells != 1 else ''})")

    def _exit_code(self, runs: list[Run], pieces: dict[str, Piece]) -> int:
        failed = [run for run in runs if run.state != "ok"]
        if self._interrupt is not None and failed:
            return INTERRUPTED
        if self._options.allow_errors or all(pieces[run.id].may_fail for run in failed):
            failed = [run for run in failed if run.state != "error"]
        return RAISED if failed else OK

    # signals

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Ctrl-C interrupts the kernel, again it ends everything; once more it kills us."""
        handlers = {"SIGINT": self._pressed, "SIGTERM": self._terminated, "SIGHUP": self._terminated}
        before = {}
        for name, handler in handlers.items():
            number = getattr(signal, name, None)
            if number is not None:
                before[number] = signal.getsignal(number)
                _handle(number, handler)
        try:
            yield
        finally:
            for number, handler_before in before.items():
                signal.signal(number, handler_before)

    def _pressed(self, number: int) -> None:
        if self._kernel is None or self._interrupt is not None:
            self._end(INTERRUPTED)
            signal.signal(number, signal.SIG_DFL)
            return
        self._interrupt = asyncio.create_task(self._interrupt_kernel(self._kernel), name="interrupt")

    async def _interrupt_kernel(self, kernel: FollowedKernel) -> None:
        self._reporter.interrupting()
        if await kernel.interrupt() == "ignored":
            self._reporter.note("the kernel ignores the interrupt; Ctrl-C again ends everything")

    def _terminated(self, number: int) -> None:
        self._end(128 + number)

    def _reader_gone(self) -> None:
        self._end(BROKEN_PIPE)

    def _end(self, code: int) -> None:
        if self._ended_by is None and self._work is not None and not self._work.done():
            self._ended_by = code
            self._work.cancel()


def _document_language(kernel_language: str) -> str:
    known = find_language(kernel_language)
    return known.ids[0] if known else kernel_language


def _check_export(options: argparse.Namespace) -> None:
    """Say before anything is run what would make the export fail after it."""
    if options.export is None:
        return
    path = Path(options.export).expanduser()
    if path.exists() and not options.overwrite:
        raise UsageError(f"{options.export} exists; --overwrite replaces it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} to; make it first")


def _handle(number: int, handler: Callable[[int], None]) -> None:
    """Have a signal handled on the event loop."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, handler, number)
    except NotImplementedError:  # Windows

        def pass_on(got: int, frame: object) -> None:
            loop.call_soon_threadsafe(handler, got)

        signal.signal(number, pass_on)
