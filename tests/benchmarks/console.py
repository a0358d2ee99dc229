"""jupyter_console in its own process, without its prompt; executes the orders of clients.Peer."""

import contextlib
import io
import sys
from time import perf_counter

from jupyter_console.app import ZMQTerminalIPythonApp

from tests.benchmarks.orders import Ran, serve


class Screen(io.StringIO):
    """Its output; `first_at` is the time of the first."""

    first_at: float | None = None

    def write(self, text: str) -> int:
        if self.first_at is None:
            self.first_at = perf_counter()
        return super().write(text)


def run(app: ZMQTerminalIPythonApp, code: str) -> Ran:
    screen = Screen()
    sent_at = perf_counter()
    with contextlib.redirect_stdout(screen):
        app.shell.run_cell(code)
    seconds = perf_counter() - sent_at
    first_s = None if screen.first_at is None else screen.first_at - sent_at
    return Ran(seconds, first_s, lines=screen.getvalue().count("\n"))


if __name__ == "__main__":
    app = ZMQTerminalIPythonApp()
    with contextlib.redirect_stdout(io.StringIO()):
        app.initialize(["--existing", sys.argv[1], "--ZMQTerminalInteractiveShell.simple_prompt=True"])
    serve(lambda codes: [run(app, code) for code in codes])
