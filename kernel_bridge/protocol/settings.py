"""The settings of a client, with their defaults (section `kernel-bridge`)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .objects import Wire
from .strict import describe

AT_ONCE = "immediately"
NEXT_RUN = "at the next run"
NEXT_KERNEL = "for kernels started afterwards"
NEXT_START = "when the server restarts"


def _setting(description: str, takes_effect: str = AT_ONCE) -> Meta:
    """Describe a setting for the schema and docs/reference/settings.md."""
    return Meta(description=description, extra_json_schema={"x-takes-effect": takes_effect})


class HistorySettings(Wire):
    """Where the history of runs is kept, and how large it may grow."""

    enabled: Annotated[bool, _setting("Keep runs and their outputs.")] = True
    path: Annotated[
        str | None,
        _setting(
            "The database file; null: `history.db` in the user data folder. Ignored while `trusted` is false."
            " Symbolic links are followed. The server does not touch a file of another program, or anything"
            " other than a regular file. If it cannot use the file, it warns once, and runs continue without"
            " a history.",
            NEXT_START,
        ),
    ] = None
    max_bytes: Annotated[
        int,
        Meta(gt=0),
        _setting(
            "Size limit in bytes. Above it the oldest runs are deleted, except those of kernels in use.",
            NEXT_START,
        ),
    ] = 1_073_741_824


Wanted = bool | Literal["auto"]
"""Whether a feature is served; auto: unless the client shows runs itself (`kernelBridge.output`)."""


class FeatureSettings(Wire):
    """Which parts of standard LSP are served. `"auto"`: on, unless the client set `output: true`."""

    code_actions: Annotated[
        bool, _setting("Code actions to run code, control kernels, and show or export results.")
    ] = True
    code_lenses: Annotated[Wanted, _setting("Run, run above and interrupt, above each cell.")] = "auto"
    inlay_hints: Annotated[Wanted, _setting("The result, after the last line of a run.")] = "auto"
    diagnostics: Annotated[Wanted, _setting("Errors, at the lines that raised them.")] = "auto"
    hover: Annotated[bool, _setting("The outputs of a run, and the kernel's documentation of a name.")] = True
    completion: Annotated[bool, _setting("Completions from the kernel.")] = True
    signature_help: Annotated[bool, _setting("Signatures of functions, from the kernel.")] = True
    progress: Annotated[
        Wanted, _setting("Progress of starting kernels, and of runs that take longer than 2 seconds.")
    ] = "auto"
    messages: Annotated[
        Wanted,
        _setting("Messages when a kernel dies or code asks for input; results if there are no inlay hints."),
    ] = "auto"
    input: Annotated[
        bool,
        _setting("Answer `input()` with a code action if the client does not handle `kernel-bridge/stdin`."),
    ] = False
    symbols: Annotated[bool, _setting("Cells as document symbols.")] = True
    folding: Annotated[bool, _setting("Cells as folding ranges.")] = True
    selection_ranges: Annotated[bool, _setting("Expand the selection to the statement and the cell.")] = True


class Settings(Wire):
    """The server's settings; every field has a default."""

    auto_start: Annotated[bool, _setting("Start a kernel when a run needs one.", NEXT_RUN)] = True
    default_kernels: Annotated[
        dict[str, str], _setting("The kernelspec to start for each language, by language id.", NEXT_KERNEL)
    ] = {}
    working_folder: Annotated[
        str,
        Meta(pattern=r"^[^\0]*$"),
        _setting(
            "The folder in which kernels start: absolute, from `~`, or relative to the workspace root; `.` is"
            " the root itself. Empty: the document's folder.",
            NEXT_KERNEL,
        ),
    ] = ""
    transport: Annotated[
        Literal["ipc", "tcp"],
        _setting(
            "How to reach kernels on this machine: by private Unix sockets or by TCP. The server falls back"
            " to TCP if the platform or the kernel has no ipc; on Windows it is always TCP.",
            NEXT_KERNEL,
        ),
    ] = "ipc"
    keep_alive: Annotated[bool, _setting("Keep kernels running after the server exits.", NEXT_KERNEL)] = False
    keep_alive_idle: Annotated[
        float,
        Meta(ge=0),
        _setting(
            "Seconds after which a kept kernel ends if it runs nothing and no program follows it; 0: never.",
            NEXT_KERNEL,
        ),
    ] = 0
    ready_timeout: Annotated[
        float, Meta(gt=0), _setting("Seconds that a new kernel may take to become ready.", NEXT_KERNEL)
    ] = 60
    coalesce_milliseconds: Annotated[
        float,
        Meta(ge=0),
        _setting("How long stream output may wait, to be sent together with later output."),
    ] = 16
    output_budget: Annotated[
        int,
        Meta(ge=0),
        _setting(
            "Limit in bytes for the stream text in a run's live outputs. The history keeps the rest.",
            NEXT_RUN,
        ),
    ] = 1_048_576
    history: HistorySettings = msgspec.field(default_factory=HistorySettings)
    remote_tcp: Annotated[
        bool, _setting("Allow attaching to kernels on other machines by plain, unencrypted TCP.")
    ] = False
    trusted: Annotated[
        bool, _setting("If false, kernels are listed, but none is started or attached and no code runs.")
    ] = True
    features: FeatureSettings = msgspec.field(default_factory=FeatureSettings)


def read_settings(raw: Any, base: Settings) -> tuple[Settings, list[str]]:
    """Read a client's settings. Return them with a warning for each value of a wrong type.

    `raw` is a JSON object or None. An omitted or null setting keeps its value from `base`, except that a null
    `history.path` means the default. A value of a wrong type is replaced by the default.
    """
    warnings: list[str] = []
    return _read(raw, base, Settings(), "kernel-bridge", warnings), warnings


def in_force(settings: Settings) -> tuple[Settings, list[str]]:
    """Return the settings in force, and a warning for each ignored one.

    An untrusted project must not choose a file to open, and many clients send a project's settings as if they
    were the user's.
    """
    if settings.trusted or settings.history.path is None:
        return settings, []
    history = msgspec.structs.replace(settings.history, path=None)
    warning = (
        f"setting kernel-bridge.history.path: {settings.history.path!r} is ignored because the workspace is "
        "not trusted (setting trusted); the history is in the user data folder"
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
