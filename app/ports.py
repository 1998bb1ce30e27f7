"""The adapters to the outside, as Protocols.

Every question and answer is a plain value, so any adapter can be recorded.

Only ``adapters/`` implements them. Adapters that block look at the stop event and raise ``StoppedError``;
adapters that fail in a known way raise ``ExpectedError``; a missing fact is ``None``, never an
exception.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from app.model.errors import ExpectedError
from app.model.machine import Disk, Driver, Family, Gpu
from app.model.sources import Sources
from app.model.value import Value


class Command(Value, frozen=True, kw_only=True):
    """One child process: argument list (no shell), the whole environment, folder. ``beat``: its
    silence is told every so many seconds; without, after ten and then ever more seldom.
    """

    argv: tuple[str, ...]
    env: dict[str, str] = {}
    folder: str | None = None
    beat: float | None = None


class Output(Value, frozen=True, kw_only=True):
    """Bytes that a child wrote; standard output and standard error of streamed children arrive in
    one order.
    """

    data: bytes


class Silence(Value, frozen=True, kw_only=True):
    """The child has written nothing for this many seconds."""

    seconds: float


class Exit(Value, frozen=True, kw_only=True):
    """How the child ended. On Windows codes of 0xC0000000 and up are crashes; on POSIX negative
    ones are signals.
    """

    code: int


class Completed(Value, frozen=True, kw_only=True):
    """A short child's whole answer. ``code`` is ``None`` when it did not end in time or could not
    start.
    """

    code: int | None
    out: str = ""
    err: str = ""


class Processes(Protocol):
    """Children, each in a tree of its own that ends as a whole (Job Object, or session and
    ``killpg``).
    """

    def stream(
        self,
        command: Command,
        limit_seconds: float | None = None,
        on_stop: Callable[[], None] | None = None,
    ) -> Iterator[Output | Silence | Exit]:
        """Start and yield output as it comes; the last item is ``Exit``. Stops the tree when the
        stop event is set or the generator is closed. Raises ``StoppedError``,
        ``ExpectedError('timeout')``, ``ExpectedError('not-started')``.

        ``on_stop`` is called for the first wish to stop instead, which is taken back: it asks the
        child to come to its own end. A second wish stops the tree.
        """

    def with_stop(self, stop: Stop) -> Processes:
        """The same door for work that has a wish to stop of its own."""

    def capture(
        self, argv: Sequence[str], seconds: float = 10.0, env: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a short program and return everything it said. ``env`` ``None`` means this program's
        own.
        """


