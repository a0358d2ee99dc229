"""A real ipykernel numbers messages that it never sends; none of them counts as lost."""

from typing import Any

from kernel_bridge.runs.events import ExecuteReply, Status
from tests.kernel.executing import run

NUMBERED_AND_NOT_SENT = [
    "class Shown:\n    def _ipython_display_(self):\n        print('shown')\nShown()",
    "class Silent:\n    def _ipython_display_(self): ...\nSilent()",
    "class Broken:\n    def __repr__(self):\n        raise ValueError('no repr')\nBroken()",
    "class NoJson:\n    def _repr_mimebundle_(self, **_):\n        return {'text/plain': object()}\nNoJson()",
    "from IPython.display import display\ndisplay({'application/json': {1, 2}}, raw=True)",
    "from comm import create_comm\ncreate_comm('x').send({'x': object()})",
    "get_ipython().display_pub.register_hook(lambda message: None)\ndisplay(1)",
    "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(4) as pool:\n    list(pool.map(display, range(50)))",
    "import os\nif os.fork() == 0:\n    print('child', flush=True)\n    os._exit(0)\nos.wait()[1]",
]


async def test_a_number_without_a_message_is_no_loss(kernels: Any) -> None:
    session, ears = await kernels.start()
    lost = {}
    for code in NUMBERED_AND_NOT_SENT:
        parent = run(session, code, allow_stdin=False)
        await ears.has(parent, Status("idle"))
        await ears.until(lambda: any(isinstance(event, ExecuteReply) for event in ears.of(parent)))  # noqa: B023
        lost[code] = session.take_lost()
    assert lost == dict.fromkeys(NUMBERED_AND_NOT_SENT, 0)
