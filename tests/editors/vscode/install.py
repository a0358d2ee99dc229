"""Sets up the tests in a real VS Code: system packages, VS Code, Node, and the packaged extension.

VS Code is the npm package code-server: the real workbench and a real extension host, served to a browser.
It is installed with Node in the user's cache, in a folder named after the hash of package.json and its lock
file, so that a second run installs nothing. package.json pins both versions. The browser is the system's
Chromium.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
EXTENSION = HERE.parents[2] / "editors" / "vscode"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core", "g++", "make", "pkg-config", "libkrb5-dev")
"""Debian packages: the browser with a font, and the tools that compile code-server's native modules."""


class MissingError(Exception):
    """Something that the tests need is missing. The message says what it is and how to install it."""


@dataclass(frozen=True)
class Installation:
    """The paths of everything that is installed."""

    root: Path
    browser: Path
    vsix: Path = EXTENSION / "kernel-bridge.vsix"

    @property
    def modules(self) -> Path:
        return self.root / "node_modules"

    @property
    def node(self) -> Path:
        return self.modules / ".bin" / "node"

    @property
    def code_server(self) -> Path:
        return self.modules / "code-server" / "out" / "node" / "entry.js"

    def environment(self) -> dict[str, str]:
        """This process's environment, with the installed Node first on PATH."""
        return os.environ | {"PATH": f"{self.node.parent}{os.pathsep}{os.environ['PATH']}"}


def installed() -> Installation:
    """Returns the installation made by `python -m tests.editors.vscode.install`.

    Raises:
        MissingError: it was not run, or the versions in package.json have changed since.
    """
    browser = _browser()
    root = _root()
    if browser is None or not (root / "complete").exists():
        raise MissingError("VS Code or Chromium is not set up for the tests: run `make test-vscode`")
    installation = Installation(root, browser)
    if not installation.vsix.exists():
        raise MissingError(f"{installation.vsix} is missing: run `make test-vscode`")
    return installation


def install() -> Installation:
    """Installs missing parts and packages the extension."""
    installation = Installation(_install_modules(_root()), _install_browser())
    _package(installation)
    return installation


def _root() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    pinned = (HERE / "package.json").read_bytes() + (HERE / "package-lock.json").read_bytes()
    return cache / "kernel-bridge" / "vscode" / hashlib.sha256(pinned).hexdigest()[:16]


def _browser() -> Path | None:
    found = (shutil.which(name) for name in BROWSERS)
    return next((Path(path) for path in found if path), None)


def _install_browser() -> Path:
    browser = _browser()
    if browser is None:
        _install_packages()
        browser = _browser()
    if browser is None:
        raise MissingError(f"none of {', '.join(BROWSERS)} is on PATH: install Chromium")
    return browser


def _can_compile() -> bool:
    """Whether a compiler and the headers of Kerberos exist, which a module of code-server needs."""
    if not all(shutil.which(name) for name in ("g++", "make", "pkg-config")):
        return False
    return subprocess.run(["pkg-config", "--exists", "krb5-gssapi"], check=False).returncode == 0


def _install_packages() -> None:
    by_hand = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
    if shutil.which("apt-get") is None:
        raise MissingError(
            f"no apt-get here; install the equivalents of these Debian packages: {' '.join(PACKAGES)}"
        )
    if os.geteuid() != 0:
        raise MissingError(f"system packages are missing; run as root: {by_hand}")
    print(f"installing {' '.join(PACKAGES)}", flush=True)
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update"], check=True, env=environment)
    subprocess.run([*apt, "install", "-y", "--no-install-recommends", *PACKAGES], check=True, env=environment)


def _install_modules(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    complete = root / "complete"
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists():
            return root
        if not _can_compile():
            _install_packages()
        if shutil.which("npm") is None:
            raise MissingError("npm is not on PATH: install Node.js with npm")
        print(f"installing VS Code and Node into {root}, once; this takes a few minutes", flush=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, root)
        _npm(root, os.environ, "ci", "--ignore-scripts")
        # Node first: code-server compiles for the Node that runs npm, and accepts only one major version
        _npm(root, os.environ, "rebuild", "--foreground-scripts", "node")
        headers = next(root.glob("node_modules/node/node_modules/*/include")).parent
        environment = os.environ | {
            "PATH": f"{root / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}",
            "npm_config_nodedir": str(headers),
        }
        _npm(root, environment, "rebuild", "--foreground-scripts", "argon2", "code-server")
        complete.touch()
    return root


def _package(installation: Installation) -> None:
    print("packaging the extension", flush=True)
    environment = installation.environment()
    _npm(EXTENSION, environment, "run", "package")
    if not installation.vsix.exists():
        raise MissingError(f"`npm run package` did not create {installation.vsix}")


def _npm(folder: Path, environment: dict[str, str] | os._Environ[str], *arguments: str) -> None:
    """Runs npm, and shows its output only if it fails."""
    command = ["npm", "--no-audit", "--no-fund", "--no-update-notifier", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise MissingError(f"{' '.join(command)} in {folder} failed:\n{done.stdout[-8000:]}")


if __name__ == "__main__":
    try:
        install()
    except (MissingError, subprocess.CalledProcessError) as error:
        sys.exit(f"test-vscode: {error}")
