"""Random code for kernels: it prints, fails, asks, sleeps, floods, or ends its kernel."""

import random

Dice = random.Random

SHOWN = '{"data": {"text/plain": "%d"}, "metadata": {}, "transient": {"display_id": "d"}}'

FAKE = (
    ('stream stdout "a\\n"', 8),
    ('stream stdout "a"', 4),
    ('stream stderr "bad\\n"', 2),
    ('stream stdout "10%\\r20%"', 2),
    ('flood 3000 "line %d\\n"', 2),
    ('result "2"', 4),
    (f"publish display_data {SHOWN % 1}", 2),
    (f"publish update_display_data {SHOWN % 2}", 2),
    ('publish clear_output {"wait": false}', 1),
    ('publish clear_output {"wait": true}', 1),
    ("sleep 0.05", 4),
    ("sleep 0.4", 3),
    ("block 0.2", 1),
    ('ask {"prompt": "p", "password": false}', 3),
    ("lose 2", 1),
    ('forged "x"', 1),
    ("garbage iopub", 1),
    ("replay", 1),
    ("die 3", 1),
)
FAKE_ENDS = (
    (("reply", "idle"), 20),
    (("idle", "reply"), 2),
    (("reply",), 1),
    (("idle",), 1),
    (
        (
            'publish error {"ename": "E", "evalue": "v", "traceback": ["t"]}',
            'reply {"status": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}',
            "idle",
        ),
        4,
    ),
    (('reply {"status": "aborted"}', "idle"), 1),
)

PYTHON = (
    ("print('a')", 8),
    ("print('a', end='', flush=True)", 4),
    ("1 + 1", 4),
    ("import sys; print('bad', file=sys.stderr)", 2),
    ("for n in range(3000): print('line', n)", 2),
    ("display(1, display_id='d')", 2),
    ("from IPython.display import update_display; update_display(2, display_id='d')", 2),
    ("from IPython.display import clear_output; clear_output(wait=True)", 1),
    ("import time; time.sleep(0.4)", 4),
    ("input('p')", 3),
    ("1 / 0", 3),
    ("import os; os._exit(3)", 1),
    ("exit()", 1),
)


def script(language: str, dice: Dice) -> str:
    """Code of a few steps."""
    steps, weights = zip(*(FAKE if language == "fake" else PYTHON), strict=True)
    chosen = dice.choices(steps, weights, k=dice.randint(0, 3))
    if language != "fake":
        return "\n".join(chosen) or "1"
    ends, weights = zip(*FAKE_ENDS, strict=True)
    return "\n".join(("busy", "input", *chosen, *dice.choices(ends, weights)[0]))


def document_text(language: str, dice: Dice) -> str:
    """A document of a few cells, in which any single line is a run that ends at once."""
    lines = ("x = 1", "# %%", "1 + 1", "", "print('😀')", "# %% [markdown]")
    return "".join(f"{dice.choice(lines)}\n" for _ in range(dice.randint(1, 12)))
