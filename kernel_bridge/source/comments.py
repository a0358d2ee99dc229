"""Puts text into line comments of a language, and takes it out again."""

from .languages import comment_prefixes, find_language


def comment_end(language_id: str) -> str:
    """What closes a comment on its line; empty in most languages."""
    language = find_language(language_id)
    return language.comment_end if language else ""


def comment(text: str, language_id: str) -> str:
    """One line of text as a comment."""
    parts = (comment_prefixes(language_id)[0], text, comment_end(language_id))
    return " ".join(part for part in parts if part)


def uncomment(line: str, language_id: str) -> str:
    """The text of a comment line without one space after its prefix; other lines as they are."""
    text = line.lstrip(" \t")
    prefix = next((prefix for prefix in comment_prefixes(language_id) if text.startswith(prefix)), None)
    if prefix is None:
        return line
    text = text[len(prefix) :].removeprefix(" ")
    end = comment_end(language_id)
    return text.rstrip().removesuffix(end).removesuffix(" ") if end and text.rstrip().endswith(end) else text
