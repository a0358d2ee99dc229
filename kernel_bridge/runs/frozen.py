"""A run as data that another process can continue: the same events make the same changes there."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from .events import Error, ExecuteReply
from .fold import Outputs, OutputsState
from .live import LiveOutputs, LiveState
from .packed import pack, unpack
from .run import Location, Run

_APART = {"id", "after", "outputs", "live"}  # not in `record`


@dataclass(slots=True)
class FrozenRun:
    """A run, its fold, and its outputs unless the history has them."""

    id: str
    after: str | None  # the id of that run
    record: bytes  # the packed dict of its other fields
    outputs: OutputsState
    live: LiveState | None


def freeze(run: Run, with_live: bool) -> FrozenRun:
    """The run as it is now. It may continue here."""
    names = [field.name for field in fields(run) if field.name not in _APART]
    return FrozenRun(
        id=run.id,
        after=None if run.after is None else run.after.id,
        record=pack({name: _plain(getattr(run, name)) for name in names}),
        outputs=run.outputs.state(),
        live=run.live.state() if with_live else None,
    )


def thaw(frozen: FrozenRun, live: LiveOutputs) -> Run:
    """The run with these outputs, and with `after` None: the caller knows the other runs."""
    record = unpack(frozen.record)
    if (location := record["location"]) is not None:
        record["location"] = Location(**{name: _tuple(part) for name, part in location.items()})
    record["error"] = _error(record["error"])
    if (reply := record["reply"]) is not None:
        record["reply"] = ExecuteReply(**reply | {"error": _error(reply["error"])})
    return Run(id=frozen.id, outputs=Outputs.restored(frozen.outputs), live=live, **record)


def _plain(value: Any) -> Any:
    """A dataclass as a dict. Unlike `asdict` it does not copy, and so recurse into, the JSON of a kernel."""
    if not is_dataclass(value):
        return value
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _error(value: dict[str, Any] | None) -> Error | None:
    return None if value is None else Error(**value)


def _tuple(value: Any) -> Any:
    """Lists as the tuples that they were."""
    return tuple(map(_tuple, value)) if isinstance(value, list) else value
