"""The real disk: atomic replace, links never followed, sizes, locks between processes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.files import LocalFiles
from app.model.errors import ExpectedError
from tests.rights import held_above_permissions, obey_permissions

files = LocalFiles()


def test_write_replaces_whole_or_not_at_all(tmp_path: Path) -> None:
    target = str(tmp_path / "a" / "pointer.json")
    files.write(target, b"one")
    files.write(target, b"two")
    assert files.read(target) == b"two"
    assert files.names(str(tmp_path / "a")) == ("pointer.json",)
    assert files.read(str(tmp_path / "nothing")) is None


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_remove_does_not_follow_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep.txt").write_text("kept")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(outside, target_is_directory=True)
    files.remove(str(tree))
    assert not tree.exists()
    assert (outside / "keep.txt").read_text() == "kept"


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="counted on POSIX; NTFS reports link counts only through a handle",
)
def test_size_counts_hard_links_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 1000)
    os.link(tmp_path / "one", tmp_path / "two")
    assert files.size(str(tmp_path)) == 1000
    assert files.size(str(tmp_path / "nothing")) is None


@pytest.mark.skipif(
    sys.platform == "win32", reason="files with holes need a call of their own there"
)
def test_size_does_not_count_what_a_file_only_promises(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
        file.write(b"x" * 100_000)
        os.fsync(file.fileno())
    found = files.size(str(tmp_path))
    assert found is not None and 100_000 <= found < 1 << 20
    (tmp_path / "small").write_bytes(b"x" * 10)
    assert files.size(str(tmp_path / "small")) == 10


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="links need a privilege on Windows; junctions are in tests/windows",
)
def test_a_tree_is_walked_with_its_links_but_not_behind_them(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "large").write_bytes(b"x" * 9000)
    (tmp_path / "tree" / "way").symlink_to(tmp_path / "outside", target_is_directory=True)
    (tmp_path / "tree" / "loop").symlink_to(tmp_path / "tree", target_is_directory=True)
    assert [Path(path).name for path, _ in files.walk(str(tmp_path / "tree"))] == ["loop", "way"]
    assert files.size(str(tmp_path / "tree")) == 0
    assert files.link(str(tmp_path / "tree" / "way")) == str(tmp_path / "outside")
    assert (
        files.link(str(tmp_path / "tree")) is None and files.link(str(tmp_path / "nothing")) is None
    )


@pytest.mark.skipif(sys.platform == "win32", reason="masks of POSIX")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_what_is_made_is_the_users_alone_until_it_is_shared(tmp_path: Path, mask: int) -> None:
    old = os.umask(mask)
    try:
        base = tmp_path / "new" / "folder"
        files.write(str(base / "written"), b"1")
        files.append(str(base / "appended"), b"1")
        files.open_log(str(base / "log"))(b"1")
        with files.hold(str(base / "lock"), "test"):
            modes = {
                p.name: p.stat().st_mode & 0o777 for p in [tmp_path / "new", base, *base.iterdir()]
            }
        assert modes == {
            "new": 0o700,
            "folder": 0o700,
            "written": 0o600,
            "appended": 0o600,
            "log": 0o600,
            "lock": 0o600,
        }
        files.share(str(base))
        assert base.stat().st_mode & 0o777 == 0o755 & ~mask | 0o700
        assert (base / "written").stat().st_mode & 0o777 == 0o644 & ~mask | 0o600
    finally:
        os.umask(old)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_the_disk_of_a_link_is_that_of_its_goal(tmp_path: Path) -> None:
    """``/dev/shm`` is a volume of its own wherever it exists."""
    if not Path("/dev/shm").is_dir() or os.stat("/dev/shm").st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second volume here")
    (tmp_path / "way").symlink_to("/dev/shm", target_is_directory=True)
    behind, there = files.disk(str(tmp_path / "way" / "home")), files.disk("/dev/shm")
    assert behind is not None and there is not None
    assert behind.root == there.root


def test_a_folder_on_a_drive_that_is_not_there_is_a_named_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its root is its own parent, so looking further up would never end."""
    if sys.platform != "win32":
        monkeypatch.setattr(Path, "exists", lambda _: False)
        monkeypatch.setattr(
            Path,
            "mkdir",
            lambda *_, **__: (_ for _ in ()).throw(FileNotFoundError(2, "no such drive")),
        )
    with pytest.raises(ExpectedError, match="could not be read or written"):
        files.make_folder("Q:\\no\\such\\drive" if sys.platform == "win32" else "/no/such/drive")


