"""Launches kernel processes with jupyter_client: command, environment, provisioner, connection file.

jupyter_client is slow to import, so this module is imported only when the first kernel starts.
"""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Literal

from jupyter_client.kernelspec import KernelSpec as JupyterSpec
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_core.paths import jupyter_runtime_dir

from ..limits import restore_descriptors
from ..owned import Made, Replaced, empty, is_there, make_folders, note
from ..protocol.objects import KernelSpec
from .activation import activated
from .connection_files import ConnectionInfo
from .finished import finished
from .output import Tail, open_output
from .process import KernelProcess
from .quirks import captures_descriptors, longest_ipc_path, speaks_ipc
from .records import Record
from .specs import command_of, launch_command, read_kernel_json
from .traces import Traces
from .zmq.context import has

# jupyter_client logs a command that cannot be run, with PATH and arguments, and raises the same error.
logging.getLogger("traitlets").setLevel(logging.CRITICAL)


class _Manager(AsyncKernelManager):
    """Launches kernels, but keeps the connection file, which a kernel that keeps running needs."""

    def cleanup_connection_file(self) -> None:
        pass


class _OneSpec(KernelSpecManager):
    """Returns the spec to be started, even if it is not installed."""

    def get_kernel_spec(self, kernel_name: str) -> JupyterSpec:
        return self.wanted

    wanted: JupyterSpec


class Launcher:
    """Starts the process of one kernel, again for each epoch, with the same connection file and ports.

    `transport` is what the kernel actually got: ipc becomes tcp if the platform or the kernel does not
    support it, or if the path is too long. `before` is the record of a kernel that another bridge started,
    whose files are reused.
    """

    def __init__(
        self, spec: KernelSpec, kernel_id: str, cwd: str | None, env: dict[str, str] | None,
        extra_arguments: list[str], transport: Literal["ipc", "tcp"], before: Record | None = None,
    ) -> None:  # fmt: skip
        self._spec = spec
        self._cwd = cwd
        self._env = env or {}
        self._extra_arguments = extra_arguments
        self.record: str | None = None  # path of the kernel's record; None: it could not be written
        self.connection_made: Made | None = None
        self.sockets: Made | None = None
        self.connection_file = str(Path(jupyter_runtime_dir()).absolute() / f"kernel-{kernel_id}.json")
        if before is not None and before.connection_file is not None:
            self.connection_made, self.sockets = before.connection_file, before.sockets
            self.connection_file = before.connection_file.path
            self.record = before.traces.record
        elif not speaks_ipc(spec):
            transport = "tcp"
        self.renew()
        specs = _OneSpec()
        specs.wanted = _jupyter_spec(spec)
        self._manager = _Manager(
            kernel_id=kernel_id,
            kernel_name=spec.name,
            kernel_spec_manager=specs,
            connection_file=self.connection_file,
        )
        self._use(transport)
        if self.connection_made is not None:
            self._manager.load_connection_file()
            self._manager.cache_ports = False  # use the ports in the file
            self._manager._connection_file_written = True  # other clients have read it: never rewrite it
        # reads the metadata of every installed package, which must not block the loop; the factory caches it
        KernelProvisionerFactory.instance().is_provisioner_available(specs.wanted)

    def _use(self, transport: Literal["ipc", "tcp"]) -> None:
        self.transport: Literal["ipc", "tcp"] = transport
        self._manager.transport = transport
        encrypted = transport == "tcp" and has("curve")
        self._manager.transport_encryption = "auto" if encrypted else "disabled"

    def renew(self) -> None:
        """Begin another launch. Watchers of the previous one no longer remove the files."""
        self.launch_id = uuid.uuid4().hex

    @property
    def traces(self) -> Traces:
        """What this launch has left on disk so far."""
        made = tuple(one for one in (self.connection_made, self.sockets) if one is not None)
        return Traces(self.launch_id, self.record, made)

    async def prepare(self) -> None:
        """Make the socket folder and the connection file. A restart keeps both and removes stale sockets.

        Raises Replaced, OSError: they cannot be made. ModuleNotFoundError: the provisioner is not installed.
        """
        manager = self._manager
        if self.sockets is not None:
            empty(self.sockets)
        elif self.transport == "ipc" and self.connection_made is None:
            self.sockets = _socket_folder(longest_ipc_path(self._spec))
            if self.sockets is None:
                self._use("tcp")
            else:
                manager.ip = f"{self.sockets.path}/k"
        made = self.connection_made
        path = made.path if made is not None else self.connection_file
        if os.path.lexists(path) and not (made is not None and is_there(made)):
            raise Replaced(path)
        make_folders(os.path.dirname(self.connection_file))
        env = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"}
        if argv := self._spec.argv:
            env = await asyncio.to_thread(activated, env, command_of(argv), self._spec.language)
        env |= self._env
        try:
            self._command, self._arguments = await manager.pre_start_kernel(
                env=env,
                cwd=self._cwd,
                extra_arguments=self._extra_arguments,
                independent=os.name == "posix",  # the keeper watches; else the kernel does
                stdin=subprocess.DEVNULL,
            )
        finally:
            self._note_connection_file()
        self._arguments["env"].update(self._env)  # the user's variables take precedence over the kernelspec's

    def rewrote_connection_file(self) -> bool:
        """Whether the kernel has replaced our connection file with its own, which is then used from now on.

        async-kernel does, through jupyter_core's secure_write, which removes the old file first.
        """
        before = self.connection_made
        self._note_connection_file()
        return self.connection_made != before

    def _note_connection_file(self) -> None:
        with contextlib.suppress(OSError):  # no file: the provisioner starts kernels in another way
            self.connection_made = note(self.connection_file)

    async def launch(self) -> KernelProcess:
        """Start the process, after `prepare`.

        Raises OSError: its command cannot be run. ModuleNotFoundError: the provisioner is not installed.
        """
        manager = self._manager
        reading, writing = (
            open_output(captures_descriptors(self._spec))
            if os.name == "posix"
            else (None, subprocess.DEVNULL)
        )
        arguments = self._arguments | {"stdout": writing, "stderr": writing}
        try:
            await manager._async_launch_kernel(self._command, **arguments)
            assert manager.provisioner is not None
            if (pid := getattr(manager.provisioner, "pid", None)) is not None:
                restore_descriptors(pid)
            await manager.provisioner.post_launch(**arguments)
        except BaseException:
            if reading is not None:
                reading.close()
            await finished(self._end_unheard())
            raise
        finally:
            if reading is not None:
                os.close(writing)
            self._note_connection_file()  # a provisioner may rewrite it with what it has found out
        return KernelProcess(manager.provisioner, Tail(reading) if reading is not None else None)

    async def _end_unheard(self) -> None:
        provisioner = self._manager.provisioner
        if provisioner is not None and provisioner.has_process:
            await provisioner.kill()
            await provisioner.wait()

    def connection_info(self) -> ConnectionInfo:
        """Where the kernel listens; known only after `launch`."""
        manager = self._manager
        return ConnectionInfo(
            transport=self.transport,
            ip=manager.ip,
            ports={
                name: getattr(manager, f"{name}_port")
                for name in ("shell", "iopub", "stdin", "control", "hb")
            },
            key=manager.session.key,
            signature_scheme=manager.session.signature_scheme,
            curve_publickey=manager.curve_publickey,
            curve_secretkey=manager.curve_secretkey,
        )

    async def shutdown_requested(self, restart: bool) -> None:
        """Tell the provisioner that a shutdown was requested."""
        if self._manager.provisioner is not None:
            await self._manager.provisioner.shutdown_requested(restart=restart)

    async def clean_up(self) -> None:
        """The kernel has ended for good: remove its connection file and sockets, and release its ports.

        The files stay if another bridge has restarted the kernel in the meantime.
        """
        self.traces.clean_up()
        if self._manager.provisioner is not None:
            await self._manager.provisioner.cleanup()


