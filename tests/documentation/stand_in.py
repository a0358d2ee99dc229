"""Replaces programs that install or build: checks what a page asks them for, and changes nothing.

`stand_in.py PROGRAM ARGUMENT...`; fails with a sentence if the request could not work.
"""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = "jupyter-kernel-bridge"


def install(arguments: list[str]) -> None:
    """Requirements must be installed here, as this checkout and its extras are."""
    requirements = [one for one in arguments if not one.startswith("-")]
    if not requirements:
        sys.exit("nothing to install is named")
    for requirement in requirements:
        name, _, extras = requirement.removesuffix("]").partition("[")
        name = re.split(r"[<>=!~ ]", name)[0]
        try:
            found = metadata(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is no package that the tests install")
        for extra in filter(None, extras.split(",")):
            if extra not in found.get_all("Provides-Extra", []):
                sys.exit(f"{name} has no extra {extra}")


def main(program: str, *arguments: str) -> None:
    match program, arguments:
        case ("pip" | "pipx", ("install", *rest)):
            install(rest)
        case "uv", ("tool", "install", *rest):
            install([one for one in rest if not one.startswith("--")])
        case "uv", ("pip", "install", *rest):
            install(rest)
        case "uv", ("add", *rest):
            install(rest)
        case "make", targets:
            subprocess.run(["/usr/bin/env", "-i", "make", "-n", "-C", ROOT, *targets], check=True, stdout=-3)
        case _:
            sys.exit(
                f"{program} {' '.join(arguments)}: no test knows how to check it; mark the block not-run"
            )


main(*sys.argv[1:])
