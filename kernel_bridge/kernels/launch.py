"""Starting kernel processes with jupyter_client: command, environment, provisioner, connection file.

Imports jupyter_client, which is slow: imported itself only when the first kernel starts.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

import zmq
from jupyter_client.kernelspec import KernelSpec as JupyterSpec
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_core.paths import jupyter_runtime_dir
from jupyter_core.utils import ensure_dir_exists

from ..limits import restore_descriptors
from ..protocol.objects import KernelSpec
from .connection import ConnectionInfo
from .keeper_process import remove, still_of
from .process import KernelProcess, Tail
from .quirks import longest_ipc_path, speaks_ipc
from .records import record_path
from .specs import launch_command, read_kernel_json


class _Manager(AsyncKernelManager):
    """Knows how to launch; the connection file is not its own, a kernel that lives on needs it."""

    def cleanup_connection_file(self) -> None:
        pass


class _OneSpec(KernelSpecManager):
    """Gives the spec that is to be started, also where it is not installed."""

    def get_kernel_spec(self, kernel_name: str) -> JupyterSpec:
        return self.wanted

    wanted: JupyterSpec


class Launcher:
    """Starts the process of one kernel, again for each epoch, with the same connection file and ports.

    `transport` is what it really got: ipc becomes tcp where the platform or the kernel has none, or the path
    is too long.
    `files`: those of a kernel that another bridge has started, whose connection file is used again.
    """

    def __init__(
        self, spec: KernelSpec, kernel_id: str, cwd: str | None, env: dict[str, str] | None,
        extra_arguments: list[str], transport: Literal["ipc", "tcp"], files: list[str] | None = None,
    ) -> None:  # fmt: skip
        self._cwd = cwd
        self._env = env or {}
        self._extra_arguments = extra_arguments
        runtime = jupyter_runtime_dir()
        ensure_dir_exists(runtime, 0o700)
        self.connection_file = str(Path(runtime) / f"kernel-{kernel_id}.json")
        if files is not None:
            self.connection_file = files[0]
            self._folder = next(filter(os.path.isdir, files), None)
        else:
            self._folder = None
            if transport == "ipc" and speaks_ipc(spec):
                self._folder = _socket_folder(longest_ipc_path(spec))
        self.transport: Literal["ipc", "tcp"] = "ipc" if self._folder else "tcp"
        self.record = record_path(self.connection_file, kernel_id)
        self.files = [self.connection_file, self.record, *([self._folder] if self._folder else [])]
        specs = _OneSpec()
        specs.wanted = _jupyter_spec(spec)
        self._manager = _Manager(
            kernel_id=kernel_id,
            kernel_name=spec.name,
            kernel_spec_manager=specs,
            connection_file=self.connection_file,
            transport=self.transport,
            transport_encryption="auto" if self.transport == "tcp" and zmq.has("curve") else "disabled",
        )
        if files is not None:
            self._manager.load_connection_file()
        elif self._folder:
            self._manager.ip = f"{self._folder}/k"
        # reads the metadata of everything installed, which must not be done on the loop; the factory keeps it
        KernelProvisionerFactory.instance().is_provisioner_available(specs.wanted)

    async def launch(self) -> KernelProcess:
        """Start the process; the connection file is there before it.

        Raises OSError: its command cannot be run; ModuleNotFoundError: its provisioner is not installed.
        """
        manager = self._manager
        if self._folder:  # sockets of the epoch before
            remove(os.path.join(self._folder, name) for name in os.listdir(self._folder))
        env = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"} | self._env
        reading, writing = os.pipe() if os.name == "posix" else (None, subprocess.DEVNULL)
        try:
            command, arguments = await manager.pre_start_kernel(
                env=env,
                cwd=self._cwd,
                extra_arguments=self._extra_arguments,
                independent=os.name == "posix",  # the keeper watches; where there is none, the kernel does
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
            )
            arguments["env"].update(self._env)  # before the kernelspec's own: a person has asked for these
            await manager._async_launch_kernel(command, **arguments)
            assert manager.provisioner is not None
            if (pid := getattr(manager.provisioner, "pid", None)) is not None:
                restore_descriptors(pid)
            await manager.provisioner.post_launch(**arguments)
        except BaseException:
            if reading is not None:
                os.close(reading)
            if manager.provisioner is not None and manager.provisioner.has_process:
                await manager.provisioner.kill()
                await manager.provisioner.wait()
            raise
        finally:
            if reading is not None:
                os.close(writing)
        return KernelProcess(manager.provisioner, Tail(reading) if reading is not None else None)

    def connection_info(self) -> ConnectionInfo:
        """Where the kernel listens; only known after `launch`."""
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
        """Tell the provisioner that the kernel was asked to end."""
        if self._manager.provisioner is not None:
            await self._manager.provisioner.shutdown_requested(restart=restart)

    async def clean_up(self, pid: int | None) -> None:
        """The kernel is gone for good: remove its connection file and sockets, give its ports back.

        The files stay when another bridge has restarted the kernel since process `pid`.
        """
        if pid is None or still_of(self.record, pid):
            remove(self.files)
        if self._manager.provisioner is not None:
            await self._manager.provisioner.cleanup()


def _socket_folder(longest_path_bytes: int) -> str | None:
    """A new private folder for the sockets of one kernel; None: there are none here, or no path so short.

    The user's own runtime folder comes last: it goes when he logs out, and kernels that are kept do not.
    """
    if not zmq.has("ipc") or sys.platform == "win32":
        return None
    for base in (os.environ.get("TMPDIR"), "/tmp", os.environ.get("XDG_RUNTIME_DIR")):
        if base and len(os.fsencode(base)) + len("/kb-12345678/k-1") <= longest_path_bytes:
            with contextlib.suppress(OSError):
                return tempfile.mkdtemp(prefix="kb-", dir=base)
    return None


def _jupyter_spec(spec: KernelSpec) -> JupyterSpec:
    """The kernelspec as jupyter_client wants it, with what only its kernel.json says (env)."""
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
