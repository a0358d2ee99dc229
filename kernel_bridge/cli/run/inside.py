"""Code that runs in the kernel: `program` sends this file to it as text, with calls of its functions.

kernel-bridge never imports it. It uses only the standard library and IPython, in the syntax of Python 3.8. It
leaves no name in the user's namespace.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import logging
import sys
import threading
import traceback
from typing import Any, Callable  # noqa: UP035 (of Python 3.8)


def begin(argv: list[str], folder: str | None, file: str | None) -> None:
    """Set what Python sets for a script; `file` and `folder` are None for other files."""
    sys.argv[:] = argv
    if folder is not None:
        sys.path[:] = [folder, *(path for path in sys.path if path)]  # "" is IPython's name for the folder
    if file is not None:
        _user_names().update(__file__=file, __doc__=_docstring(file))


def _user_names() -> dict[str, Any]:
    try:
        from IPython import get_ipython

        shell: Any = get_ipython()
        names: dict[str, Any] = shell.user_ns
    except (ImportError, AttributeError):  # a kernel without IPython
        return vars(sys.modules["__main__"])
    return names


def _docstring(file: str) -> str | None:
    try:
        with open(file, "rb") as script:
            statements = ast.parse(script.read()).body[:1]
    except (OSError, SyntaxError, ValueError):  # such as IPython's own syntax
        return None
    names: dict[str, Any] = {}
    if statements and isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Constant):
        exec(compile(ast.Module(statements, []), file, "exec"), names)
    return names.get("__doc__")


def own() -> None:
    """Take over the end of the process, which belongs to one program: exit(), and the atexit handlers."""
    from IPython import get_ipython
    from IPython.core import interactiveshell

    shell: Any = get_ipython()
    for name in ("exit", "quit"):  # IPython's own end the kernel, and the cell continues meanwhile
        shell.user_ns.pop(name, None)
        shell.builtin_trap.auto_builtins.pop(name, None)
    shell.ast_transformers.append(Unshown())
    its_names = vars(interactiveshell)
    warn: Callable[..., None] = its_names["warn"]

    def warn_of_others(message: Any, category: Any = None, stacklevel: int = 1, **named: Any) -> None:
        if not str(message).startswith("To exit: use"):  # follows every SystemExit
            warn(message, category, stacklevel + 1, **named)

    its_names["warn"] = warn_of_others
    handlers = Handlers()
    # Those of the kernel must run at its very end; these two belong to the program.
    for known in (logging.shutdown, _joins_processes()):
        if known is not None:
            atexit.unregister(known)
            handlers.register(known)
    atexit.register, atexit.unregister = handlers.register, handlers.unregister  # type: ignore[assignment]


def _joins_processes() -> Any:
    util = sys.modules.get("multiprocessing.util")
    return None if util is None else util._exit_function


class Unshown(ast.NodeTransformer):
    """Keeps a cell from showing the value of a last call that programs make for its effect only."""

    calls = ("atexit.register", "sys.stdout.write", "sys.stderr.write")

    def visit_Module(self, node: ast.Module) -> ast.Module:
        last = node.body[-1] if node.body else None
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and self._named(last.value.func):
            shielded = ast.copy_location(ast.If(ast.Constant(True), [last], []), last)
            node.body[-1] = ast.fix_missing_locations(shielded)
        return node

    def _named(self, function: ast.expr) -> bool:
        names: list[str] = []
        while isinstance(function, ast.Attribute):
            names.insert(0, function.attr)
            function = function.value
        return isinstance(function, ast.Name) and ".".join([function.id, *names]) in self.calls


class Handlers:
    """The program's atexit handlers, which run before the kernel ends and can therefore print."""

    def __init__(self) -> None:
        self.calls: list[tuple[Callable[..., Any], Any, Any]] = []
        self.unregister_others = atexit.unregister

    def register(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Register a function to be executed upon normal program termination."""
        if not callable(func):
            raise TypeError("the first argument must be callable")
        self.calls.append((func, args, kwargs))
        return func

    def unregister(self, func: Callable[..., Any]) -> None:
        """Unregister an exit function that was registered with atexit.register."""
        self.calls[:] = [call for call in self.calls if call[0] != func]
        self.unregister_others(func)

    def run(self) -> None:
        """Call them like Python: the last one first, even if others raise."""
        while self.calls:
            func, args, kwargs = self.calls.pop()
            try:
                func(*args, **kwargs)
            except BaseException as error:
                print(f"Exception ignored in atexit callback: {func!r}", file=sys.stderr)
                theirs = error.__traceback__ and error.__traceback__.tb_next
                traceback.print_exception(type(error), error, theirs)


def end(exited: bool, owned: bool) -> None:
    """End the program like Python.

    `exited`: its last cell raised SystemExit. The payload of the reply has the exit code of that. `owned`: as
    in `own`, wait for its threads and run its atexit handlers.
    """
    from IPython import get_ipython

    shell: Any = get_ipython()
    code = _exit_code(getattr(sys, "last_value", None)) if exited else None
    shell.payload_manager.write_payload({"source": "kernel-bridge", "code": code})
    if owned:
        with contextlib.suppress(KeyboardInterrupt):
            _wait_for_threads()
        getattr(atexit.register, "__self__").run()  # noqa: B009 (a Handlers, by `own`)


def _exit_code(error: BaseException | None) -> int:
    """The exit code of a SystemExit. Prints its message, if it has one (Python: sys.exit)."""
    code = error.code if isinstance(error, SystemExit) else None
    if code is None or isinstance(code, int):
        return int(code or 0)
    print(code, file=sys.stderr)
    return 1


def _wait_for_threads() -> None:
    """Wait like threading._shutdown, which also marks the main thread, where the kernel runs, as ended."""
    for wake_executor in reversed(getattr(threading, "_threading_atexits", ())):
        wake_executor()
    mine = (threading.main_thread(), threading.current_thread())
    while threads := [one for one in threading.enumerate() if not one.daemon and one not in mine]:
        threads[0].join()
