"""Which kernelspecs exist for a document, and which one it gets if the user has not chosen."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from ..kernels.environments import find_kernel_for, list_kernels_for, missed_environment
from ..kernels.packages import package_for
from ..kernels.specs import is_generic, list_specs, pick, python_spec
from ..protocol.commands import InstallKernelResult, StartKernelParams
from ..protocol.errors import KernelRequired, NoSuchKernelSpec, Remedy, Untrusted
from ..protocol.objects import KernelPackage, KernelSpec
from ..protocol.settings import Settings
from ..source.languages import speaks
from .documents import folder_of, name_of


class Specs:
    """The kernelspecs that a bridge with this `root` can start.

    `named_by` maps a document's URI and a language to the kernelspec that the document itself names for it.
    `asks_to_install`: where the project's environment has no ipykernel, the client asks the user what to do.
    """

    def __init__(
        self,
        root: Path,
        settings: Callable[[], Settings],
        named_by: Callable[[str, str], str | None],
        warn: Callable[[str], None],
        asks_to_install: bool,
    ) -> None:
        self._root = root
        self._settings = settings
        self._named_by = named_by
        self._warn = warn
        self._asks_to_install = asks_to_install

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
        return chosen(specs, language_id, *self._names(uri, language_id)) or best(specs, uri, language_id)

    def _names(self, uri: str, language_id: str) -> tuple[str | None, str | None]:
        """The kernelspecs that the document and the setting name."""
        return self._named_by(uri, language_id), self._settings().default_kernels.get(language_id)

    async def speak(self, language_id: str) -> bool:
        """Whether a usable spec supports the language."""
        return any(spec.usable and spec.fits for spec in await self.list(None, language_id))

    async def find(self, asked: StartKernelParams, uri: str | None, language_id: str | None) -> KernelSpec:
        """The spec that a `startKernel` request means. Raises NoSuchKernelSpec, KernelRequired."""
        if asked.python is not None:
            spec = await asyncio.to_thread(python_spec, asked.python)
        elif asked.spec is not None:
            spec = await find_kernel_for(asked.spec, folder_of(uri, self._root), self._root)
        elif uri is not None and language_id is not None:
            return await self._for_document(uri, language_id)
        else:
            specs = await self.list()
            raise KernelRequired(
                "cannot tell which kernel to start; pass spec, python, or the textDocument of an open "
                f"document; installed kernels: {', '.join(s.name for s in specs) or 'none'}",
                specs=specs,
            )
        if spec.install is not None and self._asks_to_install:
            raise _without_ipykernel(spec, spec.display_name, await self.list(uri, language_id))
        return spec

    async def _for_document(self, uri: str, language_id: str) -> KernelSpec:
        """Like `default`, but nothing replaces the project's environment silently. Raises the same."""
        specs = await self.list(uri, language_id)
        spec = chosen(specs, language_id, *self._names(uri, language_id))
        if spec is not None:
            return spec
        missed = None
        if speaks("python", language_id):
            missed = await asyncio.to_thread(missed_environment, folder_of(uri, self._root), self._root)
        if missed is None:
            return best(specs, uri, language_id)
        if missed.install is not None and self._asks_to_install:
            raise _without_ipykernel(missed, str(missed.reason), specs)
        spec = best(specs, uri, language_id)
        self._warn(f"using {spec.display_name} instead of {missed.reason}: {missed.problem}")
        return spec

    async def install(self, python: str, report: Callable[[str], None]) -> InstallKernelResult:
        """Install ipykernel for an interpreter. `report` receives each line that the installer writes.

        Raises Untrusted, InvalidArgument, InstallFailed.
        """
        if not self._settings().trusted:
            raise Untrusted("the workspace is not trusted: refused to install ipykernel; trust it first")
        from ..kernels.installation import install_ipykernel  # not needed to answer `initialize`

        return await install_ipykernel(python, report)


def _without_ipykernel(spec: KernelSpec, described: str, specs: list[KernelSpec]) -> KernelRequired:
    return KernelRequired(
        f"ipykernel is not installed in {described}",
        specs=specs,
        install=spec.install,
        remedy=Remedy.INSTALL_KERNEL,
    )


def named(specs: list[KernelSpec], name: str | None) -> KernelSpec | None:
    """The usable spec that a document chooses by its name; None: its name is no choice (`is_generic`)."""
    return next((spec for spec in specs if spec.name == name and spec.usable and not is_generic(spec)), None)


def chosen(
    specs: list[KernelSpec], language_id: str, by_document: str | None, by_setting: str | None
) -> KernelSpec | None:
    """The spec that somebody chose: the document, or else the setting. Raises NoSuchKernelSpec."""
    if (spec := named(specs, by_document)) is not None or not by_setting:
        return spec
    try:
        return pick(specs, by_setting)
    except NoSuchKernelSpec as error:
        message = f"setting kernel-bridge.defaultKernels.{language_id}: {error.message}"
        raise NoSuchKernelSpec(message, specs=error.specs) from None


def best(specs: list[KernelSpec], uri: str, language_id: str) -> KernelSpec:
    """The first usable spec that supports the language. Raises KernelRequired: there is none."""
    fitting = [spec for spec in specs if spec.fits]
    for spec in fitting:
        if spec.usable:
            return spec
    if fitting:
        raise KernelRequired(
            f"no usable kernel for {language_id!r}: {fitting[0].name}: {fitting[0].problem}",
            specs=specs,
            install=fitting[0].install,
        )
    package = package_needed(specs, language_id)
    raise KernelRequired(
        f"no kernel for {language_id!r} is installed{f' (for {name_of(uri)})' if uri else ''}; "
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
