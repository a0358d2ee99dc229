"""Exports are atomic."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel_bridge.history.export import write
from kernel_bridge.protocol.errors import BridgeError, ExportExists, ExportFailed


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def check_written(folder: Path, name: str, overwrite: bool) -> None:
    write(folder / name, ["n", "é\n"], overwrite)
    assert files(folder) == {name: "né\n"}


def test_a_file_is_written_or_replaced(tmp_path: Path) -> None:
    check_written(tmp_path, "a.ipynb", overwrite=False)
    check_written(tmp_path, "a.ipynb", overwrite=True)


def check_refused(target: Path, overwrite: bool, error: type[BridgeError], folder: Path) -> None:
    before = files(folder)
    with pytest.raises(error) as raised:
        write(target, ["new"], overwrite)
    assert str(target) in raised.value.message
    assert files(folder) == before


def test_a_failed_write_leaves_everything_unchanged(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    check_refused(tmp_path / "old", False, ExportExists, tmp_path)
    check_refused(tmp_path / "folder", True, ExportFailed, tmp_path)
    check_refused(tmp_path / "folder", False, ExportFailed, tmp_path)
    check_refused(tmp_path / "pipe", True, ExportFailed, tmp_path)
    check_refused(tmp_path / "missing" / "a", True, ExportFailed, tmp_path)
    check_refused(tmp_path / "old" / "a", False, ExportFailed, tmp_path)
    check_refused(tmp_path / ("n" * 300), False, ExportFailed, tmp_path)


def test_a_link_and_the_permissions_of_its_target_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link").symlink_to(target)
    write(tmp_path / "link", ["new"], overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "nowhere").symlink_to("missing/target")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("link", "nowhere", "loop"):
        check_refused(tmp_path / name, False, ExportExists, tmp_path)
    for name in ("nowhere", "loop"):
        check_refused(tmp_path / name, True, ExportFailed, tmp_path)
    write(tmp_path / "link", ["new"], overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert files(tmp_path) == {"link": "new", "target": "new"}


def confined(limit: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def test_a_full_disk_leaves_the_old_file_and_no_part_of_the_new(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    code = (
        "import sys; from pathlib import Path; from kernel_bridge.history.export import write\n"
        "try: write(Path(sys.argv[1]), ['x' * 50_000] * 2, True)\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a")],
        preexec_fn=confined(4096),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ExportFailed\n"
    assert files(tmp_path) == {"a": "old"}
