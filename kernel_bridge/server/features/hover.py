"""Outputs of a run, and the kernel's documentation of the name at the cursor (LSP 3.17, "Hover Request")."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

from ...bridge.summary import data_text, summarize
from ...escapes import plain
from ...source.inquiry import dotted_name, has_name
from ..registry import Provider, server
from .asking import Asked, about, inspect
from .context import Context
from .markup import DATA_URI_BYTES, documentation, escaped, fenced, markup, shortened
from .params import OfPosition
from .showing import content_of, whole_text, write_shown
from .summary import summary
from .views import MEDIA, name_of, view_of

if TYPE_CHECKING:
    from ...protocol.vocabulary import Display
    from ...runs.run import Run
    from .results import Result

_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")  # no character that could end the link around it


@server.feature("textDocument/hover", Provider("hoverProvider", "hover"))
async def hover(context: Context, params: OfPosition) -> dict[str, Any] | None:
    """The kernel's documentation of a name, and the outputs of the run on that line.

    Outputs come first if nothing else shows them. A plugin, which does, gets them only without a name.
    """
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    place = document.to_inner(params.position)
    markdown = context.client.hover_markdown
    result = context.results.at(document, place.line)
    parts: list[str] = []
    line = document.lines[place.line]
    asked = about(context, params) if has_name(line, place.column) else None
    if asked is not None and (text := await _inspected(asked, dotted_name(line, place.column))):
        parts = [said] if (said := documentation(text, asked.language, markdown)) else []
    if result is not None and not (parts and context.client.shows_runs):
        parts.append(await _outputs(context, result) if markdown else _plain_outputs(context, result))
    if not context.client.shows_runs:
        parts.reverse()
    separator = "\n\n---\n\n" if markdown else "\n\n"
    return {"contents": markup(separator.join(parts), markdown)} if parts else None


async def _inspected(asked: Asked, name: str | None) -> str | None:
    """The kernel's documentation of the name, or else of what is at the position."""
    return await (inspect(asked.kernel, name, len(name)) if name else asked.inspect(asked.inquiry.cursor))


def _first_line_is_all(context: Context) -> bool:
    """Whether the first line must contain the result: Emacs and ALE show only that line at the cursor."""
    return not context.client.shows_runs and not context.hints_shown


def _head(context: Context, result: "Result") -> str:
    run, marks = result.run, context.marks(result)
    if _first_line_is_all(context):
        return summary(run, marks)
    count = f"[{run.execution_count}] " if run.execution_count is not None else ""
    brief = summarize(run, run.live.outputs)
    took = f", {brief.duration}" if brief.duration else ""
    lost = f": {run.reason}" if run.reason else ""
    return f"{count}{brief.state}{took}{lost}" + (f" ({', '.join(marks)})" if marks else "")


def _plain_outputs(context: Context, result: "Result") -> str:
    head = _head(context, result)
    text = shortened(whole_text(result.run.live.outputs))
    shown = head if text.strip() in head else f"{head}\n{text}"
    return f"{shown}\n{result.run.hint}" if result.run.hint else shown


async def _outputs(context: Context, result: "Result") -> str:
    head = _head(context, result)
    parts = [fenced(head)]
    outputs = result.run.live.outputs
    if whole_text(outputs).strip() in head and not any(map(view_of, outputs)):
        return parts[0]
    for index, output in enumerate(outputs):
        match output["output_type"]:
            case "stream" | "error":
                text = shortened(whole_text([output]).strip("\n"))
                parts.append(fenced(text) if text else "")
            case _:
                parts.append(await _data(context, result.run, index, output))
    if result.run.hint:
        parts.append(escaped(result.run.hint))
    return "\n\n".join(part for part in parts if part)


async def _data(context: Context, run: "Run", index: int, output: "Display") -> str:
    """A MIME bundle in markdown: a picture or a link to its file, its own markdown, or its text."""
    data = output["data"]
    mime = view_of(output)
    if mime is not None and mime.startswith(MEDIA):
        inline = "".join(data[mime].split()) if isinstance(data[mime], str) else ""
        if context.client.data_uris and len(inline) < DATA_URI_BYTES and _BASE64.fullmatch(inline):
            return f"![{mime}](data:{mime};base64,{inline})"
        suffix, content = content_of(output)
        path = await asyncio.to_thread(write_shown, context.files, f"{run.id}-{index + 1}{suffix}", content)
        picture = "!" if mime.startswith("image/") else ""
        return f"{picture}[{escaped(name_of(mime))}]({path.as_uri()})"
    if isinstance(markdown := data.get("text/markdown"), str):
        return shortened(plain(markdown))
    return fenced(shortened(plain(data_text(data)).strip("\n")))
