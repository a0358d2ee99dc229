"""`kernel-bridge` in a project that tries to control the terminal: its text is shown and has no effect.

Names, messages and notebooks contain control sequences in their 7-bit and 8-bit forms, and characters that
reorder or hide text. The tests check the bytes that reach the terminal.
"""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.command import Terminal, open_terminal, run_command, write

pytestmark = pytest.mark.slow

HOSTILE = " ".join(
    [
        "\x1b]52;c;ZXZpbA==\x07",  # OSC 52: the clipboard
        "\x1b]8;;evil:\x1b\\link\x1b]8;;\x1b\\",  # OSC 8: a link
        "\x1b]0;title\x07",
        "\x1bP$qm\x1b\\",  # DECRQSS: the terminal answers as if it were typed
        "\x1b_Ga=T;AAAA\x1b\\",  # kitty's graphics
        "\x1b[>1u\x1b[2J\x1b[?1049h\x1bc\x1b[8m",
        "\x9d52;c;ZXZpbA==\x9c\x9b2J\x90$qm\x9c",  # the same, 8-bit
        "\x07\x08\x0e\x7f\x85",
        "\u202egnp\u2066\u200f\u061c\u200b\u2028",
        "\rFAKE",
    ]
)
OURS = re.compile(rb"\x1b\[(?:[0-9;:]*m|\?25[lh]|[0-9]*[AC]|[02]?K|J|c)")
"""Our own sequences: colours, moves to and from the status line, erasing, and the query for sixels."""
ACTING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd\ud800-\udfff]"
)


def check_inert(raw: bytes) -> None:
    """Assert that only our own sequences control the terminal, and that nothing hides text."""
    text = OURS.sub(b"", raw).decode("utf-8", "surrogateescape")
    found = [text[max(0, at.start() - 30) : at.end() + 30] for at in ACTING.finditer(text)]
    assert not found
    assert "\rFAKE" not in text
    assert b"\x1b[8m" not in raw


def ended(terminal: Terminal) -> int:
    """Wait for the command to end, and check that its output is inert. Return its exit code."""
    code = terminal.end()
    check_inert(terminal.raw)
    return code


def install(home: Home, name: str, argv: list[str]) -> None:
    """Install a kernelspec with hostile text in every field that allows it."""
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": HOSTILE, "language": HOSTILE, "metadata": {HOSTILE: HOSTILE}}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def python_kernel() -> list[str]:
    return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


DIES = [sys.executable, "-c", f"import sys; sys.stderr.write({HOSTILE!r}); sys.exit({HOSTILE!r})"]


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        ["--log-level", HOSTILE],
        ["--log-file", f"{HOSTILE}/log", "specs"],
        ["--stdio", "--log-file", f"{HOSTILE}/log"],
        ["specs"],
        ["specs", "--json"],
        ["kernels", HOSTILE],
        ["start", "--cwd", HOSTILE],
        ["start", "--kernel", HOSTILE],
        ["start", "--python", HOSTILE],
        ["start", "--kernel", "dies"],
        ["start", "--kernel", "missing"],
        ["stop", HOSTILE],
        ["interrupt", HOSTILE],
        ["restart", HOSTILE],
        ["restart", f"{HOSTILE}.json"],
        ["run", HOSTILE],
        ["run", f"{HOSTILE}.ipynb"],
        ["run", "there.py", "--export", HOSTILE],
        ["run", "there.py", "--kernel", "dies"],
        ["run", "there.py", "--kernel", HOSTILE],
        ["run", "there.py", "--attach", HOSTILE],
        ["run", "there.py", "-p", HOSTILE, "1"],
        ["run", "there.py", "--cell", "9"],
        ["run", "there.py", "--cell", HOSTILE],
        ["run", "broken.ipynb"],
        ["history", "--since", HOSTILE],
        ["history", "--kernel", HOSTILE],
        ["history", "--file", HOSTILE],
        ["history", "show", HOSTILE],
        ["history", "rerun", HOSTILE],
        ["history", "prune", "--yes", "--run", HOSTILE],
        ["export", HOSTILE],
        ["export", f"{HOSTILE}/out.md"],
        ["doctor", "--no-start"],
        ["doctor"],
        ["doctor", "--start-all"],
        ["doctor", "--no-start", "--json"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(HOSTILE, "HOSTILE"),
)
def test_text_from_a_project_is_inert(home: Home, arguments: list[str]) -> None:
    install(home, "dies", DIES)
    install(home, "missing", [f"/{HOSTILE}", HOSTILE])
    write(home, "there.py", f"# %% {HOSTILE.replace(chr(0x85), '').replace(chr(0x2028), '')}\n1\n")
    write(home, "broken.ipynb", f'{{"cells": {HOSTILE}')
    with open_terminal(home, *arguments) as terminal:
        ended(terminal)
    home.check_clean()