def _socket_folder(longest_path_bytes: int) -> Made | None:
    """A new private folder for one kernel's sockets; None: no ipc here, or every path is too long.

    The user's runtime folder comes last: it is removed at logout, while kept kernels keep running.
    """
    if not has("ipc") or sys.platform == "win32":
        return None
    for base in (os.environ.get("TMPDIR"), "/tmp", os.environ.get("XDG_RUNTIME_DIR")):
        if base and len(os.fsencode(base)) + len("/kb-12345678/k-1") <= longest_path_bytes:
            with contextlib.suppress(OSError):
                path = os.path.abspath(tempfile.mkdtemp(prefix="kb-", dir=base))
                os.chmod(path, 0o700)  # a umask such as 0777 has removed our own permissions
                return note(path)
    return None


def _jupyter_spec(spec: KernelSpec) -> JupyterSpec:
    """The kernelspec in jupyter_client's form, with the env of its kernel.json."""
    env: dict[str, str] = {}
    if spec.resource_dir is not None:
        with contextlib.suppress(OSError, ValueError):
            env = read_kernel_json(Path(spec.resource_dir)).env
    return JupyterSpec(
        argv=launch_command(spec),
        env=env,
        resource_dir=spec.resource_dir or "",
        display_name=spec.display_name,
        language=spec.language,
        interrupt_mode=spec.interrupt_mode,
        metadata=spec.metadata or {},
    )
