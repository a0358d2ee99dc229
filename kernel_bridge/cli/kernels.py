"""`kernel-bridge kernels`, `start`, `stop`, `interrupt` and `restart`: kernels that outlive a command."""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from ..bridge import stopping
from ..bridge.application import Bridge
from ..bridge.documents import path_of
from ..bridge.kernel import FollowedKernel
from ..escapes import one_line
from ..kernels.found import locate
from ..kernels.records import read_record
from ..protocol.commands import AttachKernelParams, ListKernelsResult, StartKernelParams
from ..protocol.errors import BridgeError, NoSuchKernel
from ..protocol.objects import Kernel
from ..protocol.settings import HistorySettings, Settings
from .activity import activity
from .exits import OK, RAISED, UsageError
from .specs import WITHOUT_HISTORY, opened, print_json
from .terminal.tables import Table, Text, console, local_time, print_text, short_name

SHORT = 8  # characters of a kernel's uuid that are shown
ID = re.compile(r"[\w-]+")


async def kernels(options: argparse.Namespace) -> int:
    async with opened() as bridge:  # only to read: it follows no kernel, and stores no run
        found = await bridge.list_kernels()
        if options.json:
            return print_json(ListKernelsResult(kernels=found))
        activities = [await activity(bridge, kernel) for kernel in found]
    if not found:
        print_text(Text("No kernels are running."))
        return OK
    table = Table("id", "state", "kernel", "folder", "followed by")
    for kernel, what in zip(found, activities, strict=True):
        table.add(
            Text(short_id(kernel), "bold"),
            _state(kernel),
            kernel.display_name,
            short_name(kernel.cwd or ""),
            _follower(kernel),
        )
        if what.plain:
            table.add_note(what)
        table.add_note(Text(" · ".join(_details(kernel)), "dim"))
    table.print()
    folder = short_name(str(Path(found[0].connection_file or "").parent))
    print_text(Text(f"connection files are in {folder}", "dim"))
    return OK


def short_id(kernel: Kernel) -> str:
    """The start of a uuid; any other id in full."""
    return kernel.id[:SHORT] if len(kernel.id) == 36 else kernel.id


def _state(kernel: Kernel) -> Text:
    return Text(kernel.state, {"idle": "green", "busy": "cyan"}.get(kernel.state, ""))


def _follower(kernel: Kernel) -> str:
    if kernel.recorded:
        return "the recorder"
    if kernel.owner is not None:
        name = one_line(kernel.owner.name)
        return name if kernel.keep_alive else f"{name}, ends with it"
    return "nobody" if kernel.pid is not None else "another program"


def _details(kernel: Kernel) -> Iterator[str]:
    yield Path(kernel.connection_file or "").name
    if kernel.started_at is not None:
        yield f"started {local_time(kernel.started_at)[:-3]}"  # without seconds: fits 80 columns
    for uri in kernel.documents or ():
        path = path_of(uri)
        yield short_name(str(path)) if path is not None else uri


async def attach(bridge: Bridge, asked: str | None) -> FollowedKernel:
    """Attach to the kernel that the user means.

    Raises as `meant`, and BadConnectionFile, KernelUnreachable, KernelDead.
    """
    named = await meant(bridge, asked)
    bridge.settings = await asyncio.to_thread(_as_kept, named, bridge.settings)
    return await bridge.attach_kernel(named)


def _as_kept(named: AttachKernelParams, settings: Settings) -> Settings:
    """The settings with which a recorded kernel is kept, so that the recorder keeps it like that again."""
    try:
        record = locate(named.connection_file, named.kernel_id).record
    except BridgeError:  # attaching reports it
        return settings
    if record is None or not record.recorded:
        return settings
    settings = replace(settings, keep_alive_idle=record.keep_alive_idle)
    if settings.history.enabled or record.history is None:
        return settings
    history = HistorySettings(path=record.history, max_bytes=record.history_bytes)
    return replace(settings, history=history, output_budget=record.output_budget)


async def meant(bridge: Bridge, asked: str | None) -> AttachKernelParams:
    """The kernel named by its id, the start of its id or its connection file; None: the only one running.

    Raises UsageError: no kernel matches, or several do.
    """
    if asked is not None and (os.sep in asked or asked.endswith(".json")):
        return AttachKernelParams(connection_file=asked)
    running = await bridge.list_kernels()
    found = running if asked is None else _named(running, asked)
    if len(found) == 1:
        return AttachKernelParams(connection_file=found[0].connection_file)
    if asked is not None and not found and ID.fullmatch(asked):
        # A kernel that does not respond is not listed. Attaching to it reports why.
        there = [one.kernel_id for one in await bridge.running_kernels() if one.kernel_id.startswith(asked)]
        if len(there) == 1 or await asyncio.to_thread(_has_connection_file, asked):
            return AttachKernelParams(kernel_id=there[0] if len(there) == 1 else asked)
    raise UsageError(_which(asked, found, running))


