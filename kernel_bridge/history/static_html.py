"""HTML that Markdown can contain: what GitHub shows of a page, without scripts and styles (pure)."""

import re
from html.parser import HTMLParser

_SHOWN = re.compile(
    "a|abbr|b|bdo|blockquote|br|caption|cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|figcaption|figure"
    "|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|rp|rt|ruby|s|samp|small|span|strike|strong|sub|summary|sup|table"
    "|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|wbr"
)
_VOID = re.compile("br|col|hr|img|wbr")  # elements without an end tag
_MAY_STAY_OPEN = re.compile("colgroup|dd|dt|li|p|rp|rt|tbody|td|tfoot|th|thead|tr")
LARGEST = 1 << 20  # characters; GitHub shows no Markdown beyond half of that
_BROKEN_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*(?:<|\Z)")  # which html.parser reads in quadratic time
_PRE = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL | re.IGNORECASE)


def static(html: str) -> str | None:
    """The HTML as one block of Markdown, without its style sheets and comments.

    None: it needs more than Markdown shows (a script, a frame, …), it is too long, or its tags do not match,
    so that it would change the text after it.
    """
    if len(html) > LARGEST or _BROKEN_TAG.search(html):
        return None
    reader = _Reader()
    try:
        reader.feed(re.sub(r"\r\n?", "\n", html))
        reader.close()
    except AssertionError:  # malformed markup, such as `<![x`
        return None
    if not reader.is_static or reader.in_style or not all(map(_MAY_STAY_OPEN.fullmatch, reader.open)):
        return None
    text = "".join(map(_without_blank_lines, _PRE.split("".join(reader.parts)))).strip()
    text = text.replace("```", "&#96;``").replace("~~~", "&#126;~~")  # readers may look for fences in HTML
    # A block of HTML begins with such a tag, and ends at a blank line (CommonMark, 4.6).
    return text if not text or re.match(r"<(div|table)\b", text, re.IGNORECASE) else f"<div>\n{text}\n</div>"


def _without_blank_lines(text: str) -> str:
    if _PRE.match(text):
        return re.sub(r"\n(?=[ \t]*\n)", "&#10;", text)
    return re.sub(r"\n\s*\n", "\n", text)


class _Reader(HTMLParser):
    """Collects the HTML without styles and comments, and notes whether it is static."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.is_static = True
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "style":
            self.in_style = True
            return
        if not _VOID.fullmatch(tag):
            self.open.append(tag)
        self._add_tag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_static &= _VOID.fullmatch(tag) is not None
        self._add_tag(tag, attrs)

    def _add_tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not _SHOWN.fullmatch(tag) or any(_is_active(name, value or "") for name, value in attrs):
            self.is_static = False
        self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self.in_style = False
            return
        while self.open and self.open[-1] != tag and _MAY_STAY_OPEN.fullmatch(self.open[-1]):
            self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()
            self.parts.append(f"</{tag}>")
        else:
            self.is_static = False

    def handle_data(self, data: str) -> None:
        if not self.in_style:
            self.parts.append(data.replace("<", "&lt;"))  # a lone `<`

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")


def _is_active(name: str, value: str) -> bool:
    return name.startswith("on") or re.sub(r"\s", "", value).lower().startswith("javascript:")
