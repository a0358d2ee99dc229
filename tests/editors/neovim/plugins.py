"""Other plugins for Neovim at fixed commits, cloned once into a folder of the user's cache.

Tests that use them carry `pytest.mark.plugins` and run in `make test-plugins`: the first run needs network.
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


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"})
