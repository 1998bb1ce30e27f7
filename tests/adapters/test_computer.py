"""What this computer says of itself, held against what the system says in other ways."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from app.adapters import volumes
from app.adapters.computer import LocalComputer, terminal_line, windows_name
from app.adapters.windows.proxy_script import first_proxy
from app.adapters.windows.registry import SystemRegistry
from app.model import limits
from app.model.errors import ExpectedError, InputError
from app.model.machine import Disk


@pytest.fixture
def computer() -> LocalComputer:
    return LocalComputer(SystemRegistry())


def test_facts_are_of_this_machine(computer: LocalComputer) -> None:
    facts = computer.facts()
    assert facts["threads"] == os.cpu_count()
    assert facts["memory_total"] > facts["memory_available"] > 0
    assert facts["arch"] in ("x86_64", "arm64")
    assert facts["user"]
    assert facts["host"]
    assert Path(facts["user_home"]).is_dir()
    assert facts["full_name"] is None or facts["full_name"].strip()
    assert facts["name"]
    assert isinstance(facts["is_admin"], bool)
    assert isinstance(facts["avx2"], bool)


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="reads /proc")
def test_avx2_and_name_are_those_of_proc(computer: LocalComputer) -> None:
    text = Path("/proc/cpuinfo").read_text()
    assert computer.facts()["avx2"] is (" avx2" in text)
    assert computer.facts()["cpu_name"] in text


def test_disks_are_real(computer: LocalComputer) -> None:
    disks = computer.disks()
    assert disks
    for disk in disks:
        assert Path(disk.root).is_dir()
        assert (disk.total or 0) > 0
        assert 0 <= (disk.free or 0) <= (disk.total or 0)


def test_home_variable_is_obeyed(
    computer: LocalComputer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNSLOTH_SETUP_HOME", str(tmp_path / "mein Ordner"))
    assert computer.data_folder() == str(tmp_path / "mein Ordner")
    monkeypatch.delenv("UNSLOTH_SETUP_HOME")
    assert Path(computer.data_folder()).name == "UnslothSetup"


def test_uv_is_its_packages(
    computer: LocalComputer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Path(computer.uv()).is_file()
    packed = tmp_path / ("uv.exe" if sys.platform == "win32" else "uv")
    packed.write_bytes(b"")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert computer.uv() == str(packed)


def test_uv_missing_is_a_named_fault(
    computer: LocalComputer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(ExpectedError) as caught:
        computer.uv()
    assert caught.value.code == "uv-missing"


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "calc.exe",
        "ms-settings:about",
        "/no/such/place",
    ],
)
def test_only_web_addresses_and_what_exists_can_be_opened(
    computer: LocalComputer, target: str
) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        computer.open(target)


def test_keep_awake_is_a_context(computer: LocalComputer) -> None:
    with computer.keep_awake():
        pass


def test_windows_11_is_called_so() -> None:
    assert windows_name({"ProductName": "Windows 10 Pro", "CurrentBuildNumber": "22631"}) == (
        "Windows 11 Pro",
        22631,
    )
    assert windows_name({"ProductName": "Windows 10 Home", "CurrentBuildNumber": "19045"}) == (
        "Windows 10 Home",
        19045,
    )
    assert windows_name({"ProductName": "Microsoft Windows 10", "CurrentBuildNumber": "18362"}) == (
        "Windows 10",
        18362,
    )
    assert windows_name({}) == (None, None)


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ("proxy.firma:3128", "http://proxy.firma:3128"),
        ("one:1;two:2", "http://one:1"),
        ("http=web:80 https=tls:443", "http://web:80"),
        ("https://secure:8443", "https://secure:8443"),
        ("socks=old:1080;one:1", "http://one:1"),
        ("socks=old:1080", None),
        ("", None),
    ],
)
def test_the_first_usable_proxy_of_windows_list(told: str, first: str | None) -> None:
    assert first_proxy(told) == first


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="Windows does evaluate them: tests/windows/test_proxy_scripts.py",
)
def test_elsewhere_no_proxy_script_is_evaluated(computer: LocalComputer) -> None:
    assert (
        computer.proxy_of_script("https://index.invalid/", "http://127.0.0.1:9/proxy.pac", True)
        is None
    )


@pytest.mark.parametrize("name", ["Tom&Ann", "Tom & Ann", "Tom (1)", "a^b", "Jürgen"])
def test_a_console_is_started_by_its_whole_path_with_the_path_in_quotes(name: str) -> None:
    environment = rf"C:\Users\{name}\envs\a"
    line = terminal_line(r"C:\Windows\System32", environment)
    assert line == (
        r'"C:\Windows\System32\cmd.exe" /k ' + f'""{environment}\\Scripts\\activate.bat""'
    )
    assert terminal_line(None, "x").startswith(r'"C:\Windows\System32\cmd.exe" ')


@pytest.mark.posix  # a pretended list of mounts, as Linux has one
def test_a_volume_that_does_not_answer_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VOLUME", 1)
    forever = threading.Event()
    real = volumes._read_disk

    def asked(root: str) -> Disk:
        if root == "/gone":
            forever.wait(120)
        return real(root)

    monkeypatch.setattr(volumes, "_list_mounts", lambda: [("/gone", "a"), ("/", "b")])
    monkeypatch.setattr(volumes, "_read_disk", asked)
    monkeypatch.setattr(volumes, "_NO_DISKS", set())
    found = volumes.local_disks()
    assert [disk.root for disk in found] == [os.sep]
    monkeypatch.setattr(volumes, "_find_disk", lambda _: asked("/gone"))
    assert volumes.disk_of("/gone/home") is None
    forever.set()


def test_one_volume_is_asked_for_one_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = shutil.disk_usage

    def usage(path: object) -> object:
        asked.append(str(path))
        return real(str(path))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    disk = volumes.disk_of(str(tmp_path / "not" / "yet"))
    assert disk is not None
    assert asked == [str(tmp_path)]
