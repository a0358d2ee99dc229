"""Real kernels, with Jupyter's folders in a private home."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from kernel_bridge.kernels.keeper import Keeper
from kernel_bridge.kernels.local import LocalHost
from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.kernels.specs import find_spec
from kernel_bridge.protocol.objects import KernelSpec
from kernel_bridge.runs.events import Aside, Event, Stream
from tests.home import Home


@pytest.fixture(autouse=True)
def at_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process use the private home, as the bridge would."""
    for name in ("HOME", "TMPDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, home.environment[name])


class Ears:
    """A listener that records events and lets a test wait for them."""

    def __init__(self) -> None:
        self.session: KernelSession
        self.heard: list[tuple[str | None, Event]] = []
        self.asides: list[tuple[int, Aside]] = []  # with the number of events received before
        self.states: list[tuple[str, int]] = []
        self._news = asyncio.Event()

    def received(self, batch: list[tuple[str | None, Event]]) -> None:
        self.heard += batch
        self._news.set()

    def aside(self, message: Aside) -> None:
        self.asides.append((len(self.heard), message))
        self._news.set()

    def changed(self) -> None:
        self.states.append((self.session.state, self.session.host.epoch))
        self._news.set()

    async def until(self, condition: Callable[[], bool], within_s: float = 20) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def of(self, message_id: str) -> list[Event]:
        return [event for parent, event in self.heard if parent == message_id]

    def text(self, message_id: str) -> str:
        return "".join(event.text for event in self.of(message_id) if isinstance(event, Stream))

    async def has(self, message_id: str, event: Event) -> None:
        await self.until(lambda: event in self.of(message_id))


class Kernels:
    """Starts kernels and ends all that are left; `attached` ones are detached."""

    def __init__(self) -> None:
        self.keeper = Keeper()
        self.sessions: list[KernelSession] = []
        self.attached: list[KernelSession] = []

    def session(
        self, spec: KernelSpec | None = None, ready_timeout: float = 60.0, **options: Any
    ) -> tuple[KernelSession, Ears]:
        ears = Ears()
        host = LocalHost(spec or find_spec("python3"), keeper=self.keeper, **options)
        ears.session = KernelSession(host, listener=ears, ready_timeout=ready_timeout)
        self.sessions.append(ears.session)
        return ears.session, ears

    async def start(self, spec: KernelSpec | None = None, **options: Any) -> tuple[KernelSession, Ears]:
        session, ears = self.session(spec, **options)
        await session.start()
        return session, ears

    async def close(self) -> None:
        for session in self.attached:
            session.close()
        for session in self.sessions:
            await session.shutdown()
        await self.keeper.close()


@pytest.fixture
async def kernels() -> AsyncIterator[Kernels]:
    kernels = Kernels()
    yield kernels
    await kernels.close()


@pytest.fixture
def ears() -> Ears:
    """For a session that the test creates itself."""
    return Ears()
