"""From a checkout to the program: the environment is made once and handed over to.

It is made again when the lock changes.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from build import first_start as start


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, so that nothing here touches the real ``.venv``."""
    (tmp_path / "requirements.txt").write_text("pip==23.2.1\n", "utf-8")
    (tmp_path / "requirements-dev.txt").write_text("pip==23.2.1\nwheel==0.48.0\n", "utf-8")
    for name, path in (
        ("ROOT", tmp_path),
        ("VENV", tmp_path / ".venv"),
        ("LOCK", tmp_path / "requirements.txt"),
        ("TOOLS_LOCK", tmp_path / "requirements-dev.txt"),
        ("STAMP", tmp_path / ".venv/locked.sha256"),
        ("MARK", tmp_path / ".venv/made-by-start.txt"),
    ):
        monkeypatch.setattr(start, name, path)
    return tmp_path


def ready(checkout: Path) -> None:
    """As ``ensure_venv`` leaves it."""
    start.venv_python().parent.mkdir(parents=True)
    start.venv_python().write_bytes(b"")
    start.MARK.write_text("", "ascii")
    (checkout / ".venv/locked.sha256").write_text(start.wanted_stamp(start.LOCK), "ascii")


def test_nothing_is_made_when_all_is_in_place(checkout: Path) -> None:
    ready(checkout)
    assert start.ensure_venv() == 0.0


