"""Which kernel a command addresses: by its id, or as the kernel of a document."""

from collections.abc import Mapping

from ..protocol.errors import InvalidArgument, NoSuchKernel, Remedy
from .bindings import Bindings
from .documents import name_of
from .kernel import FollowedKernel


def addressed(
    kernels: Mapping[str, FollowedKernel],
    bindings: Bindings,
    kernel_id: str | None,
    uri: str | None,
    language_id: str | None,
) -> FollowedKernel:
    """The kernel with that id, or else the document's, for a language if it has several.

    Raises NoSuchKernel; InvalidArgument: neither is given, or the document has several kernels.
    """
    if kernel_id is None:
        kernel_id = _bound(kernels, bindings, uri, language_id)
    kernel = kernels.get(kernel_id)
    if kernel is None:
        raise NoSuchKernel(
            f"no kernel {kernel_id!r} in this session; its kernels: {', '.join(kernels) or 'none'}",
            remedy=Remedy.ATTACH_KERNEL,
        )
    return kernel


def _bound(
    kernels: Mapping[str, FollowedKernel], bindings: Bindings, uri: str | None, language_id: str | None
) -> str:
    if uri is None:
        raise InvalidArgument("field kernelId: is required and missing (or pass textDocument)")
    bound = bindings.all_of(uri)
    if len(bound) > 1 and language_id is None:
        names = ", ".join(f"{id} ({kernels[id].session.spec.display_name})" for id in bound)
        raise InvalidArgument(
            f"field kernelId: {name_of(uri)} has {len(bound)} kernels; pass the kernelId of one, or a "
            f"position in its code: {names}"
        )
    found = bindings.of(uri, language_id)
    if found is None:
        code = f"the {language_id} code of " if bound else ""
        raise NoSuchKernel(f"no kernel is bound to {code}{name_of(uri)}", remedy=Remedy.CHOOSE_KERNEL)
    return found


def only_busy(kernels: Mapping[str, FollowedKernel], bindings: Bindings, uri: str) -> str | None:
    """The id of the document's kernel that runs code; None if none or several do."""
    busy = [id for id in bindings.all_of(uri) if kernels[id].queue.running is not None]
    return busy[0] if len(busy) == 1 else None
