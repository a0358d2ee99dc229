"""Pages of docs/reference with parts that are generated, between `<!-- begin NAME -->` and `<!-- end -->`.

`python -m tests.documentation.reference` writes them; a test checks that they are fresh.
"""

import re
from pathlib import Path

from tests.documentation import command_line_tables, settings_tables

PAGES = {settings_tables.PAGE: settings_tables.regions, command_line_tables.PAGE: command_line_tables.regions}


def fresh(page: Path) -> str:
    """The text of the page with its generated parts as they should be."""
    regions = PAGES[page]()
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<!-- begin (\w+) -->", text) == list(regions)
    return re.sub(
        r"<!-- begin (\w+) -->.*?<!-- end -->",
        lambda found: f"<!-- begin {found[1]} -->\n\n{regions[found[1]]}\n<!-- end -->",
        text,
        flags=re.S,
    )


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(fresh(page), encoding="utf-8")
