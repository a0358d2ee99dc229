"""The settings of a client, with their defaults (section `kernel-bridge`)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .objects import Wire
from .strict import describe


class HistorySettings(Wire):
    """Where the history of runs is kept, and how much of it."""

    enabled: bool = True
    path: str | None = None  # the database file; by default history.db in the user data folder
    max_bytes: Annotated[int, Meta(gt=0)] = 1_073_741_824


Wanted = bool | Literal["auto"]
"""Whether a feature is served; auto: unless the client shows that itself (`kernelBridge.output`)."""


class FeatureSettings(Wire):
    """Which standard LSP is served from kernels and runs, as far as the client has it."""

    code_actions: bool = True  # run, start, attach, interrupt, restart, export, show
    code_lenses: Wanted = "auto"  # run, run above and interrupt at each cell
    inlay_hints: Wanted = "auto"  # the result at the end of a run's last line
    diagnostics: Wanted = "auto"  # what a run raised, where it did
    hover: bool = True  # a run's outputs, and what the kernel says of a name
    completion: bool = True
    signature_help: bool = True
    progress: Wanted = "auto"  # a kernel that starts, a run that takes long
    messages: Wanted = "auto"  # the death of a kernel; a result where there are no inlay hints
    input: bool = False  # input() is answered by a code action, where the client has no kernel-bridge/stdin
    symbols: bool = True  # cells as document symbols
    folding: bool = True  # cells as folding ranges
    selection_ranges: bool = True  # the statement, the cell


class Settings(Wire):
    """What a person can choose; every field has a default."""

    auto_start: bool = True  # start a kernel by itself when a run needs one
    default_kernels: dict[str, str] = {}  # language id -> kernelspec name
    transport: Literal["ipc", "tcp"] = "ipc"
    keep_alive: bool = False  # kernels started here go on when the bridge ends
    ready_timeout: Annotated[float, Meta(gt=0)] = 60  # seconds
    coalesce_milliseconds: Annotated[float, Meta(ge=0)] = 16
    output_budget: Annotated[int, Meta(ge=0)] = 1_048_576  # bytes of stream text of one run, live
    history: HistorySettings = msgspec.field(default_factory=HistorySettings)
    remote_tcp: bool = False  # attach by plain TCP to another machine's address
    trusted: bool = True
    features: FeatureSettings = msgspec.field(default_factory=FeatureSettings)


def read_settings(raw: Any, base: Settings) -> tuple[Settings, list[str]]:
    """Settings from what a client sent, and a warning for each value of a wrong type (its default is used).

    `raw` is a JSON object or None; names that are not there, or null, keep their value of `base`
    (a null `history.path` is the default one).
    """
    warnings: list[str] = []
    return _read(raw, base, Settings(), "kernel-bridge", warnings), warnings


def in_force(settings: Settings) -> tuple[Settings, list[str]]:
    """The settings that count, and a warning for each that does not.

    Without trust, what a project can carry opens no file of its choice: many clients send its settings like
    those of the user.
    """
    if settings.trusted or settings.history.path is None:
        return settings, []
    history = msgspec.structs.replace(settings.history, path=None)
    warning = (
        f"setting kernel-bridge.history.path: {settings.history.path!r} is not used, because the workspace "
        "is not trusted (setting trusted); the history is in the user data folder"
    )
    return msgspec.structs.replace(settings, history=history), [warning]


def _read(raw: Any, base: Any, defaults: Any, where: str, warnings: list[str]) -> Any:
    if raw is None:
        return base
    if not isinstance(raw, dict):
        warnings.append(f"setting {where}: expected an object, got {raw!r}; the defaults are used")
        return defaults
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(type(base)):
        if field.encode_name not in raw:
            continue
        value, name = raw[field.encode_name], f"{where}.{field.encode_name}"
        default = getattr(defaults, field.name)
        if isinstance(default, Wire):
            values[field.name] = _read(value, getattr(base, field.name), default, name, warnings)
            continue
        if value is None and default is not None:
            continue
        try:
            values[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            used = msgspec.json.encode(default).decode()
            warnings.append(f"setting {name}: {describe(error, field.type)}; {used} is used")
            values[field.name] = default
    return msgspec.structs.replace(base, **values)
