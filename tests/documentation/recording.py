"""Records the screens in docs/kept-kernels.md: a real Neovim, command line and recorder in tmux.

`python -m tests.documentation.recording` replaces each block ```text NAME of the page by the screen NAME.
Takes about a minute, and needs tmux.
"""

import os
import re
import subprocess
import time

from tests.documentation.pages import ROOT
from tests.editors.neovim.neovim import BIN
from tests.editors.neovim.terminal import environment_of
from tests.home import Home, private_home

PAGE = ROOT / "docs" / "kept-kernels.md"
COLUMNS, ROWS = 80, 23
BOUND_S = 60
LOOK_S = 0.1  # between two looks at the screen
SETTLE_S = 0.5  # what is drawn together
PROMPT = r"\$\s*\Z"  # a pattern
FILE = """\
# %% Train
import time
for epoch in range(1, 13):
    print(f"epoch {epoch:2}  loss {1 / epoch:.3f}", flush=True)
    time.sleep(4)

# %% Evaluate
"accuracy 0.97"
"""
INIT = f"""
dofile({str(ROOT / "editors/neovim/example/init.lua")!r})
require("kernel_bridge").setup({{ settings = {{ keepAlive = true }} }})
vim.o.fillchars = "eob: "
"""


class Screen:
    """A shell in a tmux of its own."""

    def __init__(self, home: Home) -> None:
        self._environment = environment_of(home, PS1="$ ")
        self._socket = str(home.path / "tmux")
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        shell = ("bash", "--norc", "--noprofile")
        self._tmux("-f", os.devnull, "new-session", "-d", *size, "-c", str(home.work), *shell)
        self._tmux("set", "-g", "status", "off")
        self._tmux("set", "-s", "escape-time", "0")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(
            command, env=self._environment, check=True, capture_output=True, text=True
        ).stdout

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def run(self, command: str) -> None:
        self.type("clear", "Enter")
        self.until(r"\A" + PROMPT)
        self.type(command, "Enter")

    def until(self, pattern: str) -> str:
        """The screen once it shows the pattern, and has been drawn."""
        end = time.monotonic() + BOUND_S
        while not re.search(pattern, self.shown()):
            assert time.monotonic() < end, f"no {pattern!r} in:\n{self.shown()}"
            time.sleep(LOOK_S)
        time.sleep(SETTLE_S)
        return self.shown()

    def shown(self) -> str:
        lines = self._tmux("capture-pane", "-p").splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"

    def close(self) -> None:
        self._tmux("kill-server")
        os.unlink(self._socket)


def record(home: Home) -> dict[str, str]:
    """Each screen, by its name in the page."""
    (home.work / "train.py").write_text(FILE)
    init = home.path / "init.lua"
    init.write_text(INIT)
    editor = f"{BIN / 'nvim'} --clean -u {init}"
    screen, screens = Screen(home), {}
    try:
        screen.type(f'function nvim {{ command {editor} "$@"; }}', "Enter")
        screen.run("nvim train.py")
        screen.until("accuracy")
        screen.type("Space", "a")
        screens["running"] = screen.until("epoch  3")
        screen.type(":q", "Enter")
        screen.until(PROMPT)
        screen.run("kernel-bridge kernels")
        screens["kernels"] = screen.until("connection files")
        screen.run("kernel-bridge watch")
        screens["watching"] = screen.until("epoch  4")
        screen.type("C-c")
        screen.until(PROMPT)
        screen.run("nvim train.py")
        screens["back"] = screen.until("epoch  [6-9]")
        screens["finished"] = screen.until("epoch 12(.|\n)*│ 'accuracy")
        screen.type(":q", "Enter")
        screen.until(PROMPT)
        screen.run("kernel-bridge stop")
        screens["stopped"] = screen.until("stopped")
    finally:
        screen.close()
    return screens


def main() -> None:
    with private_home() as home:
        screens = record(home)
        home.check_clean()
    page = PAGE.read_text("utf-8")
    for name, screen in screens.items():
        before, fence, rest = page.partition(f"\n```text {name}\n")
        assert fence, f"{PAGE} has no block {name}"
        page = before + fence + screen + rest[rest.index("```\n") :]
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
