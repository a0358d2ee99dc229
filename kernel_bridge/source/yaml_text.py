"""Reads YAML that others wrote, as JSON: the headers and options of documents. The only user of PyYAML.

PyYAML is imported when needed: it takes 40 ms. Anchors are refused, because a few lines of them can expand to
gigabytes. Dates are text, as in JSON. Independent of the meaning of the YAML.
"""

from functools import cache
from typing import Any

from .json_text import DEEPEST, check_depth, mended


class BadYaml(ValueError):
    """Not YAML, or nothing that JSON can express."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line  # 0-based, in the text


def read_yaml(text: str) -> Any:
    """The value. Raises BadYaml."""
    import yaml

    try:
        value = _json(yaml.load(text, _loader()))
        check_depth(value)
    except yaml.reader.ReaderError as error:  # a character that YAML does not allow
        line = text.count("\n", 0, error.position)
        raise BadYaml(f"the character {chr(error.character)!r} is not allowed", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(error.problem or str(error), mark.line if mark else 0) from None
    except (ValueError, RecursionError):  # `0x` and other numbers that are none; too deep
        raise BadYaml(f"a value is invalid, or nested more than {DEEPEST} levels deep", 0) from None
    return mended(value)


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # untyped
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                event = self.peek_event()
                raise yaml.MarkedYAMLError(problem="anchors are not supported", problem_mark=event.start_mark)
            return super().compose_node(parent, index)

    resolvers: dict[str, list[tuple[str, Any]]] = yaml.SafeLoader.yaml_implicit_resolvers
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in resolvers.items()
    }
    return Loader


def _json(value: Any) -> Any:
    match value:
        case dict():
            return {name if isinstance(name, str) else str(name): _json(part) for name, part in value.items()}
        case list() | tuple() | set():
            return [_json(part) for part in value]
        case None | bool() | int() | float() | str():
            return value
        case _:  # !!binary, !!timestamp
            return str(value)
