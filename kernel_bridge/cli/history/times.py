"""Points in time as people type them."""

import argparse
import re
from datetime import datetime, timedelta

_AGO = re.compile(r"(\d+)\s*(s|sec|min|m|h|d|w)")
_UNITS = {
    "s": "seconds",
    "sec": "seconds",
    "m": "minutes",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "w": "weeks",
}
HELP = "a date or time (2026-01-31, 2026-01-31T09:00, 09:00), today, yesterday, or an age (90min, 2h, 3d)"


def moment(text: str, now: datetime | None = None) -> datetime:
    """The point in time, in the local zone unless `text` names another.

    Raises argparse.ArgumentTypeError.
    """
    now = (now or datetime.now()).astimezone()
    word = text.strip().lower()
    if match := _AGO.fullmatch(word):
        try:
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        except OverflowError:
            raise _error(text) from None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word in ("today", "yesterday"):
        return midnight - timedelta(days=word == "yesterday")
    try:
        if re.fullmatch(r"\d{1,2}:\d\d", word):
            hour, minute = map(int, word.split(":"))
            return midnight.replace(hour=hour, minute=minute)
        time = datetime.fromisoformat(text.strip())
        return time if time.tzinfo is not None else time.astimezone()
    except (ValueError, OverflowError):
        raise _error(text) from None


def _error(text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"expected {HELP}, got {text!r}")
