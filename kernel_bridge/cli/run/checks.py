"""What `run` checks before it starts a kernel: that the export will succeed after the run."""

import argparse
import os
from pathlib import Path

from ...bridge.exporting import AUTO, destination
from ..exits import UsageError
from ..formats import format_of
from .detaching import check_detachable


def check_options(options: argparse.Namespace) -> None:
    """Check what is known before the file is read. Raises UsageError, ExportExists, ExportFailed."""
    if options.detach:
        check_detachable(options)
    if options.export is None:
        if options.resume:
            raise UsageError(
                "--resume continues an earlier run; name the file that it wrote with --export OUT"
            )
        return
    path = Path(options.export).expanduser()
    if os.path.isdir(path):
        raise UsageError(f"{options.export} is a folder; name a file in it")
    format_ = format_of(options.export)
    if options.resume and format_ != "ipynb":
        raise UsageError(f"--resume needs an .ipynb file, and {options.export} is not one")
    if not os.path.isdir(path.absolute().parent):
        raise UsageError(f"the folder {path.parent} does not exist; create it, or choose another OUT")
    if path.suffix.lower() != AUTO:
        _rehearse(path, options)


def export_path(options: argparse.Namespace, language: str | None) -> Path | None:
    """The file that --export names; `language` is the kernel's. Raises ExportExists, ExportFailed."""
    if options.export is None:
        return None
    path = destination(Path(options.export).expanduser(), language or "")
    if Path(options.export).suffix.lower() == AUTO:
        _rehearse(path, options)
    return path


def _rehearse(path: Path, options: argparse.Namespace) -> None:
    from ...history.formats import rehearse

    rehearse(path, format_of(path.name), options.media, options.overwrite or options.resume)
