"""Where bridges find the recorder: nobody else can reach it, or put another socket in its place."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel_bridge.handover.address import LONGEST_PATH_BYTES, Place, find
from tests.home import Home


def mode(path: str | Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def renamed(address: Path) -> None:
    address.rename(address.with_name("x")).with_name(address.name).symlink_to("x")


def restarted(address: Path) -> None:
    address.write_text(json.dumps(json.loads(address.read_text()) | {"start_time": "1"}))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda address: address.chmod(0o666),
        lambda address: address.parent.chmod(0o777),
        lambda address: address.write_text("{"),
        renamed,
        restarted,
    ],
)
def test_an_address_that_others_could_write_is_not_believed(
    home: Home, spoil: Callable[[Path], None]
) -> None:
    place = Place()
    place.announce()
    address = home.runtime / "kernel-bridge" / "recorder.address"
    found = find()
    assert found is not None
    assert (found.pid, found.socket) == (os.getpid(), place.socket)
    assert (mode(address.parent), mode(address)) == (0o700, 0o600)
    spoil(address)
    assert find() is None
    place.close()


def test_a_socket_whose_path_would_be_too_long_is_in_a_private_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(home.path / ("long" * 25)))
    place = Place()
    folder = Path(place.socket).parent
    assert len(place.socket) <= LONGEST_PATH_BYTES
    assert mode(folder) == 0o700
    with pytest.raises(BlockingIOError):
        Place()
    place.close()
    assert not folder.exists()
