"""Errors for kernels that do not start, or die: one sentence with advice, then the kernel's own output."""

import signal

from ..owned import Replaced
from ..protocol.errors import KernelLaunchFailed, KernelNotReady, KernelUnreachable, Remedy
from ..protocol.objects import KernelSpec
from .hints import advice_for_exit, advice_for_oserror
from .specs import interpreter_of


def not_runnable(
    spec: KernelSpec, cwd: str | None, error: OSError | ModuleNotFoundError
) -> KernelLaunchFailed:
    """The command cannot be run, or its kernel provisioner is not installed."""
    if isinstance(error, Replaced):
        advice = "start a new kernel"
    elif isinstance(error, FileNotFoundError) and error.filename in spec.argv[:1]:
        reason = advice_for_oserror(error, spec.argv, cwd)
        return KernelLaunchFailed(f"kernel {spec.name!r} could not be started: {reason}", stderr="")
    elif isinstance(error, OSError):
        advice = advice_for_oserror(error, spec.argv, cwd)
    else:
        advice = "install the kernel provisioner that its kernelspec names"
    return KernelLaunchFailed(f"kernel {spec.name!r} could not be started: {error}; {advice}", stderr="")


def no_command(spec: KernelSpec) -> KernelLaunchFailed:
    """Its kernel.json names no command."""
    return KernelLaunchFailed(
        f"kernel {spec.name!r} could not be started: {spec.problem}; fix that, or reinstall the kernel",
        stderr="",
    )


def with_output(sentence: str, written: str) -> str:
    """A sentence, followed on new lines by the last output of the kernel, if it wrote any."""
    return f"{sentence}\n{written}" if written else sentence


def describe_exit(code: int | None) -> str:
    """How a process ended, to complete a sentence: "was killed by SIGKILL"."""
    if code is None:
        return "has ended"
    if code < 0:
        return f"was killed by {_signal_name(-code)}"
    return f"ended with exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ended_at_start(spec: KernelSpec, cwd: str | None, code: int | None, written: str) -> KernelLaunchFailed:
    """The process ended before it was ready."""
    message = f"kernel {spec.name!r} {describe_exit(code)} before it was ready"
    advice = advice_for_exit(interpreter_of(spec), written, cwd)
    if advice is not None:
        message += f": {advice.sentence}"
    return KernelLaunchFailed(
        with_output(message, written), exit_code=code, stderr=written, hint=advice.command if advice else None
    )


def not_ready(spec: KernelSpec, written: str, within_s: float) -> KernelNotReady:
    """The process runs but does not answer."""
    message = (
        f"kernel {spec.name!r} did not answer within {within_s:g} s and was stopped; "
        f"{'see its output below' if written else 'it wrote no output'} "
        "(for a slow kernel, raise readyTimeout in your editor's settings)"
    )
    return KernelNotReady(with_output(message, written), stderr=written)


def unreachable(kernel_id: str, where: str | None, pid: int | None, why: str) -> KernelUnreachable:
    """Attaching to a kernel failed."""
    at = f" of {where}" if where else ""
    process = f" (process {pid})" if pid is not None else ""
    return KernelUnreachable(
        f"kernel {kernel_id}{at} cannot be reached: {why}{process}", remedy=Remedy.ATTACH_KERNEL
    )
