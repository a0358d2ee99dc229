"""Asks the kernel of a document about a position, without waiting for running code."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...bridge.inquiry import ask_now
from ...source.document import Place
from ...source.inquiry import Inquiry, inquiry
from .context import Context
from .params import OfPosition

if TYPE_CHECKING:
    from ...bridge.kernel import FollowedKernel
    from ..snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """A position in a document, and the kernel to ask about it."""

    document: "Snapshot"
    place: Place
    kernel: "FollowedKernel"
    inquiry: Inquiry

    @property
    def before(self) -> str:
        """The line up to the position."""
        return self.document.lines[self.place.line][: self.place.column]

    @property
    def language_id(self) -> str:
        """The editor's name of the code's language."""
        return self.document.language_at(self.place.line) or self.document.language_id

    @property
    def language(self) -> str:
        """The name of the language for a markdown fence."""
        return self.kernel.session.spec.language

    async def inspect(self, cursor: int) -> str | None:
        """The kernel's documentation of the name at index `cursor` of the code."""
        return await inspect(self.kernel, self.inquiry.code, cursor)


def about(context: Context, params: OfPosition) -> Asked | None:
    """The position of a request; None: it is not in code, or the document has no living kernel."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    place = document.to_inner(params.position)
    asked = inquiry(document.lines, document.cells, place)
    kernel = context.kernel_of(document, place.line) if asked is not None else None
    if asked is None or kernel is None or not kernel.alive:
        return None
    return Asked(document, place, kernel, asked)


async def inspect(kernel: "FollowedKernel", code: str, cursor: int) -> str | None:
    """The text of an inspect_reply; None: the kernel found nothing, or is busy."""
    content = {"code": code, "cursor_pos": cursor, "detail_level": 0}
    reply = await ask_now(kernel, "inspect_request", content)
    if reply is None or not reply.get("found"):
        return None
    data: Any = reply.get("data")
    text = data.get("text/plain") if isinstance(data, dict) else None
    return text if isinstance(text, str) and text.strip() else None
