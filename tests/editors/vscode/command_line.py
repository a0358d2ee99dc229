"""Runs `kernel-bridge` on the command line, in the home of a test."""

import json
import subprocess
import sys
from typing import Any

from tests.home import Home


def kernel_bridge(home: Home, *arguments: str, code: str = "") -> str:
    """Runs a command with `code` as its standard input. Returns its standard output."""
    command = [sys.executable, "-m", "kernel_bridge", *arguments]
    done = subprocess.run(
        command,
        env=home.environment,
        cwd=home.work,
        input=code,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def kernel_bridge_json(home: Home, *arguments: str) -> Any:
    return json.loads(kernel_bridge(home, *arguments, "--json"))