def test_runs_and_their_history_are_inert(home: Home) -> None:
    title = HOSTILE.replace("\x85", "").replace("\u2028", "").replace("\r", "")
    source = (
        f"# %% {title}\nclass E(Exception): pass\nE.__name__ = {HOSTILE!r}\nraise E({HOSTILE!r}) # \u202e\n"
    )
    file = write(home, f"{HOSTILE}.py", source)
    out = f"{HOSTILE}.ipynb"
    with open_terminal(home, "run", file, "--export", out) as terminal:
        assert terminal.end() == 1
        # A run's own output keeps its right-to-left text. The rest of what remains of it has no effect.
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", OURS.sub(b"", terminal.raw).decode())
        assert "wrote" in terminal.text
    for arguments in (
        ["history"],
        ["history", "--json"],
        ["history", "show", "--json"],
        ["export", f"{HOSTILE}.md", "--overwrite"],
        ["export", f"{HOSTILE}.md"],
        ["run", out, "--cell", "1", "--json"],
        ["run", out, "--resume", "--export", out],
    ):
        with open_terminal(home, *arguments) as terminal:
            ended(terminal)
    home.check_clean()


def test_a_notebook_and_a_kept_kernel_are_inert(home: Home) -> None:
    install(home, "stays", python_kernel())
    spec = {"name": HOSTILE, "display_name": HOSTILE, "language": HOSTILE}
    cells = [{"cell_type": "markdown", "source": f"# {HOSTILE}", "metadata": {}}]
    cells += [{"cell_type": "code", "source": "1", "metadata": {"title": HOSTILE}, "outputs": []}]  # type: ignore[dict-item]
    write(home, "book.ipynb", json.dumps({"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4}))
    with open_terminal(home, "run", "book.ipynb") as terminal:
        ended(terminal)
    folder = home.work / HOSTILE
    folder.mkdir()
    with open_terminal(home, "start", "--kernel", "stays", "--cwd", HOSTILE) as terminal:
        assert ended(terminal) == 0
    for arguments in (["kernels"], ["run", "book.ipynb", "--attach", "-"], ["interrupt"], ["restart"]):
        with open_terminal(home, *arguments) as terminal:
            ended(terminal)
    with open_terminal(home, "stop") as terminal:
        assert ended(terminal) == 0
    home.check_clean()


def test_a_log_is_inert(home: Home) -> None:
    install(home, "dies", DIES)
    write(home, "there.py", "1")
    run_command(home, "--log-level", "debug", "--log-file", "log", "start", "--kernel", "dies")
    run_command(home, "--log-file", "log", "run", "there.py", "--kernel", "dies")
    check_inert((home.work / "log").read_bytes().replace(b"\n", b"\r\n"))


def test_json_keeps_its_values_without_active_characters(home: Home) -> None:
    install(home, "stays", python_kernel())
    done = run_command(home, "specs", "--json")
    check_inert(done.stdout.encode())
    (spec,) = (spec for spec in json.loads(done.stdout)["specs"] if spec["name"] == "stays")
    assert spec["argv"] == python_kernel()
    text = "\x1b]52;c;x\x07\x7f\x9b2J\u202e\U000e0041\u200bé😀"
    write(home, "printed.py", f"print({text!r}, end='')")
    done = run_command(home, "run", "printed.py", "--json")
    check_inert(done.stdout.encode())
    lines = [json.loads(line)["params"] for line in done.stdout.splitlines()]
    (printed,) = (line["changes"][0]["output"]["text"] for line in lines if "changes" in line)
    assert printed == text


def test_removed_sequences_are_reported(home: Home) -> None:
    with open_terminal(home, "start", "--cwd", "a\x1b]52;c;x\x07\u202eb\udcff") as terminal:
        assert terminal.end() == 2
        assert r"the folder a\u001b]52;c;x\u0007\u202eb\udcff does" in terminal.text


@pytest.mark.parametrize(
    "text", ["\x9d52;c;x\x9c\x9b2J", "\x1b\x9b2J\x1b\x1b]0;x\x07", "\x1b]0;x", "\x1bP\x9c", "\x1b_Gx\x1b\\"]
)
def test_outputs_are_inert_in_every_format(home: Home, text: str) -> None:
    source = (
        "print('\\x1b[31mred\\x1b[m', end='', flush=True)\n"
        f"for c in {text!r}: print(c, end='', flush=True)\n"
        "class R:\n"
        f"    def __repr__(self): return {text!r}\n"
        "R()"
    )
    with open_terminal(home, "run", write(home, "printed.py", source)) as terminal:
        assert terminal.end() == 0
        check_inert(terminal.raw)
        assert b"\x1b[31mred" in terminal.raw
