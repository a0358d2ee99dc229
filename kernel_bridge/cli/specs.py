"""`kernel-bridge specs`: the kernels that can be started."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from ..bridge.application import Bridge
from ..protocol.commands import ListKernelSpecsResult
from ..protocol.errors import KernelRequired
from ..protocol.objects import KernelSpec, Wire
from ..protocol.settings import HistorySettings, Settings
from ..server.encoding import encode
from ..source.languages import kernel_languages
from .exits import OK
from .observers import Quiet
from .output import write_json
from .terminal.tables import Table, Text, print_text, short_name


@asynccontextmanager
async def opened(settings: Settings = Settings(), root: Path | None = None) -> AsyncIterator[Bridge]:
    """Open a bridge in the current folder or `root`, and close it afterwards."""
    bridge = Bridge(settings, root or Path.cwd())
    bridge.join(Quiet())
    try:
        yield bridge
    finally:
        await bridge.close()


WITHOUT_HISTORY = Settings(history=HistorySettings(enabled=False))


def print_json(value: Wire) -> int:
    """Print the value to stdout in its wire form."""
    write_json(msgspec.json.format(encode(value), indent=2))
    return OK


async def specs(options: argparse.Namespace) -> int:
    async with opened(WITHOUT_HISTORY) as bridge:
        found = await bridge.specs.list()
        if options.json:
            return print_json(ListKernelSpecsResult(specs=found))
        defaults = await default_names(bridge, found)
    if not found:
        print_text(
            Text(
                "No kernels are installed. Install one, for example Python's: python -m pip install ipykernel"
            )
        )
        return OK
    table = Table("", "name", "language", "kernel", "where")
    for spec in found:
        mark = (
            Text("●", "green") if spec.name in defaults else Text("✗", "red") if not spec.usable else Text("")
        )
        where = short_name(spec.python or spec.resource_dir or "")
        table.add(mark, Text(spec.name, "bold"), spec.language, spec.display_name, Text(where, "dim"))
        if spec.problem:
            table.add_note(Text(spec.problem, "yellow"))
    table.print()
    print_text(Text("● the default for its language", "dim"))
    return OK


async def default_names(bridge: Bridge, found: list[KernelSpec]) -> set[str]:
    """The default kernelspec of each language."""
    names = set()
    for language in {spec.language.lower() for spec in found if spec.usable}:
        fitting = [spec for spec in found if spec.language.lower() in kernel_languages(language)]
        try:
            names.add((await bridge.specs.default("", language)).name if fitting else "")
        except KernelRequired:
            continue
    return names
