"""The whole text of a run as a read-only document (LSP 3.18, "Text Document Content Request")."""

from ...protocol.errors import InvalidArgument
from ..registry import Provider, server
from .context import Context
from .params import OfUri
from .showing import SCHEME, run_of, text_of, uri_of


@server.feature(
    "workspace/textDocumentContent",
    Provider(
        "workspace.textDocumentContent",
        options={"schemes": [SCHEME]},
        needs=lambda client: client.text_document_content,
    ),
)
async def text_document_content(context: Context, params: OfUri) -> dict[str, str]:
    """The text of the document. Raises NoSuchRun. Raises InvalidArgument: the URI does not name a run."""
    uri = params.uri
    if (run_id := run_of(uri)) is None:
        raise InvalidArgument(
            f"workspace/textDocumentContent: field uri: expected {uri_of('ID')}, got {uri!r}"
        )
    return {"text": await text_of(context, run_id)}
