"""Journal, going back and uninstalling from outside: what was made is known before, and goes.

What a person made stays.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command
from tests.journeys.bench import active, wait_for

pytestmark = pytest.mark.slow
WINDOWS = sys.platform == "win32"


@dataclass
class Person:
    """A home with two setups, the second active, and the means to run commands on it."""

    home: Path
    index: FaultIndex
    locks: tuple[Path, Path]

    def run(
        self, *arguments: str, lock: int = 1, home: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command from outside."""
        return command.run(home or self.home, self.locks[lock], self.index.url, *arguments)

    def entries(self) -> list[dict[str, object]]:
        """The journal's lines."""
        return [
            json.loads(line)
            for line in (self.home / "journal.jsonl").read_text("utf-8").splitlines()
        ]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    folder = tmp_path_factory.mktemp("journal")
    both = [command.wheels(), command.wheels("2.0")]
    locks = (folder / "lock1.txt", folder / "lock2.txt")
    for path, wheels in zip(locks, both, strict=True):
        path.write_text(lock_of(wheels))
    with FaultIndex(both[0] + both[1]) as index:
        person = Person(folder / "home", index, locks)
        for number in (0, 1):
            done = person.run("install", lock=number)
            assert done.returncode == 0, done.stderr[-2000:]
        yield person


@pytest.fixture
def person(installed: Person, tmp_path: Path) -> Person:
    """A copy that a test may change: environments are moved, as a person moves a home folder."""
    shutil.copytree(installed.home, tmp_path / "home", symlinks=True)
    return Person(tmp_path / "home", installed.index, installed.locks)


def test_everything_that_was_made_was_written_down_and_uninstalling_leaves_nothing(
    person: Person,
) -> None:
    made = {e["values"]["path"] for e in person.entries() if e["effect"] == "made"}  # type: ignore[index]
    # ``current`` is derived from active.json, which alone is the truth
    derived = {"journal.jsonl", "running.lock", "active.json", "current"}
    top = {p.name for p in person.home.iterdir()} - derived
    assert top <= {Path(str(path)).name for path in made}
    listed = json.loads(person.run("uninstall", "--json").stdout)
    assert all(item["size"] >= 0 and item["note"].count("journal") == 0 for item in listed)
    done = person.run("uninstall", "--remove", "all", "--yes")
    assert done.returncode == 0, done.stderr
    assert not person.home.exists()


def test_what_a_person_made_stays_wherever_it_lies(person: Person) -> None:
    now = person.home / "envs" / active(person.home)
    own = [
        person.home / "notes.txt",
        person.home / "outputs" / "adapter.safetensors",
        now / "my_adapter" / "weights.bin",
        person.home / "envs" / "mine" / "pyvenv.cfg",
        person.home / "quarantine" / "001" / "content" / "old.txt",
    ]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    listed = {item["id"]: item for item in json.loads(person.run("uninstall", "--json").stdout)}
    assert "my_adapter" in listed[f"env:{now.name}"]["note"]
    done = person.run("uninstall", "--remove", "all", "--yes")
    assert done.returncode == 0, done.stderr
    left = {p for p in person.home.rglob("*") if p.is_file()}
    assert set(own) <= left
    papers = {"journal.jsonl", "unsloth-setup-home.json"}
    assert papers <= {p.name for p in left - set(own)} <= {*papers, "running.lock"}
    assert not (now / "pyvenv.cfg").exists()


def test_folders_that_were_there_before_are_kept(person: Person, tmp_path: Path) -> None:
    """A person may choose a folder that has such names already."""
    home = tmp_path / "projects"
    for name in ("logs", "cache", "work"):
        (home / name).mkdir(parents=True)
        (home / name / "mine.txt").write_text("mine")
    assert person.run("install", home=home).returncode == 0
    done = person.run("uninstall", "--remove", "all", "--yes", home=home)
    assert done.returncode == 0, done.stderr
    assert all((home / name / "mine.txt").exists() for name in ("logs", "cache", "work"))
    assert not (home / "envs").exists() or not list((home / "envs").iterdir())
    assert "does not say" in person.run("uninstall", home=home).stdout


def test_going_back_takes_less_than_a_second_and_is_written_down_before(person: Person) -> None:
    before, began = active(person.home), time.monotonic()
    done = person.run("rollback", "--json")
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["previous"] == before != active(person.home)
    assert person.entries()[-1]["effect"] == "swapped"
    print(f"\nrollback: {took:.2f} s")
    assert person.run("rollback").returncode == 0 and active(person.home) == before


