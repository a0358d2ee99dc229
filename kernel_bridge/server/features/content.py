"""All text of a run as a read-only document (LSP 3.18, "Text Document Content Request")."""

from typing import TYPE_CHECKING

from ...protocol.errors import InvalidArgument
from .client import SCHEME

if TYPE_CHECKING:
    from .requests import OfUri
    from .session import Features

_START, _END = f"{SCHEME}:/runs/", "/output.txt"


def uri_of(run_id: str) -> str:
    """The document of a run's text."""
    return f"{_START}{run_id}{_END}"


async def text_document_content(features: "Features", params: "OfUri") -> dict[str, str]:
    """Raises InvalidArgument: no document of ours. Raises NoSuchRun."""
    uri = params.uri
    if not (uri.startswith(_START) and uri.endswith(_END)):
        raise InvalidArgument(
            f"workspace/textDocumentContent: field uri: expected {uri_of('ID')}, got {uri!r}"
        )
    return {"text": await features.text_of(uri.removeprefix(_START).removesuffix(_END))}