def test_disk_of_a_path_that_does_not_exist_yet(tmp_path: Path) -> None:
    disk = files.disk(str(tmp_path / "not" / "yet"))
    assert disk is not None
    assert disk.free is not None and disk.free > 0


@pytest.mark.skipif(sys.platform == "win32", reason="flock of POSIX")
@pytest.mark.parametrize(
    ("number", "held"),
    [(errno.ENOLCK, True), (errno.ENOTSUP, True), (errno.EWOULDBLOCK, False), (errno.EIO, None)],
)
def test_a_file_system_that_knows_no_locks_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, held: bool | None
) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    went_in = []
    try:
        with files.hold(str(tmp_path / "running.lock"), "install"):
            went_in.append(True)
    except ExpectedError as error:
        assert error.code == ("already-running" if held is False else "disk_error")
    assert bool(went_in) is bool(held)


def test_only_one_holds_a_home_and_the_second_is_told_who(tmp_path: Path) -> None:
    lock = str(tmp_path / "running.lock")
    code = (
        "import sys, time; from app.adapters.files import LocalFiles\n"
        f"with LocalFiles().hold({lock!r}, 'install'):\n print('held', flush=True); time.sleep(30)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"held"
    with (
        pytest.raises(ExpectedError, match=rf"process {child.pid} \(install\)"),
        files.hold(lock, "verify"),
    ):
        pass
    child.kill()
    child.wait()
    child.stdout.close()
    with files.hold(lock, "verify"):
        pass


def test_a_path_beyond_260_characters(tmp_path: Path) -> None:
    deep = str(tmp_path.joinpath(*["folder-with-a-long-name"] * 14, "Jürgen & Söhne.txt"))
    assert len(deep) > 300
    files.write(deep, b"here")
    assert files.read(deep) == b"here"
    files.remove(str(tmp_path / "folder-with-a-long-name"))
    assert files.names(str(tmp_path)) == ()


@pytest.mark.posix
@pytest.mark.skipif(
    sys.platform == "win32", reason="a folder's read-only mark means nothing on Windows"
)
@pytest.mark.skipif(
    held_above_permissions(), reason="root here may write anywhere and cannot give that up"
)
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    """As a child that has given up the right of root to write anywhere, so that it is real for root
    too.
    """
    code = (
        "import sys; from app.adapters.files import LocalFiles; from app.model.errors import "
        "ExpectedError\n"
        "files, path = LocalFiles(), sys.argv[1]\n"
        "print(files.writable(path))\n"
        "for act in (files.write, files.append):\n"
        "    try: act(path + '/x', b'')\n"
        "    except ExpectedError as error: print(error.code, error.message)"
    )
    tmp_path.chmod(0o500)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=obey_permissions,
    )
    tmp_path.chmod(0o700)
    assert done.stderr == ""
    writable, *output = done.stdout.splitlines()
    if list(tmp_path.iterdir()):
        pytest.skip("this system lets root write anywhere and does not let it give that up")
    assert writable == "False"
    assert output == [f"permission_denied {tmp_path}/x cannot be written: permission denied."] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("below", ["", "home"])
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "links in a ring"])
def test_a_pipe_or_a_ring_of_links_keeps_nobody_waiting(
    tmp_path: Path, kind: str, below: str
) -> None:
    """A pipe that is opened waits for its writer: the survey lost the home folder by it."""
    if sys.platform == "win32":
        return
    there = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(there)
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        there.symlink_to(tmp_path / "pipe")
    else:
        there.symlink_to(tmp_path / "back")
        (tmp_path / "back").symlink_to(there)
    path = str(there / below)
    assert not files.writable(path) and files.locks(path)
    assert files.read(path + "/active.json") is None and files.end(path + "/x", 5) == b""
    files.refuse_held(path)
    assert files.names(path) == ()


@pytest.mark.parametrize("below", ["", "home", "deep/home"])
@pytest.mark.parametrize("kind", ["file", "dangling"])
def test_nothing_is_made_where_a_file_or_a_dangling_link_is(
    tmp_path: Path, kind: str, below: str
) -> None:
    taken = tmp_path / "taken"
    if kind == "file":
        taken.write_bytes(b"")
    else:
        try:
            taken.symlink_to(tmp_path / "nowhere")
        except OSError as error:
            pytest.skip(f"no links here: {error.strerror}")
        if not taken.is_symlink():  # Wine: what it made is no link for Windows' own calls
            pytest.skip("what was made here does not look like a link")
    assert not LocalFiles().writable(str(taken / below))
    assert LocalFiles().writable(str(tmp_path / "free" / below))
