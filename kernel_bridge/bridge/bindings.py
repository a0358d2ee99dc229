"""Which document uses which kernels."""

from collections.abc import Callable, Mapping

from ..source.languages import language_of_kernel, speaks
from .kernel import FollowedKernel

Use = tuple[str, str]
"""What a document needs a kernel for: its URI, and the language if it has a kernel for each; else ""."""


class Bindings:
    """The kernels of each document: one, or one for each language if it has code in fences.

    A kernel's record on disk lists its documents, so that a later bridge finds the kernel it kept running.
    """

    def __init__(self, kernels: Mapping[str, FollowedKernel], has_fences: Callable[[str], bool]) -> None:
        self._kernels = kernels
        self._has_fences = has_fences
        self._ids: dict[str, list[str]] = {}  # by the document's URI; the newest last
        self._before: dict[str, list[str]] = {}  # kernels that were shut down, until they are replaced

    def use(self, uri: str, language_id: str | None) -> Use:
        """What the document's code in that language needs a kernel for."""
        return uri, (language_id or "") if self._has_fences(uri) else ""

    def of(self, uri: str, language_id: str | None = None) -> str | None:
        """The id of the document's kernel for a language, by default for any; None: it has none."""
        return self._find(self._ids.get(uri, []), self.use(uri, language_id)[1])

    def all_of(self, uri: str) -> list[str]:
        """The ids of the document's kernels."""
        return list(self._ids.get(uri, ()))

    def documents_of(self, kernel_id: str) -> list[str]:
        """The URIs of the documents that use a kernel."""
        return [uri for uri, ids in self._ids.items() if kernel_id in ids]

    def before(self, uri: str, language_id: str | None = None) -> str | None:
        """The kernel that the document used for a language until that kernel was shut down."""
        return self._find(self._before.get(uri, []), self.use(uri, language_id)[1])

    def bind(self, uri: str, kernel: FollowedKernel | None) -> None:
        """Bind a document to a kernel, instead of one of the same language; None unbinds all its kernels."""
        bound = self._ids.pop(uri, [])
        kept = [id for id in bound if kernel is not None and self._share(uri, id, kernel)]
        suspended = self._before.pop(uri, [])
        if kernel is not None:
            self._ids[uri] = [*kept, kernel.id]
            self._before[uri] = [id for id in suspended if self._share(uri, id, kernel)]
        replaced = (self._kernels.get(id) for id in bound if id not in kept)
        for changed in (*replaced, kernel):
            if changed is not None and changed.alive:
                changed.bound(self.documents_of(changed.id))

    def suspend(self, kernel: FollowedKernel) -> None:
        """Unbind a kernel that is shutting down, but remember its documents in case it is restarted."""
        for uri in self.documents_of(kernel.id):
            self._before.setdefault(uri, []).append(kernel.id)
        self.unbind(kernel)

    def resume(self, kernel: FollowedKernel) -> None:
        """The kernel was restarted: bind it again to its documents that have no other kernel by now."""
        for uri in [uri for uri, ids in self._before.items() if kernel.id in ids]:
            self.bind(uri, kernel)

    def adopt(self, kernel: FollowedKernel) -> None:
        """Bind a kernel that was taken over to its documents, unless they have another kernel."""
        for uri in kernel.documents:
            if self.of(uri, kernel.session.spec.language) is None:
                self.bind(uri, kernel)

    def unbind(self, kernel: FollowedKernel) -> None:
        """Unbind the kernel from every document. Its record keeps them, since it may outlive the bridge."""
        for uri in self.documents_of(kernel.id):
            self._ids[uri].remove(kernel.id)

    def _find(self, ids: list[str], language_id: str) -> str | None:
        """The newest kernel that runs the language, or else one whose language is unknown."""
        newest_first = [id for id in reversed(ids) if id in self._kernels]
        if not language_id:
            return next(iter(newest_first), None)
        fitting = [id for id in newest_first if speaks(self._language(id), language_id)]
        fitting += [id for id in newest_first if not self._language(id)]
        return next(iter(fitting), None)

    def _share(self, uri: str, kernel_id: str, other: FollowedKernel) -> bool:
        """Whether a document can use both kernels, for different languages."""
        if not self._has_fences(uri) or kernel_id == other.id or kernel_id not in self._kernels:
            return False
        mine, others = self._language(kernel_id), other.session.spec.language
        return language_of_kernel(mine) != language_of_kernel(others)

    def _language(self, kernel_id: str) -> str:
        return self._kernels[kernel_id].session.spec.language
