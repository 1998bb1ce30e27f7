"""Goes from a checkout to the running program.

Makes ``.venv/`` from the locked requirements, then hands over.

``python build/start.py [COMMAND …]`` needs a plain Python 3.11 to 3.13 and nothing else. Without an
argument it does the main job: the wizard, or, without a display, ``install --yes`` with the best
profile for this machine. What it has to say goes to standard error; standard output is the
program's. Its own exit codes are the program's: 3 this machine or folder cannot, 4 a step failed,
6 stopped.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import platform
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from app.adapters.display import has_display, named_display

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
# With what tests and packs the program as well.
TOOLS_LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / "locked.sha256"
# Written before anything else of it: only a folder with this, or with a stamp, is emptied again.
MARK = VENV / "made-by-start.txt"
_MARKED = (
    "This folder is made by build/start.py and made again by it when the locked packages change.\n"
)
WINDOWS = sys.platform == "win32"

# What Qt's xcb and offscreen platforms load on Linux, with the Debian package that brings each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


BLOCKED, STEP_FAILED, STOPPED = 3, 4, 6  # exit codes, as the program's own
_LINES = 15  # of a command that failed: what it says last is what ended it

# What pip says of the kinds of trouble that a person can do something about.
_KNOWN_FAILURES = (
    (
        r"No space left on device|Disk quota exceeded",
        "the disk is full. Make room where this checkout lies (about 1 GB), or copy it elsewhere",
    ),
    (
        r"407 Proxy Authentication|ProxyError|Tunnel connection failed",
        "the proxy{host} did not let it through. Set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|certificate verify failed",
        "the certificate of{host} is not trusted here. A company's own certificate is named by "
        "PIP_CERT=FILE",
    ),
    (
        r"(?:401|403) (?:Client )?Error|User for .*:|Unauthorized",
        "the package index{host} wants a login. Name an index with PIP_INDEX_URL",
    ),
    (
        r"NewConnectionError|NameResolutionError|Failed to establish|Temporary failure in name|"
        r"ConnectTimeout|ReadTimeout|timed out|Network is unreachable|Connection refused|"
        r"RemoteDisconnected|ConnectionReset|Connection broken|Could not fetch URL",
        "the package index{host} could not be reached. Look at the network; a proxy is named by "
        "HTTPS_PROXY, another index by PIP_INDEX_URL",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "a package is not the one that was locked. Another index (PIP_INDEX_URL) may have the "
        "right one",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "the package index in use has no file of {what} for this system and Python. Another index "
        "is named by PIP_INDEX_URL",
    ),
)
_HOST = re.compile(r"(?:host='|https?://(?:[^\s/@']*@)?)(?P<host>[\w.-]+)")


class CannotStart(Exception):
    """Something outside this program is missing; the sentence says what, and what to do."""

    def __init__(self, sentence: str, exit_code: int = BLOCKED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def say(text: str) -> None:
    """One line for the person who waits, where standard error is open, in what that can show."""
    with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
        if sys.stderr is not None:
            print(text, file=sys.stderr, flush=True)


def venv_python() -> Path:
    """The interpreter of ``.venv/``."""
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def wanted_stamp(lock: Path) -> str:
    """What ``.venv/`` must have been made from: the locked requirements and this Python."""
    digest = hashlib.sha256(lock.read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT}".encode())
    return digest.hexdigest()


def child_environment() -> dict[str, str]:
    """This environment for pip: the user's own settings hold, but for those that would bend a
    pinned lock.

    A constraints file can only forbid what the lock pins, ``target``, ``prefix`` and ``user`` would
    install elsewhere; an empty variable outranks the same setting in any configuration file.
    """
    env = {
        k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    }
    for name in (
        "CONSTRAINT",
        "TARGET",
        "PREFIX",
        "USER",
        "REQUIREMENT",
        "EDITABLE",
        "REQUIRE_VIRTUALENV",
    ):
        env["PIP_" + name] = ""
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return env


def run_quietly(
    command: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    keep: Sequence[int] = (),
) -> None:
    """Run a command; only when it fails is its end shown, and then ``CannotStart`` says why.

    ``keep`` are open files that stay open in it.
    """
    words = [str(c) for c in command]
    try:
        done = subprocess.run(
            words,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            pass_fds=() if WINDOWS else tuple(keep),
        )
    except OSError as error:
        raise CannotStart(f"{words[0]} could not be run: {error.strerror or error}.") from error
    if done.returncode:
        output = done.stdout.decode("utf-8", "replace")
        say("\n".join(output.rstrip().splitlines()[-_LINES:]))
        raise CannotStart(_explain_failure(words, done.returncode, output), STEP_FAILED)


def _explain_failure(words: Sequence[str], code: int, output: str) -> str:
    """One sentence about a command that failed: the first known trouble in what it said."""
    for pattern, sentence in _KNOWN_FAILURES:
        found = re.search(pattern, output)
        if found is not None:
            host = _HOST.search(output)
            why = sentence.format(
                host=f" {host['host']}" if host else "", what=found.groupdict().get("what", "")
            )
            return f"The packages could not be fetched: {why}. Then run the same command again."
    return f"'{' '.join(words)}' ended with exit code {code}; what it said last stands above."


def is_debian_root() -> bool:
    """Whether this process may install Debian packages."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_debian(packages: Sequence[str], purpose: str, otherwise: str = "") -> None:
    """Install Debian packages as root; else raise ``CannotStart`` with the one command that a
    person can run.

    ``otherwise`` is a sentence about the way without them.
    """
    if not packages:
        return
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if not is_debian_root():
        needs = f"{purpose} needs {', '.join(packages)}"
        once = (
            f". Run once: sudo {' '.join(command)}"
            if shutil.which("apt-get")
            else " (as Debian names them), which this system's own package manager brings under "
            "names of its own."
        )
        raise CannotStart(f"{needs}{once}{otherwise}")
    say(f"Installing for {purpose}: {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_quietly(["apt-get", "update", "-q"], env)
    run_quietly(command, env)


def missing_qt_libraries() -> list[str]:
    """Debian packages of the libraries that Qt would not find on this Linux; empty elsewhere."""
    if not sys.platform.startswith("linux"):
        return []
    missing = []
    for library, package in QT_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def ensure_qt_libraries() -> None:
    """Qt's system libraries, where a window or an offscreen one will be opened."""
    install_debian(
        missing_qt_libraries(),
        "the window",
        f"\nWithout a window: python build/{Path(sys.argv[0]).name} install --yes",
    )


# ---- the environment


def is_ready(*locks: Path) -> bool:
    """Whether ``.venv/`` is whole and made from one of these."""
    with contextlib.suppress(OSError, ValueError):  # not there, not readable, no text
        made_from = STAMP.read_text("ascii")
        return any(made_from == wanted_stamp(lock) for lock in locks) and venv_python().exists()
    return False


def ensure_venv(tools: bool = False) -> float:
    """Make ``.venv/`` when it is missing, cut off or of another lock, or add the ``tools`` that test
    and pack the program. Returns the seconds it took (0.0: in place).

    Raises ``CannotStart``; what is there already goes only when this script made it.
    """
    enough = (TOOLS_LOCK,) if tools else (LOCK, TOOLS_LOCK)
    if is_ready(*enough):
        return 0.0
    refuse_what_is_not_ours()
    with _explain_disk_errors(), _lock_checkout() as held:
        if is_ready(*enough):  # another first start made it meanwhile
            return 0.0
        refuse_what_is_not_ours()
        return _make_venv(enough[0], held)


def refuse_what_is_not_ours() -> None:
    """Raise ``CannotStart`` where ``.venv`` is a link, or was made by somebody else."""
    if not os.path.lexists(VENV):
        return
    away = "Move it away or delete it, then run the same command again."
    if is_link(VENV):
        raise CannotStart(
            f"{VENV} is a link to {os.path.realpath(VENV)}; expected a folder of this script's own. "
            f"{away}"
        )
    if not VENV.is_dir():
        raise CannotStart(f"{VENV} is no folder. {away}")
    try:
        made_here = any(one.is_file() and not is_link(one) for one in (MARK, STAMP))
        if not made_here and any(VENV.iterdir()):
            raise CannotStart(f"{VENV} was not made by this script. {away}")
    except PermissionError as error:
        raise CannotStart(f"{VENV} cannot be read by this user. {away}") from error


def is_link(path: Path) -> bool:
    """Whether a path leads elsewhere: a symbolic link, or on Windows a junction."""
    found = path.lstat()
    attributes = getattr(found, "st_file_attributes", 0)  # Windows alone has them
    return stat.S_ISLNK(found.st_mode) or bool(attributes & 0x400)  # FILE_ATTRIBUTE_REPARSE_POINT


@contextlib.contextmanager
def _explain_disk_errors() -> Iterator[None]:
    """What the disk refuses while ``.venv`` is made becomes a sentence about this checkout."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise CannotStart(
                f"{VENV} cannot be made or changed by this user: {error.strerror}. Copy this "
                f"checkout to a folder of your own (git clone {ROOT} FOLDER) and start it there."
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CannotStart(
                f"There is no room left for {VENV}, which takes about 1 GB."
            ) from error
        raise CannotStart(
            f"{error.filename or VENV}: {error.strerror or error}.", STEP_FAILED
        ) from error


@contextlib.contextmanager
def _lock_checkout() -> Iterator[int]:
    """Alone in this checkout: who comes second waits and says so. Yields the lock's file number.

    The locked file is the list of packages, which every checkout has: nothing is left behind. It is
    handed to the children, so that it holds as long as one of them still writes.
    """
    try:
        number = os.open(LOCK, os.O_RDWR)
    except OSError:  # somebody else's checkout, which the caller finds out by itself
        number = os.open(LOCK, os.O_RDONLY)
    announced = False
    try:
        while not _try_lock(number):
            if not announced:
                say(f"Another start is making {VENV}; waiting until it is done")
                announced = True
            time.sleep(0.2)
        yield number
    finally:
        os.close(number)


def _try_lock(number: int) -> bool:
    """Whether the lock was taken. Where the file system has no locks, that is said."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(number, 1 << 30, os.SEEK_SET)  # behind the end: nobody who reads is disturbed
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK):
            return False
        raise CannotStart(
            f"{ROOT} lies on a file system without locks ({error.strerror}). Copy this checkout to "
            f"a disk of this computer and start it there."
        ) from error


