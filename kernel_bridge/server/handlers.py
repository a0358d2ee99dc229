"""Imports every module with handlers. The import registers them in `server`."""

from . import commands, notifications, placed
from .features import (
    actions,
    cells,
    code_actions,
    code_lenses,
    completion,
    content,
    diagnostics,
    hover,
    inlay_hints,
    proposals,
    showing,
    signature,
)
from .registry import server

__all__ = [
    "actions",
    "cells",
    "code_actions",
    "code_lenses",
    "commands",
    "completion",
    "content",
    "diagnostics",
    "hover",
    "inlay_hints",
    "notifications",
    "placed",
    "proposals",
    "server",
    "showing",
    "signature",
]
