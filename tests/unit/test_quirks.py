"""Workarounds for kernels known to misbehave, and the claims of kernels that are not believed."""

import pytest

from kernel_bridge.kernels.quirks import (
    captures_descriptors,
    longest_ipc_path,
    quirks_of,
    speaks_ipc,
    supports,
)
from kernel_bridge.protocol.objects import KernelSpec


@pytest.mark.parametrize(
    ("command", "language", "expected"),
    [
        ("python", "python", True),
        ("/usr/bin/R", "R", True),
        ("/opt/bin/deno", "typescript", False),
        ("java", "java", False),
        ("/opt/bin/tslab", "typescript", False),
        ("/opt/coursier", "Scala", False),
    ],
)
def test_which_kernels_have_unix_sockets(command: str, language: str, expected: bool) -> None:
    assert speaks_ipc(spec(language, command)) is expected


def spec(language: str, *argv: str) -> KernelSpec:
    return KernelSpec(
        name="x",
        display_name="x",
        language=language,
        argv=list(argv),
        interrupt_mode="signal",
        source="kernelspec",
        usable=True,
    )


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["python3", "-m", "xpython_launcher", "-f"], 25),
        (["/opt/bin/xcpp", "-f"], 25),
        (["python3", "-m", "ipykernel_launcher", "-f"], 107),
    ],
)
def test_the_longest_path_of_a_socket(argv: list[str], expected: int) -> None:
    assert longest_ipc_path(spec("any", *argv)) == expected


@pytest.mark.parametrize(
    ("implementation", "can", "cannot"),
    [
        ("ipython", {"interrupt", "stdin", "debugger"}, set()),
        ("bash_kernel", {"interrupt"}, {"stdin", "debugger"}),
        ("Deno kernel", {"interrupt", "stdin"}, set()),
        ("xeus-python", {"debugger", "stdin"}, {"interrupt"}),
        ("scheme", {"stdin"}, {"debugger"}),
        (None, {"complete"}, {"debugger"}),
    ],
)
def test_which_claims_of_a_kernel_are_believed(
    implementation: str | None, can: set[str], cannot: set[str]
) -> None:
    able = set(supports(implementation, ("kernel subshells", "debugger")))
    assert can <= able
    assert not cannot & able


def test_no_signal_is_sent_to_kernels_that_it_kills() -> None:
    assert quirks_of("xeus-python").interrupt_mode == quirks_of("Deno kernel").interrupt_mode == "message"
    assert quirks_of("ipython").interrupt_mode is None


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/env/bin/python3.12", "-m", "ipykernel_launcher", "-f"], True),
        (["python", "-Xfrozen_modules=off", "-m", "ipykernel", "-f"], True),
        (["python3", "-m", "xpython_launcher", "-f"], False),
        (["/opt/wrapper", "python", "-m", "ipykernel_launcher", "-f"], False),
        (["uv", "run", "python", "-m", "ipykernel_launcher", "-f"], False),
    ],
)
def test_which_processes_publish_their_descriptors(argv: list[str], expected: bool) -> None:
    assert captures_descriptors(spec("python", *argv)) is expected
