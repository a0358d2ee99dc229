"""Builds outputs, and the changes that append them, for the tests that expect them."""

from typing import Any

Json = dict[str, Any]


def stream(text: str, name: str = "stdout") -> Json:
    return {"output_type": "stream", "name": name, "text": text}


def display(text: str) -> Json:
    return display_data({"text/plain": text})


def display_data(data: Json, metadata: Json | None = None) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def append(output: Json) -> Json:
    """The change that adds an output."""
    return {"kind": "append", "output": output}
