"""Which kernelspecs exist for a document, and which one it gets if the user has not chosen."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from ..kernels.environments import find_kernel_for, list_kernels_for, missed_environment
from ..kernels.packages import package_for
from ..kernels.specs import list_specs, pick, python_spec
from ..protocol.commands import StartKernelParams
from ..protocol.errors import KernelRequired, NoSuchKernelSpec, Remedy
from ..protocol.objects import KernelPackage, KernelSpec
from ..protocol.settings import Settings
from ..source.languages import speaks
from .documents import folder_of


class Specs:
    """The kernelspecs that a bridge with this `root` can start.

    `named_by` maps a document's URI and a language to the kernelspec that the document itself names for it.
    """

    def __init__(
        self,
        root: Path,
        settings: Callable[[], Settings],
        named_by: Callable[[str, str], str | None],
        warn: Callable[[str], None],
    ) -> None:
        self._root = root
        self._settings = settings
        self._named_by = named_by
        self._warn = warn

    async def list(self, uri: str | None = None, language_id: str | None = None) -> list[KernelSpec]:
        """Every spec that can be started, best first: those that fit the language, then by location.

        The environments of an untrusted workspace are ignored.
        """
        if self._settings().trusted:
            found = await list_kernels_for(folder_of(uri, self._root), self._root)
        else:
            found = await list_specs()
        if language_id is not None:
            default = self._settings().default_kernels.get(language_id)
            found = [replace(spec, fits=speaks(spec.language, language_id)) for spec in found]
            found.sort(key=lambda spec: (spec.name != default, not spec.fits))
        return found

    async def default(self, uri: str, language_id: str) -> KernelSpec:
        """The spec for a first run in this document: the one it names, the setting's, or the best match.

        Raises KernelRequired: no spec supports the language. NoSuchKernelSpec: the setting names an unknown
        spec.
        """
        specs = await self.list(uri, language_id)
        chosen = self._settings().default_kernels.get(language_id)
        return choose(specs, uri, language_id, self._named_by(uri, language_id), chosen)

    async def speak(self, language_id: str) -> bool:
        """Whether a usable spec supports the language."""
        return any(spec.usable and spec.fits for spec in await self.list(None, language_id))

    async def find(self, asked: StartKernelParams, uri: str | None, language_id: str | None) -> KernelSpec:
        """The spec that a `startKernel` request means. Raises NoSuchKernelSpec, KernelRequired."""
        if asked.python is not None:
            return await asyncio.to_thread(python_spec, asked.python)
        if asked.spec is not None:
            return await find_kernel_for(asked.spec, folder_of(uri, self._root), self._root)
        if uri is not None and language_id is not None:
            spec = await self.default(uri, language_id)
            if spec.language == "python":
                await self._warn_of_another_python(spec, uri, language_id)
            return spec
        specs = await self.list()
        raise KernelRequired(
            "cannot tell which kernel to start; pass spec, python, or the textDocument of an open document; "
            f"installed kernels: {', '.join(s.name for s in specs) or 'none'}",
            specs=specs,
        )

    async def _warn_of_another_python(self, spec: KernelSpec, uri: str, language_id: str) -> None:
        """Warn if nobody chose `spec` and the project has an environment that cannot be used."""
        if spec.name not in (
            self._named_by(uri, language_id),
            self._settings().default_kernels.get(language_id),
        ):
            missed = await asyncio.to_thread(missed_environment, folder_of(uri, self._root), self._root)
            if missed is not None:
                self._warn(f"using {spec.display_name} instead of {missed.reason}: {missed.problem}")


def choose(
    specs: list[KernelSpec], uri: str, language_id: str, named: str | None, chosen: str | None
) -> KernelSpec:
    """Choose from `specs` (best first): the one that the document names, the setting's, or the best match.

    Raises KernelRequired: no usable spec supports the language. NoSuchKernelSpec: the setting names an
    unknown spec.
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
    fitting = [spec for spec in specs if spec.fits]
    for spec in fitting:
        if spec.usable:
            return spec
    if fitting:
        raise KernelRequired(
            f"no usable kernel for {language_id!r}: {fitting[0].name}: {fitting[0].problem}",
            specs=specs,
        )
    package = package_needed(specs, language_id)
    raise KernelRequired(
        f"no kernel for {language_id!r} is installed{f' (document {uri})' if uri else ''}; "
        + (f"{package.name} brings one: {package.command}; " if package else "")
        + f"installed kernels: {', '.join(spec.name for spec in specs) or 'none'}",
        specs=specs,
        package=package,
        remedy=Remedy.CHOOSE_KERNEL_SPEC,
    )


def package_needed(specs: list[KernelSpec], language_id: str | None) -> KernelPackage | None:
    """The package that brings a kernel for a language; None: a spec for it is installed, or none is known."""
    if language_id is None or any(spec.fits for spec in specs):
        return None
    package = package_for(language_id)
    return KernelPackage(name=package.name, command=package.command) if package is not None else None
