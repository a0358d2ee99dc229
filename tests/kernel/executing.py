"""Executes code as the bridge does."""

import uuid

from kernel_bridge.kernels.session import KernelSession


def run(session: KernelSession, code: str, allow_stdin: bool = True) -> str:
    """Send an execute_request; its message id."""
    message_id = str(uuid.uuid4())
    session.execute(
        code,
        message_id=message_id,
        silent=False,
        store_history=True,
        allow_stdin=allow_stdin,
        stop_on_error=False,
    )
    return message_id