@pytest.mark.parametrize(
    "words", [("rollback",), ("uninstall", "--remove", "wheels", "--yes"), ("install",)]
)
def test_nothing_changes_a_home_in_which_a_run_is_at_work(
    person: Person, words: tuple[str, ...]
) -> None:
    """A second one is told who runs, whatever it wants to change."""
    shutil.rmtree(person.home / "wheels")
    shutil.rmtree(person.home / "locks")
    person.index.rules.clear()
    person.index.fail("2.0.*whl$", "slow", rate=3e2)
    before = (person.home / "active.json").read_bytes()
    line, env = command.words(
        person.home, person.locks[1], person.index.url, "install", "--fix", "rebuild-environment"
    )
    with subprocess.Popen(
        line, cwd=command.ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as first:
        try:
            assert wait_for_text(first, person.home / "running.lock", str(first.pid))
            second = person.run(*words)
            assert first.poll() is None
            assert second.returncode == 8 and f"process {first.pid} (" in second.stderr, (
                second.stderr
            )
            assert (person.home / "active.json").read_bytes() == before
        finally:
            first.kill()
            person.index.rules.clear()


def wait_for_text(child: subprocess.Popen[bytes], path: Path, text: str) -> bool:
    return wait_for(child, lambda: path.exists() and text in path.read_text("utf-8", "replace"))  # type: ignore[arg-type]


def test_the_lock_of_a_dead_process_keeps_nobody_out(person: Person) -> None:
    """Its number may meanwhile be somebody else's, this very test's for one."""
    for pid in (2**22 - 7, os.getpid()):
        (person.home / "running.lock").write_text(" " + json.dumps({"pid": pid, "who": "Install"}))
        assert person.run("install").returncode == 0


def test_a_home_that_was_moved_is_uninstalled_where_it_is_now(
    person: Person, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere" / "home"
    moved.parent.mkdir()
    person.home.rename(moved)
    assert person.run("rollback", home=moved).returncode == 0
    assert person.run("uninstall", "--remove", "all", "--yes", home=moved).returncode == 0
    assert not moved.exists()


def test_a_bundle_as_json_ends_with_where_it_is(person: Person, tmp_path: Path) -> None:
    """Nothing that happens meanwhile is an effect that the journal knows."""
    target, home = tmp_path / "bundle", tmp_path / "new home"
    done = command.run(
        home,
        person.locks[0],
        person.index.url,
        "bundle",
        "--json",
        "--profile",
        "small",
        "--output",
        str(target),
        "--index",
        person.index.url,
        env={"UV_PYTHON_INSTALL_MIRROR": "https://127.0.0.1:9"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["outcome"], last["bundle"]) == ("finished", str(target))
    assert (
        command.run(
            home, person.locks[0], person.index.url, "verify-bundle", str(target)
        ).returncode
        == 0
    )
    assert not home.exists()


def test_output_is_told_in_whole_lines(person: Person) -> None:
    """uv writes a line in several pieces."""
    done = person.run("install", "--json", "--fix", "rebuild-environment")
    assert done.returncode == 0, done.stderr[-2000:]
    output = [
        e["text"] for e in map(json.loads, done.stdout.splitlines()) if e.get("what") == "line"
    ]
    assert any(line.startswith("Installed 4 packages in") for line in output), output
    assert " + torch==2.0" in output


def test_a_journal_that_is_gone_removes_nothing_by_itself_but_what_is_named(person: Person) -> None:
    (person.home / "journal.jsonl").unlink()
    assert person.run("rollback").returncode == 0
    (person.home / "journal.jsonl").unlink()
    assert person.run("install", lock=0).returncode == 0  # what is active already is left as it is
    assert not (person.home / "journal.jsonl").exists()
    name = active(person.home)
    done = person.run("uninstall", "--remove", "all", "--yes")
    assert done.returncode == 0 and (person.home / "envs" / name).is_dir(), done.stderr
    assert person.run("uninstall", "--remove", f"env:{name}", "--yes").returncode == 0
    assert not (person.home / "envs" / name).exists() and not (person.home / "active.json").exists()


def test_runs_and_quarantine_go_by_their_own_word_alone(person: Person) -> None:
    """An uninstaller asks for each of them unseen: a word for something that is not there is fine."""
    run, kept = person.home / "runs" / "2026-11-30-1", person.home / "quarantine" / "001"
    for folder in (run, kept):
        folder.mkdir(parents=True)
        (folder / "adapter.safetensors").write_bytes(b"trained")
    words = ("uninstall", "--remove", "all", "--remove", "models", "--yes")
    assert person.run(*words).returncode == 0
    assert run.is_dir() and kept.is_dir() and not (person.home / "active.json").exists()
    assert person.run("uninstall", "--remove", "runs", "--yes").returncode == 0
    assert not run.exists() and kept.is_dir()
    assert person.run("uninstall", "--remove", "runs", "--yes").returncode == 0
    assert person.run("uninstall", "--remove", "quarantine", "--yes").returncode == 0
    assert not kept.exists()
    assert person.run("uninstall", "--remove", "run", "--yes").returncode == 2


@pytest.mark.parametrize(
    "garbage", [b"\x00\xff garbage\n", b"{}\n", b'{"at":1}\n', b"[1,2]\n", b"null\n"]
)
def test_a_journal_of_garbage_is_named_with_its_line(person: Person, garbage: bytes) -> None:
    (person.home / "journal.jsonl").write_bytes(garbage)
    for words in (("install",), ("uninstall",), ("uninstall", "--remove", "all", "--yes")):
        done = person.run(*words, lock=0)
        assert "Traceback" not in done.stderr
        assert (done.returncode, "line 1" in done.stderr) == (2, True), (words, done.stderr)
    assert (person.home / "envs").is_dir()


def test_a_torn_last_line_is_mended_and_nothing_else_of_the_journal_changes(person: Person) -> None:
    path = person.home / "journal.jsonl"
    before = path.read_bytes()
    path.write_bytes(before + b'{"at":"2026-11-24T15:00:00Z","run":"1","kind":"eff')
    assert person.run("rollback").returncode == 0
    after = path.read_bytes()
    assert after.startswith(before) and after[len(before) :].count(b"\n") == 1


@pytest.mark.posix
@pytest.mark.skipif(WINDOWS, reason="masks and signals of POSIX")
def test_whatever_the_mask_what_was_made_is_the_persons_alone(
    person: Person, tmp_path: Path
) -> None:
    home = tmp_path / "open home"
    done = command.run(
        home, person.locks[0], person.index.url, "install", preexec_fn=lambda: os.umask(0)
    )
    assert done.returncode == 0, done.stderr
    # uv opens its lock files, which are empty, to everybody.
    ours = [
        home,
        *(
            p
            for p in home.rglob("*")
            if not p.is_symlink() and p.suffix != ".lock" and p.name != ".lock"
        ),
    ]
    assert [str(p) for p in ours if p.stat().st_mode & 0o022] == []
    private = [home, *home.iterdir(), *(home / "logs").iterdir(), *(home / "reports").iterdir()]
    assert [
        str(p)
        for p in private
        # the link leads into envs/, which uv makes
        if p.stat().st_mode & 0o077 and p.name not in ("cache", "envs", "current")
    ] == []


@pytest.mark.posix
@pytest.mark.skipif(WINDOWS, reason="signals of POSIX")
def test_ctrl_c_ends_with_6_and_the_same_command_goes_on(person: Person, tmp_path: Path) -> None:
    home = tmp_path / "new home"
    person.index.rules.clear()
    person.index.fail("1.0.*whl$", "slow", rate=4e3)
    line, env = command.words(home, person.locks[0], person.index.url, "install", "--json")
    with subprocess.Popen(
        line,
        cwd=command.ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as child:
        assert wait_for(child, lambda: any((home / "wheels").glob("*.part")))
        child.send_signal(signal.SIGINT)
        out, output = child.communicate(timeout=60)
    person.index.rules.clear()
    crashes = [path.read_text("utf-8") for path in home.glob("reports/crash-*.txt")]
    assert child.returncode == 6, (output[-2000:], crashes)
    assert "Traceback" not in output
    last = json.loads(out.splitlines()[-1])
    assert (last["schema"], last["outcome"], last["verdict"]) == ("result/1", "stopped", None)
    again = command.run(home, person.locks[0], person.index.url, "install")
    assert again.returncode == 0 and "Going on where the last run stopped" in again.stderr, (
        again.stderr[-2000:]
    )


@pytest.mark.posix
@pytest.mark.skipif(
    WINDOWS or shutil.which("strace") is None, reason="system calls are followed with strace"
)
def test_the_journal_is_on_the_disk_before_each_effect(person: Person, tmp_path: Path) -> None:
    """Every entry is followed by its fsync before the folder, the environment or the pointer that
    it tells of is touched.
    """
    home, trace = tmp_path / "traced", tmp_path / "trace.txt"
    line, env = command.words(home, person.locks[0], person.index.url, "install")
    follow = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-s",
        "400",
        "-e",
        "trace=mkdir,mkdirat,rename,renameat,renameat2,fsync,write",
        "-o",
        str(trace),
    ]
    done = subprocess.run(
        [*follow, *line], cwd=command.ROOT, env=env, capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr.lower() and done.returncode:
        pytest.skip("this system lets nobody be traced")
    assert done.returncode == 0, done.stderr[-2000:]
    calls = [c.split(maxsplit=1)[1] for c in trace.read_text("utf-8", "replace").splitlines()]
    name = active(home)
    for folder in (
        "logs",
        "locks",
        "cache",
        "wheels",
        "envs",
        "checks",
        "work",
        "verified",
        f"envs/{name}",
        "reports",
    ):
        path = str(home / folder)
        begun = next(
            n
            for n, c in enumerate(calls)
            if c.startswith("write(") and f'{path}\\"' in c and "journal.jsonl" in c
        )
        synced = next(
            n
            for n, c in enumerate(calls)
            if n > begun and c.startswith("fsync(") and "journal.jsonl" in c
        )
        happened = next(
            n
            for n, c in enumerate(calls)
            if c.startswith("mkdir") and f'"{path}"' in c and "EEXIST" not in c
        )
        assert begun < synced < happened, folder
    swapped = next(
        n
        for n, c in enumerate(calls)
        if c.startswith("write(") and "swapped" in c and "journal.jsonl" in c
    )
    synced = next(
        n
        for n, c in enumerate(calls)
        if n > swapped and c.startswith("fsync(") and "journal.jsonl" in c
    )
    renamed = next(n for n, c in enumerate(calls) if c.startswith("rename") and "active.json" in c)
    assert swapped < synced < renamed
