"""What kernels known to misbehave are spared, and what is not believed of them."""

import pytest

from kernel_bridge.kernels.quirks import quirks_of, speaks_ipc, supports
from kernel_bridge.protocol.objects import KernelSpec


@pytest.mark.parametrize(
    ("command", "language", "expected"),
    [
        ("python", "python", True),
        ("/usr/bin/R", "R", True),
        ("/opt/bin/deno", "typescript", False),
        ("java", "java", False),
        ("/opt/coursier", "Scala", False),
    ],
)
def test_which_kernels_have_unix_sockets(command: str, language: str, expected: bool) -> None:
    spec = KernelSpec(
        name="x",
        display_name="x",
        language=language,
        argv=[command],
        interrupt_mode="signal",
        source="kernelspec",
        usable=True,
    )
    assert speaks_ipc(spec) is expected


@pytest.mark.parametrize(
    ("implementation", "can", "cannot"),
    [
        ("ipython", {"interrupt", "stdin", "debugger"}, set()),
        ("bash_kernel", {"interrupt"}, {"stdin", "debugger"}),
        ("xeus-python", {"debugger", "stdin"}, {"interrupt"}),
        ("scheme", {"stdin"}, {"debugger"}),
        (None, {"complete"}, {"debugger"}),
    ],
)
def test_what_is_believed_of_a_kernel(implementation: str | None, can: set[str], cannot: set[str]) -> None:
    able = set(supports(implementation, ("kernel subshells", "debugger")))
    assert can <= able
    assert not cannot & able


def test_a_signal_is_not_sent_to_those_that_it_kills() -> None:
    assert quirks_of("xeus-python").interrupt_mode == quirks_of("Deno kernel").interrupt_mode == "message"
    assert quirks_of("ipython").interrupt_mode is None
