"""Files that a notebook keeps inside its text cells (nbformat, "Cell attachments")."""

import re
from typing import Any
from urllib.parse import unquote

from .media import Place, decoded

_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(\s*<?attachment:(?P<name>[^\s)>]*)>?[^)]*\)")
_REFERENCE = re.compile(r"""attachment:(?P<name>[^\s)>"']+)""")


def placed(source: str, attachments: dict[str, Any], place: Place) -> str:
    """The text, with each reference to an attachment replaced by the URL of its content.

    A picture whose attachment is missing or damaged is replaced by a line that says so.
    """
    if "attachment:" not in source:
        return source
    urls: dict[str, str] = {}
    for name, bundle in attachments.items():
        for mime, value in bundle.items():
            try:
                content = decoded(mime, value)
            except (TypeError, ValueError):
                continue
            urls[name] = place(name.rpartition("/")[2].rpartition(".")[0] or name, mime, content)
            break

    def url(match: re.Match[str]) -> str | None:
        return urls.get(match["name"]) or urls.get(unquote(match["name"]))

    def image(match: re.Match[str]) -> str:
        if url(match):
            return match[0]
        return f"[the attachment {match['name']} is missing from the notebook]"

    for name in sorted(urls, key=len, reverse=True):  # names with spaces, which _REFERENCE would cut
        if re.search(r"\s", name):
            source = source.replace(f"attachment:{name}", urls[name])
    source = _IMAGE.sub(image, source)
    return _REFERENCE.sub(lambda match: url(match) or match[0], source)
