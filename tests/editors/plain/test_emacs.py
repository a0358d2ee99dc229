"""Emacs on a terminal, with eglot and with lsp-mode."""

from pathlib import Path

import pytest

from tests.documentation.pages import named
from tests.editors.plain.screens import ENTER, screen
from tests.home import Home
from tests.server.command import Terminal

QUIET = """
(setq inhibit-startup-screen t make-backup-files nil lsp-session-file (expand-file-name "lsp" "~")
      lsp-auto-guess-root t lsp-enable-snippet nil lsp-keep-workspace-alive nil
      native-comp-async-report-warnings-errors nil warning-minimum-level :emergency
      confirm-kill-processes nil ring-bell-function 'ignore initial-scratch-message nil)
"""
TEXT = "a = '😀'\nprint('six times seven', 6 * 7)\n1 / 0\n"
END_OF_LINE, SECOND_LINE, MARK, QUIT = "\x05", "\x0e", "\x00", "\x18\x03"


def command(home: Home, client: str) -> list[str]:
    init = home.path / "init.el"
    init.write_text("(require 'package)\n(package-initialize)\n" + QUIET + named(client))
    return ["emacs", "-nw", "-q", "-l", str(init)]


def ask(emacs: Terminal, name: str) -> None:
    """M-x NAME RET."""
    emacs.press("\x1bx")
    emacs.see("M-x")
    emacs.press(name + ENTER)


@pytest.mark.parametrize(
    ("client", "start", "started", "actions"),
    [
        ("eglot", "eglot", "Connected!", "eglot-code-actions"),
        ("lsp-mode", "lsp", "initialized successfully", "lsp-execute-code-action"),
    ],
)
def test_a_selection_runs_and_its_result_is_shown(
    home: Home, client: str, start: str, started: str, actions: str
) -> None:
    Path(home.work / ".git").mkdir()
    with screen(home, command(home, client), TEXT) as emacs:
        emacs.see("six times seven")
        ask(emacs, start)
        emacs.see(started)
        emacs.press(SECOND_LINE + MARK + END_OF_LINE)
        ask(emacs, actions)
        emacs.see("action")
        emacs.press("Run selection" + ENTER)
        emacs.see("→ six times seven 42")
        emacs.press(QUIT)
        emacs.end()
    home.check_clean()
