"""Converts kernels and runs to their wire form."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..files import readable
from ..protocol import objects as wire
from .summary import summarize

if TYPE_CHECKING:  # a handler is imported before a bridge is
    from ..kernels.session import KernelSession
    from ..runs.live import LiveOutputs
    from ..runs.run import Run


def now() -> str:
    """The current time in ISO 8601, UTC with a `Z`, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def kernel_to_wire(
    session: "KernelSession", reason: str | None, queued: int, documents: list[str], recorded: bool = False
) -> wire.Kernel:
    host, info = session.host, session.info
    return wire.Kernel(
        id=session.id,
        epoch=host.epoch,
        name=session.spec.name,
        display_name=session.spec.display_name,
        language=session.spec.language,
        cwd=host.cwd and readable(host.cwd),
        state=session.state,
        reason=reason,
        origin=host.origin,
        keep_alive=host.keep_alive,
        transport=host.transport,
        connection_file=host.connection_file,
        pid=host.pid,
        protocol_version=info.protocol_version if info else None,
        implementation=info.implementation if info else None,
        implementation_version=info.implementation_version if info else None,
        language_info=info.language_info if info else None,
        supports=session.supports,
        documents=documents or None,
        started_at=host.started_at,
        owner=host.owner,
        recorded=recorded or None,
        queued=queued,
    )


def run_to_wire(run: "Run", live: "LiveOutputs | None" = None) -> wire.Run:
    """The run, with the outputs of `live` if given: a client's own copy."""
    location = run.location
    return wire.Run(
        id=run.id,
        kernel_id=run.kernel_id,
        epoch=run.epoch,
        source=run.source,
        origin=run.origin,
        state=run.state,
        queued_at=run.queued_at,
        summary=summarize(run, run.live.outputs),
        text_document=_document(location.uri, location.version) if location else None,
        range=_range(location.range) if location and location.range else None,
        unit=location.unit if location else None,
        notebook_document=_document(*location.notebook) if location and location.notebook else None,
        cell_id=location.cell_id if location else None,
        execution_count=run.execution_count,
        started_at=run.started_at,
        ended_at=run.ended_at,
        error=_error(run),
        reason=run.reason,
        next_input=run.next_input,
        next_input_replaces=run.next_input_replaces or None,
        degraded=run.degraded or None,
        interrupted=run.interrupted or None,
        lost_messages=run.lost_messages or None,
        missing_bytes=run.missing_bytes or None,
        detached=run.detached or None,
        outputs=live.outputs if live is not None else None,
    )


def _document(uri: str, version: int | None) -> wire.TextDocument:
    return wire.TextDocument(uri=uri, version=version)


def _range(ends: tuple[tuple[int, int], tuple[int, int]]) -> wire.Range:
    start, end = (wire.Position(line=line, character=character) for line, character in ends)
    return wire.Range(start=start, end=end)


def _error(run: "Run") -> wire.RunError | None:
    error = run.error
    if error is None or run.state != "error":
        return None
    return wire.RunError(
        ename=error.ename,
        evalue=error.evalue,
        traceback=error.traceback,
        line=run.error_line,
        hint=run.hint,
    )