def _make_venv(lock: Path, held: int) -> float:
    started = time.monotonic()
    if is_ready(LOCK):  # the program's own packages are the same in both
        say(f"Adding to {VENV.name} what {lock.name} has besides (once)")
        STAMP.unlink()
    else:
        _make_empty_venv(lock, held)
    run_quietly(
        [
            venv_python(),
            "-m",
            "pip",
            "install",
            "-q",
            "--no-input",
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--progress-bar",
            "off",
            "-r",
            lock,
        ],
        child_environment(),
        keep=(held,),
    )
    packages = (
        VENV / "Lib/site-packages"
        if WINDOWS
        else next((VENV / "lib").glob("python3*/site-packages"))
    )
    (packages / "checkout.pth").write_text(f"{ROOT}\n", "utf-8")
    STAMP.write_text(wanted_stamp(lock), "ascii")
    seconds = time.monotonic() - started
    say(f"{VENV.name} is ready after {seconds:.0f} s")
    return seconds


def _make_empty_venv(lock: Path, held: int) -> None:
    try:
        __import__("ensurepip")
    except ImportError:
        install_debian([f"python3.{sys.version_info[1]}-venv"], "a virtual environment")
    _empty_venv()
    say(f"Making {VENV.name} from {lock.name} (once, and when the lock changes)")
    base = getattr(sys, "_base_executable", None) or sys.executable
    run_quietly([base, "-I", "-m", "venv", VENV], child_environment(), keep=(held,))


