"""A number with its noun in the singular or plural, for messages (pure)."""


def count(number: int, noun: str) -> str:
    """`1 message`, `2 messages`, `1,000 messages`; only for nouns that take an `s`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
