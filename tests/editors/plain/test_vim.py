"""Vim on a terminal, with ALE and with YouCompleteMe."""

import pytest

from tests.documentation.pages import named
from tests.editors.plain.screens import ENTER, screen
from tests.home import Home

TEXT = "a = '😀'\nprint('six times seven', 6 * 7)\n1 / 0\n"
QUIET = "set nocompatible nomore cmdheight=2 encoding=utf-8 | filetype plugin on\n"
ALE = f"{QUIET}packadd ale\n{named('ale')}"
YOU_COMPLETE_ME = f"""{QUIET}{named("ycm")}
let g:ycm_server_python_interpreter = '/usr/bin/python3' " Debian's ycmd is made for Debian's Python
packadd youcompleteme
function! IsReady(timer)
  silent! let commands = py3eval('ycm_state.GetDefinedSubcommands()')
  if index(get(l:, 'commands', []), 'FixIt') >= 0
    call timer_stop(a:timer) | echo 'ready'
  endif
endfunction
call timer_start(200, 'IsReady', {{'repeat': -1}})
"""


@pytest.mark.parametrize(
    ("vimrc", "ready", "actions", "hover"),
    [
        (ALE, "a.py", "ALECodeAction", "ALEHover"),
        (YOU_COMPLETE_ME, "ready", "YcmCompleter FixIt", "YcmCompleter GetHover"),
    ],
    ids=["ale", "youcompleteme"],
)
def test_a_selection_runs_and_its_result_is_shown(
    home: Home, vimrc: str, ready: str, actions: str, hover: str
) -> None:
    (home.path / "vimrc").write_text(vimrc)
    with screen(home, ["vim", "-T", "linux", "-u", str(home.path / "vimrc")], TEXT) as vim:
        vim.see(ready)
        vim.press(f"2GV:{actions}{ENTER}")
        vim.see("Run selection")
        line = next(line for line in vim.lines if "Run selection" in line)
        vim.press(line.strip()[0] + ENTER)
        vim.see("→ six times seven 42")
        vim.press(f"{ENTER}:redraw!{ENTER}2G$:{hover}{ENTER}")
        vim.see("→ six times seven 42  [1]")
        vim.press(f"{ENTER}:qa!{ENTER}")
        vim.end()
    home.check_clean(gone_within_s=30)  # ycmd exits slowly, and stops its servers last
