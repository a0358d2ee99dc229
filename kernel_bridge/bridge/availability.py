"""Whether a followed kernel takes requests: if not, the error says why, and what to do."""

from typing import TYPE_CHECKING

from ..protocol.errors import KernelDead, KernelUnreachable, Remedy

if TYPE_CHECKING:  # a handler is imported before a bridge is
    from .kernel import FollowedKernel


def require_alive(kernel: "FollowedKernel") -> "FollowedKernel":
    """Return the kernel. Raises KernelDead."""
    session = kernel.session
    if kernel.leaving and kernel.alive:
        raise KernelDead(
            f"kernel {kernel.id} ({session.spec.display_name}) takes no more runs: {kernel.leaving}"
        )
    if not kernel.alive:
        raise KernelDead(
            f"kernel {kernel.id} ({session.spec.display_name}) is dead: {session.reason or 'it has ended'}",
            remedy=Remedy.RESTART_KERNEL if session.host.restartable else Remedy.START_KERNEL,
        )
    return kernel


def require_reachable(kernel: "FollowedKernel") -> "FollowedKernel":
    """Return the kernel. Raises KernelDead; KernelUnreachable, since a run would wait forever."""
    session = kernel.session
    if session.state == "unreachable":
        raise KernelUnreachable(
            f"kernel {kernel.id} ({session.spec.display_name}) does not answer: {session.reason}",
            remedy=Remedy.SHUT_DOWN_KERNEL,
        )
    return require_alive(kernel)
