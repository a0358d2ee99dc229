"""The commands of docs/reference/command-line.md, from the parsers."""

import argparse
from collections.abc import Iterator

from kernel_bridge.cli.arguments import _parser
from tests.documentation.pages import ROOT, table

PAGE = ROOT / "docs" / "reference" / "command-line.md"

HIDDEN = {"help", "log_level", "log_file"}
"""Options that every subcommand has: the page describes them once, with the main command."""


def regions() -> dict[str, str]:
    """The generated part of the page, by name."""
    main = _parser()
    shown = [action for action in main._actions if not isinstance(action, argparse._HelpAction)]
    return {"commands": _section(main, 2, shown) + "".join(_sections(main, 2))}


def _sections(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    """A section for each subcommand, with its own below it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                shown = [action for action in command._actions if action.dest not in HIDDEN]
                yield _section(command, level, shown)
                yield from _sections(command, level + 1)


def _section(parser: argparse.ArgumentParser, level: int, shown: list[argparse.Action]) -> str:
    usage = argparse.HelpFormatter(parser.prog, width=96)
    usage.add_usage(None, shown, parser._mutually_exclusive_groups, prefix="")
    lines = [f"{'#' * level} {parser.prog}\n", f"{parser.description}\n"]
    lines.append(f"```text\n{usage.format_help()}```\n")
    rows = [_row(parser, action) for action in shown if not isinstance(action, argparse._SubParsersAction)]
    if rows:
        lines.append(table(("argument or option", "meaning"), rows))
    return "\n".join(lines) + "\n"


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> tuple[str, str]:
    formatter = parser._get_formatter()
    names, words = formatter._format_action_invocation(action), formatter._expand_help(action)
    return f"`{names}`", words[:1].upper() + words[1:]
