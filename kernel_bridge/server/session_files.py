"""Files of one session, in the user's cache folder: gone with it, or with a later one if it was killed."""

import logging
import shutil
import uuid
from pathlib import Path

import platformdirs

from ..history.presence import Presence, is_present

log = logging.getLogger(__name__)

PREFIX = "session-"  # begins the name of each folder


def cache_folder() -> Path:
    """The private folder for files that are made from outputs. Raises OSError."""
    folder = Path(platformdirs.user_cache_dir("kernel-bridge", appauthor=False)) / "outputs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class SessionFiles:
    """A folder that is made when the first file is wanted."""

    def __init__(self) -> None:
        self._made: tuple[Path, Presence] | None = None

    def folder(self) -> Path:
        """Blocks. Raises OSError."""
        if self._made is None:
            _sweep()
            folder = cache_folder() / f"{PREFIX}{uuid.uuid4().hex}"
            presence = Presence(folder.with_suffix(".bridge"))
            folder.mkdir(mode=0o700)
            self._made = folder, presence
        return self._made[0]

    def close(self) -> None:
        """Remove them."""
        if self._made is not None:
            folder, presence = self._made
            self._made = None
            shutil.rmtree(folder, ignore_errors=True)
            presence.close()


def _sweep() -> None:
    """Remove what bridges left behind that were killed."""
    for folder in cache_folder().glob(f"{PREFIX}*/"):
        sign = folder.with_suffix(".bridge")
        if not is_present(sign):
            log.info("files of a bridge that was killed are removed: %s", folder)
            shutil.rmtree(folder, ignore_errors=True)
            sign.unlink(missing_ok=True)