class Terminal(Protocol):
    """The terminal that this program was started from, lent to a child."""

    def find(self, name: str, path: str) -> str | None:
        """Where a search path has a program; a path of its own where that is one."""

    def lend(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        """Run a program with this one's own input and output, to its end; its exit code, 128 and
        the signal's number where one ended it. Raises ``ExpectedError('not-started')``."""


class Files(Protocol):
    """The disk. Paths are strings of this system. ``write`` and ``append`` reach the platter before
    they return.

    Files and folders that are made are for this user alone.
    """

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; ``None`` where there is none. Raises ``ExpectedError('path_unusable')``
        for what is no file or larger than ``limits.READ_FILE``.
        """

    def end(self, path: str, most: int) -> bytes:
        """The last ``most`` bytes of a file; empty where there is none."""

    def write(self, path: str, data: bytes) -> None:
        """Replace a file atomically (temporary file beside it, fsync, rename). Makes its folder."""

    def append(self, path: str, data: bytes) -> None:
        """Add to the end and fsync. Makes its folder."""

    def open_log(self, path: str) -> Callable[[bytes], None]:
        """A function that appends without fsync, for logs; the file is complete up to the last
        call.
        """

    def exists(self, path: str) -> bool:
        """Whether anything is there (a broken link counts)."""

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""

    def names(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; empty where there is none."""

    def walk(self, path: str) -> Iterator[tuple[str, int]]:
        """Every file and every link below a folder with its size, links not followed."""

    def link(self, path: str) -> str | None:
        """Where a link leads, as it says itself; ``None`` where there is none."""

    def point(self, path: str, target: str) -> None:
        """Make ``path`` a link to a folder (a junction on Windows) in place of the link there."""

    def make_folder(self, path: str) -> None:
        """Make a folder and its parents."""

    def open_to_all(self, path: str, closed: Collection[str] = ()) -> None:
        """Let every user read and run what lies below a folder and nobody but its owner change it;
        ``closed`` stays the owner's alone. Raises ``ExpectedError``.
        """

    def is_administrators(self, path: str) -> bool:
        """Whether a file or folder is an administrator's and nobody else may change it."""

    def share(self, path: str) -> None:
        """Let other users read a folder and what is below it; what this adapter makes is the user's
        alone.
        """

    def remove(self, path: str) -> None:
        """Delete a file or a whole tree; nothing there is fine. Links are removed, never followed.

        Goes on past what cannot be deleted, then raises ``ExpectedError`` naming it.
        """

    def set_aside(self, source: str, target: str) -> None:
        """Rename on one volume what is about to be removed; raises ``ExpectedError('file_in_use')``
        with who uses it.
        """

    def remove_empty(self, path: str) -> None:
        """Delete a folder if nothing is in it."""

    def move(self, source: str, target: str) -> None:
        """Rename on one volume; raises ``ExpectedError('file-in-use')`` where Windows refuses."""

    def copy(self, source: str, target: str) -> None:
        """Copy one file, atomically."""

    def size(self, path: str) -> int | None:
        """Bytes of a file or of everything below a folder (links not followed, hard links counted
        once).
        """

    def lengths(self, folder: str, names: Sequence[str]) -> list[int | None]:
        """Bytes that each of these files below a folder says it has, ``None`` for one that is not
        there. Names have slashes, as packages' records do.
        """

    def copy_tree(self, source: str, target: str) -> None:
        """Copy a folder as it is: permissions, times and links; the target must not exist."""

    def members(self, path: str, wanted: Callable[[str], bool], most: int) -> dict[str, bytes]:
        """Files of a zip archive, or a tar.gz by its name, whose names are wanted and that have no
        more than ``most`` bytes; none where it is no such archive.
        """

    def sha256(self, path: str) -> str:
        """The hash of a file, in hex."""

    def stamp(self, path: str) -> str | None:
        """A text that changes when the file does, or the computer was started again; ``None`` where
        there is no file.
        """

    def changed_at(self, path: str) -> str | None:
        """When a file was last written, UTC, ``2026-11-24T15:00:00Z``; ``None`` where there is
        none.
        """

    def disk(self, path: str) -> Disk | None:
        """The volume that holds a path (which need not exist yet)."""

    def free_files(self, path: str) -> int | None:
        """How many files the volume of a path can still take; ``None`` where it has no such limit."""

    def writable(self, path: str) -> bool:
        """Whether a file could be made there, as the system tells it: nothing is made."""

    def locks(self, path: str) -> bool:
        """Whether the file system of a path knows locks between programs; nothing is made."""

    def refuse_held(self, path: str) -> None:
        """Raise ``ExpectedError('already-running')`` where a run holds this lock file; write
        nothing.
        """

    def hold(self, path: str, who: str) -> AbstractContextManager[None]:
        """Hold a lock file while the context lasts. Raises ``ExpectedError('already-running')``
        naming who runs.
        """


class Download(Value, frozen=True, kw_only=True):
    """One file to fetch. ``size`` may be unknown; ``sha256`` is the lock's (any of them is right).

    ``most`` is what the file can have at most, whatever an index or a server tells.
    """

    url: str
    target: str
    sha256: tuple[str, ...]
    size: int | None = None
    most: int | None = None


class Arrived(Value, frozen=True, kw_only=True):
    """Progress of a fetch: bytes on disk of all files, total if known, and a line where there is
    something to say.
    """

    done: int
    total: int | None
    rate: float | None = None
    note: str = ""
    file: str = ""


class FileServer(Protocol):
    """Hands files that are being fetched on to a program of this computer, each part as soon as it
    is there.
    """

    def expect(self, files: Sequence[Download]) -> None:
        """These files are about to be fetched."""

    def address(self, file: str) -> str:
        """Where the file with this name (no folder) can be read, on loopback only."""

    def close(self) -> None:
        """End it, and every reading that is under way."""


class Web(Protocol):
    """HTTP, with the system's certificates and proxy; TLS only except on loopback; ``file://``
    counts as present.
    """

    def use(self, sources: Sources) -> None:
        """From now on take this proxy, these certificates and the logins of these indexes."""

    def examine(self, url: str, seconds: float = 5.0) -> ExpectedError | None:
        """What stands between here and an index page, named; ``None`` where the page is sound."""

    def read(self, url: str, seconds: float = 5.0) -> bytes:
        """A small document. Raises ``ExpectedError`` with what stands between."""

    def size(self, url: str) -> int | None:
        """What a HEAD says of a file's size; ``None`` where it does not."""

    def feeder(self) -> FileServer:
        """A server on loopback, to be given to ``fetch``. Raises
        ``ExpectedError('feeder-refused')``.
        """

    def fetch(
        self,
        files: Sequence[Download],
        feeder: FileServer | None = None,
        more: Callable[[], Sequence[Download] | None] | None = None,
    ) -> Iterator[Arrived]:
        """Bring all files to their targets, resuming and checking; raises ``ExpectedError`` naming
        file and cause.

        ``more`` is asked again and again until it names further files (``None``: not known yet).
        """

    def proxy(self) -> str | None:
        """The proxy that requests would take, its password removed."""


class RegistryKey(Value, frozen=True, kw_only=True):
    """One key of the Windows registry: its values and the names of its subkeys."""

    values: dict[str, Any] = {}
    subkeys: tuple[str, ...] = ()


class Registry(Protocol):
    """The Windows registry; on other systems every answer is ``None``."""

    def key(self, root: str, path: str, wow64: bool = False) -> RegistryKey | None:
        """One key; ``root`` is ``HKLM`` or ``HKCU``. Big binary values come as bytes."""


class Cards(Value, frozen=True, kw_only=True):
    """What NVML says: the cards and the driver, or why it says nothing. ``temperatures`` are those of
    the moment in °C, by the card's index; a card that names none is left out.
    """

    gpus: tuple[Gpu, ...] = ()
    driver: Driver = Driver()
    note: str = ""
    temperatures: dict[int, int] = {}


class Nvml(Protocol):
    """The driver's management library."""

    def cards(self) -> Cards:
        """``nvidia-smi --query-gpu=…``: all cards and the driver."""


class Computer(Protocol):
    """What the system itself knows, and what a desktop program asks of it."""

    @property
    def family(self) -> Family:
        """The kind of system."""

    def facts(self) -> dict[str, Any]:
        """Name, build, arch, locale, is_admin, wsl, cores, threads, cpu_name, avx2, memory_total,
        memory_available, user, host, user_home, full_name; a missing one is ``None``."""

    def disks(self) -> tuple[Disk, ...]:
        """Local volumes."""

    def variables(self) -> dict[str, str]:
        """This process's environment variables."""

    def which(self, name: str) -> str | None:
        """Where the search path has a program."""

    def data_folder(self) -> str:
        """The platform's per-user data folder for this program, obeying ``UNSLOTH_SETUP_HOME``."""

    def shared_folder(self) -> str:
        """Where a home for every user of this computer lies."""

    def policy_file(self) -> str:
        """Where an administrator fixes choices for all users of this computer."""

    def shell(self) -> tuple[str, ...]:
        """The user's own shell, as it is started for typing."""

    def known_folder(self, name: str) -> str | None:
        """``profile``, ``documents``, ``desktop``, ``programs``, ``cache`` …; ``None`` where there
        is none.
        """

    def uv(self) -> str:
        """The path of the uv that this program brings. Raises ``ExpectedError('uv-missing')``."""

    def proxy_of_script(self, url: str, script: str | None, detect: bool) -> str | None:
        """What a proxy script (PAC) or a detected one says of an address: ``direct``, a proxy's
        address, or ``None`` where it says nothing or the system evaluates none."""

    def program(self) -> tuple[str, tuple[str, ...], bool]:
        """The folder this program lies in, its own files below it with ``/``, and whether it is a
        packed program.
        """

    def pci_cards(self) -> tuple[Gpu, ...]:
        """Display adapters as PCI lists them (``lspci``, ``/sys/bus/pci``; on Windows the display
        class key).
        """

    def keep_awake(self) -> AbstractContextManager[None]:
        """No sleep while the context lasts; nothing happens where the system has no such wish."""

    def open(self, target: str) -> None:
        """Open a folder, file or address with the system's own program."""

    def open_terminal(self, folder: str, environment: str) -> None:
        """A terminal window in a folder with a virtual environment active. Raises
        ``ExpectedError('not-opened')``.
        """

    def launch(self, argv: Sequence[str], folder: str, environment: str) -> None:
        """Start a program with a window of its own in ``folder`` and leave it running; it sees the
        virtual environment as activating it would let it. Raises ``ExpectedError('not-opened')``.
        """

    def make_shortcut(self, path: str, label: str, environment: str, folder: str) -> None:
        """An entry of the Start menu (a .lnk) or the desktop's menu (a .desktop file) at ``path``
        that does what ``open_terminal`` does. Raises ``ExpectedError('no-shortcut')``."""

    def show_progress(self, window: int, share: float | None) -> None:
        """How far a run is, on the task bar's button of a window (its handle); ``None`` takes it
        away.
        """


class TaskBar(Protocol):
    """The progress bar on the task bar's button; not part of the world, since it belongs to one
    window.
    """

    def show(
        self,
        window: int,
        state: Literal["none", "busy", "normal", "error", "paused"],
        done: float = 0.0,
        total: float | None = None,
    ) -> bool:
        """Show ``done`` of ``total`` on the button of that window (its native id); whether the
        system took it.
        """


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now(self) -> str:
        """UTC now, ``2026-11-24T15:00:00Z``."""

    def monotonic(self) -> float:
        """Seconds that never jump."""


class Stop(Protocol):
    """A wish to stop, set by the face, seen by the adapters (a ``threading.Event``)."""

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""

    def set(self) -> None:
        """Ask to stop."""

    def clear(self) -> None:
        """Take the wish back, before a new run."""

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep, but wake at once when asked to stop; whether that was so."""


class System(Protocol):
    """All adapters together. ``simulated`` names the machine file when this is somebody else's
    computer.
    """

    processes: Processes
    terminal: Terminal
    files: Files
    web: Web
    registry: Registry
    nvml: Nvml
    computer: Computer
    clock: Clock
    stop: Stop
    simulated: str | None
