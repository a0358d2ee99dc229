"""What the error of an ended run means: the line of its document that raised it, and what to do about it."""

from ..kernels.hints import advice_for_error
from ..kernels.specs import interpreter_of
from ..protocol.objects import KernelSpec
from ..runs.run import Run
from ..runs.traceback import error_line


def diagnose(run: Run, spec: KernelSpec) -> None:
    """Set the run's `error_line` and `hint`."""
    error = run.error
    if error is None:
        return
    run.hint = advice_for_error(error.ename, error.evalue, interpreter_of(spec))
    if run.location is not None and run.location.range is not None:
        line = error_line(error.traceback, run.execution_count, run.source)
        run.error_line = None if line is None else run.location.range[0][0] + line