def _has_connection_file(kernel_id: str) -> bool:
    try:
        locate(kernel_id=kernel_id)
    except NoSuchKernel:
        return False
    except BridgeError:  # attaching reports it
        pass
    return True


def _named(running: list[Kernel], asked: str) -> list[Kernel]:
    exact = [kernel for kernel in running if kernel.id == asked]
    return exact or [kernel for kernel in running if asked and kernel.id.startswith(asked)]


def _which(asked: str | None, meant: list[Kernel], running: list[Kernel]) -> str:
    if not running:
        what = "no kernel is running" if asked is None else f"no kernel {asked!r}: no kernel is running"
        return f"{what}; `kernel-bridge start` starts one"
    if asked is None:
        what = f"{len(running)} kernels are running"
    elif meant:
        what = f"{len(meant)} kernel ids start with {asked!r}"
    else:
        what = f"no kernel {asked!r} is running"
    lines = [
        "  ".join(filter(None, (kernel.id, kernel.state, kernel.display_name, short_name(kernel.cwd or ""))))
        for kernel in meant or running
    ]
    return "\n    ".join([f"{what}; name one by its id, or the start of its id:", *lines])


async def start(options: argparse.Namespace) -> int:
    folder = Path(options.cwd or ".").expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"the folder {options.cwd} does not exist; create it, or choose another with --cwd")
    async with opened(root=folder) as bridge:
        name = options.kernel
        if name is None and options.python is None:
            name = (await bridge.specs.default("", "python")).name
        # Until the kernel is ready, it ends with this process, even if this process is killed.
        asked = StartKernelParams(spec=name, python=options.python, keep_alive=False)
        followed = await bridge.start_kernel(asked)
        await bridge.detach_kernel(followed)
    kernel = followed.to_wire()
    if options.json:
        return print_json(kernel)
    id, file = short_id(kernel), kernel.connection_file or ""
    print_text(Text(f"started {kernel.display_name} in {short_name(str(folder))} as kernel {id}"))
    suggest(
        {
            "connection file": file,
            "run code on it": f"kernel-bridge run FILE --attach {id}",
            "open a console": f"jupyter console --existing {Path(file).name}",
            "stop it": f"kernel-bridge stop {id}",
        }
    )
    return OK


def suggest(commands: dict[str, str]) -> None:
    """Print what to do next, by what it is for."""
    out = console()
    for what, how in commands.items():
        out.print(Text.assemble((f"  {what:<17}", "dim"), how), soft_wrap=True)  # one line, to copy


async def stop(options: argparse.Namespace) -> int:
    async with opened(WITHOUT_HISTORY) as bridge:
        followed = await attach(bridge, options.which)
        kernel = followed.to_wire()
        await bridge.shutdown_kernel(followed)
    if kernel.pid is None:  # not our process: all we could do was send a shutdown request
        async with opened(WITHOUT_HISTORY) as bridge:
            if any(other.connection_file == kernel.connection_file for other in await bridge.list_kernels()):
                raise UsageError(
                    f"{called(kernel)} still runs: it ignored the request to shut down, or the program that "
                    "started it restarted it; stop it in that program"
                )
    print_text(Text(f"stopped {called(kernel)}"))
    return OK


async def interrupt(options: argparse.Namespace) -> int:
    async with opened(WITHOUT_HISTORY) as bridge:
        followed = await attach(bridge, options.which)
        outcome = await stopping.interrupt(followed)
        kernel = followed.to_wire()
    print_text(Text(outcome))
    if outcome == "died" and kernel.reason:
        print(f"kernel-bridge: {called(kernel)}: {kernel.reason}", file=sys.stderr)
    return OK if outcome == "interrupted" else RAISED


async def restart(options: argparse.Namespace) -> int:
    async with opened(WITHOUT_HISTORY) as bridge:
        followed = await attach(bridge, options.which)
        record = read_record(followed.id, followed.session.host.connection_file or "")
        await bridge.restart_kernel(followed)
        kernel = followed.to_wire()
    print_text(Text(f"restarted {called(kernel)}"))
    if record is not None and not record.keep_alive:
        print_text(
            Text(f"  its editor must attach to it again; `kernel-bridge stop {short_id(kernel)}` stops it")
        )
    return OK


def called(kernel: Kernel) -> str:
    """A kernel in a sentence."""
    return f"kernel {short_id(kernel)} ({kernel.display_name})"
