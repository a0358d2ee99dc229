"""Emacs loads every Emacs Lisp block in the documentation, and Vim sources every Vim script block."""

import subprocess

import pytest

from tests.documentation.pages import Block, all_blocks
from tests.home import Home


def load(home: Home, command: list[str]) -> None:
    done = subprocess.run(
        command, env=home.environment, cwd=home.work, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", all_blocks("elisp"), ids=str)
def test_emacs_loads_it(home: Home, block: Block) -> None:
    init = home.path / "init.el"
    init.write_text("(require 'package)\n(package-initialize)\n" + block.text, encoding="utf-8")
    load(home, ["emacs", "--batch", "-q", "--eval", f'(let ((inhibit-message t)) (load "{init}"))'])


@pytest.mark.parametrize("block", all_blocks("vim"), ids=str)
def test_vim_sources_it(home: Home, block: Block) -> None:
    script = home.path / "block.vim"
    script.write_text(f"silent! packadd ale\n{block.text}", encoding="utf-8")
    load(
        home,
        [
            "vim",
            "-N",
            "-u",
            "NONE",
            "-es",
            "-c",
            f"try | source {script} | catch | cquit | endtry",
            "-c",
            "qall!",
        ],
    )
