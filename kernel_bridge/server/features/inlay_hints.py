"""The result of each run behind its last line (LSP 3.17, "Inlay Hint Request")."""

from typing import TYPE_CHECKING, Any

from ...source.document import Place
from .summary import summary

if TYPE_CHECKING:
    from .requests import OfRange
    from .results import Result
    from .session import Features


def inlay_hints(features: "Features", params: "OfRange") -> list[dict[str, Any]] | None:
    """A hint for each run that stands in the range; one that may not hold any more says so."""
    document = features.documents.find(params.text_document.uri)
    if document is None:
        return None
    first, last = document.to_inner(params.range.start).line, document.to_inner(params.range.end).line
    hints = []
    for result in features.results.of(document.uri):
        line = result.lines(document)[1]
        if first <= line <= last:
            place = Place(line, len(document.lines[line]))
            hints.append(
                {
                    "position": document.position(place),
                    "label": _label(features, result),
                    "paddingLeft": True,
                }
            )
    return hints


def _label(features: "Features", result: "Result") -> str:
    question = features.questions.of_run(result.run.id)
    if question is not None:
        return f"… {question.text}"
    return summary(result.run, features.marks(result))
