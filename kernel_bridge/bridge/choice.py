"""Which kernel a document gets where nobody has chosen one."""

from ..kernels.specs import pick
from ..protocol.errors import KernelRequired, NoSuchKernelSpec, Remedy
from ..protocol.objects import KernelSpec
from ..source.languages import speaks


def choose(
    specs: list[KernelSpec], uri: str, language_id: str, named: str | None, chosen: str | None
) -> KernelSpec:
    """Of `specs`, the best first: the one that the document names, the setting's, or the best that fits.

    Raises KernelRequired: nothing speaks it; NoSuchKernelSpec: the setting's is not there.
    """
    for spec in specs:
        if spec.name == named and spec.usable:
            return spec
    if chosen:
        try:
            return pick(specs, chosen)
        except NoSuchKernelSpec as error:
            message = f"setting kernel-bridge.defaultKernels.{language_id}: {error.message}"
            raise NoSuchKernelSpec(message, specs=error.specs) from None
    fitting = [spec for spec in specs if speaks(spec.language, language_id)]
    for spec in fitting:
        if spec.usable:
            return spec
    if fitting:
        raise KernelRequired(
            f"no usable kernel speaks {language_id!r}: {fitting[0].name}: {fitting[0].problem}",
            specs=specs,
        )
    raise KernelRequired(
        f"no installed kernel speaks {language_id!r} (document {uri}); "
        f"there are: {', '.join(spec.name for spec in specs) or 'none'}",
        specs=specs,
        remedy=Remedy.CHOOSE_KERNEL_SPEC,
    )