@pytest.mark.parametrize("change", ["lock", "interpreter", "cut off"])
def test_it_is_made_again_when_it_no_longer_fits(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    ready(checkout)
    if change == "lock":
        start.LOCK.write_text("pip==23.2.2\n", "utf-8")
    elif change == "interpreter":
        start.venv_python().unlink()
    else:
        start.STAMP.unlink()
    ran: list[list[str]] = []

    def run(command: list[object], env: object = None, keep: object = ()) -> None:
        ran.append([str(c) for c in command])
        assert start.MARK.is_file(), "marked before anything else of it is made"
        packages = start.VENV / (
            "Lib/site-packages" if start.WINDOWS else "lib/python3.11/site-packages"
        )
        packages.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(start, "run_quietly", run)
    start.ensure_venv()
    assert ran[0][1:4] == ["-I", "-m", "venv"]
    assert {"--require-hashes", "--no-deps"} <= set(ran[1])
    assert start.STAMP.read_text("ascii") == start.wanted_stamp(start.LOCK)


def test_tools_are_added_and_never_taken_away(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who starts the program first and tests it later keeps what is there; a start after a test
    makes nothing.
    """
    ready(checkout)
    ran: list[list[str]] = []

    def run(command: list[object], env: object = None, keep: object = ()) -> None:
        ran.append([str(c) for c in command])
        assert not start.STAMP.exists(), "a cut-off addition is made again from nothing"

    monkeypatch.setattr(start, "run_quietly", run)
    packages = "Lib/site-packages" if start.WINDOWS else "lib/python3.11/site-packages"
    (start.VENV / packages).mkdir(parents=True)
    start.ensure_venv(tools=True)
    assert [words[-1] for words in ran] == [str(start.TOOLS_LOCK)]
    assert start.STAMP.read_text("ascii") == start.wanted_stamp(start.TOOLS_LOCK)
    assert start.ensure_venv() == start.ensure_venv(tools=True) == 0.0
    assert len(ran) == 1


@pytest.mark.usefixtures("checkout")
def test_a_failed_installation_leaves_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: object, env: object = None, keep: object = ()) -> None:
        raise start.CannotStart("no network")

    monkeypatch.setattr(start, "run_quietly", fail)
    with pytest.raises(start.CannotStart):
        start.ensure_venv()
    assert not start.STAMP.exists()


def test_settings_that_bend_a_lock_are_blank_and_all_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_CONSTRAINT", "/somewhere/constraints.txt")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.example/simple")
    monkeypatch.setenv("PYTHONPATH", "/old")
    env = start.child_environment()
    assert env["PIP_CONSTRAINT"] == env["PIP_TARGET"] == env["PIP_USER"] == ""
    assert env["PIP_INDEX_URL"] == "http://mirror.example/simple"
    assert "PYTHONPATH" not in env


@pytest.mark.parametrize(
    ("given", "display", "handed"),
    [
        ([], True, []),
        ([], False, ["install", "--yes"]),
        (["plan", "--json"], False, ["plan", "--json"]),
        (["detect"], True, ["detect"]),
    ],
)
def test_what_is_handed_over(
    monkeypatch: pytest.MonkeyPatch, given: list[str], display: bool, handed: list[str]
) -> None:
    seen: list[list[str]] = []
    for name in ("check_python", "ensure_venv", "ensure_qt_libraries"):
        monkeypatch.setattr(start, name, lambda: 0.0)
    monkeypatch.setattr(start, "has_display", lambda: display)

    def hand_over(arguments: list[str]) -> int:
        seen.append(list(arguments))
        return 5

    monkeypatch.setattr(start, "hand_over", hand_over)
    assert start.main(given) == 5
    assert seen == [handed]


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_the_interpreter_is_checked(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], fits: bool
) -> None:
    monkeypatch.setattr(
        start, "sys", SimpleNamespace(version_info=(*version, 0), executable="python")
    )
    if fits:
        start.check_python()
    else:
        with pytest.raises(start.CannotStart, match=r"Python 3\.11, 3\.12 or 3\.13 is needed"):
            start.check_python()


def test_without_root_the_one_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "is_debian_root", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(
        start.CannotStart, match=r"Run once: sudo apt-get install -y .* libegl1 libgl1"
    ):
        start.install_debian(["libegl1", "libgl1"], "the window")


def test_a_command_that_fails_is_named_with_what_it_said(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(start.CannotStart, match="exit code 3"):
        start.run_quietly([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"])
    out, err = capfd.readouterr()
    assert out == ""
    assert "the reason" in err


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs rights on Windows")
def test_a_linked_venv_is_refused_and_its_target_stays(checkout: Path) -> None:
    other = checkout / "other"
    other.mkdir()
    (other / "precious").write_text("kept", "ascii")
    start.VENV.symlink_to(other)
    with pytest.raises(start.CannotStart, match="is a link to") as raised:
        start.ensure_venv()
    assert raised.value.exit_code == start.BLOCKED
    assert (other / "precious").read_text("ascii") == "kept"


@pytest.mark.parametrize("made_by", ["python -m venv", "somebody", "a file"])
def test_a_venv_of_somebody_else_is_refused(checkout: Path, made_by: str) -> None:
    if made_by == "a file":
        start.VENV.write_text("mine", "ascii")
    else:
        start.VENV.mkdir()
        name = "pyvenv.cfg" if made_by == "python -m venv" else "notes.txt"
        (start.VENV / name).write_text("mine", "ascii")
    before = sorted(checkout.rglob("*"))
    with pytest.raises(start.CannotStart, match="Move it away or delete it"):
        start.ensure_venv()
    assert sorted(checkout.rglob("*")) == before


@pytest.mark.parametrize("by", ["mark", "stamp of 1.0", "empty"])
@pytest.mark.usefixtures("checkout")
def test_what_this_script_made_is_emptied_and_links_in_it_are_not_followed(
    checkout: Path, by: str
) -> None:
    outside = checkout / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept", "ascii")
    start.VENV.mkdir()
    if by != "empty":
        (start.MARK if by == "mark" else start.STAMP).write_text("x", "ascii")
        (start.VENV / "lib").mkdir()
        (start.VENV / "lib/old.py").write_text("", "ascii")
        if sys.platform != "win32":
            (start.VENV / "linked").symlink_to(outside)
    start.refuse_what_is_not_ours()
    start._empty_venv()
    assert list(start.VENV.iterdir()) == [start.MARK]
    assert (outside / "precious").read_text("ascii") == "kept"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(\"HTTPSConnection("
            "host='index.example', port=443): Failed to establish a new connection\")'\n"
            "ERROR: No matching distribution found for altgraph==0.17.5",
            "index index.example could not be reached",
        ),
        ("ProxyError('Cannot connect to proxy.', OSError('407 Proxy'))", "HTTPS_PROXY"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        ("ERROR: No matching distribution found for altgraph==0.17.5", "no file of altgraph==0"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS", "not the one"),
        ("ERROR: HTTP error 403 while getting x: 403 Client Error: Forbidden", "wants a login"),
        ("Segmentation fault", "ended with exit code 9"),
    ],
)
def test_what_pip_said_becomes_one_sentence(said: str, why: str) -> None:
    sentence = start._explain_failure(["pip", "install"], 9, said)
    assert why in sentence
    assert "\n" not in sentence


def test_without_apt_no_apt_is_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(start, "missing_qt_libraries", lambda: ["libegl1"])
    with pytest.raises(start.CannotStart, match="install --yes") as raised:
        start.ensure_qt_libraries()
    assert "apt" not in str(raised.value)


# ---- a small checkout, really started


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A checkout whose program says its arguments, and whose lock holds nothing."""
    root = Path(__file__).resolve().parents[2]
    home = tmp_path / "check out ü"
    for name in (
        "build/__init__.py",
        "build/start.py",
        "build/first_start.py",
        "app/__init__.py",
        "app/adapters/__init__.py",
        "app/adapters/display.py",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, home / name)
    (home / "app/__main__.py").write_text("import sys\nprint(sys.argv[1:])\n", "utf-8")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (home / name).write_text("", "utf-8")
    return home


def call(small: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    base = getattr(sys, "_base_executable", sys.executable)
    env = {
        k: v
        for k, v in os.environ.items()
        if k not in {"PYTHONPATH", "VIRTUAL_ENV", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    return subprocess.Popen(
        [base, str(small / "build/start.py"), *words],
        env={**env, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
@pytest.mark.posix
def test_two_first_starts_at_once_make_it_once_and_a_dead_display_is_named(small: Path) -> None:
    both = [call(small, DISPLAY=":87"), call(small, WAYLAND_DISPLAY="/nowhere/wayland-0")]
    output = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], output
    assert [out for out, _ in output] == [b"['install', '--yes']\n"] * 2
    spoken = b"".join(err for _, err in output).decode()
    assert spoken.count("Making .venv") == 1
    assert "The display :87 does not answer" in spoken
    assert "The display /nowhere/wayland-0 does not answer" in spoken


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_start_that_is_stopped_says_so_and_leaves_what_the_next_one_knows(
    small: Path, number: signal.Signals
) -> None:
    child = call(small, "plan")
    mark = small / ".venv/made-by-start.txt"
    while not mark.exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(number)
    out, err = child.communicate()
    assert child.returncode == 6
    assert out == b""
    assert "Traceback" not in err.decode()
    assert err.decode().endswith("Stopped. The same command goes on from here.\n")
    assert mark.exists()


@pytest.mark.posix
def test_closed_streams_are_no_fault_and_no_file_takes_their_numbers(small: Path) -> None:
    folder = small / ".venv"
    (folder / "bin").mkdir(parents=True)
    base = getattr(sys, "_base_executable", sys.executable)
    (folder / "bin/python").symlink_to(base)
    words = (
        "import sys; sys.path.insert(0, sys.argv[1]); from build import first_start as s; "
        "print(s.wanted_stamp(s.LOCK))"
    )
    stamp = subprocess.check_output([base, "-c", words, str(small)], text=True).strip()
    (folder / "locked.sha256").write_text(stamp, "ascii")
    (small / "app/__main__.py").write_text("import sys\nsys.exit(7)\n", "utf-8")
    done = subprocess.run(
        ["sh", "-c", '"$0" "$1" plan <&- >&- 2>&-', base, str(small / "build/start.py")],
        env={**os.environ, "PYTHONPATH": str(small)},
        check=False,
    )
    assert done.returncode == 7
    assert (small / "requirements.txt").read_bytes() == b""


def test_a_python_that_is_too_old_can_read_the_door() -> None:
    """The grammar of 3.6 by Python's own parser; of 2.7 only what both have is written there."""
    root = Path(__file__).resolve().parents[2]
    text = (root / "build/start.py").read_text("ascii")
    tree = ast.parse(text, feature_version=(3, 4))
    later = (ast.JoinedStr, ast.AnnAssign, ast.arg, ast.NamedExpr, ast.Nonlocal, ast.AsyncWith)
    assert not [node for node in ast.walk(tree) if isinstance(node, later)]
    assert "__future__" not in text


@pytest.mark.real
@pytest.mark.posix
@pytest.mark.slow
def test_from_a_fresh_clone_with_a_plain_python(tmp_path: Path) -> None:
    """The real thing: clone, one command from another folder, the program answers; a second call
    takes seconds.
    """
    root = Path(__file__).resolve().parents[2]
    clone = tmp_path / "clone with space"
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    for name in (
        "build/start.py",
        "build/first_start.py",
        "app/adapters/display.py",
        "requirements.txt",
        "requirements-dev.txt",
    ):
        shutil.copy(root / name, clone / name)
    base = getattr(sys, "_base_executable", sys.executable)
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV", "DISPLAY"}}

    def call() -> tuple[subprocess.CompletedProcess[str], float]:
        began = time.monotonic()
        done = subprocess.run(
            [base, str(clone / "build/start.py"), "--version"],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, time.monotonic() - began

    first, _ = call()
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("unsloth-setup ")
    assert "Making .venv" in first.stderr
    second, seconds = call()
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert seconds < 5
