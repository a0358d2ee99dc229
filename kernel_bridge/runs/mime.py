"""Which values of a MIME bundle are JSON, and which are text (pure)."""


def is_json(mime: str) -> bool:
    """Whether a value of this MIME type may be any JSON; all others are text. nbformat's own rule."""
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))
