"""Strict conversion of client input, with errors that name the field and what was expected."""

from typing import Any, TypeVar, get_args

import msgspec

from .errors import InvalidArgument
from .objects import Wire

T = TypeVar("T", bound=Wire)


def convert(value: Any, to: type[T], what: str = "") -> T:
    """Convert `value` (decoded JSON) to the type `to`; `what` names it in the error.

    A null counts as omitted for a field that may be omitted. Raises InvalidArgument if a field has a wrong
    type or a required field is missing.
    """
    try:
        return msgspec.convert(without_nulls(value, to), to)
    except msgspec.ValidationError as error:
        problem = describe(error, to)
        raise InvalidArgument(f"{what}: {problem}" if what else problem) from None


def without_nulls(value: Any, to: type[Wire]) -> Any:
    """Remove nulls from fields that may be omitted (Lua and JavaScript clients send them)."""
    if not isinstance(value, dict) or None not in value.values():
        return value
    optional = {field.encode_name for field in msgspec.structs.fields(to) if not field.required}
    return {name: item for name, item in value.items() if item is not None or name not in optional}


def describe(error: msgspec.ValidationError, of: Any) -> str:
    """Describe the error: the field, by its path, and what was expected."""
    problem, _, path = str(error).replace(" - at `key` in `$.", " - at `$.").partition(" - at `$.")
    path = path.rstrip("`")
    if problem.startswith("Invalid enum value"):
        got = problem.removeprefix("Invalid enum value ")
        problem = f"expected one of {', '.join(_choices(of, path))}, got {got}"
    elif problem.startswith("Object missing required field"):
        name = problem.split("`")[1]
        path = f"{path}.{name}" if path else name
        problem = "is required and missing"
    else:
        problem = problem[:1].lower() + problem[1:].replace("`", "")
    return f"field {path}: {problem}" if path else problem


def _choices(of: Any, path: str) -> list[str]:
    """Return the literal values allowed at `path` (dotted camelCase names) in a wire type."""
    for name in path.split(".") if path else []:
        structs = [kind for kind in (of, *get_args(of)) if isinstance(kind, type) and issubclass(kind, Wire)]
        fields = {f.encode_name: f.type for kind in structs for f in msgspec.structs.fields(kind)}
        of = fields.get(name.partition("[")[0], of)
    return _literals(of)


def _literals(of: Any) -> list[str]:
    values: list[str] = []
    for argument in get_args(of):
        values += [argument] if isinstance(argument, str) else _literals(argument)
    return values
