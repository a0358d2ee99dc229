"""`make demo`: a tiny editor that runs docs/examples/tour.py with `kernel-bridge --stdio`.

It opens the tour over LSP, runs its cells one by one on a real kernel, shows output as it arrives, answers
the question in the tour, and exports the session to tour.ipynb. It uses only docs/protocol.md, none of the
server's code, so it also shows how little a client needs.

    python docs/examples/demo.py       exit status 1: a cell did not do what was expected
"""

import base64
import json
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

Json = dict[str, Any]

TOUR = Path(__file__).with_name("tour.py")
NOTEBOOK = Path("tour.ipynb").absolute()
NAME = "Ada"
BOUND_S = 180
ENDS = ("ok", "error", "aborted", "cancelled", "lost")
RAISING = "    return sum(values) / len(values)"

EXPECTED = [
    ("ok", "every word arrives as it is printed"),
    ("ok", "[2, 3, 5, 7, 11"),
    ("ok", "100%"),
    ("ok", "Jupiter"),
    ("ok", "image/png"),
    ("error", "ZeroDivisionError"),
    ("ok", f"Nice to meet you, {NAME}."),
    ("ok", "it is noon"),
]
"""How each code cell of the tour ends, and a text that its outputs contain."""


class Screen:
    """The terminal. The last line of printed text stays open, and is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.open_line = ""

    def write(self, text: str) -> None:
        """Append to a stream output."""
        *lines, self.open_line = (self.open_line + text).split("\n")
        for line in lines:
            self.line(Text.from_ansi(line))
        if self.console.is_terminal:
            self.console.file.write("\r\x1b[2K" + ("    " + self.open_line if self.open_line else ""))
            self.console.file.flush()

    def rewrite(self, text: str) -> None:
        """Replace the open line."""
        self.open_line = ""
        self.write(text)

    def close_line(self) -> None:
        if self.open_line:
            self.write("\n")

    def line(self, text: Text | str) -> None:
        if self.console.is_terminal:
            self.console.file.write("\r\x1b[2K")
        self.console.print(Padding(text, (0, 0, 0, 4), expand=False))

    def output(self, output: Json, mark: str = "") -> None:
        """Show a new output, or one that replaces another and gets a mark."""
        self.close_line()
        match output:
            case {"output_type": "stream", "text": text}:
                self.write(text)
            case {"output_type": "error", "traceback": traceback}:
                self.line(Text.from_ansi("\n".join(traceback)))
            case {"data": data}:
                for mime, value in data.items():
                    plain = mime == "text/plain"
                    self.line(
                        Text(mark + (value if plain else described(mime, value)), "" if plain else "cyan")
                    )


class Editor:
    """The whole client: framing, requests, and the outputs of each run."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.runs: dict[str, Json] = {}
        self.outputs: dict[str, list[Json]] = {}
        self.last_id = 0
        self.server = subprocess.Popen(
            [sys.executable, "-m", "kernel_bridge", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.server.stdin.flush()

    def receive(self) -> Json:
        assert self.server.stdout
        header = self.server.stdout.readline()
        if not header.startswith(b"Content-Length: "):
            raise SystemExit(f"the server ended, or wrote something that is not a message: {header!r}")
        self.server.stdout.readline()
        message: Json = json.loads(self.server.stdout.read(int(header.split()[1])))
        return message

    def request(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result. Messages that arrive first are handled meanwhile."""
        self.last_id += 1
        self.send(id=self.last_id, method=method, params=params)
        while True:
            message = self.receive()
            if "method" in message:
                self.handle(message)
            elif "error" in message:
                raise SystemExit(f"{method}: {message['error']['message']}")
            else:
                return message["result"]

    def command(self, name: str, **argument: Any) -> Any:
        params = {"command": f"kernel-bridge.{name}", "arguments": [argument]}
        return self.request("workspace/executeCommand", params)

    def handle(self, message: Json) -> None:
        """Handle a notification or request from the server."""
        params = message.get("params", {})
        match message["method"]:
            case "kernel-bridge/run":
                self.runs[params["run"]["id"]] = params["run"]
            case "kernel-bridge/output":
                for change in params["changes"]:
                    self.apply(self.outputs.setdefault(params["runId"], []), change)
            case "kernel-bridge/stdin":
                self.screen.close_line()
                self.screen.line(Text.assemble(params["prompt"], (NAME, "bold green")))
                self.send(id=message["id"], result={"value": NAME})
            case "window/showMessage":
                self.screen.line(Text(params["message"], "yellow"))

    def apply(self, outputs: list[Json], change: Json) -> None:
        """Apply a change to a run's outputs (docs/protocol.md, "Applying changes") and show it."""
        match change:
            case {"kind": "append", "output": output}:
                outputs.append(output)
                self.screen.output(output)
            case {"kind": "text", "index": index, "text": text}:
                outputs[index]["text"] += text
                self.screen.write(text)
            case {"kind": "line", "index": index, "text": text}:
                kept, newline, _ = outputs[index]["text"].rpartition("\n")
                outputs[index]["text"] = kept + newline + text
                self.screen.rewrite(text)
            case {"kind": "replace", "index": index, "output": output}:
                outputs[index] = output
                self.screen.output(output, "↻ ")
            case {"kind": "clear"}:
                outputs.clear()
            case {"kind": "elide", "index": index, **elided}:
                outputs[index]["elided"] = elided

    def run_cell(self, uri: str, line: int) -> Json:
        """Run the cell that starts at the line, and wait for the notification of its end."""
        cell = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
        (run,) = self.command("run", unit="cell", **cell)["runs"]
        while self.runs.get(run["id"], run)["state"] not in ENDS:
            self.handle(self.receive())
        self.screen.close_line()
        return self.runs[run["id"]]


def described(mime: str, value: Any) -> str:
    """One line for an entry of a MIME bundle."""
    if mime == "image/png":
        data = base64.b64decode(value)
        width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
        return f"{mime} {width}x{height}, {len(data):,} bytes"
    return f"{mime}, {len(value):,} characters"


def elapsed_s(run: Json) -> float:
    started, ended = (datetime.fromisoformat(run[name]) for name in ("startedAt", "endedAt"))
    return (ended - started).total_seconds()


def show_end(console: Console, run: Json, lines: list[str]) -> None:
    """Print how a run ended, and the line of the document that raised."""
    style = "green" if run["state"] == "ok" else "red"
    console.print(f"  [{style}]{run['state']}[/] [dim][{run['executionCount']}] {elapsed_s(run):.2f} s[/]")
    if line := run.get("error", {}).get("line"):
        where = f"  {TOUR.name}:{line + 1}"
        console.print(Text.assemble((where, "bold red"), "  ", lines[line].strip()))


def tour(editor: Editor, console: Console) -> list[str]:
    """Run the tour. Return a message for each mismatch."""
    text = TOUR.read_text(encoding="utf-8")
    lines = text.splitlines()
    uri = TOUR.resolve().as_uri()
    ours = {"experimental": {"kernelBridge": {"version": 1, "output": True, "stdin": True}}}
    server = editor.request("initialize", {"processId": None, "rootUri": None, "capabilities": ours})
    editor.send(method="initialized", params={})
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    editor.send(method="textDocument/didOpen", params={"textDocument": document})
    kernel = editor.command("startKernel", spec="python3", textDocument={"uri": uri})
    about = f"{server['serverInfo']['name']} {server['serverInfo']['version']}, {kernel['displayName']}"
    console.print(f"[bold]{about}[/] [dim]over {kernel['transport']}, process {kernel.get('pid')}[/]")

    wrong = []
    starts = [n for n, line in enumerate(lines) if line.startswith("# %%") and "[markdown]" not in line]
    for start, (state, part) in zip(starts, EXPECTED, strict=True):
        title = lines[start].removeprefix("# %% ")
        console.print(f"\n[bold blue]{title}[/]")
        run = editor.run_cell(uri, start)
        show_end(console, run, lines)
        outputs = json.dumps(editor.outputs.get(run["id"]))
        if run["state"] != state or part not in outputs:
            wrong.append(f"{title}: expected {state} with {part!r}, got {run['state']} with {outputs[:500]}")
        if state == "error" and run["error"].get("line") != lines.index(RAISING):
            wrong.append(f"{title}: expected line {lines.index(RAISING)}, got {run['error'].get('line')}")

    exported = editor.command("export", path=str(NOTEBOOK), kernelId=kernel["id"], overwrite=True)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    if not len(cells) == exported["cells"] == len(EXPECTED):
        wrong.append(f"expected {len(EXPECTED)} cells in the notebook, got {len(cells)}")
    console.print(f"\n[bold]wrote {NOTEBOOK.name} ({len(cells)} cells)[/]")

    editor.request("shutdown")
    editor.send(method="exit")
    if status := editor.server.wait():
        wrong.append(f"the server ended with status {status}")
    return wrong


def main() -> int:
    console = Console(highlight=False)
    editor = Editor(Screen(console))
    bound = threading.Timer(BOUND_S, editor.server.kill)
    bound.start()
    try:
        wrong = tour(editor, console)
    finally:
        bound.cancel()
        editor.server.kill()
    for line in wrong:
        print(f"unexpected: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
