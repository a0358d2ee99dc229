"""Every request gets exactly one answer, even an LSP notification that is sent as a request."""

import pytest
from lsprotocol.types import METHOD_TO_TYPES, message_direction

from tests.server.client import Client
from tests.server.wire import ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVALID_REQUEST = -32600
NOTIFICATIONS = sorted(
    method
    for method, (_, response, *_) in METHOD_TO_TYPES.items()
    if response is None and message_direction(method) != "serverToClient"
)
REQUESTS = sorted(
    method
    for method, (_, response, *_) in METHOD_TO_TYPES.items()
    if response is not None
    and message_direction(method) != "serverToClient"
    and method not in ("initialize", "shutdown")
)


async def code_of(client: Client, method: str, params: object) -> int | None:
    """The error code of the response; None: the request succeeded."""
    try:
        await client.request(method, params)
    except ResponseError as error:
        return int(error.code)
    return None


@pytest.mark.parametrize("params", [None, {}, [], {"id": 1}], ids=repr)
async def test_a_notification_with_an_id_is_refused(shared: Client, params: object) -> None:
    for method in NOTIFICATIONS:
        assert (method, await code_of(shared, method, params)) == (method, INVALID_REQUEST)


@pytest.mark.parametrize("params", [None, {}, [], {"textDocument": {"uri": "file:///none.py"}}], ids=repr)
async def test_every_request_of_lsp_is_answered(shared: Client, params: object) -> None:
    for method in REQUESTS:
        assert await code_of(shared, method, params) != -32603, method
