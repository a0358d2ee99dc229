"""Completion on an idle ipykernel: how much later an editor receives the list than a raw client."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from tests.benchmarks.clients import Editor, Peer, bridge, peer
from tests.benchmarks.table import Row
from tests.home import Home

URI = "file:///bench.py"
CODES = {"os.pat": "a short list", "os.": "a list of some 300"}
IMPORT = "import os"
ROUNDS, TIMES = 7, 15


def measure(home: Home) -> Iterator[Row]:
    with bridge(home) as editor, peer(home, "completing", "python3") as raw:
        editor.command("startKernel", spec="python3", textDocument={"uri": URI})
        editor.command("run", code=IMPORT, textDocument={"uri": URI}, wait=True)
        raw.run(IMPORT)
        for number, (code, what) in enumerate(CODES.items()):
            document = {"uri": f"{URI}?{number}", "languageId": "python", "version": 1, "text": code}
            editor.notify("textDocument/didOpen", {"textDocument": document})
            kernels = editor.command("listKernels")["kernels"]
            named = {"uri": document["uri"]}
            editor.command("bindKernel", textDocument=named, kernelId=kernels[0]["id"])
            params = {"textDocument": named, "position": {"line": 0, "character": len(code)}}
            while editor.request("textDocument/completion", params)["isIncomplete"]:
                pass
            for _ in range(TIMES):
                _ours_s(editor, params)
                _theirs_s(raw, code)
            figures = [_ours_s(editor, params) / _theirs_s(raw, code) for _ in range(ROUNDS)]
            yield Row(f"completion, {what}", "raw complete_request", figures, 1.5)


def _ours_s(editor: Editor, params: dict[str, object]) -> float:
    seconds = []
    for _ in range(TIMES):
        started = perf_counter()
        items = editor.request("textDocument/completion", params)["items"]
        seconds.append(perf_counter() - started)
        if not items:
            raise ValueError("nothing was offered")
    return median(seconds)


def _theirs_s(raw: Peer, code: str) -> float:
    return median(ran.seconds for ran in raw.run(*[code] * TIMES).ran)
