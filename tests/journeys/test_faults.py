"""Every fault that can be put into the middle of an install, through the real program.

By an index, a network, a disk or a person.

Each is followed by what must hold after any of them (``Bench.holds``): the next run finishes, the
environment equals that of an undisturbed run file by file, the old environment could be used
throughout, no process and no temporary file is left.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from app.model.errors import ExpectedError
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.fault_index.certificates import OPENSSL, certificate, issued
from tests.fault_index.proxy import Proxy
from tests.journeys import command
from tests.journeys.bench import Bench, active, usable, wait_for
from tests.journeys.small import open_session
from tests.journeys.small import plan as small_plan
from tests.rights import held_above_permissions, obey_permissions

if sys.platform == "win32":
    pytest.skip(
        "POSIX signals and mounts; a file in use and the Job Object are in tests/windows",
        allow_module_level=True,
    )
pytestmark = [pytest.mark.slow, pytest.mark.posix]

WHEELS = [make_wheel(f"piece-{n}", size=1_000_000) for n in range(4)]
PIECE = "piece_2"
HASTY = {
    "SMALL_PATIENCE": json.dumps(
        {
            "connect": 2.0,
            "read": 1.5,
            "attempts": 3,
            "first_attempts": 2,
            "backoff": 0.05,
            "longest": 0.2,
        }
    )
}
needs_openssl = pytest.mark.skipif(
    OPENSSL is None, reason="certificates are made by the openssl program"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with FaultIndex(WHEELS) as index:
        yield Bench(tmp_path_factory.mktemp("faults"), index, WHEELS)


@pytest.fixture
def bench(shared: Bench) -> Bench:
    """The home with its active environment, nothing fetched, and a sound index."""
    shared.fresh()
    return shared


@pytest.mark.fault("index")
@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_drop_at_every_tenth_of_a_file_is_survived_in_the_same_run(
    bench: Bench, tenth: int
) -> None:
    bench.index.fail(f"{PIECE}.*whl$", "drop", times=1, after=len(WHEELS[2].data) * tenth // 10)
    sent = bench.index.sent
    assert bench.disturbed(env=HASTY).code == 0
    assert bench.index.sent - sent <= sum(len(w.data) for w in WHEELS) + (1 << 16)
    bench.holds()


@pytest.mark.fault("index")
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("reset", {"after": 300_000}),
        ("stall", {"after": 300_000}),
        ("status", {"code": 429, "headers": {"Retry-After": "1"}}),
        ("status", {"code": 500}),
        ("status", {"code": 503}),
        ("corrupt", {}),
        ("no-range", {}),
        ("wrong-range", {}),
        ("slow", {"rate": 400.0}),
        ("captive", {"tries": 0}),
        ("cut", {}),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else "-".join(str(v) for v in value.values()) or "once"
    ),
)
def test_a_fault_that_passes_is_survived_in_the_same_run_or_the_next(
    bench: Bench, kind: str, how: dict[str, Any]
) -> None:
    final = (
        how.get("tries") == 0
    )  # faults that are named at once: a second try would bring the same
    bench.index.fail(
        f"{PIECE}.*whl$", kind, times=1, **{k: v for k, v in how.items() if k != "tries"}
    )
    assert bench.disturbed(env=HASTY).code == (4 if final else 0)
    bench.holds()


@pytest.mark.fault("index")
@pytest.mark.parametrize(
    ("where", "kind", "how", "code"),
    [
        ("whl$", "status", {"code": 403}, "index_denied"),
        ("whl$", "status", {"code": 404}, "file_missing"),
        ("whl$", "status", {"code": 429}, "too_many_requests"),
        ("whl$", "status", {"code": 500}, "server_error"),
        ("whl$", "status", {"code": 503}, "server_error"),
        ("whl$", "drop", {"after": 0}, "network_interrupted"),
        ("whl$", "stall", {"seconds": 60.0}, "network_timeout"),
        ("whl$", "cut", {}, "wrong_size"),
        ("whl$", "grown", {}, "wrong_size"),
        ("whl$", "corrupt", {}, "pip_hash_mismatch"),
        ("whl$", "circle", {}, "redirect_loop"),
        ("whl$", "captive", {}, "captive_portal"),
        ("/simple/", "status", {"code": 403}, "index_denied"),
        ("/simple/", "status", {"code": 404}, "package_missing"),
        ("/simple/", "status", {"code": 429}, "too_many_requests"),
        ("/simple/", "status", {"code": 503}, "server_error"),
        ("/simple/", "circle", {}, "redirect_loop"),
        ("/simple/", "captive", {}, "captive_portal"),
        ("/simple/", "stall", {}, "network_timeout"),
    ],
)
def test_a_fault_that_stays_is_named_and_the_next_run_finishes(
    bench: Bench, where: str, kind: str, how: dict[str, Any], code: str
) -> None:
    bench.index.fail(where if where != "whl$" else f"{PIECE}.*whl$", kind, **how)
    done = bench.disturbed(env=HASTY)
    assert (done.code, done.failed["code"]) == (4, code), done.failed
    assert "127.0.0.1" in done.failed["message"] and done.failed["hint"]
    bench.holds()


@pytest.mark.fault("index")
def test_an_index_that_lacks_one_wheel(bench: Bench) -> None:
    with FaultIndex([w for w in WHEELS if w.name != "piece-2"]) as other:
        done = bench.disturbed(other.url, HASTY)
    assert (done.code, done.failed["code"]) == (4, "package_missing")
    assert "piece-2" in done.failed["message"]
    bench.holds()


@pytest.mark.fault("index")
@pytest.mark.parametrize("kind", ["no such name", "nobody listens"])
def test_an_index_that_cannot_be_found(bench: Bench, kind: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/simple/"
    done = bench.disturbed(
        "https://index.invalid/simple/" if kind == "no such name" else nobody, HASTY
    )
    assert (done.code, done.failed["code"]) == (
        4,
        "dns_failure" if kind == "no such name" else "connection_refused",
    )
    bench.holds()


@needs_openssl
@pytest.mark.fault("index")
@pytest.mark.parametrize("kind", ["expired", "self-signed"])
def test_a_certificate_that_cannot_be_trusted(bench: Bench, tmp_path: Path, kind: str) -> None:
    days = ("20200101000000Z", "20210101000000Z") if kind == "expired" else None
    context, bundle = certificate(tmp_path, days=days)
    trusted = (
        {"SMALL_ANSWERS": json.dumps({"certificates": str(bundle)})} if kind == "expired" else {}
    )
    with FaultIndex(WHEELS, tls=context) as other:
        done = bench.disturbed(other.url, {**HASTY, **trusted})
    assert done.code == 4
    assert done.failed["code"] == (
        "server_certificate_expired" if kind == "expired" else "tls_intercepted"
    ), done.failed
    bench.holds()


@needs_openssl
@pytest.mark.fault("index")
def test_a_proxy_that_asks_for_a_password(bench: Bench, tmp_path: Path) -> None:
    context, bundle = issued(tmp_path, "DNS:index.invalid")
    with FaultIndex(WHEELS, tls=context) as other:
        port = int(other.host.rpartition(":")[2])
        with Proxy(login="jan:geheim", target=("127.0.0.1", port)) as proxy:

            def run(login: str) -> Any:
                answers = {"certificates": str(bundle), "proxy": f"http://{login}{proxy.host}"}
                return bench.disturbed(
                    f"https://index.invalid:{port}/simple/",
                    {**HASTY, "SMALL_ANSWERS": json.dumps(answers)},
                )

            done = run("")
            assert (done.code, done.failed["code"]) == (4, "proxy_needs_password"), done.failed
            assert "proxy" in done.failed["message"]
            assert run("jan:geheim@").code == 0  # the same proxy with its password brings all
    bench.holds()


# ---- faults of this computer


def uv_at_work(child: subprocess.Popen[str], word: str) -> psutil.Process | None:
    """The uv that the program has started for one purpose."""
    for process in psutil.Process(child.pid).children(recursive=True):
        try:
            if process.name() == "uv" and word in process.cmdline():
                return process
        except psutil.NoSuchProcess:
            continue
    return None


@pytest.mark.fault("kills of uv")
@pytest.mark.parametrize(
    ("word", "step"), [("compile", "fetch"), ("venv", "environment"), ("sync", "install")]
)
def test_uv_killed_in_the_middle_is_a_failed_step(bench: Bench, word: str, step: str) -> None:
    hit: list[int] = []

    def kill(child: subprocess.Popen[str]) -> None:
        def look() -> bool:
            found = uv_at_work(child, word)
            if found is not None:
                found.kill()
                hit.append(found.pid)
            return bool(hit)

        wait_for(child, look)

    done = bench.disturbed(meanwhile=kill)
    if not hit or done.code == 0:
        pytest.skip("uv was quicker than the look for it")
    assert done.code == 4
    assert done.failed["step"] == step
    assert "signal 9" in done.failed["message"] or "ended from outside" in done.failed["message"]
    bench.holds()


def on_volume(folder: Path, size: str, then: Callable[[Path], None]) -> None:
    """Do something on a small volume of its own."""
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=False
        ).returncode
    ):
        pytest.skip("a small volume needs root and the right to mount")
    try:
        then(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def more_room(volume: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(volume)], check=True)


def room_left(volume: Path) -> int:
    found = os.statvfs(volume)
    return found.f_bavail * found.f_frsize


@pytest.mark.fault("full disk")
@pytest.mark.parametrize(
    "moment", ["before the first byte", "while it is fetched", "while it is installed"]
)
def test_a_full_disk_stops_cleanly_and_goes_on_after_room_was_made(
    tmp_path: Path, moment: str
) -> None:
    """Room for the old environment and a little more; then room is taken away by a file of somebody
    else's.
    """
    # Small enough not to be unpacked while they come: what is unpacked already is linked, which
    # takes no room.
    large = [
        make_wheel(f"piece-{n}", size=1_500_000 if moment == "while it is installed" else 6_000_000)
        for n in range(4)
    ]

    def journey(volume: Path) -> None:
        with FaultIndex(large, rate=8e6 if moment == "while it is fetched" else None) as index:
            bench = Bench(volume, index, large)
            bench.fresh()
            stranger = volume / "stranger.bin"

            def take(left: int) -> None:
                with stranger.open("wb") as file:
                    while (room := room_left(volume) - left) > 0:
                        with contextlib.suppress(OSError):  # others write at the same time
                            os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, room)

            def meanwhile(child: subprocess.Popen[str]) -> None:
                wheels = bench.home / "wheels"
                if moment == "while it is fetched":
                    assert wait_for(child, lambda: any(wheels.glob("*.part")))
                    take(9_000_000)
                elif moment == "while it is installed":
                    assert wait_for(child, lambda: len(list(wheels.glob("*.whl"))) == len(large))
                    child.send_signal(
                        signal.SIGSTOP
                    )  # it is quick: else all may be done before the room is gone
                    take(0)
                    child.send_signal(signal.SIGCONT)

            if moment == "before the first byte":
                take(12_000_000)
            before = index.sent
            done = bench.disturbed(meanwhile=meanwhile)
            assert done.code == 4
            assert done.failed["code"] in ("disk_full", "child-failed"), done.failed
            assert done.failed["diagnosis"]["cause"] == "disk_full", done.failed
            if moment == "before the first byte":
                assert index.sent == before
            stranger.unlink()
            bench.holds()

    on_volume(tmp_path / "volume", "260m", journey)


@pytest.mark.fault("full disk")
def test_room_that_went_since_the_survey_is_missed_before_the_first_byte(tmp_path: Path) -> None:
    """A person may look at the plan for hours; what a fix of the plan itself frees counts."""
    with FaultIndex(WHEELS) as index:
        session = open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))
        large = small_plan("small-1")
        last = msgspec.structs.replace(large.steps[-1], disk_bytes=10**16)
        large = msgspec.structs.replace(large, steps=(*large.steps[:-1], last))
        with pytest.raises(ExpectedError, match=r"needs 10000000\.00 GB more") as caught:
            list(session.execution.run(large))
        assert (caught.value.code, caught.value.exit_code) == ("disk_full", 3)
        assert index.requests == [] and not (tmp_path / "home" / "logs").exists()


@pytest.mark.fault("full disk")
def test_a_volume_that_takes_no_more_files_is_said_before_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultIndex(WHEELS) as index:
        session = open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))
        monkeypatch.setattr(session.system.files, "free_files", lambda _: 10)
        with pytest.raises(ExpectedError, match="can take only 10 more files") as caught:
            list(session.execution.run(small_plan("small-1")))
        assert (caught.value.code, caught.value.exit_code) == ("disk_full", 3)
        assert index.requests == [] and not (tmp_path / "home" / "logs").exists()


@pytest.mark.fault("full disk")
def test_a_plan_that_does_not_fit_is_not_begun_wherever_a_link_leads(tmp_path: Path) -> None:
    """From outside: the whole plan counts, on the volume where the home folder really lies, before
    anything is fetched.
    """
    wheels = command.wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(wheels))

    def journey(volume: Path) -> None:
        (tmp_path / "way").symlink_to(volume, target_is_directory=True)
        home = tmp_path / "way" / "home"
        env = {"SMALL_ROOM": "1"}
        with FaultIndex(wheels) as index:
            run = command.run(home, lock, index.url, "install", "--json", env=env)
            assert (run.returncode, json.loads(run.stdout.splitlines()[-1])["outcome"]) == (
                3,
                "failed",
            ), run.stderr
            assert str(volume) in run.stderr + run.stdout
            assert index.sent == 0 and not home.exists()
            more_room(volume, "400m")
            assert command.run(home, lock, index.url, "install", env=env).returncode == 0
            with (volume / "stranger.bin").open(
                "wb"
            ) as file:  # all is in place: nothing more is asked for
                while (room := room_left(volume) - 8_000_000) > 0:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, room)
            again = command.run(home, lock, index.url, "install", env=env)
            assert again.returncode == 0, again.stderr[-1000:]

    on_volume(tmp_path / "volume", "60m", journey)


@pytest.mark.fault("clock and sleep")
def test_a_sleep_in_the_middle_is_survived(bench: Bench) -> None:
    def sleep(child: subprocess.Popen[str]) -> None:
        wait_for(child, lambda: any((bench.home / "wheels").glob("*")))
        family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGSTOP)
        time.sleep(4.0)
        for process in family:
            process.send_signal(signal.SIGCONT)

    bench.index.fail("whl$", "slow", rate=2e6)
    assert bench.disturbed(env=HASTY, meanwhile=sleep).code == 0
    bench.holds()


@pytest.mark.fault("clock and sleep")
@pytest.mark.parametrize("way", ["forward", "back"])
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "killed"])
def test_a_clock_that_jumps_a_year_at_every_look_is_survived(
    bench: Bench, way: str, cut: bool
) -> None:
    """Journal, logs, pointer and records bear the false times; nothing may be decided by them."""

    def kill(child: subprocess.Popen[str]) -> None:
        wait_for(child, lambda: any((bench.home / "wheels").glob("*")))
        child.kill()

    done = bench.disturbed(env={"SMALL_CLOCK": way}, meanwhile=kill if cut else None)
    assert done.code == (-signal.SIGKILL if cut else 0)
    bench.holds()
    newest = bench.home / "logs" / f"{last_run(bench)}.events.jsonl"
    assert b'"finished"' in newest.read_bytes() or b'"skipped"' in newest.read_bytes()


def last_run(bench: Bench) -> str:
    """The run that the journal has last."""
    return str(json.loads((bench.home / "journal.jsonl").read_text().splitlines()[-1])["run"])


@pytest.mark.fault("kills")
def test_ctrl_c_leaves_no_child_and_a_state_to_go_on_with(bench: Bench) -> None:
    def interrupt(child: subprocess.Popen[str]) -> None:
        wait_for(child, lambda: any((bench.home / "wheels").glob("*")))
        child.send_signal(signal.SIGINT)

    bench.index.fail("whl$", "slow", rate=4e5)
    before = active(bench.home)
    # A shell that starts tests in the background has them ignore this signal; the program is to
    # hear it as from a terminal.
    bench.disturbed(
        env=HASTY,
        meanwhile=interrupt,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert active(bench.home) == before
    bench.holds()


@pytest.mark.fault("two at once")
def test_a_second_run_is_told_who_runs_and_the_first_finishes(bench: Bench) -> None:
    bench.index.fail("whl$", "slow", rate=4e5)
    first = bench.start(bench.name)
    assert wait_for(first, lambda: any((bench.home / "wheels").glob("*")))
    second = bench.run(bench.name)
    assert first.poll() is None
    assert second.code != 0 and f"process {first.pid} (" in second.stderr_text
    assert bench.ended(first).code == 0
    bench.holds()


@pytest.mark.fault("read-only folder")
@pytest.mark.skipif(
    held_above_permissions(), reason="root here may write anywhere and cannot give that up"
)
@pytest.mark.parametrize("shut", ["", "envs", "wheels", "locks", "logs"])
def test_a_read_only_folder_is_named_and_the_next_run_finishes(bench: Bench, shut: str) -> None:
    """Real also for root: the child has given up the right to write anywhere."""
    folder = bench.home / shut if shut else bench.home
    folder.mkdir(exist_ok=True)
    before = bench.home.stat().st_mode
    folder.chmod(0o555)
    try:
        tried = subprocess.run(
            [sys.executable, "-c", "import sys; open(sys.argv[1], 'w')", str(folder / "x")],
            check=False,
            capture_output=True,
            preexec_fn=obey_permissions,
        )
        if tried.returncode == 0:
            (folder / "x").unlink()
            pytest.skip("this system lets root write anywhere and does not let it give that up")
        child = bench.start(bench.name, preexec_fn=obey_permissions)
        done = bench.ended(child)
        assert done.code not in (0, -signal.SIGKILL)
        output = done.stderr_text + json.dumps(done.events[-2:], ensure_ascii=False)
        assert str(folder) in output and (
            "permission denied" in output.lower() or "cannot be written" in output
        ), output[-2000:]
        assert "Traceback" not in json.dumps(done.events)
        assert usable(bench.home) == ""
        bench.nobody_is_left()
    finally:
        folder.chmod(before)
    bench.holds()
