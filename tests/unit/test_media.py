"""Pictures beside an exported document: complete, named by their content, and removed with it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.history.formats import save
from kernel_bridge.history.notebook import Notebook
from kernel_bridge.protocol.errors import BridgeError, ExportExists, ExportFailed

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().decode(errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def book(*values: Any) -> Notebook:
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": value}} for value in values
    ]
    return Notebook(METADATA, [{"cell_type": "code", "metadata": {}, "source": "x", "outputs": outputs}])


def broken(book: Notebook) -> Notebook:
    """The notebook, from a disk that fails after its cells."""

    def cells() -> Iterator[Any]:
        yield from book.cells
        raise OSError(5, "broken")

    return Notebook(METADATA, cells())


def export(path: Path, *values: Any, overwrite: bool = False) -> list[str]:
    """Write the pictures; return the links in the document."""
    save(path, book(*values), "md", "files", overwrite)
    return [line[4:-1] for line in path.read_text().splitlines() if line.startswith("![](")]


def test_pictures_are_written_beside_the_document(tmp_path: Path) -> None:
    links = export(tmp_path / "a b.md", "<1/>", "<2/>", "<1/>")
    assert links[0] == links[2] == "a%20b_files/output-b6a9166e38838e60.svg"
    written = files(tmp_path)
    assert [written[link.replace("%20", " ")] for link in links[:2]] == ["<1/>", "<2/>"]
    assert len(written) == 3
    save(tmp_path / "inline.md", book("<1/>"), "md", "inline", False)
    assert "![](data:image/svg+xml;base64,PDEvPg==)" in (tmp_path / "inline.md").read_text()
    assert not (tmp_path / "inline_files").exists()


def test_another_export_removes_its_own_pictures_only(tmp_path: Path) -> None:
    (old,) = export(tmp_path / "a.md", "<old/>")
    folder = tmp_path / "a_files"
    others = {"mine.svg": "<x/>", "output-0123456789abcdef.svg": "<edited/>"}
    for name, text in others.items():
        (folder / name).write_text(text)
    (folder / "output-fedcba9876543210.svg").symlink_to(tmp_path / old)
    (new,) = export(tmp_path / "a.md", "<new/>", overwrite=True)
    assert not (tmp_path / old).exists()
    assert files(folder) == {**others, Path(new).name: "<new/>"}
    export(tmp_path / "b.md", "<b/>")
    export(tmp_path / "b.md", overwrite=True)
    assert not (tmp_path / "b_files").exists()


def test_a_damaged_or_linked_picture_is_replaced(tmp_path: Path) -> None:
    (link,) = export(tmp_path / "a.md", "<a/>")
    (tmp_path / "other").write_text("keep")
    (tmp_path / link).unlink()
    (tmp_path / link).symlink_to(tmp_path / "other")
    export(tmp_path / "a.md", "<a/>", overwrite=True)
    assert not (tmp_path / link).is_symlink()
    assert (tmp_path / link).read_text() == "<a/>"
    assert (tmp_path / "other").read_text() == "keep"


def check_unchanged(path: Path, error: type[BridgeError], reason: str, book: Notebook) -> None:
    before = sorted(path.parent.rglob("*")), files(path.parent)
    with pytest.raises(error, match=reason):
        save(path, book, "md", "files", overwrite=error is not ExportExists)
    assert (sorted(path.parent.rglob("*")), files(path.parent)) == before


def test_a_failed_export_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    export(tmp_path / "a.md", "<old/>")
    check_unchanged(tmp_path / "a.md", ExportExists, "a.md exists", book("<new/>"))
    check_unchanged(tmp_path / "a.md", ExportFailed, "broken", broken(book("<new/>")))
    check_unchanged(tmp_path / "new.md", ExportFailed, "broken", broken(book("<new/>")))
    (tmp_path / "b_files").write_text("a file")
    check_unchanged(tmp_path / "b.md", ExportFailed, "b_files.*not a folder", book("<new/>"))
    os.mkfifo(tmp_path / "c.md")
    check_unchanged(tmp_path / "c.md", ExportFailed, "not a regular file", book("<new/>"))
