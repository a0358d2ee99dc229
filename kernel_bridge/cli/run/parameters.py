"""The parameters of `run`, from all options that set them: papermill's letters, order and types."""

import argparse
import base64
import binascii
from pathlib import Path
from typing import Any

from ...files import read_file, reason
from ...source.parameters import read_value
from ...source.yaml_text import BadYaml, read_yaml
from ..exits import UsageError

_LARGEST_BYTES = 1 << 24


def parameters_of(options: argparse.Namespace) -> dict[str, Any]:
    """The values by name; of options that set the same name, the last of -b, -f, -y, -p, -r counts.

    Raises UsageError: a file cannot be read, is not YAML, or is no mapping of names.
    """
    values: dict[str, Any] = {}
    for text in options.parameters_base64:
        values |= _mapping(_decoded(text), "-b")
    for name in options.parameters_file:
        values |= _mapping(_content(name), name)
    for text in options.parameters_yaml:
        values |= _mapping(text, "-y")
    values |= {name: read_value(_text(name, value)) for name, value in options.parameter}
    values |= {name: _text(name, value) for name, value in options.parameter_raw}
    return values


def _text(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the value of the parameter {name} is not UTF-8 text") from None
    return value


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"cannot read the parameters of -b: {error}") from None


def _content(name: str) -> str:
    try:
        return read_file(Path(name).expanduser(), _LARGEST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"cannot read the parameters of {name}: not UTF-8 text (byte {error.start})"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read the parameters of {name}: {reason(error)}") from None


def _mapping(text: str, where: str) -> dict[str, Any]:
    """The parameters in a YAML text; JSON is YAML too."""
    try:
        value = read_yaml(text)
    except BadYaml as error:
        raise UsageError(f"cannot read the parameters of {where}: line {error.line + 1}: {error}") from None
    if value is None:  # empty, or only comments
        return {}
    if not isinstance(value, dict):
        raise UsageError(
            f"cannot read the parameters of {where}: expected names with values, such as `alpha: 0.5`, "
            f"got {text.strip()[:60]!r}"
        )
    return value