def _empty_venv() -> None:
    """An empty ``.venv`` with the mark in it. The mark comes first and goes last, so that a start
    that is cut off leaves a folder that the next one knows. Links in it go; their targets stay.
    """
    VENV.mkdir(exist_ok=True)
    MARK.write_text(_MARKED, "utf-8")
    STAMP.unlink(missing_ok=True)
    for one in VENV.iterdir():
        if one == MARK:
            continue
        if one.is_dir() and not is_link(one):
            shutil.rmtree(one)
        elif one.is_dir() and WINDOWS:
            one.rmdir()  # a junction
        else:
            one.unlink()


def check_python() -> None:
    """Refuse a Python outside of 3.11 to 3.13: the window's toolkit has no build for it that was
    tested.
    """
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise CannotStart(
            f"This is Python {platform.python_version()} at {sys.executable}; "
            "Python 3.11, 3.12 or 3.13 is needed. Call this script with one of those."
        )


def hand_over(arguments: Sequence[str]) -> int:
    """Become the program (on Windows: wait for it) and return its exit code."""
    # -P keeps the working directory out of the import path, so a folder called app there cannot
    # shadow the program.
    command = [str(venv_python()), "-P", "-m", "app", *arguments]
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or never open
            stream.flush()
    if not WINDOWS:
        os.execv(command[0], command)  # noqa: S606  no shell: an argument list to our own interpreter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the program's to handle
    return subprocess.run(command, check=False).returncode


def _fill_closed_streams() -> None:
    """Give the numbers of closed standard streams to nothing: else the next file that is opened
    here takes one, and a child writes into it. The program itself finds them closed, as they were.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _raise_interrupt(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


@contextlib.contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """A closed terminal and a request to end are what Ctrl+C is, until the program takes over."""
    names = [name for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
    for n in before:
        signal.signal(n, _raise_interrupt)
    try:
        yield
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)


def choose_job(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments for the program: without any the window, or, without a display, the whole job
    in the terminal.
    """
    if arguments:
        return arguments
    if has_display():
        ensure_qt_libraries()
        if has_display():  # with its libraries here, it is asked whether it lets this user in
            return ()
    if named_display():
        say(
            f"The display {named_display()} does not answer, or not to this user: going on in the "
            f"terminal with install --yes"
        )
    return ("install", "--yes")


def main(arguments: Sequence[str]) -> int:
    """Make the environment, then run the program with these arguments."""
    _fill_closed_streams()
    try:
        with _ended_like_ctrl_c():
            check_python()
            ensure_venv()
            job = choose_job(arguments)
    except CannotStart as fault:
        say(f"Cannot start: {fault}")
        return fault.exit_code
    except KeyboardInterrupt:
        say("Stopped. The same command goes on from here.")
        return STOPPED
    except OSError as error:
        say(f"Cannot start: {error.filename or ROOT}: {error.strerror or error}.")
        return BLOCKED
    return hand_over(job)
