"""The commands and options of `kernel-bridge`, and their help."""

import argparse
from itertools import islice
from typing import Any, get_args

from .. import __version__
from ..logs import LEVELS
from ..protocol.vocabulary import RunState
from .history.times import HELP, moment
from .options import Commands, command, lines, natural, seconds

OUT = "an .ipynb, .md or .html file, or a script: .py, .jl, …, or .auto for the kernel's own extension"
KERNEL = "the kernel's id, the start of its id, or its connection file"
RUN_CODES = """\
exit codes: 0 success, 1 the code failed, 2 wrong usage, 3 the kernel did not
            start, 130 interrupted; 1 to 125 if the code passes it to sys.exit"""
KERNEL_CODES = (
    "exit codes: 0 success, 2 wrong usage or no such kernel, 3 the kernel did not\n            start"
)
WATCH_CODES = (
    "exit codes: 0 the kernel ended, 1 it ended while code ran, 2 no such kernel or run,\n"
    "            130 interrupted"
)
NOTIFICATIONS = "print each notification as a line of JSON"


def parse(argv: list[str]) -> argparse.Namespace:
    """The options of a command line; `command` is None for `--stdio`, and if no command is given.

    Raises SystemExit: argparse has printed the help, the version or a usage error.
    """
    parser = _parser()
    argv, arguments = _split(_shielded(argv))
    options = parser.parse_args(argv)
    if options.command == "run":
        options.arguments = arguments
    if options.command is not None and options.stdio:
        parser.error(f"--stdio serves an editor and takes no command, got {options.command!r}")
    return options


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The command line of `run`, and what follows its `--`: the arguments of the program."""
    at = argv.index("--") if "--" in argv else len(argv)
    return (argv[:at], argv[at + 1 :]) if "run" in argv[:at] else (argv, [])


_PAIRS = ("-p", "--parameter", "-r", "--parameter-raw")


def _shielded(argv: list[str]) -> list[str]:
    """With a space before the names and values of parameters.

    argparse takes what begins with a dash for an option; papermill accepts it as a value.
    """
    shielded: list[str] = []
    rest = iter(argv)
    for argument in rest:
        shielded.append(argument)
        if argument == "--":
            break
        if argument in _PAIRS:
            shielded += (f" {text}" for text in islice(rest, 2))
    return [*shielded, *rest]


def _unshielded(text: str) -> str:
    return text.removeprefix(" ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kernel-bridge",
        description="A live Jupyter kernel for every editor, over the Language Server Protocol.",
        epilog=f"`kernel-bridge COMMAND --help` shows the options of a command.\n\n{RUN_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stdio", action="store_true", help="serve an editor on stdin and stdout")
    parser.add_argument(
        "--version",
        action="version",
        version=f"kernel-bridge {__version__}",
        help="print the version and exit",
    )
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        default="warning",
        metavar="LEVEL",
        help="log at LEVEL: debug, info, warning (default) or error; works before and after COMMAND",
    )
    parser.add_argument(
        "--log-file",
        metavar="PATH",
        help="write the log to PATH instead of stderr; works before and after COMMAND",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_run(commands)
    _add_kernel_commands(commands)
    _add_history(commands)
    export = command(
        commands,
        "export",
        "write past runs to a notebook, a script, Markdown or HTML",
        "kernel-bridge export today.ipynb --since today",
        "kernel-bridge export report.html --file analysis.py --document",
    )
    _export_options(export)
    _add_doctor(commands)
    return parser


def _add_run(commands: Commands) -> None:
    run = command(
        commands,
        "run",
        "run a script, a notebook, or code from stdin",
        "kernel-bridge run analysis.py",
        "kernel-bridge run analysis.py -- --rows 10 data.csv",
        "kernel-bridge run report.ipynb -p alpha 0.5 --export report.html",
        "kernel-bridge run analysis.py --cell 2 --attach 1f0c",
        codes=RUN_CODES,
    )
    run.add_argument(
        "file",
        metavar="FILE",
        help="a notebook, a script (`# %%%%` starts a cell), or - for stdin; after -- come its arguments",
    )
    part = run.add_mutually_exclusive_group()
    part.add_argument("--cell", type=natural, metavar="N", help="run only the Nth code cell, counted from 1")
    part.add_argument("--lines", type=lines, metavar="A:B", help="run only lines A to B, counted from 1")
    _parameter_options(run)
    run.add_argument(
        "--in-place",
        action="store_true",
        help="write the outputs into FILE, a notebook, and change nothing else in it",
    )
    _run_options(run)


def _parameter_options(run: argparse.ArgumentParser) -> None:
    """papermill's: the same letters, with the same meaning."""
    group = run.add_argument_group("parameters", "set after the cell tagged `parameters`; all are repeatable")
    for short, long, what in (
        ("-p", "--parameter", "set NAME to VALUE: True, False, None, a number, or else text"),
        ("-r", "--parameter-raw", "set NAME to the text VALUE"),
    ):
        group.add_argument(
            short, long, nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), type=_unshielded,
            help=what,
        )  # fmt: skip
    for short, long, metavar, what in (
        ("-f", "--parameters-file", "FILE", "set the names in a YAML or JSON file"),
        ("-y", "--parameters-yaml", "YAML", "set the names in a YAML text, such as '{sizes: [1, 2]}'"),
        ("-b", "--parameters-base64", "BASE64", "set the names in a YAML text that is encoded in base64"),
    ):
        group.add_argument(short, long, action="append", default=[], metavar=metavar, help=what)


