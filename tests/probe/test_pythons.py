"""Python installations, tools and leftovers on pretended machines."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.model import limits
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.machine import Leftover
from app.ports import Completed
from app.probe.installed import installed
from app.probe.leftovers import leftovers
from app.probe.pythons import pythons

USER = "C:\\Users\\Jürgen"
HOME = USER + "\\AppData\\Local\\UnslothSetup"
APPS = USER + "\\AppData\\Local\\Microsoft\\WindowsApps"
PLACE = HomeLayout(HOME, "windows")
LINUX = HomeLayout("/home/anna/.local/share/UnslothSetup", "linux")


def test_store_stub_is_named_and_never_started(pc: Any) -> None:
    system = pc(
        files={f"{APPS}\\python.exe": b"", f"{APPS}\\python3.exe": b""},
        variables={"Path": APPS + ";C:\\Windows"},
    )
    found = pythons(system, PLACE)
    assert [(one.path, one.version, one.origin) for one in found] == [
        (f"{APPS}\\python.exe", None, "store-stub")
    ]
    assert system.processes.started == []


def test_real_store_python_is_told_from_the_stub(pc: Any) -> None:
    system = pc(
        files={
            f"{APPS}\\python.exe": b"",
            f"{APPS}\\PythonSoftwareFoundation.Python.3.12_qbz5n2kfra8p0\\python.exe": b"",
        },
        variables={"PATH": APPS},
    )
    assert [(one.version, one.origin) for one in pythons(system, PLACE)] == [("3.12", "store")]


def test_registry_names_version_and_bits_without_starting(pc: Any) -> None:
    system = pc(
        files={
            "C:\\Python311\\python.exe": b"",
            "C:\\Py32\\python.exe": b"",
            "C:\\Python311\\Lib\\site-packages\\torch-2.1.0+cpu.dist-info\\METADATA": b"",
        },
        variables={"PATH": 'C:\\python311\\;"C:\\Python311"'},
        registry={
            "HKLM\\SOFTWARE\\Python\\PythonCore\\3.11": {
                "Version": "3.11.9",
                "SysArchitecture": "64bit",
            },
            "HKLM\\SOFTWARE\\Python\\PythonCore\\3.11\\InstallPath": {
                "": "C:\\Python311\\",
                "ExecutablePath": "C:\\Python311\\python.exe",
            },
            "HKLM!32\\SOFTWARE\\Python\\PythonCore\\3.9-32": {"Version": "3.9.1"},
            "HKLM!32\\SOFTWARE\\Python\\PythonCore\\3.9-32\\InstallPath": {"": "C:\\Py32\\"},
            "HKCU\\SOFTWARE\\Python\\PythonCore\\3.8\\InstallPath": {"": "C:\\Gone\\"},
        },
    )
    found = pythons(system, PLACE)
    assert [(one.version, one.bits, one.origin, one.packages) for one in found] == [
        ("3.11.9", 64, "python.org", {"torch": "2.1.0+cpu"}),
        ("3.9.1", 32, "python.org", {}),
    ]
    assert system.processes.started == []


def test_linux_path_is_asked_once_for_each_and_shims_are_left_out(pc: Any) -> None:
    files = {
        "/usr/bin/python3": b"",
        "/usr/bin/python3.11": b"",
        "/usr/bin/python3-config": b"",
        "/home/anna/.pyenv/shims/python3": b"",
        "/home/anna/.pyenv/versions/3.12.1/bin/python3.12": b"",
        "/usr/lib/python3/dist-packages/numpy-1.24.2.egg-info/PKG-INFO": b"",
        "/home/anna/.local/share/uv/python/cpython-3.11.9-linux-x86_64-gnu/bin/python3.11": b"",
    }
    answer = "3.11.2 64 /usr/bin/python3.11\n"
    system = pc(
        "linux",
        files=files,
        variables={"PATH": "/home/anna/.pyenv/shims:/usr/bin"},
        answers={"/usr/bin/python3": answer, "/usr/bin/python3.11": answer},
    )
    found = pythons(system, LINUX)
    assert [(one.version, one.origin) for one in found] == [
        ("3.11.2", "system"),
        ("3.12.1", "pyenv"),
        ("3.11.9", "uv"),
    ]
    assert found[0].packages == {"numpy": "1.24.2"}
    assert not any("shims" in argv[0] for argv in system.processes.started)


def test_one_that_does_not_answer_is_still_named(pc: Any) -> None:
    system = pc("linux", files={"/opt/broken/python3": b""}, variables={"PATH": "/opt/broken"})
    assert [(one.path, one.version) for one in pythons(system, LINUX)] == [
        ("/opt/broken/python3", None)
    ]


@pytest.mark.parametrize(
    "said",
    [
        "3.11.2 sixty-four /usr/bin/python3\n",
        "3.11.2 \u00b2\u00b2 /usr/bin/python3\n",
        f"{'9' * 5000}.1.1 64 /usr/bin/python3\n",
        "3.11.2 64 /usr/\x07bin\n",
        "3.11.2 64 " + "x" * 9000,
        "Warning: hello",
        "",
    ],
    ids=range(7),
)
def test_an_odd_answer_costs_one_python(pc: Any, said: str) -> None:
    good = "3.12.1 64 /opt/good/python3\n"
    system = pc(
        "linux",
        files={"/opt/odd/python3": b"", "/opt/good/python3": b""},
        variables={"PATH": "/opt/odd:/opt/good"},
        answers={"/opt/odd/python3": said, "/opt/good/python3": good},
    )
    assert [(one.path, one.version) for one in pythons(system, LINUX)] == [
        ("/opt/odd/python3", None),
        ("/opt/good/python3", "3.12.1"),
    ]


def test_pythons_that_hang_or_fail_cost_themselves_alone(
    pc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PYTHONS", 3)
    monkeypatch.setattr(limits, "FOLDER", 2)
    bad = [f"/opt/bad{n}/python3" for n in range(7)]
    system = pc(
        "linux",
        files=dict.fromkeys((*bad, "/opt/good/python3", "/opt/dead/python3"), b""),
        variables={
            "PATH": ":".join([*(f"/opt/bad{n}" for n in range(7)), "/opt/dead", "/opt/good"])
        },
    )
    forever = threading.Event()
    names = system.files.names

    def capture(argv: Any, seconds: float = 10.0, env: Any = None) -> Completed:
        if argv[0] == bad[0]:
            raise RuntimeError("odd")
        if argv[0] in bad:
            forever.wait(120)
        return Completed(code=0, out="3.12.1 64 /opt/good/python3\n")

    def listed(path: str) -> tuple[str, ...]:
        if path == "/opt/dead":
            forever.wait(120)
        return tuple(names(path))

    monkeypatch.setattr(system.processes, "capture", capture)
    monkeypatch.setattr(system.files, "names", listed)
    found = pythons(system, LINUX)
    forever.set()
    assert [(one.path, one.version) for one in found] == [
        *((path, None) for path in bad),
        ("/opt/good/python3", "3.12.1"),
    ]


def test_a_venv_whose_files_cannot_be_read_costs_itself_alone(
    pc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = "/home/anna/.venv"
    system = pc(
        "linux",
        files={f"{root}/pyvenv.cfg": b"version = 3.11.2\n", "/opt/good/python3": b""},
        variables={"PATH": "/opt/good", "VIRTUAL_ENV": root},
        answers={"/opt/good/python3": "3.12.1 64 /opt/good/python3\n"},
    )
    read = system.files.read

    def refused(path: str) -> bytes | None:
        if path.startswith(root):
            raise ExpectedError("permission_denied", "no")
        found: bytes | None = read(path)
        return found

    monkeypatch.setattr(system.files, "read", refused)
    assert "3.12.1" in [one.version for one in pythons(system, LINUX)]


def test_conda_environments_and_venvs_with_the_build_of_torch(pc: Any) -> None:
    envs = f"{USER}\\miniconda3\\envs\\unsloth_env"
    venv = f"{USER}\\Documents\\lora\\.venv"
    system = pc(
        files={
            f"{USER}\\.conda\\environments.txt": f"{USER}\\miniconda3\r\n{envs}\r\nC:\\gone\r\n".encode(),
            f"{USER}\\miniconda3\\conda-meta\\conda-24.5.0-py311.json": b"",
            f"{USER}\\miniconda3\\condabin\\conda.bat": b"",
            f"{USER}\\miniconda3\\conda-meta\\python-3.12.3-h1.json": b"",
            f"{envs}\\conda-meta\\python-3.11.9-h955ad1f_0.json": b"",
            f"{envs}\\Lib\\site-packages\\unsloth-2024.8.dist-info\\METADATA": b"",
            f"{envs}\\Lib\\site-packages\\torch-2.4.0.dist-info\\METADATA": b"x" * 10,
            f"{envs}\\Lib\\site-packages\\torch\\version.py": b"__version__ = '2.4.0+cu121'\ncuda "
            b"= '12.1'\n",
            f"{venv}\\pyvenv.cfg": b"home = C:\\Python310\nversion = 3.10.6\n",
            f"{venv}\\Lib\\site-packages\\torch-2.3.0+cpu.dist-info\\METADATA": b"",
            f"{USER}\\plain\\venv\\pyvenv.cfg": b"version_info = 3.11.9.final.0\n",
        }
    )
    assert [(one.version, one.origin, one.packages) for one in pythons(system, PLACE)] == [
        ("3.12.3", "conda", {}),
        ("3.11.9", "conda", {"torch": "2.4.0+cu121", "unsloth": "2024.8"}),
        ("3.11.9", "venv", {}),
        ("3.10.6", "venv", {"torch": "2.3.0+cpu"}),
    ]
    found = leftovers(system, PLACE).leftovers
    assert [(one.kind, one.path, one.detail) for one in found] == [
        ("venv", venv, "torch 2.3.0+cpu"),
        ("conda", envs, "unsloth 2024.8, torch 2.4.0+cu121"),
    ]
    assert installed(system, PLACE).tools.conda == "24.5.0"


def test_leftovers_of_every_kind_with_sizes(pc: Any) -> None:
    home = "/home/anna"
    system = pc(
        "linux",
        files={
            LINUX.pointer: b'{"schema": "pointer/1", "active": "now", "profile": "p", "previous": '
            b'"before", "at": ""}',
            LINUX.at("envs", "now", "pyvenv.cfg"): b"",
            LINUX.at("envs", "before", "pyvenv.cfg"): b"12",
            LINUX.at("envs", "half", "x"): b"1",
            f"{home}/.local/lib/python3.10/site-packages/torch-1.13.1.dist-info/METADATA": b"123",
            f"{home}/.cache/pip/http/a": b"1234",
            f"{home}/.triton/cache/b": b"12345",
            f"{home}/.cache/huggingface/hub/c": b"123456",
            f"{home}/projects/lora/unsloth_compiled_cache/d.py": b"1234567",
            f"{home}/.cache/uv/e": b"12345678",
        },
    )
    found = {one.id: one for one in leftovers(system, LINUX).leftovers}
    kinds = {(one.kind, one.path.removeprefix(home), one.size) for one in found.values()}
    assert kinds == {
        ("own", "/.local/share/UnslothSetup/envs/before", 2),
        ("own", "/.local/share/UnslothSetup/envs/half", 1),
        ("user-site", "/.local/lib/python3.10/site-packages", 3),
        ("cache", "/.cache/pip", 4),
        ("cache", "/.triton", 5),
        ("model-cache", "/.cache/huggingface", 6),
        ("cache", "/projects/lora/unsloth_compiled_cache", 7),
        ("cache", "/.cache/uv", 8),
    }
    assert "going back needs it" in (found["own:before"].detail or "")


def test_ids_stay_the_same_and_differ(pc: Any) -> None:
    def ids(*folders: str) -> list[Leftover]:
        files = {f"{USER}\\{folder}\\pyvenv.cfg": b"" for folder in folders}
        files |= {
            f"{USER}\\{folder}\\Lib\\site-packages\\torch-2.0.dist-info\\x": b""
            for folder in folders
        }
        return list(leftovers(pc(files=files), PLACE).leftovers)

    both = ids("one", "two")
    assert both[0].id != both[1].id
    assert [one.id for one in ids("two")] == [both[1].id]


def test_a_tree_that_takes_too_long_has_no_size_and_a_note(pc: Any) -> None:
    system = pc("linux", files={"/home/anna/.cache/pip/a": b"1", "/home/anna/.triton/b": b"1"})
    plain = system.files.size
    system.files.size = lambda path: system.stop.wait(3) if path.endswith("pip") else plain(path)
    seen = leftovers(system, LINUX, seconds=0.2)
    system.stop.set()
    assert [one.size for one in seen.leftovers] == [None, None]
    assert "could not be measured" in seen.notes[0].text


def test_windows_tools(pc: Any) -> None:
    vswhere = "C:\\Program Files (x86)\\Microsoft Visual Studio\\Installer\\vswhere.exe"
    studio = "C:\\Program Files\\Microsoft Visual Studio\\2022\\BuildTools"
    system = pc(
        files={
            vswhere: b"",
            f"{studio}\\VC\\Auxiliary\\Build\\Microsoft.VCToolsVersion.default.txt": b"14.41.34120\r\n",
            "C:\\Windows\\System32\\libomp140.x86_64.dll": b"",
        },
        paths={"git": "C:\\Git\\cmd\\git.exe"},
        answers={
            "C:\\Git\\cmd\\git.exe": "git version 2.45.1.windows.1\n",
            vswhere: studio + "\r\n",
        },
        registry={
            "HKLM\\SOFTWARE\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\x64": {
                "Installed": 1,
                "Version": "v14.40.33810.00",
            },
            "HKLM!32\\SOFTWARE\\Microsoft\\Windows Kits\\Installed Roots\\10.0.19041.0": {},
            "HKLM!32\\SOFTWARE\\Microsoft\\Windows Kits\\Installed Roots\\10.0.22621.0": {},
        },
    )
    tools = installed(system, PLACE).tools
    assert (
        tools.git,
        tools.msvc,
        tools.vc_runtime,
        tools.windows_sdk,
        tools.libomp140,
        tools.cmake,
    ) == ("2.45.1", "14.41.34120", "14.40.33810", "10.0.22621.0", "present", None)


def test_missing_tools_are_noted(pc: Any) -> None:
    seen = installed(pc(), PLACE)
    assert {note.about for note in seen.notes} == {
        f"tools.{name}"
        for name in (
            "git",
            "cmake",
            "uv",
            "conda",
            "msvc",
            "windows_sdk",
            "vc_runtime",
            "libomp140",
        )
    }
