"""`kernel-bridge run`: gets a kernel for a file, runs its pieces in order, and returns an exit code."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec.structs import replace

from ...bridge import stopping
from ...bridge.application import Bridge
from ...bridge.kernel import FollowedKernel
from ...bridge.submission import RunOptions, Source, Submission, Wanted, passed_over, submit
from ...bridge.wire import run_to_wire
from ...guard import END_S, end_within
from ...plurals import count
from ...protocol.objects import Run as WireRun
from ...protocol.settings import Settings
from ...runs.run import ENDED_BY_CODE, Run
from ...source.languages import language_of_kernel
from ..exits import INTERRUPTED, OK, RAISED, UNWRITABLE
from ..formats import format_of
from ..observers import JsonReporter
from ..pieces import Languages, Piece, Script, open_script
from ..terminal.answers import Answers, interruptible
from ..terminal.observer import Reporter, Terminal
from ..terminal.pictures import find_protocol
from ..terminal.screen import Screen
from .checks import check_options, export_path
from .choice import attach, is_left_running, languages, names_new_kernel, start
from .detaching import Detaching, report
from .notebook_file import NotebookFile, finished_cells, read_earlier
from .parameters import parameters_of
from .program import Program, end, exit_code_of, until_interruptible
from .signals import handled
from .targets import Export, InPlace, Target, in_place

EVERYTHING = Settings(output_budget=2**62)  # write all output, without a limit


async def run(options: argparse.Namespace) -> int:
    """Run the file that the options name; return the exit code.

    Raises UsageError, and the errors of starting a kernel and exporting (protocol/errors).
    """
    parameters = parameters_of(options)

    def script(languages: Languages) -> Script:
        with interruptible():
            return open_script(options.file, options.lines, options.cell, languages, parameters)

    with interruptible():
        target = in_place(options, bool(parameters))
    return await execute(options, script, options.file if options.file != "-" else "stdin", target)


async def execute(
    options: argparse.Namespace,
    script: Callable[[Languages], Script],
    name: str,
    target: InPlace | None = None,
) -> int:
    """Run a script. `script` reads it, given the languages of the kernels; `target` is written in place."""
    check_options(options)
    execution = _Execution(options, script, name, target)
    with execution.signals():
        return await execution.finish()


class _Execution:
    """One `run` command. It also handles signals."""

    def __init__(
        self,
        options: argparse.Namespace,
        script: Callable[[Languages], Script],
        name: str,
        in_place: InPlace | None,
    ) -> None:
        self._options = options
        self._script = script
        self._name = name
        self._in_place = in_place
        self._file: NotebookFile | None = None
        answers = Answers(0)
        self._reporter: Reporter
        if options.json and not options.detach:
            self._reporter = JsonReporter(answers, self._unwritable)
        else:
            screen = Screen(sys.stdout, sys.stderr, self._unwritable, find_protocol(os.environ))
            self._reporter = (Detaching if options.detach else Terminal)(screen, answers, name)
        self._bridge = Bridge(EVERYTHING, Path.cwd())
        self._bridge.join(self._reporter)
        self._exited: asyncio.Future[int | None] | None = None  # of the kernel, if it was started here
        self._owns_end = False  # whether the kernel ends with the program
        self._ending = False  # whether the program has only its threads and atexit handlers left
        self._kernels: list[FollowedKernel] = []  # that run our code
        self._detached: Submission | None = None  # what the recorder runs once this command has ended
        self._interrupt: asyncio.Task[None] | None = None
        self._work: asyncio.Task[int] | None = None
        self._ended_by: int | None = None  # the exit code, once a signal or a broken output ends the command
        self._unwritten: OSError | None = None  # why stdout or stderr is broken

    async def finish(self) -> int:
        self._work = asyncio.create_task(self._run(), name="run")
        try:
            code = await self._work
        except asyncio.CancelledError:
            if self._ended_by is None:
                raise
            code = self._ended_by
        finally:
            if self._interrupt is not None:
                self._interrupt.cancel()
                await asyncio.gather(self._interrupt, return_exceptions=True)
            if self._file is not None:  # the run was cut short
                await self._file.finish(resumable=True)
            self._reporter.waiting("" if is_left_running(self._options) else "stopping the kernel")
            for kernel in self._bridge.kernels.values():  # the recorder must not hold everything
                kernel.keeping = replace(kernel.keeping, output_budget=Settings().output_budget)
            await self._bridge.close()
            await self._reporter.close()
        if self._unwritten is not None:
            raise self._unwritten
        if self._detached is not None:
            return report(self._detached, self._name, self._options.json)
        return code

    async def _run(self) -> int:
        options = self._options
        earlier = read_earlier(Path(options.export).expanduser()) if options.resume else None
        if options.attach is not None or (earlier is not None and not names_new_kernel(options)):
            kernel = await attach(self._bridge, options, earlier, self._reporter)
            script, path = self._read(Languages(language_of_kernel(kernel.session.spec.language)))
        else:
            script, path = self._read(await languages(self._bridge, options))
            program = Program(script, options.arguments) if options.arguments is not None else None
            if program is not None:
                program.check()
            kernel = await start(self._bridge, options, script, self._reporter)
            self._exited = kernel.session.host.exited
            if program is not None:
                self._owns_end = await program.begin(kernel, ends=not is_left_running(options))
        kept = finished_cells(script, earlier) if earlier is not None else {}
        pieces = [piece for piece in script.pieces if piece.cell not in kept]
        if kept:
            self._reporter.note(
                f"skipping {len(kept)} of {count(len(script.pieces), 'cell')} that succeeded before"
            )
        target: Target | None = self._in_place
        if path is not None:
            overwrite = options.overwrite or options.resume
            target = Export(path, format_of(path.name), options.media, overwrite, kept)
        if target is not None:
            self._file = NotebookFile(target, script.notebook, self._reporter.warn)
        submission = await self._submit(kernel, script, pieces)
        runs = submission.runs
        if submission.passed_over:
            self._reporter.warn(passed_over(submission))
            pieces = [piece for piece in pieces if piece.language_id not in submission.passed_over]
        if options.detach:
            submission.announce()
            self._detached = submission
            return OK
        by_run = dict(zip((run.id for run in runs), pieces, strict=True))
        self._reporter.expect(by_run)
        self._kernels = list(dict.fromkeys(submission.kernels))
        submission.announce()
        if self._file is not None:
            self._file.begin(kernel, {by_run[run.id].cell: run for run in runs})
        for run, where in zip(runs, submission.kernels, strict=True):
            await self._until_ended(where, run, by_run[run.id])
        self._kernels = [kernel]
        chosen = await self._end_program(kernel, runs, by_run)
        self._kernels = []
        ended = [run_to_wire(run) for run in runs]
        code = self._exit_code(ended, by_run) if chosen is None else chosen
        self._reporter.summary(ended, code)
        await self._finish_file(code, kernel)
        return code

    def _read(self, languages: Languages) -> tuple[Script, Path | None]:
        """The script, and the file to export it to."""
        script = self._script(languages)
        path = export_path(self._options, languages.chosen or script.language_id)
        for warning in script.warnings:
            self._reporter.warn(warning)
        return script, path

    async def _submit(self, kernel: FollowedKernel, script: Script, pieces: list[Piece]) -> Submission:
        if not pieces:  # all succeeded before
            return Submission([], [], [])
        sources = [Source(one.source, one.location, one.may_fail, one.language_id) for one in pieces]
        wanted = Wanted(script.name, sources, script.uri, script.language_id, passes_over=True)
        options = RunOptions(stop_on_error=not self._options.allow_errors)
        several = len(script.language_ids) > 1 and self._options.attach is None
        return await submit(self._bridge, wanted, kernel_id=None if several else kernel.id, options=options)

    async def _until_ended(self, kernel: FollowedKernel, run: Run, piece: Piece) -> None:
        limit = self._options.timeout
        try:
            await asyncio.wait_for(kernel.ended(run), limit)
        except TimeoutError:
            what = f"cell {piece.title}".strip()
            self._reporter.warn(f"interrupting {what}: it ran for more than {limit:g} s (--timeout)")
            await stopping.cancel(kernel, run)
            if not run.ended:
                self._reporter.warn("the kernel ignored the interrupt; stopping here")
                self._end(RAISED)
                await kernel.ended(run)

    async def _end_program(
        self, kernel: FollowedKernel, runs: list[Run], pieces: dict[str, Piece]
    ) -> int | None:
        """Let the program end. Return the exit code that it has chosen."""
        started = [run for run in runs if run.started_at is not None and run.kernel_id == kernel.id]
        if not started:
            return None
        if not kernel.alive:
            return exit_code_of(self._exited)
        last, limit = started[-1], self._options.timeout
        interrupt, self._ending = self._interrupt, True
        self._reporter.waiting("waiting for threads" if self._owns_end else "")
        try:
            ending = end(kernel, last, self._owns_end, self._reporter.warn)
            chosen = await asyncio.wait_for(ending, limit)
        except TimeoutError:
            self._reporter.warn(
                f"stopping the program: its threads or atexit handlers ran for more than {limit:g} s "
                "(--timeout)"
            )
            return RAISED
        if self._interrupt is not interrupt:
            return INTERRUPTED
        may_fail = self._options.allow_errors or pieces[last.id].may_fail
        chosen = exit_code_of(self._exited) if chosen is None else chosen
        return None if may_fail else chosen

    async def _finish_file(self, code: int, kernel: FollowedKernel) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        may_resume = code != OK and is_left_running(self._options) and kernel.alive
        written = await file.finish(may_resume)
        if written is not None:
            self._reporter.note(written)
        if written is not None and may_resume and self._in_place is None:
            self._reporter.note(
                "the kernel keeps running; repeat the command with --resume to continue at the failed cell"
            )

    def _exit_code(self, runs: list[WireRun], pieces: dict[str, Piece]) -> int:
        failed = [run for run in runs if run.state != "ok" and run.reason != ENDED_BY_CODE]
        if self._interrupt is not None and failed:
            return INTERRUPTED
        if self._options.allow_errors or all(pieces[run.id].may_fail for run in failed):
            failed = [run for run in failed if run.state != "error"]
        return RAISED if failed else OK

    # signals

    def signals(self) -> AbstractContextManager[None]:
        """Handle signals. The first Ctrl-C interrupts the kernel, the second quits, the third kills us."""
        return handled({"SIGINT": self._pressed, "SIGTERM": self._terminated, "SIGHUP": self._terminated})

    def _pressed(self, number: int) -> None:
        if not self._kernels or self._interrupt is not None:
            self._end(INTERRUPTED)
            signal.signal(number, signal.SIG_DFL)
            return
        self._interrupt = asyncio.create_task(self._interrupt_kernels(), name="interrupt")

    async def _interrupt_kernels(self) -> None:
        self._reporter.interrupting()
        if self._ending:
            await until_interruptible(self._kernels[0])
        if "ignored" in await asyncio.gather(*map(stopping.interrupt, self._kernels)):
            self._reporter.note("the kernel ignored the interrupt; press Ctrl-C again to quit")

    def _terminated(self, number: int) -> None:
        end_within(END_S)
        self._end(128 + number)

    def _unwritable(self, error: OSError) -> None:
        self._unwritten = error
        self._end(UNWRITABLE)

    def _end(self, code: int) -> None:
        if self._ended_by is None and self._work is not None and not self._work.done():
            self._ended_by = code
            self._work.cancel()
