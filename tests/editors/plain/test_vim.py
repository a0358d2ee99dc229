"""Vim on a terminal, with ALE."""

from tests.editors.plain.screens import ENTER, configuration, screen
from tests.home import Home

TEXT = "a = '😀'\nprint('six times seven', 6 * 7)\n1 / 0\n"


def test_a_selection_runs_and_the_result_is_seen(home: Home) -> None:
    vimrc = home.path / "vimrc"
    vimrc.write_text(
        "set nocompatible nomore cmdheight=2 | filetype on\npackadd ale\n" + configuration("ale")
    )
    with screen(home, ["vim", "-T", "linux", "-u", str(vimrc)], TEXT) as vim:
        vim.see("six times seven")
        vim.press("2GV:ALECodeAction" + ENTER)
        vim.see("Run selection")
        number = next(line for line in vim.lines if "Run selection" in line).strip().partition(")")[0]
        vim.press(number + ENTER)
        vim.see("→ six times seven 42")
        vim.press(ENTER + ":qa!" + ENTER)
        vim.end()
    home.check_clean()
