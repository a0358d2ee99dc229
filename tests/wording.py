"""`python -m tests.wording`: reports phrases that plain English avoids, in every text of the repository.

To keep a phrase that is right in its place, put `wording: ok` in a comment on its line.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# The phrase, as a regular expression, and what to write instead.
PHRASES = {
    "whoever|whomever": "name the subject",
    "what of|whatever becomes of": "name the subject",
    "anew|afresh": "again, or another verb: restart, rewrite",
    "besides": "also, in addition",
    "stands?|stood": "is, appears",
    "goes on|go on|going on|went on": "continues, keeps running",
    "(?:is|are|was|were) told": "is notified, receives",
    "(?:let|lets|letting) go": "evict, release, drop",
    "of ours": "name the owner",
    "(?:passed|passes|pass|passing) over": "skip, ignore",
    "(?:come|comes|came) to an end": "ends",
    "as far as": "if, up to, where",
    "nobody knows": "no reason reported",
}
SUFFIXES = (".md", ".txt", ".py", ".lua", ".ts", ".toml", ".yml", ".yaml", "Makefile", "package.nls.json")
# Between two words of a phrase: spaces, or a line break with the mark of a comment.
GAP = r"(?:[ \t]+|[ \t]*\n[ \t]*(?:#|--+|//|\*|>|\")?[ \t]*)"
PATTERNS = {
    re.compile(rf"\b(?:{phrase.replace(' ', GAP)})\b", re.IGNORECASE): better
    for phrase, better in PHRASES.items()
}
APPROVED = "wording: ok"


def found_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Each phrase in `text`: its line, counted from 1, the phrase, and what to write instead."""
    lines = text.splitlines()
    for pattern, better in PATTERNS.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start())
            if APPROVED not in lines[line]:
                yield line + 1, " ".join(re.findall(r"\w+", match[0])), better


def main() -> int:
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout
    paths = [Path(name) for name in tracked.split("\0") if name.endswith(SUFFIXES)]
    findings = [
        f'{path}:{line}: "{phrase}" (instead: {better})'
        for path in paths
        if path.is_file() and not path.samefile(__file__)
        for line, phrase, better in sorted(found_in(path.read_text("utf-8")))
    ]
    print(*findings, sep="\n", end="\n" if findings else "")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
