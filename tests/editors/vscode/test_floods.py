"""The window stays responsive while a kernel prints as fast as it can."""

import pytest

from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window

FLOOD = """\
import pathlib
lines = 0
while not pathlib.Path("enough").exists():
    print("line", lines, "of a flood that does not end by itself")
    lines += 1
print("printed", lines > 10000)
"""

# Measures the time until the editor has drawn each key, and the longest time between two frames.
WATCH = """() => {
    const lines = document.querySelector('.editor-instance .monaco-editor[data-uri$="/b.py"] .view-lines');
    const watch = window.watch = {keys: [], longest: 0, frames: 0};
    let pressed = 0, last = performance.now();
    addEventListener("keydown", () => { pressed = performance.now(); }, true);
    new MutationObserver(() => {
        if (pressed) requestAnimationFrame(() => {
            if (pressed) watch.keys.push(performance.now() - pressed);
            pressed = 0;
        });
    }).observe(lines, {childList: true, subtree: true, characterData: true});
    const frame = now => {
        watch.longest = Math.max(watch.longest, now - last);
        watch.frames += 1;
        last = now;
        if (window.watch === watch) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""


def test_typing_stays_fast_while_a_kernel_floods(vscode: Window) -> None:
    (vscode.folder / "b.py").touch()
    vscode.write("a.py", FLOOD)
    vscode.open("b.py")
    quiet, _ = typed(vscode, "typed in quiet")
    vscode.open("a.py")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("line 0 of a flood")
    vscode.open("b.py")
    keys, longest_frame = typed(vscode, "typed in a flood")
    (vscode.folder / "enough").touch()
    expect(vscode.text).to_contain_text("printed True")
    for what, took in (("quiet", quiet), ("a flood", keys)):
        median, p95, longest = took[len(took) // 2], took[len(took) * 95 // 100], took[-1]
        print(f"a key in {what}: median {median:.0f} ms, p95 {p95:.0f} ms, longest {longest:.0f} ms")
    print(f"the longest frame in a flood: {longest_frame:.0f} ms")
    assert keys[len(keys) // 2] < 100 + 5 * quiet[len(quiet) // 2]
    assert keys[-1] < 3000


def typed(vscode: Window, text: str) -> tuple[list[float], float]:
    """Milliseconds that each key took, fastest first, and the longest time between two frames."""
    lines = vscode.editor("b.py").locator(".view-lines")
    lines.click()
    vscode.press("Control+A")
    vscode.page.evaluate(WATCH)
    vscode.page.keyboard.type(text, delay=50)
    expect(lines).to_have_text(text.replace(" ", "\u00a0"))
    seen = vscode.page.evaluate("() => { const seen = window.watch; window.watch = undefined; return seen; }")
    return sorted(seen["keys"]), seen["longest"]
