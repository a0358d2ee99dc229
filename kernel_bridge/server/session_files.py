"""Files of one session, in the user's cache folder: gone with it, or with a later one if it was killed."""

import logging
import uuid
from contextlib import suppress
from pathlib import Path

from ..history.presence import Presence, is_present
from ..owned import Made, note, private_folder, remove

log = logging.getLogger(__name__)

PREFIX = "session-"  # begins the name of each folder


def cache_folder() -> Path:
    """The private folder for files that are made from outputs. Raises OSError."""
    import platformdirs  # not needed to answer `initialize`

    ours = Path(platformdirs.user_cache_dir("kernel-bridge", appauthor=False))
    folder = ours / "outputs"
    private_folder(str(ours))
    private_folder(str(folder))
    return folder


class SessionFiles:
    """A folder that is made when the first file is wanted."""

    def __init__(self) -> None:
        self._made: tuple[Made, Presence] | None = None

    def folder(self) -> Path:
        """Blocks. Raises OSError."""
        if self._made is None:
            _sweep()
            folder = cache_folder() / f"{PREFIX}{uuid.uuid4().hex}"
            presence = Presence(folder.with_suffix(".bridge"))
            private_folder(str(folder))
            self._made = note(str(folder)), presence
        return Path(self._made[0].path)

    def close(self) -> None:
        """Remove them."""
        if self._made is not None:
            folder, presence = self._made
            self._made = None
            remove(folder)
            presence.close()


def _sweep() -> None:
    """Remove what bridges left behind that were killed."""
    for folder in cache_folder().glob(f"{PREFIX}*/"):
        sign = folder.with_suffix(".bridge")
        if not is_present(sign):
            log.info("files of a bridge that was killed are removed: %s", folder)
            with suppress(OSError):
                remove(note(str(folder)))
            sign.unlink(missing_ok=True)
