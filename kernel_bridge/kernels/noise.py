"""Lines that kernels print at every start and that never explain a failure (pure)."""

import re

_LINES = (
    # ipykernel 7 (kernelapp.py), because its stdin is no terminal
    r"NOTE: When using the `ipython kernel` entry point, Ctrl-C will not work\.",
    r"To exit, you will have to explicitly quit this process, by either sending",
    r'"quit" from a client, or using Ctrl-\\ in UNIX-like environments\.',
    r"To read more about this, see https://github\.com/ipython/ipython/issues/2049",
    r"To connect another client to this kernel, use:",
    r" +--existing \S+",
    r".*WARNING \| Kernel is running over TCP without encryption\..*",
    # debugpy (pydevd_file_utils.py), imported by ipykernel and every kernel built on it
    r".*Debugger warning: It seems that frozen modules are being used, which may",
    r".*make the debugger miss breakpoints\. Please pass -Xfrozen_modules=off",
    r".*to python to disable frozen modules\.",
    r".*Note: Debugging will proceed\. Set PYDEVD_DISABLE_FILE_VALIDATION=1 to disable this validation\.",
    # kernels built with xeus
    r"Starting \S+ kernel\.\.\.",
    r"If you want to connect to this kernel from an ?other client, you can use the .* file\.",
)
_NOISE = re.compile(rf"^(?:{'|'.join(_LINES)})[ \r]*\n(?:[ \r]*\n)*", re.MULTILINE)


def without_noise(text: str) -> str:
    """The text without those lines and the blank lines after them, stripped at both ends."""
    return _NOISE.sub("", text.strip() + "\n").strip()
