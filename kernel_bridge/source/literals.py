"""Writes assignments of JSON values in the syntax of each language, with the types that papermill chooses.

Knows nothing of notebooks and parameters.
"""

import json
import keyword
import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .languages import find_language

_WORD = r"[^\W\d]\w*"
_INT32 = range(-(2**31), 2**31)


def assignment(name: str, value: Any, language_id: str) -> str:
    """The code that assigns a JSON value, which may also be NaN or infinite, to a variable.

    Raises ValueError: the language is not supported, or does not allow the name.
    """
    language = find_language(language_id)
    syntax = _SYNTAXES.get(language.ids[0] if language else language_id.lower())
    if syntax is None:
        raise ValueError(f"parameters are not supported in {language_id}, only in {', '.join(_SYNTAXES)}")
    if not re.fullmatch(syntax.name, name):
        raise ValueError(f"{name!r} is not a valid parameter name")
    return syntax.assign.format(syntax.variable(name), syntax.value(value))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Syntax:
    """How a language writes an assignment and JSON values."""

    assign: str = "{} = {}"
    true: str = "true"
    false: str = "false"
    null: str = "null"
    numbers: tuple[str, str, str] = ("NaN", "Inf", "-Inf")
    array: str = "[{}]"
    object: str = "{{{}}}"
    pair: str = "{}: {}"
    separator: str = ", "
    long: str = ""  # the suffix of an integer of more than 32 bits
    text: Callable[[str], str] = _quoted
    name: str = rf"{_WORD}(\.{_WORD})*"  # a pattern

    def variable(self, name: str) -> str:
        return name

    def value(self, value: Any) -> str:
        match value:
            case None:
                return self.null
            case bool():
                return self.true if value else self.false
            case str():
                return self.text(value)
            case int():
                return f"{value}{'' if value in _INT32 else self.long}"
            case float():
                return repr(value) if math.isfinite(value) else self._not_finite(value)
            case list():
                return self.sequence(value)
            case _:
                return self.mapping(value)

    def _not_finite(self, value: float) -> str:
        nan, positive, negative = self.numbers
        return nan if math.isnan(value) else positive if value > 0 else negative

    def sequence(self, values: list[Any]) -> str:
        return self.array.format(self.separator.join(map(self.value, values)))

    def mapping(self, values: dict[str, Any]) -> str:
        pairs = (self.pair.format(self.text(name), self.value(part)) for name, part in values.items())
        return self.object.format(self.separator.join(pairs))


class _R(_Syntax):
    """No name may begin with an underscore."""

    def variable(self, name: str) -> str:
        return name.lstrip("_")


class _Matlab(_Syntax):
    def mapping(self, values: dict[str, Any]) -> str:
        names = ", ".join("'" + name.replace("'", "''") + "'" for name in values)
        return f"containers.Map({{{names}}}, {self.sequence(list(values.values()))})"


class _CSharp(_Syntax):
    """The compiler infers the type of an array only if all of its items have the same."""

    def sequence(self, values: list[Any]) -> str:
        alike = len(set(map(type, values))) == 1 and values[0] is not None
        items = ", ".join(map(self.value, values))
        return f"new {'' if alike else 'object'}[] {{ {items} }}"


class _Shell(_Syntax):
    """A shell has text and arrays of text; anything deeper is JSON in a text."""

    def value(self, value: Any) -> str:
        match value:
            case None:
                return ""
            case list():
                return f"({' '.join(map(self._item, value))})"
            case _:
                return self._item(value)

    def _item(self, value: Any) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return shlex.quote(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _without_dollars(text: str) -> str:
    return _quoted(text).replace("$", "\\$")


def _matlab(text: str) -> str:
    """MATLAB has no escapes in strings."""
    return " + newline + ".join('"' + line.replace('"', '""') + '"' for line in text.split("\n"))


def _ticked(text: str) -> str:
    """PowerShell also takes typographic quotes for quotes."""
    return '"' + re.sub('[`$"\u201c-\u201e]', r"`\g<0>", text) + '"'


_JAVASCRIPT = _Syntax("var {} = {};", numbers=("NaN", "Infinity", "-Infinity"))
_SYNTAXES: dict[str, _Syntax] = {
    "python": _Syntax(
        true="True", false="False", null="None", numbers=("float('nan')", "float('inf')", "float('-inf')"),
        name=rf"(?!({'|'.join(keyword.kwlist)})(\.|$)){_WORD}(\.{_WORD})*",
    ),
    "r": _R(true="TRUE", false="FALSE", null="NULL", array="list({})", object="list({})", pair="{} = {}"),
    "julia": _Syntax(null="nothing", object="Dict({})", pair="{} => {}", text=_without_dollars),
    "scala": _Syntax(
        "val {} = {}", null="None", array="Seq({})", object="Map({})", pair="{} -> {}", long="L",
        numbers=("Double.NaN", "Double.PositiveInfinity", "Double.NegativeInfinity"),
    ),
    "kotlin": _Syntax(
        "val {} = {}", array="listOf({})", object="mapOf({})", pair="{} to {}", text=_without_dollars,
        numbers=("Double.NaN", "Double.POSITIVE_INFINITY", "Double.NEGATIVE_INFINITY"),
    ),
    "matlab": _Matlab("{} = {};", null="NaN", array="{{{}}}", text=_matlab),
    "octave": _Matlab("{} = {};", null="NaN", array="{{{}}}"),
    "csharp": _CSharp(
        "var {} = {};", null="(object)null", object="new Dictionary<string,Object>{{ {} }}",
        pair="{{ {} , {} }}", long="L",
        numbers=("double.NaN", "double.PositiveInfinity", "double.NegativeInfinity"),
    ),
    "fsharp": _Syntax(
        "let {} = {}", null="None", array="[ {} ]", object="[ {} ] |> Map.ofList",
        pair="({}, {} :> IComparable)", separator="; ", long="L", numbers=("nan", "infinity", "-infinity"),
    ),
    "powershell": _Syntax(
        "${} = {}", "$True", "$False", "$Null", array="@({})", object="@{{{}}}", pair="{} = {}", text=_ticked,
        numbers=("[double]::NaN", "[double]::PositiveInfinity", "[double]::NegativeInfinity"),
    ),
    "shellscript": _Shell("{}={}", name="[A-Za-z_][A-Za-z0-9_]*"),
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
}  # fmt: skip
