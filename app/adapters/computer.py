"""What the system itself knows, and what a desktop program asks of it."""

from __future__ import annotations

import contextlib
import getpass
import ntpath
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.adapters import pci, volumes
from app.adapters.windows import proxy_script, system_api
from app.adapters.windows.embedded_resources import unpack_program
from app.adapters.windows.taskbar import TaskBar
from app.model.errors import ExpectedError, InputError
from app.model.machine import Disk, Family, Gpu
from app.model.message import Message
from app.model.quoting import cmd, sh
from app.ports import Registry

FAMILY: Family = (
    "windows" if sys.platform == "win32" else "macos" if sys.platform == "darwin" else "linux"
)
_PROGRAM = "UnslothSetup"
_HOME_VARIABLE = "UNSLOTH_SETUP_HOME"
_CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_PROCESSOR = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
_WINDOWS_11 = 22000
_ARCHES = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64", "i386": "x86", "i686": "x86"}


# Beside the sources: the licence, and the lock of what the program runs with.
_PAPERS = ("LICENSE", "README.md", "pyproject.toml", "requirements-dev.txt")


class LocalComputer:
    """This computer."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._taskbar: TaskBar | None = None

    @property
    def family(self) -> Family:
        """The kind of system."""
        return FAMILY

    def facts(self) -> dict[str, Any]:
        """Name, build, arch, locale, rights, processor, memory, user (``systeminfo``; ``uname -a``,
        ``lscpu``, ``free -b``).
        """
        import psutil

        memory = psutil.virtual_memory()
        system = self._read_windows_facts() if FAMILY == "windows" else _read_posix_facts()
        return {
            "arch": system_api.native_arch() or _normalize_arch(platform.machine()),
            "cores": psutil.cpu_count(logical=False),
            "threads": psutil.cpu_count(),
            "memory_total": memory.total,
            "memory_available": memory.available,
            "user": _find_user_name(),
            "host": socket.gethostname() or None,
            "user_home": os.path.expanduser("~"),
            "full_name": system_api.full_name() or _full_name(),
            **system,
        }

    def _read_windows_facts(self) -> dict[str, Any]:
        version = self._registry.key("HKLM", _CURRENT_VERSION)
        processor = self._registry.key("HKLM", _PROCESSOR)
        values = version.values if version else {}
        name, build = windows_name(values)
        return {
            "name": name,
            "build": build,
            "locale": system_api.locale_name(),
            "is_admin": system_api.is_admin(),
            "wsl": False,
            "cpu_name": str(processor.values.get("ProcessorNameString", "")).strip() or None
            if processor
            else None,
            "avx2": system_api.avx2(),
        }

    def disks(self) -> tuple[Disk, ...]:
        """Local volumes that can hold files (``df -T``; ``wmic logicaldisk``)."""
        return volumes.local_disks()

    def variables(self) -> dict[str, str]:
        """This process's environment variables (``set``, ``env``)."""
        return dict(os.environ)

    def which(self, name: str) -> str | None:
        """Where the search path has a program (``where``, ``command -v``)."""
        return shutil.which(name)

    def data_folder(self) -> str:
        """``%LOCALAPPDATA%\\UnslothSetup``, ``~/.local/share/UnslothSetup``, or what
        ``UNSLOTH_SETUP_HOME`` says.
        """
        import platformdirs

        chosen = os.environ.get(_HOME_VARIABLE, "").strip()
        if chosen:
            return os.path.abspath(os.path.expanduser(chosen))
        return platformdirs.user_data_dir(_PROGRAM, appauthor=False)

    def shared_folder(self) -> str:
        """``%ProgramData%\\UnslothSetup``, ``/opt/unsloth-setup``."""
        if FAMILY == "windows":
            return os.path.join(system_api.known_folder("common") or r"C:\ProgramData", _PROGRAM)
        return "/opt/unsloth-setup"

    def policy_file(self) -> str:
        """``%ProgramData%\\UnslothSetup\\policy.toml``, ``/etc/unsloth-setup/policy.toml``."""
        if FAMILY == "windows":
            return os.path.join(self.shared_folder(), "policy.toml")
        return "/etc/unsloth-setup/policy.toml"

    def shell(self) -> tuple[str, ...]:
        """``COMSPEC`` on Windows, ``SHELL`` elsewhere, or what every such system has."""
        if FAMILY == "windows":
            return (os.environ.get("COMSPEC") or "cmd.exe", "/k", "prompt (unsloth) $P$G")
        return (os.environ.get("SHELL") or "/bin/sh",)

    def known_folder(self, name: str) -> str | None:
        """``profile``, ``documents``, ``desktop``, ``downloads``, ``programs`` (Start menu),
        ``cache``, ``roaming``, ``common``, ``system``, ``windows``, ``program-files``,
        ``program-files-x86``, ``temp``."""
        if name == "temp":
            import tempfile

            return tempfile.gettempdir()
        if FAMILY == "windows":
            return system_api.known_folder(name)
        import platformdirs

        places: dict[str, Callable[[], str]] = {
            "profile": lambda: os.path.expanduser("~"),
            "documents": platformdirs.user_documents_dir,
            "desktop": platformdirs.user_desktop_dir,
            "downloads": platformdirs.user_downloads_dir,
            "programs": lambda: os.path.join(platformdirs.user_data_dir(), "applications"),
            "cache": platformdirs.user_cache_dir,
            "local": platformdirs.user_data_dir,
            "roaming": platformdirs.user_config_dir,
        }
        place = places.get(name)
        return place() if place else None

    def uv(self) -> str:
        """The uv that this program brings: packed beside it, or of its own package."""
        name = "uv.exe" if FAMILY == "windows" else "uv"
        packed = getattr(sys, "_MEIPASS", None)
        if packed:
            for folder in (packed, os.path.join(packed, "uv"), os.path.dirname(sys.executable)):
                whole = os.path.join(folder, name)
                if os.path.isfile(whole):
                    return whole
            carried = unpack_program(name, os.path.join(packed, "uv"))
            if carried is not None:
                return carried
        try:
            import uv

            return os.fspath(uv.find_uv_bin())
        except (ImportError, FileNotFoundError) as error:
            raise ExpectedError(
                "uv-missing",
                Message("{name} was not found beside this program, where it belongs.", name=name),
                details=str(error),
                hint=Message("Unpack the program again, or run it from a fresh checkout."),
            ) from error

    def proxy_of_script(self, url: str, script: str | None, detect: bool) -> str | None:
        """What a proxy script says of an address: ``direct``, a proxy, or ``None`` (WinHTTP;
        elsewhere always ``None``).
        """
        return proxy_script.proxy_of_script(url, script, detect)

    def program(self) -> tuple[str, tuple[str, ...], bool]:
        """The folder this program lies in, its own files below it with ``/``, and whether it is a
        packed program.
        """
        if getattr(sys, "frozen", False):
            whole = Path(sys.executable)
            if Path(getattr(sys, "_MEIPASS", whole.parent)).is_relative_to(whole.parent):
                return str(whole.parent), tuple(_list_files(whole.parent, whole.parent)), True
            return (
                str(whole.parent),
                (whole.name,),
                True,
            )  # one file, unpacked elsewhere while it runs
        root = Path(__file__).resolve().parents[2]
        papers = tuple(name for name in _PAPERS if (root / name).is_file())
        return (
            str(root),
            (
                *papers,
                *_list_files(root / "app", root),
                *(_list_files(root / "resources", root) if (root / "resources").is_dir() else ()),
            ),
            False,
        )

    def pci_cards(self) -> tuple[Gpu, ...]:
        """Display adapters on the PCI bus, with or without a driver (``lspci -nn``, Device
        Manager).
        """
        if FAMILY == "windows":
            return pci.windows_cards(self._registry, system_api.present)
        return pci.linux_cards()

    @contextlib.contextmanager
    def keep_awake(self) -> Iterator[None]:
        """No sleep while the context lasts, in the thread that entered it (``powercfg /requests``
        lists it).
        """
        system_api.stay_awake(True)
        try:
            yield
        finally:
            system_api.stay_awake(False)

    def open_terminal(self, folder: str, environment: str) -> None:
        """A terminal window in ``folder`` with ``environment`` active, as its ``activate`` script
        makes it.
        """
        try:
            if sys.platform == "win32":
                subprocess.Popen(
                    terminal_line(system_api.known_folder("system"), environment),
                    cwd=folder,
                    creationflags=subprocess.CREATE_NEW_CONSOLE,
                )
            else:
                activate = os.path.join(environment, "bin", "activate")
                terminal = (
                    shutil.which("x-terminal-emulator")
                    or shutil.which("gnome-terminal")
                    or shutil.which("xterm")
                )
                if terminal is None:
                    raise ExpectedError(
                        "not-opened",
                        Message("No terminal program was found on this computer."),
                        hint=Message("In a terminal of your own: . {sh}", sh=sh(activate)),
                    )
                script = '. "$1" && exec "${SHELL:-sh}" -i'
                _start_quietly([terminal, "-e", "sh", "-c", script, "sh", activate], folder)
        except OSError as error:
            raise ExpectedError(
                "not-opened",
                Message(
                    "A terminal could not be opened: {reason}.", reason=error.strerror or error
                ),
            ) from error

    def launch(self, argv: Sequence[str], folder: str, environment: str) -> None:
        """Start a program in ``folder`` with ``environment`` active and leave it running. On Windows
        it gets a console of its own, which shows what it says and ends it when closed.
        """
        programs = os.path.join(environment, "Scripts" if sys.platform == "win32" else "bin")
        variables = dict(os.environ)
        variables["VIRTUAL_ENV"] = environment
        variables["PATH"] = os.pathsep.join((programs, variables.get("PATH", "")))
        variables.pop("PYTHONHOME", None)
        try:
            if sys.platform == "win32":
                subprocess.Popen(
                    list(argv),
                    cwd=folder,
                    env=variables,
                    creationflags=subprocess.CREATE_NEW_CONSOLE,
                )
            else:
                _start_quietly(list(argv), folder, variables)
        except OSError as error:
            raise ExpectedError(
                "not-opened",
                Message(
                    "{program} could not be started: {reason}.",
                    program=argv[0],
                    reason=error.strerror or error,
                ),
            ) from error

    def make_shortcut(self, path: str, label: str, environment: str, folder: str) -> None:
        """An entry of the system's menu that opens such a terminal."""
        from app.adapters.windows.shortcut import make_shortcut  # seldom wished for

        make_shortcut(path, label, environment, folder)

    def show_progress(self, window: int, share: float | None) -> None:
        """The bar on the task bar's button (ITaskbarList3); call it from the thread that owns the
        window.
        """
        if self._taskbar is None:
            self._taskbar = TaskBar()
        self._taskbar.show(window, "none" if share is None else "normal", share or 0.0, 1.0)

    def open(self, target: str) -> None:
        """Open a folder, a file or a web address with the system's own program. Nothing else: no
        other schemes.
        """
        address = target.startswith(("https://", "http://"))
        if not address and not os.path.exists(target):
            raise InputError(
                Message(
                    "{target} cannot be opened: a web address, or a folder or file that "
                    "exists, was expected.",
                    target=target,
                )
            )
        try:
            if sys.platform == "win32":
                os.startfile(target)  # noqa: S606  (the system's own program, no shell)
            else:
                opener = "open" if FAMILY == "macos" else "xdg-open"
                subprocess.Popen(
                    [opener, target],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except OSError as error:
            raise ExpectedError(
                "not-opened",
                Message(
                    "{target} could not be opened: {reason}.",
                    target=target,
                    reason=error.strerror or error,
                ),
                details=str(error),
                hint=Message("Open it by hand."),
            ) from error


def terminal_line(system: str | None, environment: str) -> str:
    """The command line of a console with an environment active.

    The console is named by its whole path: a bare name is looked for in this program's own folder
    first. The inner pair of quotes keeps ``&``, ``^`` and brackets of a path from being commands; the
    outer one cmd takes away ("cmd /?").
    """
    console = ntpath.join(system or r"C:\Windows\System32", "cmd.exe")
    activate = ntpath.join(environment, "Scripts", "activate.bat")
    return f'{cmd(console)} /k "{cmd(activate)}"'


def _start_quietly(
    argv: list[str], folder: str, variables: Mapping[str, str] | None = None
) -> None:
    """Start a program that outlives this one and says nothing here."""
    subprocess.Popen(
        argv,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _list_files(folder: Path, root: Path) -> Iterator[str]:
    """Files below a folder without byte code, as paths below ``root``."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix()


def windows_name(values: dict[str, Any]) -> tuple[str | None, int | None]:
    """Name and build from the values of the CurrentVersion key. ``ProductName`` still says 10 on
    Windows 11.
    """
    name = str(values.get("ProductName", "")).strip().removeprefix("Microsoft ") or None
    number = str(values.get("CurrentBuildNumber") or values.get("CurrentBuild") or "")
    build = int(number) if number.isdigit() else None
    if name and build and build >= _WINDOWS_11:
        name = name.replace("Windows 10", "Windows 11")
    return name, build


def _read_posix_facts() -> dict[str, Any]:
    processor = _read("/proc/cpuinfo")
    # On WSL the kernel's own version line names Microsoft (the way Microsoft itself documents).
    kernel = _read("/proc/version").lower()
    return {
        "name": _read_os_name() or platform.platform(terse=True),
        "build": None,
        "locale": _find_locale(),
        "is_admin": _is_root(),
        "wsl": "microsoft" in kernel or "wsl" in kernel,
        "cpu_name": _read_cpuinfo_field(processor, "model name") or platform.processor() or None,
        "avx2": "avx2" in (_read_cpuinfo_field(processor, "flags") or "").split()
        if processor
        else None,
    }


def _read_os_name() -> str | None:
    for line in _read("/etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip().strip('"') or None
    return None


def _read_cpuinfo_field(text: str, name: str) -> str | None:
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip() or None
    return None


def _find_locale() -> str | None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").partition(".")[0].partition("@")[0]
        if value:
            return value.replace("_", "-")
    return None


if sys.platform == "win32":

    def _is_root() -> bool | None:
        return system_api.is_admin()
else:

    def _is_root() -> bool | None:
        return os.geteuid() == 0


def _find_user_name() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without an entry, as in some containers
        return None


def _full_name() -> str | None:
    """What the account says its owner is called (``getent passwd NAME``): the first of its remarks."""
    if sys.platform == "win32":
        return None
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0].strip() or None
    except KeyError:  # an account without an entry, as in some containers
        return None


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""


def _normalize_arch(machine: str) -> str | None:
    lower = machine.lower()
    return _ARCHES.get(lower, lower) or None
