"""What the one-line summary of a run needs of its outputs. The history has all of them."""

from ..bridge.summary import READ, data_text
from ..protocol.vocabulary import Change, Display, Output
from ..runs.changes import Append, FoldChange, Replace
from ..runs.live import LiveOutputs


class Brief(LiveOutputs):
    """Holds READ bytes of stream text and READ characters of each display."""

    @classmethod
    def of_stored(cls, outputs: list[Output], length: int, budget_bytes: int) -> LiveOutputs:
        return super().of_stored([_shortened(output) for output in outputs], length, budget_bytes)

    def apply(self, changes: list[FoldChange]) -> list[Change]:
        return super().apply([_brief(change) for change in changes])


def _brief(change: FoldChange) -> FoldChange:
    match change:
        case Append(output):
            return Append(_shortened(output))
        case Replace(index, output):
            return Replace(index, _shortened_display(output))
        case _:
            return change


def _shortened(output: Output) -> Output:
    if output["output_type"] == "stream" or output["output_type"] == "error":
        return output
    return _shortened_display(output)


def _shortened_display(output: Display) -> Display:
    shown = output.copy()
    shown["data"] = {"text/plain": data_text(output["data"])[:READ]}
    return shown
