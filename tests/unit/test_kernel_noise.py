"""Output that kernels print at every start is not shown as the reason for a failure."""

import pytest

from kernel_bridge.kernels.noise import without_noise

BANNER = """\
NOTE: When using the `ipython kernel` entry point, Ctrl-C will not work.

To exit, you will have to explicitly quit this process, by either sending
"quit" from a client, or using Ctrl-\\ in UNIX-like environments.

To read more about this, see https://github.com/ipython/ipython/issues/2049


To connect another client to this kernel, use:
    --existing kernel-12552142.json
"""
DEBUGGER = """\
0.00s - Debugger warning: It seems that frozen modules are being used, which may
0.00s - make the debugger miss breakpoints. Please pass -Xfrozen_modules=off
0.00s - to python to disable frozen modules.
0.00s - Note: Debugging will proceed. Set PYDEVD_DISABLE_FILE_VALIDATION=1 to disable this validation.
"""
TCP = (
    "[IPKernelApp] WARNING | Kernel is running over TCP without encryption. All communication (including "
    "code and outputs) is sent in plain text and is susceptible to eavesdropping.\n"
)
XEUS = (
    "Starting xeus-python kernel...\n\n"
    "If you want to connect to this kernel from an other client, you can use the /run/k.json file.\n"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (BANNER, ""),
        (DEBUGGER + BANNER + TCP, ""),
        (XEUS, ""),
        (BANNER + "terminate called\n\nwhat(): no\n", "terminate called\n\nwhat(): no"),
        ("Fatal\n" + DEBUGGER + "  error\n\nend", "Fatal\n  error\n\nend"),
        ("NOTE: When using it\n", "NOTE: When using it"),
        ("", ""),
    ],
)
def test_usual_startup_output_is_left_out(text: str, left: str) -> None:
    assert without_noise(text) == left
    assert without_noise(text.replace("\n", "\r\n")) == left.replace("\n", "\r\n")
