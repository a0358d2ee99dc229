"""Files of one session, in the user's cache folder. If the bridge is killed, a later session removes them."""

import logging
import uuid
from contextlib import suppress
from pathlib import Path

from ..owned import Made, note, private_folder, remove
from ..presence import Presence, is_present

log = logging.getLogger(__name__)

PREFIX = "session-"  # of the names of session folders


def cache_folder() -> Path:
    """The private folder for files made from outputs. Raises OSError."""
    import platformdirs  # not needed to answer `initialize`

    ours = Path(platformdirs.user_cache_dir("kernel-bridge", appauthor=False))
    folder = ours / "outputs"
    private_folder(str(ours))
    private_folder(str(folder))
    return folder


class SessionFiles:
    """The folder of a session, created on first use."""

    def __init__(self) -> None:
        self._made: tuple[Made, Presence] | None = None

    def folder(self) -> Path:
        """The path of the folder. Blocks. Raises OSError."""
        if self._made is None:
            _sweep()
            folder = cache_folder() / f"{PREFIX}{uuid.uuid4().hex}"
            presence = Presence(folder.with_suffix(".bridge"))
            private_folder(str(folder))
            self._made = note(str(folder)), presence
        return Path(self._made[0].path)

    def close(self) -> None:
        """Remove the folder and its files."""
        if self._made is not None:
            folder, presence = self._made
            self._made = None
            remove(folder)
            presence.close()


def _sweep() -> None:
    """Remove the files of bridges that were killed."""
    for folder in cache_folder().glob(f"{PREFIX}*/"):
        sign = folder.with_suffix(".bridge")
        if not is_present(sign):
            log.info("removing the files of a killed bridge: %s", folder)
            with suppress(OSError):
                remove(note(str(folder)))
            sign.unlink(missing_ok=True)
