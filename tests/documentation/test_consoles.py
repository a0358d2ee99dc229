"""The command lines that the README and docs/ show work: the real programs run them, page by page."""

import re
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.documentation.pages import ROOT, Block, blocks, shown_to_readers
from tests.home import Home

BIN = Path(sys.executable).parent
PROJECT = Path(__file__).parent / "project"
BOUND_S = 280  # a loaded machine takes seconds for each kernel
END_OF_COMMAND = "\x1e"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(BOUND_S + 20)]

# KERNEL in a command is the id of the only running kernel, ID that of the newest run.
PLACEHOLDERS = {
    "KERNEL": """$(kernel-bridge kernels --json | python -c 'import json, sys
print(json.load(sys.stdin)["kernels"][0]["id"])')""",
    "ID": """$(kernel-bridge history --limit 1 --json | python -c 'import json, sys
print(json.load(sys.stdin)["runs"][0]["id"])')""",
}

# The commands of a page are those of one shell; each ends with its exit code. `$?` survives.
EPILOG = f"__code=$?; printf '{END_OF_COMMAND}%s{END_OF_COMMAND}' $__code; (exit $__code)"

SHIM = f"""#!/bin/sh
exec {sys.executable} {Path(__file__).parent / "stand_in.py"} NAME "$@"
"""
PYTHON = f"""#!/bin/sh
[ "$1 $2" = "-m pip" ] && shift 2 && exec pip "$@"
exec {BIN / "python"} "$@"
"""


def commands(block: Block) -> list[tuple[str, str]]:
    """(command, output shown) of each line that begins with `$ `, with the lines that continue it."""
    found: list[tuple[list[str], list[str]]] = []
    continued = None  # what ends the command: a line without a backslash, or the word of a here-document
    for line in block.text.splitlines():
        if continued:
            found[-1][0].append(line)
            if line == continued or (continued == "\\" and not line.endswith("\\")):
                continued = None
        elif line.startswith("$ "):
            found.append(([line[2:]], []))
            here = re.search(r"<<-?\s*['\"]?(\w+)", line)
            continued = here[1] if here else "\\" if line.endswith("\\") else None
        elif line.strip() and not line.startswith(("#", "…")):
            assert found, f"{block}: output before the first command"
            found[-1][1].append(line)
    return [("\n".join(lines), "\n".join(shown)) for lines, shown in found]


def filled(command: str) -> str:
    return re.sub(r"(?<= )(?:KERNEL|ID)\b", lambda found: PLACEHOLDERS[found[0]], command)


def words(text: str) -> set[str]:
    """The words without digits: ids, times and durations differ from run to run."""
    return set(re.findall(r"\b[^\W\d_]{3,}\b", text))


def run(home: Home, script: str) -> list[tuple[str, int]]:
    """(output, exit code) of each command of the script."""
    programs = home.path / "programs"
    programs.mkdir()
    for name in ("pip", "pipx", "uv", "make", "python", "python3"):
        text = PYTHON if name.startswith("python") else SHIM.replace("NAME", name)
        (programs / name).write_text(text)
        (programs / name).chmod(0o700)
    shutil.copytree(PROJECT, home.work, dirs_exist_ok=True)
    environment = home.environment | {
        "PATH": f"{programs}:{BIN}:{home.environment['PATH']}",
        "COLUMNS": "100",
        "TERM": "dumb",
        "GIT_CONFIG_COUNT": "1",  # a clone of the repository is one of this checkout
        "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/kernel-bridge/kernel-bridge",
    }
    transcript = home.path / "transcript"
    with transcript.open("wb") as file, suppress(subprocess.TimeoutExpired):
        subprocess.run(
            ["bash", "-c", script],
            cwd=home.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,  # no pipe: a kernel that a page keeps running would hold it open
            stderr=subprocess.STDOUT,
            timeout=BOUND_S,
        )
    parts = transcript.read_text(encoding="utf-8").split(END_OF_COMMAND)
    return [(output, int(code)) for output, code in zip(parts[::2], parts[1::2], strict=False)]


PAGES = [
    page
    for page in shown_to_readers()
    if any(block.runs and commands(block) for block in blocks(page, "console"))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_do_what_it_shows(home: Home, page: Path) -> None:
    """They exit with 0, unless `$ echo $?` follows, and print every word that the page shows."""
    steps = [(block, *step) for block in blocks(page, "console") if block.runs for step in commands(block)]
    done = run(home, "\n".join(f"{filled(command)}\n{EPILOG}" for _, command, _ in steps))
    problems = []
    followers = [command for _, command, _ in steps[1:]] + [""]
    for (block, command, shown), follower, result in zip_longest(steps, followers, done):
        output, code = result or ("it did not end", 0)
        missing = words(shown) - words(output)
        if command == "echo $?" and output.strip() != shown:
            missing = {shown}
        if result is None or missing or (code and follower != "echo $?"):
            problems.append(f"{block}: $ {command}\nexit code {code}, missing: {missing}\n{output}")
    assert not problems, "\n".join(problems)


def test_what_the_prose_installs_exists() -> None:
    """`pip install NAME` between backticks, as in a console."""
    problems = []
    for page in shown_to_readers():
        for command in set(
            re.findall(r"`((?:pip|pipx|uv) [^`\n]*\b(?:install|add)\b[^`\n]*)`", page.read_text("utf-8"))
        ):
            stand_in = [sys.executable, Path(__file__).parent / "stand_in.py", *shlex.split(command)]
            if subprocess.run(stand_in, capture_output=True).returncode:
                problems.append(f"{page.relative_to(ROOT)}: {command}")
    assert problems == []


def test_every_program_of_a_page_is_shown_as_a_console() -> None:
    """Blocks without a language, or with one of a shell, would not be run."""
    other = [
        str(block)
        for page in shown_to_readers()
        for language in ("sh", "bash", "shell", "zsh")
        for block in blocks(page, language)
    ]
    assert other == []
