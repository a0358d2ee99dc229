"""Runs and kernel replies as one line, as markdown and as plain text."""

from typing import Any

import pytest

from kernel_bridge.bridge.summary import duration, summarize
from kernel_bridge.escapes import plain
from kernel_bridge.protocol.settings import FeatureSettings
from kernel_bridge.runs.changes import Append
from kernel_bridge.runs.events import Error
from kernel_bridge.runs.fold import Outputs
from kernel_bridge.runs.live import LiveOutputs
from kernel_bridge.runs.run import Run
from kernel_bridge.server.client import read_client
from kernel_bridge.server.features.markup import documentation, fenced, shortened, signature_of
from kernel_bridge.server.features.showing import content_of, whole_text
from kernel_bridge.server.features.summary import summary
from kernel_bridge.server.handlers import server
from tests.outputs import stream


def run(state: Any, outputs: list[dict[str, Any]] = [], **fields: Any) -> Run:  # noqa: B006
    live = LiveOutputs(1000)
    live.apply([Append(output) for output in outputs])
    return Run("r", "k", 1, "code", "", Outputs(), live, state=state, **fields)


def data(kind: str, **bundle: str) -> dict[str, Any]:
    named = {name.replace("_", "/"): text for name, text in bundle.items()}
    return {"output_type": kind, "data": named, "metadata": {}}


SENT = {"interrupted": True}
INTERRUPT = Error("KeyboardInterrupt", "", [])
TOOK = {"started_at": "2026-01-31T12:00:00.000000Z", "ended_at": "2026-01-31T12:00:01.500000Z"}


@pytest.mark.parametrize(
    ("state", "outputs", "fields", "line"),
    [
        ("queued", [], {}, "queued"),
        ("ok", [data("execute_result", text_plain="<a.B object>", text_html="<b>")], {}, "→ B"),
        ("ok", [data("execute_result", text_plain="<a.B object>", text_markdown="# *hi*")], {}, "→ # *hi*"),
        ("ok", [data("execute_result", text_plain="<a.B object>")], {}, "→ <a.B object>"),
        ("ok", [data("execute_result", text_plain="<a.B at 0x7f>", text_html="<b>")], {}, "→ B"),
        (
            "ok",
            [data("display_data", text_plain="<VegaLite 5 object>\n\nIf you see this …", text_html="<b>")],
            {},
            "→ VegaLite 5",
        ),
        ("ok", [data("execute_result", text_plain="<b at 0x7f> 1", text_html="<b>")], {}, "→ <b at 0x7f> 1"),
        ("running", [], {}, "… running"),
        ("running", [stream("one\n\x1b[32mtwo\x1b[0m 50%|█▌ |\n")], {}, "… two 50%|█▌ |"),
        ("ok", [], TOOK, "✓  1.5 s"),
        ("ok", [], {"execution_count": 3, **TOOK}, "✓  [3]  1.5 s"),
        ("ok", [stream("a\n\nb\n")], {}, "→ a … (2 lines)"),
        ("ok", [stream("noise\n"), data("execute_result", text_plain="42")], {}, "→ 42"),
        ("ok", [data("display_data", image_png="A"), data("execute_result", text_plain="1")], {}, "→ 1"),
        (
            "ok",
            [data("execute_result", text_plain="[<L>]"), data("display_data", image_png="A")],
            {},
            "→ plot",
        ),
        ("ok", [data("display_data", image_png="AA==", text_plain="<Figure size 1x1>")], {}, "→ plot"),
        ("ok", [data("execute_result", text_plain="x" * 100)], {}, f"→ {'x' * 79}…"),
        ("error", [], {"error": Error("ValueError", "no\nway", [])}, "✗ ValueError: no way"),
        ("error", [], {"error": Error("<class 'ZeroDivisionError'>", "", [])}, "✗ ZeroDivisionError"),
        ("error", [], {"error": Error("", "", [])}, "✗ error"),
        (
            "cancelled",
            [],
            {"reason": "it was interrupted"},
            "✗ cancelled: it was interrupted",
        ),
    ],
)
def test_a_run_in_one_line(
    state: str, outputs: list[dict[str, Any]], fields: dict[str, Any], line: str
) -> None:
    assert summary(run(state, outputs, **fields), []) == line
    assert (
        summary(run(state, outputs, **fields), ["edited", "before restart"])
        == f"(edited, before restart) {line}"
    )


