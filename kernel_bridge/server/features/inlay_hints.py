"""The result of each run, as a hint after its last line (LSP 3.17, "Inlay Hint Request")."""

from typing import TYPE_CHECKING, Any

from ...source.document import Place
from ..registry import Provider, server
from .context import Context
from .params import OfRange
from .summary import summary

if TYPE_CHECKING:
    from .results import Result


@server.feature(
    "textDocument/inlayHint",
    Provider("inlayHintProvider", "inlay_hints", needs=lambda client: client.inlay_hints),
)
def inlay_hints(context: Context, params: OfRange) -> list[dict[str, Any]] | None:
    """A hint for each run in the range; outdated results are marked."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    first, last = document.to_inner(params.range.start).line, document.to_inner(params.range.end).line
    hints = []
    for result in context.results.of(document.uri):
        line = result.lines(document)[1]
        if first <= line <= last:
            place = Place(line, len(document.lines[line]))
            hints.append(
                {
                    "position": document.position(place),
                    "label": _label(context, result),
                    "paddingLeft": True,
                }
            )
    return hints


def _label(context: Context, result: "Result") -> str:
    prompt = context.prompts.of_run(result.run.id)
    if prompt is not None:
        return f"… {prompt.text}"
    return summary(result.run, context.marks(result))
