"""The kernel for a `run`: a running one that the options name, or a new one."""

import argparse
import os
from pathlib import Path

from ...bridge.application import Bridge
from ...bridge.choice import named
from ...bridge.kernel import FollowedKernel
from ...protocol.commands import StartKernelParams
from ...protocol.errors import BridgeError
from ...protocol.objects import TextDocument
from ...source.languages import language_of_kernel
from ..exits import UsageError
from ..pieces import Languages, Script
from ..terminal.observer import Reporter
from .notebook_file import Earlier
from .program import is_program


def names_new_kernel(options: argparse.Namespace) -> bool:
    """Whether the options name a kernel to start."""
    return options.kernel is not None or options.python is not None


def is_left_running(options: argparse.Namespace) -> bool:
    """Whether the kernel keeps running afterwards."""
    return options.attach is not None or options.keep_alive or options.detach


async def languages(bridge: Bridge, options: argparse.Namespace) -> Languages:
    """The languages of the kernels that could run the file."""
    installed = {spec.name: language_of_kernel(spec.language) for spec in await bridge.specs.list()}
    if options.python:
        return Languages("python", installed)
    return Languages(installed.get(options.kernel.lower()) if options.kernel else None, installed)


async def attach(
    bridge: Bridge, options: argparse.Namespace, earlier: Earlier | None, reporter: Reporter
) -> FollowedKernel:
    """The kernel that --attach names, or that an earlier run left running.

    Raises UsageError, and everything that attaching to a kernel raises.
    """
    from ..kernels import attach as follow  # imports rich, which is slow

    if options.arguments or options.cwd is not None:
        what = "the arguments after --" if options.arguments else "--cwd"
        raise UsageError(f"{what} can only be set for a new kernel; leave out --attach and --resume")
    which = options.attach
    if which is None:
        assert earlier is not None
        which = earlier.kernel_id
        if which is None:
            raise UsageError(
                f"{options.export} names no kernel to resume on: its run finished, or did not keep its "
                "kernel (--keep-alive); choose a running kernel with --attach, or a new one with --kernel"
            )
    reporter.waiting("attaching to the kernel")
    try:
        kernel = await follow(bridge, which)
    except (UsageError, BridgeError) as error:
        if options.attach is not None:
            raise
        raise UsageError(
            f"the kernel that ran {options.export} is gone ({error}); run without --resume, or continue "
            "on a new kernel with --kernel, without the variables of the earlier cells"
        ) from error
    reporter.waiting("")
    return kernel


async def start(
    bridge: Bridge, options: argparse.Namespace, script: Script, reporter: Reporter
) -> FollowedKernel:
    """A new kernel for each language of the script; return the one that the options name, or the main one.

    Languages without a kernel are left out, as long as another has one. Raises UsageError, and everything
    that starting a kernel raises.
    """
    needed = [language for language in script.language_ids if language]
    if len(needed) > 1:
        needed = [one for one in needed if await bridge.has_kernel(script.uri, one)] or needed
    first = await _start(bridge, options, script, needed[0] if needed else None, reporter)
    others = argparse.Namespace(**{**vars(options), "kernel": None, "python": None})
    for language in needed:
        if bridge.bindings.of(script.uri, language) is None:
            await _start(bridge, others, script, language, reporter)
    return first


async def _start(
    bridge: Bridge, options: argparse.Namespace, script: Script, language_id: str | None, reporter: Reporter
) -> FollowedKernel:
    """A new kernel: the one that the options or the file name, or the default for the language."""
    name, python = options.kernel, options.python
    if name is None and python is None and script.kernelspec and language_id == script.language_id:
        specs = await bridge.specs.list(script.uri)
        if (spec := named(specs, script.kernelspec)) is not None:
            name = spec.name
        elif all(spec.name != script.kernelspec for spec in specs):
            reporter.warn(
                f"the kernel {script.kernelspec!r} that {script.name} names is not installed; "
                f"using the default for {language_id or 'its language'}"
            )
    if name is None and python is None and language_id is None:
        raise UsageError(
            f"cannot tell the language of {script.name} from its name; "
            "choose a kernel with --kernel (`kernel-bridge specs` lists them)"
        )
    if options.cwd is not None and not Path(options.cwd).expanduser().is_dir():
        raise UsageError(f"--cwd: the folder {options.cwd} does not exist; create it, or choose another one")
    cwd = options.cwd or script.cwd
    if cwd is None and is_program(script):
        cwd = os.getcwd()  # a program runs in the shell's folder, a document in its own
    reporter.waiting(f"starting {name or python or 'a kernel'}")
    asked = StartKernelParams(
        spec=name,
        python=python,
        text_document=TextDocument(uri=script.uri),
        cwd=cwd,
        keep_alive=options.keep_alive or options.detach,
    )
    kernel = await bridge.start_kernel(asked, language_id)
    reporter.waiting("")
    return kernel
