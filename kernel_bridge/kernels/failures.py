"""Why a kernel did not start, or died: one sentence with what to do about it, then what it wrote, below."""

from ..owned import Replaced
from ..protocol.errors import KernelLaunchFailed, KernelNotReady
from ..protocol.objects import KernelSpec
from .hints import advice_for_exit, advice_for_oserror
from .process import KernelProcess
from .specs import interpreter_of


def not_runnable(
    spec: KernelSpec, cwd: str | None, error: OSError | ModuleNotFoundError
) -> KernelLaunchFailed:
    """The command cannot be run, or the provisioner that would run it is not installed."""
    if isinstance(error, Replaced):
        advice = "start a new kernel"
    elif isinstance(error, OSError):
        advice = advice_for_oserror(error, spec.argv, cwd)
    else:
        advice = "install the kernel provisioner that its kernelspec names"
    return KernelLaunchFailed(f"kernel {spec.name!r} could not be started: {error}; {advice}", stderr="")


def no_command(spec: KernelSpec) -> KernelLaunchFailed:
    """Its kernel.json gives no command to run."""
    return KernelLaunchFailed(
        f"kernel {spec.name!r} could not be started: {spec.problem}; correct that or install it again",
        stderr="",
    )


def with_output(sentence: str, written: str) -> str:
    """A sentence, and on lines of its own the last that the kernel wrote, if it wrote anything."""
    return f"{sentence}\n{written}" if written else sentence


def ended_at_start(spec: KernelSpec, cwd: str | None, process: KernelProcess) -> KernelLaunchFailed:
    """The process ended before it was ready."""
    stderr = process.written()
    message = f"kernel {spec.name!r} {process.describe_exit()} before it was ready"
    advice = advice_for_exit(interpreter_of(spec), stderr, cwd)
    if advice is not None:
        message += f": {advice.sentence}"
    return KernelLaunchFailed(
        with_output(message, stderr),
        exit_code=process.exited.result(),
        stderr=stderr,
        hint=advice.command if advice else None,
    )


def not_ready(spec: KernelSpec, process: KernelProcess, within_s: float) -> KernelNotReady:
    """The process lives and does not answer."""
    stderr = process.written()
    message = (
        f"kernel {spec.name!r} did not answer within {within_s:g} s and was ended; "
        f"raise readyTimeout if it needs longer, or see what it {'wrote' if stderr else 'does'}"
    )
    return KernelNotReady(with_output(message, stderr), stderr=stderr)
