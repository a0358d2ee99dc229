"""What can be typed: the commands and their options."""

import argparse
from typing import Any, get_args

from .. import __version__
from ..protocol.vocabulary import RunState
from .history.times import HELP, moment
from .logs import LEVELS

OUT = "an .ipynb, .md or .html file, or a script (.py or the extension of another language; .auto: its own)"
EXIT_CODES = "exit codes: 0 ok, 1 the code raised, 2 usage, 3 the kernel failed to start, 130 interrupted"


def parse(argv: list[str]) -> argparse.Namespace:
    """The options of a command line.

    Raises SystemExit: help or the version was asked for, or the usage is wrong; it has been printed.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command is None and not options.stdio:
        parser.print_help()
        raise SystemExit(2)
    if options.command is not None and options.stdio:
        parser.error(f"--stdio serves an editor and takes no command, got {options.command!r}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kernel-bridge",
        description="A live Jupyter kernel for every editor, over the Language Server Protocol.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--stdio", action="store_true", help="serve an editor on stdin and stdout")
    parser.add_argument("--version", action="version", version=f"kernel-bridge {__version__}")
    _log_options(parser, "warning", None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    run = _command(
        commands, "run", "run a script with cells, a notebook, or code from stdin", epilog=EXIT_CODES
    )
    run.add_argument(
        "file", metavar="FILE", help="a script (`# %%%%` starts a cell), a notebook, or - for stdin"
    )
    part = run.add_mutually_exclusive_group()
    part.add_argument(
        "--cell", type=_natural, metavar="N", help="only the Nth cell that has code (1 is the first)"
    )
    part.add_argument("--lines", type=_lines, metavar="A:B", help="only the lines A to B (1 is the first)")
    run.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set NAME after the cell tagged `parameters` (VALUE: JSON, or text); may be repeated",
    )
    _run_options(run)

    specs = _command(commands, "specs", "list the kernels that can be started")
    _json_option(specs)

    kernels = _command(commands, "kernels", "list the kernels that are running")
    _json_option(kernels)

    start = _command(commands, "start", "start a kernel that lives on until it is stopped", epilog=EXIT_CODES)
    choice = start.add_mutually_exclusive_group()
    choice.add_argument("--kernel", metavar="NAME", help="the kernelspec (default: the folder's Python)")
    choice.add_argument("--python", metavar="PATH", help="this Python interpreter, which has ipykernel")
    start.add_argument("--cwd", metavar="DIR", help="the kernel's folder (default: this one)")
    _json_option(start)
    for name, what, codes in (
        ("stop", "end a kernel", EXIT_CODES),
        (
            "interrupt",
            "interrupt what a kernel runs, and say what came of it",
            "exit codes: 0 interrupted, 1 ignored or died, 2 usage",
        ),
        ("restart", "start a kernel afresh, with the same id and connection file", EXIT_CODES),
    ):
        command = _command(commands, name, what, epilog=codes)
        command.add_argument(
            "which", nargs="?", metavar="KERNEL",
            help="its id, the start of it, or its connection file (default: the only one that runs)",
        )  # fmt: skip

    history = _command(commands, "history", "list what was run, newest first")
    history.add_argument("--text", metavar="T", help="only runs whose code contains T (case does not matter)")
    history.add_argument(
        "--state",
        action="append",
        choices=get_args(RunState),
        help="only runs in this state; may be repeated",
    )
    history.add_argument(
        "--limit", type=_natural, default=20, metavar="N", help="at most N runs (default: 20)"
    )
    _filter_options(history)
    _json_option(history)
    _history_actions(history)

    _export_options(_command(commands, "export", "write runs of the history, or a file with what it gave"))

    doctor = _command(commands, "doctor", "check the installation, and which installed kernels really start")
    which = doctor.add_mutually_exclusive_group()
    which.add_argument("--no-start", action="store_true", help="start no kernel")
    which.add_argument(
        "--start-all",
        action="store_true",
        help="also start environments, those of this folder's project among them; prints each command first",
    )
    _json_option(doctor)
    return parser


def _export_options(export: argparse.ArgumentParser) -> None:
    export.add_argument("out", metavar="OUT", help=OUT)
    _filter_options(export)
    export.add_argument(
        "--run", action="append", metavar="ID", help="this run, by its id or the start of it; may be repeated"
    )
    export.add_argument(
        "--document",
        action="store_true",
        help="the cells of --file, with the text between them, each with the outputs of its newest run",
    )
    export.add_argument("--format", choices=("ipynb", "py", "md", "html"), help="default: by the name of OUT")
    export.add_argument("--overwrite", action="store_true", help="OUT may replace a file that exists")
    _json_option(export)


class _HistoryAction(argparse._SubParsersAction):  # type: ignore[type-arg]
    """Refuses options of the list that stand before an action: argparse would forget them without a word.

    `history --file a.py prune --all` must not forget the runs of other files.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        for option in parser._actions:
            may_stand = not option.option_strings or option.default is argparse.SUPPRESS
            if not may_stand and getattr(namespace, option.dest) != option.default:
                name = option.option_strings[0]
                parser.error(f"{name} stands before {values[0]}, whose options go after it")
        super().__call__(parser, namespace, values, option_string)


