"""The Markdown pages of the repository: their fenced blocks, headings and links."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^( *)```(\S*) *(.*?)\n(.*?)^\1```$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `words` follow the language: a name, `not-run`."""

    page: Path
    line: int  # of its opening fence, from 1
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> bool:
        return "not-run" not in self.words


def pages() -> list[Path]:
    """Every Markdown file that is tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(path for name in names.split("\0") if name and (path := ROOT / name).is_file())


def shown_to_readers() -> list[Path]:
    """The README and the pages of docs/: what they show is run."""
    return [path for path in pages() if path == ROOT / "README.md" or path.is_relative_to(ROOT / "docs")]


def blocks(page: Path, language: str) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start()) + 1,
            found[2],
            tuple(found[3].split()),
            dedent(found[4]),
        )
        for found in _FENCE.finditer(text)
        if found[2] == language
    ]


def all_blocks(language: str) -> list[Block]:
    """The blocks of all pages, without those that cannot be run."""
    return [block for page in shown_to_readers() for block in blocks(page, language) if block.runs]


def named(name: str) -> str:
    """The text of the one block with that name."""
    languages = ("lua", "vim", "elisp", "json", "toml")
    found = [block for one in languages for block in all_blocks(one) if block.words[:1] == (name,)]
    assert len(found) == 1, f"{name}: {', '.join(map(str, found)) or 'no block has this name'}"
    return found[0].text


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def prose(page: Path) -> str:
    """The text without its fenced blocks and code spans."""
    text = _FENCE.sub(lambda found: "\n" * found[0].count("\n"), page.read_text(encoding="utf-8"))
    return re.sub(r"`[^`\n]+`", lambda found: "`" * len(found[0]), text)


def links(page: Path) -> Iterator[tuple[int, str]]:
    """(line, target) of each link and picture."""
    text = prose(page)
    for found in re.finditer(
        r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]: +(\S+)|(?:src|srcset|href)=\"([^\"]+)\"", text, re.M
    ):
        yield text.count("\n", 0, found.start()) + 1, found[1] or found[2] or found[3]


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    made: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.*?)(?: #+)? *$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = made.get(slug, 0)
        made[slug] = count + 1
        if count:
            made[f"{slug}-{count}"] = 1
    return {*made, *re.findall(r"(?:id|name)=\"([^\"]+)\"", text)}
