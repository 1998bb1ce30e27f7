"""Removing trees under Windows' rules.

Long names, read-only files, files in use, links and junctions.
"""

from __future__ import annotations

import ntpath
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.file_access import long_path
from app.adapters.files import LocalFiles
from app.model.errors import ExpectedError
from tests import windows_rules
from tests.windows_rules import WindowsRules

pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has these rules by itself"),
]
files = LocalFiles()
# The deepest file of torch 2.13's wheel, 185 characters below its environment with the folder of packages.
DEEPEST = (
    "Lib/site-packages/torch-2.13.0.dist-info/licenses/third_party/kineto/libkineto/third_party/"
    "dynolog/third_party/prometheus-cpp/3rdparty/civetweb/src/third_party/duktape-1.8.0/LICENSE.txt"
)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> WindowsRules:
    return windows_rules.apply(monkeypatch)


def test_a_tree_deeper_than_259_is_measured_walked_moved_and_removed(
    windows: WindowsRules, tmp_path: Path
) -> None:
    root = str(tmp_path / ("h" * max(8, 100 - len(str(tmp_path)))) / "envs" / "one")
    deep = f"{root}/{DEEPEST}"
    assert len(root) < 240 and len(deep) > 259
    files.write(deep, b"x" * 5000)
    assert files.read(deep) is not None and files.exists(deep)
    assert files.size(root) == 5000
    assert list(files.walk(root)) == [(deep, 5000)]
    assert files.sha256(deep) and files.stamp(deep)
    files.set_aside(root, root + ".gone")
    assert not files.exists(root)
    files.remove(root + ".gone")
    assert not files.exists(root + ".gone")


def test_what_is_read_only_goes(windows: WindowsRules, tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / "tree" / "pack" / f"{number}.idx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        path.chmod(0o444)
    (tmp_path / "tree" / "pack").chmod(0o555)
    files.remove(str(tmp_path / "tree"))
    assert not (tmp_path / "tree").exists()


def test_a_tree_with_an_open_file_is_not_begun(windows: WindowsRules, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    for name in ("a/1", "a/2", "b"):
        (tree / name).write_text(name)
    windows.hold(tree / "a" / "2")
    with pytest.raises(ExpectedError, match="in use") as raised:
        files.set_aside(str(tree), str(tree) + ".gone")
    assert raised.value.code == "file_in_use"
    assert sorted(p.name for p in tree.rglob("*")) == ["1", "2", "a", "b"]


def test_one_file_that_stays_does_not_keep_the_others(
    windows: WindowsRules, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    for name in ("a/1", "a/2", "b"):
        (tree / name).write_text(name)
    windows.hold(tree / "a" / "1")
    with pytest.raises(ExpectedError, match="tree/a/1 is in use") as raised:
        files.remove(str(tree))
    assert windows_rules.PREFIX not in raised.value.message
    assert [p.name for p in tree.rglob("*") if p.is_file()] == ["1"]
    windows.let_go()
    files.remove(str(tree))
    assert not tree.exists()


@pytest.mark.parametrize("kind", ["junction", "link"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_junction_goes_and_its_target_stays(
    windows: WindowsRules, tmp_path: Path, kind: str, inside: bool
) -> None:
    """People move a big cache to another drive so."""
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "keep").write_text("kept")
    tree = tmp_path / "home"
    tree.mkdir()
    way = tree / "cache"
    if kind == "junction":
        windows.junction(way, tmp_path / "big")
    else:
        way.symlink_to(tmp_path / "big")
    assert files.size(str(tree)) in (0, way.lstat().st_size)
    assert [p for p, _ in files.walk(str(tree))] == [str(way)]
    assert list(files.walk(str(way))) == []
    files.remove(str(tree if inside else way))
    assert not (tree if inside else way).exists()
    assert (tmp_path / "big" / "keep").read_text() == "kept"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\short", "\\\\?\\C:\\short"),
        ("C:/mixed\\way", "\\\\?\\C:\\mixed\\way"),
        ("C:\\a\\..\\b", "\\\\?\\C:\\b"),
        ("\\\\server\\share\\x", "\\\\?\\UNC\\server\\share\\x"),
        ("\\\\?\\C:\\x", "\\\\?\\C:\\x"),
        ("relative\\x", "relative\\x"),
    ],
)
def test_every_whole_path_is_prefixed_on_windows(
    monkeypatch: pytest.MonkeyPatch, path: str, expected: str
) -> None:
    monkeypatch.setattr("app.adapters.file_access.sys.platform", "win32")
    monkeypatch.setattr("app.adapters.file_access.os.path", ntpath)
    assert long_path(path) == expected


def test_a_program_that_runs_from_a_tree_is_named_and_the_tree_stays(tmp_path: Path) -> None:
    """Here a rename would work, and the program would go on with half of its files."""
    environment = tmp_path / "env"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    child = subprocess.Popen(
        [str(environment / "bin" / "python"), "-c", "print('on', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None and child.stdout.readline().strip() == b"on"
        with pytest.raises(ExpectedError, match=rf"in use by .* \(process {child.pid}\)"):
            files.set_aside(str(environment), str(environment) + ".gone")
        assert (environment / "bin" / "python").is_symlink()
    finally:
        child.communicate(b"\n")
    files.set_aside(str(environment), str(environment) + ".gone")
    assert not environment.exists()


def test_a_disk_mounted_inside_is_no_part_of_the_tree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tree" / "photos").mkdir(parents=True)
    (tmp_path / "tree" / "photos" / "keep").write_text("kept")
    (tmp_path / "tree" / "other").write_text("x")
    real = os.lstat

    class Other:
        def __init__(self, found: object) -> None:
            self._found = found

        def __getattr__(self, name: str) -> object:
            return -1 if name == "st_dev" else getattr(self._found, name)

    monkeypatch.setattr(
        "app.adapters.tree_removal.os.lstat",
        lambda path: Other(real(path)) if str(path).endswith("photos") else real(path),
    )
    with pytest.raises(ExpectedError, match="photos could not be read or written"):
        files.remove(str(tmp_path / "tree"))
    assert (tmp_path / "tree" / "photos" / "keep").read_text() == "kept"
    assert not (tmp_path / "tree" / "other").exists()


def test_whether_a_folder_can_be_written_is_told_without_touching_it(tmp_path: Path) -> None:
    before = tmp_path.stat().st_mtime_ns
    assert files.writable(str(tmp_path)) and files.locks(str(tmp_path / "not" / "yet"))
    assert (tmp_path.stat().st_mtime_ns, list(tmp_path.iterdir())) == (before, [])
