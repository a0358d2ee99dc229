"""A lock has one holder, although each holder removes its file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from kernel_bridge.presence import Presence

ROUNDS = 500


def test_a_presence_has_one_holder_at_a_time(tmp_path: Path) -> None:
    holding = Lock()
    held: list[bool] = []  # whether nobody else held it, too

    def take_turns(_: int) -> None:
        for _ in range(ROUNDS):
            try:
                presence = Presence(tmp_path / "lock")
            except BlockingIOError:
                continue
            held.append(holding.acquire(blocking=False))
            list(tmp_path.iterdir())  # lets the others run
            if held[-1]:
                holding.release()
            presence.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take_turns, range(8)))
    assert held
    assert all(held)
    assert not list(tmp_path.iterdir())