@pytest.mark.parametrize(
    ("state", "outputs", "fields", "expected"),
    [
        ("queued", [], {}, ("", "queued", None)),
        ("running", [stream("a\n")], {}, ("", "running", None)),
        ("ok", [stream("a\nb\n")], TOOK, ("a … (2 lines)", "ok", "1.5 s")),
        ("ok", [], TOOK, ("", "ok", "1.5 s")),
        ("error", [], {"error": Error("E", "v", [])}, ("E: v", "error", None)),
        ("error", [], {"error": INTERRUPT}, ("KeyboardInterrupt", "error", None)),
        ("error", [], SENT | {"error": INTERRUPT}, ("KeyboardInterrupt", "interrupted", None)),
        ("error", [], SENT | {"error": Error("E", "v", [])}, ("E: v", "error", None)),
        ("aborted", [], SENT, ("", "interrupted", None)),
        ("ok", [], SENT, ("", "ok", None)),
        ("aborted", [], {"reason": "a run\nfailed"}, ("a run failed", "aborted", None)),
        ("lost", [], {"reason": "\x1b[31mred\u202e"}, ("red\\u202e", "lost", None)),
        ("lost", [], {}, ("", "lost", None)),
    ],
)
def test_a_run_in_a_few_words(
    state: str,
    outputs: list[dict[str, Any]],
    fields: dict[str, Any],
    expected: tuple[str, str, str | None],
) -> None:
    brief = summarize(run(state, outputs, **fields), outputs)
    assert (brief.text, brief.state, brief.duration) == expected


def test_a_huge_result_is_not_read_to_its_end() -> None:
    outputs = [data("execute_result", text_plain="line\n" * 1_000_000)]
    assert summarize(run("ok"), outputs).text == "line … (13108+ lines)"


def test_a_run_over_its_budget_shows_its_newest_line() -> None:
    text = "".join(f"line {number}\n" for number in range(1000))
    assert summary(run("ok", [stream(text)]), []).endswith("+ lines)")
    assert summary(run("running", [stream(text)]), []) == "… line 999"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0004, "0 ms"),
        (0.9994, "999 ms"),
        (0.9999, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3725, "1 h 2 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m\tx\n", "red\tx\n"),
        ("\x1b]8;;http://a\x1b\\link\x1b]8;;\x07", "link"),
        ("a\x07\x00\x9bb", "ab"),
        ("\x1b[?25lhidden", "hidden"),
    ],
)
def test_control_sequences_are_dropped(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_fence_is_longer_than_any_in_its_text() -> None:
    assert fenced("a ```` b") == "`````text\na ```` b\n`````"


def test_a_long_text_keeps_both_ends() -> None:
    text = shortened("a" * 10_000 + "b" * 10_000)
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert "… 8,000 characters omitted …" in text


INSPECTED = (
    "\x1b[31mSignature:\x1b[39m\nf(\n    a,\n    b=\x1b[32m1\x1b[39m,\n)\n"
    "\x1b[31mDocstring:\x1b[39m\nSays `it`.\n\nMore.\n"
    "\x1b[31mFile:\x1b[39m      ~/a.py\n\x1b[31mType:\x1b[39m      function"
)


def test_ipython_documentation_of_a_function() -> None:
    assert signature_of(plain(INSPECTED)) == "f(a, b=1)"
    assert documentation(INSPECTED, "python", markdown=True) == (
        "```python\nf(a, b=1)\n```\n\n```text\nSays `it`.\n\nMore.\n```"
    )
    assert documentation(INSPECTED, "python", markdown=False) == "f(a, b=1)\n\nSays `it`.\n\nMore."


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("Type:        int\nString form: 3\nDocstring:   <no docstring>", "int: 3"),
        ("Type:        int\nString form: 3\nDocstring:\nint([x]) -> integer\n\nConvert …", "int: 3"),
        ("Type:        str\nString form: \nLength:      0\nDocstring:\nstr(object='')", "str:"),
        ("Type:        F\nString form:\n   a\n0  1\nDocstring:   Data.", "F:\n   a\n0  1"),
        ("Type:        B\nString form: <m.B object at 0x7f>\nDocstring:\nA box.\n\nMore.",
         "B: <m.B object at 0x7f>\n\nA box."),
        ("Type:        module\nString form: <module 'm' (built-in)>\nDocstring: Says.", "module m\n\nSays."),
        ("Docstring:\nmax(a) -> value\n\nThe most.\nType:      builtin_function_or_method",
         "max(a) -> value\n\nThe most."),
        ("Init signature: int(self, /, *args, **kwargs)\nDocstring:\nint([x]) -> integer\n\nConvert.",
         "int([x]) -> integer\n\nConvert."),
        ("Signature: a.f(x, y=1)\nDocstring:\nf(x,\n  y=1)\n\nAdds.", "a.f(x, y=1)\n\nAdds."),
        ("\x1b[0m\n", ""),
    ],
)  # fmt: skip
def test_ipython_documentation_has_no_noise(reply: str, shown: str) -> None:
    assert documentation(reply, "python", markdown=False) == shown


