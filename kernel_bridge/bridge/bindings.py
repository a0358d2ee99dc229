"""Which document has which kernel."""

from collections.abc import Iterator, Mapping

from .kernel import FollowedKernel


class Bindings(Mapping[str, str]):
    """The id of each document's kernel, by the document's URI.

    A kernel's record on disk names its documents, so that it is found again when it outlives the bridge.
    """

    def __init__(self, kernels: Mapping[str, FollowedKernel]) -> None:
        self._kernels = kernels
        self._ids: dict[str, str] = {}

    def __getitem__(self, uri: str) -> str:
        return self._ids[uri]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def bind(self, uri: str, kernel: FollowedKernel | None) -> None:
        """Make a kernel the one of a document; None: it has none."""
        before = self._ids.pop(uri, None)
        if kernel is not None:
            self._ids[uri] = kernel.id
        for bound in (self._kernels.get(before or ""), kernel):
            if bound is not None and bound.alive:
                bound.session.remember([other for other, id in self._ids.items() if id == bound.id])

    def unbind(self, kernel: FollowedKernel) -> None:
        """No document has this kernel any more. Its record keeps them: it may outlive the bridge."""
        self._ids = {uri: id for uri, id in self._ids.items() if id != kernel.id}
