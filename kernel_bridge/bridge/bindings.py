"""Which document uses which kernel."""

from collections.abc import Iterator, Mapping

from .kernel import FollowedKernel


class Bindings(Mapping[str, str]):
    """The id of each document's kernel, keyed by the document's URI.

    A kernel's record on disk lists its documents, so that a later bridge finds the kernel it kept running.
    """

    def __init__(self, kernels: Mapping[str, FollowedKernel]) -> None:
        self._kernels = kernels
        self._ids: dict[str, str] = {}
        self._before: dict[str, str] = {}  # kernels that were shut down, until their document gets another

    def __getitem__(self, uri: str) -> str:
        return self._ids[uri]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def bind(self, uri: str, kernel: FollowedKernel | None) -> None:
        """Bind a document to a kernel; None unbinds it."""
        self._before.pop(uri, None)
        before = self._ids.pop(uri, None)
        if kernel is not None:
            self._ids[uri] = kernel.id
        for bound in (self._kernels.get(before or ""), kernel):
            if bound is not None and bound.alive:
                bound.session.host.remember([other for other, id in self._ids.items() if id == bound.id])

    def suspend(self, kernel: FollowedKernel) -> None:
        """Unbind a kernel that is shutting down, but remember its documents in case it is restarted."""
        self._before |= {uri: id for uri, id in self._ids.items() if id == kernel.id}
        self.unbind(kernel)

    def resume(self, kernel: FollowedKernel) -> None:
        """The kernel was restarted: bind it again to its documents that have no other kernel by now."""
        for uri in [uri for uri, id in self._before.items() if id == kernel.id]:
            self.bind(uri, kernel)

    def before(self, uri: str) -> str | None:
        """The kernel that the document used until that kernel was shut down."""
        return self._before.get(uri)

    def unbind(self, kernel: FollowedKernel) -> None:
        """Unbind the kernel from every document. Its record keeps them, since it may outlive the bridge."""
        self._ids = {uri: id for uri, id in self._ids.items() if id != kernel.id}