def _add_kernel_commands(commands: Commands) -> None:
    _json_option(command(commands, "specs", "list the kernels that you can start"))
    _json_option(command(commands, "kernels", "list the running kernels"))

    start = command(
        commands,
        "start",
        "start a kernel that keeps running until you stop it",
        "kernel-bridge start",
        "kernel-bridge start --kernel ir --cwd ~/project",
        codes=KERNEL_CODES,
    )
    choice = start.add_mutually_exclusive_group()
    choice.add_argument("--kernel", metavar="NAME", help="the kernelspec (default: this folder's Python)")
    choice.add_argument("--python", metavar="PATH", help="a Python interpreter that has ipykernel")
    start.add_argument("--cwd", metavar="DIR", help="the kernel's working folder (default: this one)")
    _json_option(start)

    watch = command(
        commands,
        "watch",
        "show the runs of a kernel as they come, without taking part in them",
        "kernel-bridge watch",
        "kernel-bridge watch 1f0c --from last",
        codes=WATCH_CODES,
    )
    _kernel_argument(watch)
    watch.add_argument(
        "--from",
        dest="start",
        metavar="RUN",
        help="first show earlier runs, beginning with RUN: its id, the start of it, or `last`",
    )
    watch.add_argument("--json", action="store_true", help=NOTIFICATIONS)

    for name, what, codes in (
        ("stop", "shut down a kernel", KERNEL_CODES),
        (
            "interrupt",
            "interrupt a kernel and report the outcome",
            "exit codes: 0 interrupted, 1 the kernel ignored it or died, 2 no such kernel",
        ),
        ("restart", "restart a kernel under the same id and connection file", KERNEL_CODES),
    ):
        _kernel_argument(command(commands, name, what, codes=codes))


def _kernel_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "which", nargs="?", metavar="KERNEL", help=f"{KERNEL} (default: the only running kernel)"
    )


def _add_history(commands: Commands) -> None:
    history = command(
        commands,
        "history",
        "list past runs, newest first",
        "kernel-bridge history --file analysis.py --state error",
        "kernel-bridge history show",
        "kernel-bridge history rerun 3b7e",
        "kernel-bridge history prune --until 30d",
    )
    history.add_argument("--text", metavar="TEXT", help="only runs whose code contains TEXT, in any case")
    history.add_argument(
        "--state",
        action="append",
        choices=get_args(RunState),
        metavar="STATE",
        help=f"only runs in this state ({', '.join(get_args(RunState))}); repeatable",
    )
    history.add_argument(
        "--limit", type=natural, default=20, metavar="N", help="list at most N runs (default: 20)"
    )
    _filter_options(history)
    _json_option(history)

    actions = history.add_subparsers(dest="action", metavar="ACTION", title="actions", action=_HistoryAction)
    show = command(actions, "show", "print the code and outputs of runs")
    _runs_argument(show)
    _json_option(show)
    rerun = command(
        actions, "rerun", "run code again, on its kernel if that is still running", codes=RUN_CODES
    )
    _runs_argument(rerun)
    _run_options(rerun)
    _export_options(command(actions, "export", "write past runs to a file (same as `kernel-bridge export`)"))
    prune = command(actions, "prune", "delete runs and their outputs")
    _filter_options(prune)
    prune.add_argument("--run", action="append", metavar="ID", help="delete this run; repeatable")
    prune.add_argument("--all", action="store_true", help="delete all runs")
    prune.add_argument("--yes", action="store_true", help="delete without asking")


