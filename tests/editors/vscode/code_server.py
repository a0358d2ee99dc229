"""A real VS Code: a code-server process with the extension installed, in a private home."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors.vscode.install import Installation
from tests.home import Home

NO_GALLERY = {
    "serviceUrl": "",
    "itemUrl": "",
    "resourceUrlTemplate": "",
    "controlUrl": "",
    "recommendationsUrl": "",
}
QUIET = {
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "remote.autoForwardPorts": False,
    "remote.restoreForwardedPorts": False,
    "telemetry.telemetryLevel": "off",
    "window.commandCenter": False,
    "workbench.enableExperiments": False,
    "workbench.hover.delay": 600_000,  # a hover would cover what a test clicks next
    "workbench.reduceMotion": "on",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}
"""Settings for a window without welcome pages, tips and network requests."""


@dataclass(frozen=True)
class CodeServer:
    home: Home
    url: str
    authority: str
    extensions: Path
    user: Path
    log: Path

    def logs(self) -> list[Path]:
        """The extension's logs, one per window, the newest last."""
        found = self.user.glob("logs/*/exthost*/kernel-bridge.kernel-bridge/*.log")
        return sorted(found, key=lambda path: path.stat().st_mtime)

    def wait_for_backup(self, text: str) -> None:
        """Waits until VS Code has backed up an unsaved file with this text, a second after each change."""
        deadline = time.monotonic() + 30
        while not any(
            text in path.read_text(errors="replace") for path in self.user.glob("User/Backups/*/*/*")
        ):
            assert time.monotonic() < deadline, f"VS Code has not backed up a file with {text!r}"
            time.sleep(0.1)

    def extension(self) -> Path:
        """The folder in which the vsix was installed."""
        return next(self.extensions.glob("kernel-bridge.kernel-bridge-*"))


@contextmanager
def code_server(
    home: Home, installation: Installation, settings: dict[str, object], *options: str
) -> Iterator[CodeServer]:
    """Starts a code-server and waits until it responds. `settings` are added to `QUIET` as user settings.

    Raises:
        AssertionError: it did not respond within 60 s, or did not exit within 10 s of SIGTERM.
    """
    root = home.path / "code-server"
    user, extensions, log = root / "user", root / "extensions", root / "log.txt"
    (user / "User").mkdir(parents=True)
    (user / "User" / "settings.json").write_text(json.dumps(QUIET | settings))
    (root / "config.yaml").write_text("auth: none\n")
    environment = home.environment | {
        "EXTENSIONS_GALLERY": json.dumps(NO_GALLERY),
        "PATH": f"{installation.node.parent}{os.pathsep}{home.environment['PATH']}",
        "KERNEL_BRIDGE_MOCHA": str(installation.modules / "mocha"),
    }
    command = [
        str(installation.node),
        str(installation.code_server),
        "--config",
        str(root / "config.yaml"),
        "--user-data-dir",
        str(user),
        "--extensions-dir",
        str(extensions),
    ]
    subprocess.run(
        [*command, "--install-extension", str(installation.vsix)],
        env=environment,
        check=True,
        capture_output=True,
        timeout=60,
    )
    authority = f"127.0.0.1:{_free_port()}"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *command,
                "--auth=none",
                f"--bind-addr={authority}",
                "--disable-telemetry",
                "--disable-update-check",
                "--disable-getting-started-override",
                "--ignore-last-opened",
                "--disable-proxy",
                "--reconnection-grace-time=2",
                "--vscode-option=enable-smoke-test-driver",
                *options,
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_it_responds(process, authority, log)
        yield CodeServer(home, f"http://{authority}", authority, extensions, user, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError("code-server did not exit within 10 s of SIGTERM") from None
        for left in home.sockets():  # VS Code leaves its sockets behind when a window closes
            if left.name.startswith(("vscode-", "code-server-")):
                left.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_responds(process: subprocess.Popen[bytes], authority: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"code-server exited:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"http://{authority}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"code-server did not respond within 60 s:\n{log.read_text()}")