def test_documentation_of_other_kernels_is_unchanged() -> None:
    assert documentation("mean(x)\n  The mean.", "R", markdown=True) == "```text\nmean(x)\n  The mean.\n```"


def test_the_whole_text_of_a_run() -> None:
    outputs = [
        stream("a\n"),
        data("execute_result", text_plain="3"),
        data("display_data", image_png="AA=="),
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []},
    ]
    assert whole_text(outputs) == "a\n3\nplot\nE: v\n"


@pytest.mark.parametrize(
    ("bundle", "suffix", "content"),
    [
        ({"image_png": "iVBO\nRw=="}, ".png", b"\x89PNG"[:4]),
        ({"text_html": "<b>ü</b>", "text_plain": "ü"}, ".html", "<b>ü</b>".encode()),
        ({"application_vnd.plotly.v1+json": {"data": []}}, ".html", b"Plotly.newPlot"),
        ({"application_vnd.vegalite.v5+json": {"mark": "bar"}}, ".html", b"vegaEmbed"),
        ({"audio_x-wav": "AA=="}, ".wav", b"\0"),
    ],
)
def test_a_file_that_shows_an_output(bundle: dict[str, Any], suffix: str, content: bytes) -> None:
    found = content_of(data("display_data", **bundle))
    assert found[0] == suffix
    assert content in found[1]


ALWAYS = {
    "executeCommandProvider",
    "hoverProvider",
    "completionProvider",
    "signatureHelpProvider",
    "documentSymbolProvider",
}


@pytest.mark.parametrize(
    "odd", [None, [], 5, {"textDocument": []}, {"textDocument": {"hover": True, "completion": 5}}]
)
def test_a_client_with_invalid_capabilities_gets_the_basic_features(odd: Any) -> None:
    assert set(server.capabilities(read_client(odd, shows_runs=False), FeatureSettings())) == ALWAYS


def test_disabled_features_are_not_advertised() -> None:
    capabilities = {"textDocument": {"foldingRange": {}, "codeLens": {}}}
    settings = FeatureSettings(hover=False, code_lenses=False)
    offered = set(server.capabilities(read_client(capabilities, shows_runs=False), settings))
    assert offered == ALWAYS - {"hoverProvider"} | {"foldingRangeProvider"}