def _add_doctor(commands: Commands) -> None:
    doctor = command(commands, "doctor", "check the installation, and test which installed kernels start")
    which = doctor.add_mutually_exclusive_group()
    which.add_argument("--no-start", action="store_true", help="start no kernel")
    which.add_argument(
        "--start-all",
        action="store_true",
        help="also start the Pythons of environments, including this project's; prints each command first",
    )
    _json_option(doctor)


def _export_options(export: argparse.ArgumentParser) -> None:
    export.add_argument("out", metavar="OUT", help=OUT)
    _filter_options(export)
    export.add_argument("--run", action="append", metavar="ID", help="only this run; repeatable")
    export.add_argument(
        "--document",
        action="store_true",
        help="write all of --file, its text included, and the newest outputs of each cell",
    )
    export.add_argument(
        "--format", choices=("ipynb", "py", "md", "html"), help="the format (default: by OUT's extension)"
    )
    _media_option(export)
    export.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    _json_option(export)


class _HistoryAction(argparse._SubParsersAction):  # type: ignore[type-arg]
    """Refuses options before an action, because argparse would drop them silently.

    `history --file a.py prune --all` must not delete the runs of other files.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        for option in parser._actions:
            allowed = not option.option_strings or option.default is argparse.SUPPRESS
            if not allowed and getattr(namespace, option.dest) != option.default:
                name = option.option_strings[0]
                parser.error(f"{name} must come after {values[0]}, not before it")
        super().__call__(parser, namespace, values, option_string)


def _runs_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "run", nargs="*", metavar="ID", help="the run's id, or the start of it (default: the newest run)"
    )


def _run_options(run: argparse.ArgumentParser) -> None:
    """Add the options of `run` and `history rerun`: which kernel, when to stop, what to write."""
    kernel = run.add_mutually_exclusive_group()
    kernel.add_argument(
        "--kernel", metavar="NAME", help="the kernelspec to start (`kernel-bridge specs` lists them)"
    )
    kernel.add_argument("--python", metavar="PATH", help="a Python interpreter that has ipykernel")
    kernel.add_argument(
        "--attach",
        metavar="KERNEL",
        help=f"use a running kernel, and leave it running: {KERNEL}",
    )
    run.add_argument("--export", metavar="OUT", help=f"write the code and its outputs to OUT: {OUT}")
    _media_option(run)
    run.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    run.add_argument(
        "--allow-errors", action="store_true", help="continue after a cell fails, and exit with 0"
    )
    run.add_argument(
        "--timeout", type=seconds, metavar="SECONDS", help="interrupt a cell that runs longer than this"
    )
    run.add_argument(
        "--keep-alive", action="store_true", help="leave the kernel running, for --resume or --attach"
    )
    run.add_argument(
        "--detach",
        action="store_true",
        help="queue the code, leave the kernel running, and end; the recorder stores the outputs",
    )
    run.add_argument(
        "--resume",
        action="store_true",
        help="continue at the first cell of OUT that did not succeed, on the kernel that ran it",
    )
    run.add_argument(
        "--cwd",
        metavar="DIR",
        help="the kernel's working folder (default: this one for a script, its own for a notebook)",
    )
    run.add_argument("--json", action="store_true", help=NOTIFICATIONS)
    run.set_defaults(arguments=None)  # of the program; `run` sets a list


def _json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, in the shapes of docs/protocol.md")


def _media_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--media",
        choices=("files", "inline"),
        default="files",
        help="where the pictures of a .md file are: in the folder OUT_files (the default), or in its text",
    )


def _filter_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernel", metavar="ID", help="only runs of this kernel (its id, or the start)")
    parser.add_argument("--file", metavar="PATH", help="only runs of this file")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help=f"only runs started at TIME or later: {HELP}"
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="only runs started before TIME")
