"""The time until an editor has its first response, and its kernel."""

import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

import msgspec

from tests.benchmarks.clients import ROOT, Editor, Peer, bridge, initialize
from tests.benchmarks.table import Row, ratios
from tests.home import Home

EMPTY_SERVER = "from pygls.lsp.server import LanguageServer; LanguageServer('empty', '1').start_io()"


def measure(home: Home) -> Iterator[Row]:
    _empty_server_s(home)
    figures = ratios(12, lambda: _bridge_s(home), lambda: _empty_server_s(home))
    yield Row("start to the initialize response", "an empty pygls server", figures, 0.6)
    launcher = Peer(home, "launching")
    with bridge(home) as ours:
        _start_s(ours)
        figures = ratios(6, lambda: _start_s(ours), lambda: float(launcher.ask({})))
    launcher.close()
    yield Row("startKernel until ready", "start_new_async_kernel", figures, 0.7)


def _bridge_s(home: Home) -> float:
    editor = Editor(home)
    seconds = editor.initialize_s
    editor.close()
    return seconds


def _empty_server_s(home: Home) -> float:
    params = {**initialize(), "capabilities": {}}
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    started = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", EMPTY_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=home.environment,
        cwd=ROOT,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    process.stdin.flush()
    process.stdout.readline()
    seconds = perf_counter() - started
    process.kill()
    process.communicate()
    return seconds


def _start_s(editor: Editor) -> float:
    started = perf_counter()
    kernel = editor.start_kernel("python3")
    seconds = perf_counter() - started
    editor.command("shutdownKernel", kernelId=kernel["id"])
    return seconds
