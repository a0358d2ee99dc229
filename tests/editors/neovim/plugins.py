"""Other plugins for Neovim at fixed commits, cloned once into a folder of the user's cache.

Tests that use them carry `pytest.mark.plugins`: `make test-plugins`. The first run needs network and cc.
"""

import os
import shutil
import subprocess
from pathlib import Path

from platformdirs import user_cache_path

ROOT = user_cache_path("kernel-bridge") / "nvim-plugins"  # as it is at import time: a test's home has another

COMMITS = {
    "folke/snacks.nvim": "ad9ede6a9cddf16cedbd31b8932d6dcdee9b716e",
    "3rd/image.nvim": "5c6f29a5069e1f7bd5773ce5907454063b0f125d",
    "saghen/blink.cmp": "4b18c32adef2898f95cdef6192cbd5796c1a332d",
    "quarto-dev/quarto-nvim": "d923bb7cfc2bde41143e1c531c28190f0fade3a2",
    "jmbuhr/otter.nvim": "4796602953348e19fb24916557af7b89e188751f",
    "GCBallesteros/jupytext.nvim": "c8baf3ad344c59b3abd461ecc17fc16ec44d0f7b",
    "tree-sitter/tree-sitter-python": "26855eabccb19c6abf499fbc5b8dc7cc9ab8bc64",
    "catppuccin/nvim": "426dbebe06b5c69fd846ceb17b42e12f890aedf1",
    "folke/tokyonight.nvim": "cdc07ac78467a233fd62c493de29a17e0cf2b2b6",
    "ellisonleao/gruvbox.nvim": "154eb5ff5b96d0641307113fa385eaf0d36d9796",
    "maxmx03/solarized.nvim": "a8085e29883ddcfb39bd46197eb32ef00df05368",
}
"""The tested commit of each plugin, by its name on GitHub."""


def plugin(name: str) -> Path:
    """The folder of a plugin for 'runtimepath', cloned if the cache lacks it."""
    commit = COMMITS[name]
    folder = ROOT / f"{name.rpartition('/')[2]}-{commit[:12]}"
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        _git("init", "--quiet", str(unfinished))
        _git("-C", str(unfinished), "fetch", "--quiet", "--depth=1", f"https://github.com/{name}", commit)
        _git("-C", str(unfinished), "checkout", "--quiet", "FETCH_HEAD")
        unfinished.rename(folder)
    return folder


def parser(language: str) -> Path:
    """A folder for 'runtimepath' with the tree-sitter parser of a language, compiled once."""
    source = plugin(f"tree-sitter/tree-sitter-{language}")
    library = source / "parser" / f"{language}.so"
    if not library.exists():
        library.parent.mkdir(exist_ok=True)
        unfinished = library.with_suffix(f".{os.getpid()}")
        files = [str(path) for path in (source / "src").glob("*.c")]
        command = ["cc", "-shared", "-fPIC", "-O1", f"-I{source / 'src'}", "-o", str(unfinished), *files]
        subprocess.run(command, check=True)
        unfinished.replace(library)
    return source


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"})