def _history_actions(history: argparse.ArgumentParser) -> None:
    actions = history.add_subparsers(dest="action", metavar="ACTION", title="actions", action=_HistoryAction)

    show = _command(actions, "show", "show a run: its code, and what it put out")
    _runs_argument(show)
    _json_option(show)

    rerun = _command(actions, "rerun", "run it again, on its kernel if that lives on", epilog=EXIT_CODES)
    _runs_argument(rerun)
    _run_options(rerun)

    _export_options(_command(actions, "export", "the same as `kernel-bridge export`"))

    prune = _command(actions, "prune", "forget runs and what they put out")
    _filter_options(prune)
    prune.add_argument("--run", action="append", metavar="ID", help="this run; may be repeated")
    prune.add_argument("--all", action="store_true", help="everything")
    prune.add_argument("--yes", action="store_true", help="do not ask")


def _runs_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "run", nargs="*", metavar="ID", help="a run's id, or the start of it (default: the newest run)"
    )


def _run_options(run: argparse.ArgumentParser) -> None:
    """Where code runs, how it may end, and what is written of it."""
    kernel = run.add_mutually_exclusive_group()
    kernel.add_argument("--kernel", metavar="NAME", help="the kernelspec (`kernel-bridge specs` lists them)")
    kernel.add_argument(
        "--python", metavar="PATH", help="run on this Python interpreter, which has ipykernel"
    )
    kernel.add_argument(
        "--attach", metavar="KERNEL", help="run on this kernel, which runs already and goes on after it"
    )
    run.add_argument("--export", metavar="OUT", help=f"write it with what it gave: {OUT}")
    run.add_argument("--overwrite", action="store_true", help="the notebook may replace a file that exists")
    run.add_argument(
        "--allow-errors", action="store_true", help="go on after a cell that raises, and exit with 0"
    )
    run.add_argument(
        "--timeout", type=_seconds, metavar="S", help="interrupt a cell that runs for longer than S seconds"
    )
    run.add_argument(
        "--keep-alive", action="store_true", help="the kernel goes on after it, for --resume or --attach"
    )
    run.add_argument(
        "--resume",
        action="store_true",
        help="go on with the first cell that did not end well in OUT, on the kernel that ran it",
    )
    run.add_argument(
        "--json", action="store_true", help="print every notification of the protocol, one a line"
    )


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    epilog: str | None = None,
) -> argparse.ArgumentParser:
    sentence = what[0].upper() + what[1:] + "."
    command = commands.add_parser(name, help=what, description=sentence, epilog=epilog)
    _log_options(command, argparse.SUPPRESS, argparse.SUPPRESS)
    return command


def _log_options(parser: argparse.ArgumentParser, level: str, file: str | None) -> None:
    parser.add_argument("--log-level", choices=LEVELS, default=level, help="default: warning")
    parser.add_argument("--log-file", metavar="PATH", default=file, help="log there instead of to stderr")


def _json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, as the protocol has it")


def _filter_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernel", metavar="ID", help="only runs of this kernel (the start of its id)")
    parser.add_argument("--file", metavar="PATH", help="only runs of this file")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help=f"only runs that started then or later: {HELP}"
    )
    parser.add_argument(
        "--until", type=moment, metavar="TIME", help="only runs that started before that time"
    )


def _natural(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, at least 1, got {text!r}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return seconds


def _lines(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    try:
        lines = int(first), int(last or first)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected A:B, two line numbers, got {text!r}") from None
    if not 1 <= lines[0] <= lines[1]:
        raise argparse.ArgumentTypeError(f"expected A:B with 1 <= A <= B, got {text!r}")
    return lines
