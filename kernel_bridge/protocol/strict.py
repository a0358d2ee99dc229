"""Strict conversion of what a client sent, with errors that name the field and what was expected."""

from typing import Any, TypeVar, get_args

import msgspec

from .errors import InvalidArgument
from .objects import Wire

T = TypeVar("T", bound=Wire)


def convert(value: Any, to: type[T], what: str = "") -> T:
    """`value` (decoded JSON) as a `to`; `what` names it in the error.

    A null in the place of what may be left out counts as left out. Raises InvalidArgument: a wrong type,
    or a required field that is missing.
    """
    try:
        return msgspec.convert(without_nulls(value, to), to)
    except msgspec.ValidationError as error:
        problem = describe(error, to)
        raise InvalidArgument(f"{what}: {problem}" if what else problem) from None


def without_nulls(value: Any, to: type[Wire]) -> Any:
    """The same JSON without the nulls that stand for a default (Lua and JavaScript clients send them)."""
    if not isinstance(value, dict) or None not in value.values():
        return value
    optional = {field.encode_name for field in msgspec.structs.fields(to) if not field.required}
    return {name: item for name, item in value.items() if item is not None or name not in optional}


def describe(error: msgspec.ValidationError, of: Any) -> str:
    """The error as a sentence that names the field by its path and says what it must be."""
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
    """The literal values allowed at `path` (camelCase names, dots between) of a wire type."""
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
