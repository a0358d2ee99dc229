"""Every relative link of a Markdown page leads to a file, and its anchor to a heading."""

from urllib.parse import unquote, urlsplit

from tests.documentation.pages import ROOT, anchors, links, pages


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page in pages():
        for line, target in links(page):
            parts = urlsplit(target)
            if parts.scheme:
                continue
            path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not path.exists():
                broken.append(f"{page.relative_to(ROOT)}:{line}: {target}: no such file")
            elif parts.fragment and path.suffix == ".md" and parts.fragment not in anchors(path):
                broken.append(f"{page.relative_to(ROOT)}:{line}: {target}: no such heading")
    assert broken == []


def test_the_index_links_every_page_of_the_documentation_or_its_folder() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / urlsplit(target).path).resolve() for _, target in links(index)}
    documentation = {page for page in pages() if page.is_relative_to(index.parent) and page != index}
    assert [str(page.relative_to(ROOT)) for page in documentation if not {page, page.parent} & linked] == []
