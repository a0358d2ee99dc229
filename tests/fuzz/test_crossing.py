"""Crossing kernel commands, in pairs and triples, and sessions that end in the middle.

`make fuzz` plays all of them. This module plays every pair, each in one way, and an even selection of the
rest.
"""

import pytest

from tests.fuzz.crossing import COMMANDS, ENDINGS, STATES, Scene, evenly, part, play, scenes
from tests.home import Home, install_fake_kernel

pytestmark = pytest.mark.slow


@pytest.fixture
def home(home: Home) -> Home:
    install_fake_kernel(home)
    return home


async def test_every_pair(home: Home) -> None:
    assert not await play(home, evenly(scenes(2), len(COMMANDS) ** 2))


async def test_triples(home: Home) -> None:
    assert not await play(home, evenly(scenes(3), 36))


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("run", ["run", "run wait"])
async def test_a_run_queued_behind_a_detach(home: Home, run: str, at_once: bool) -> None:
    """For a restart, or for the start of the kernel."""
    restarting = [Scene(("restartKernel", "detachKernel", run), state, False, at_once) for state in STATES]
    assert not await play(home, [*restarting, Scene(("detachKernel", run), "starting", False, at_once)])


@pytest.mark.parametrize("before", ["shutdownKernel", "restartKernel"])
async def test_two_queued_detaches(home: Home, before: str) -> None:
    commands = (before, "detachKernel", "detachKernel")
    assert not await play(home, [Scene(commands, "idle", False, at_once) for at_once in (True, False)])


@pytest.mark.parametrize("ending", ENDINGS)
async def test_the_session_ends_while_commands_cross(home: Home, ending: str) -> None:
    number = list(ENDINGS).index(ending)
    wanted = evenly(scenes(2), 20)[number::5]
    assert not await part(home, wanted, ending)
