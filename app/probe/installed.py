"""Tools: git, cmake, compilers, the Windows SDK, the Visual C++ runtime, conda, uv.

Shows what ``git --version``, ``cmake --version``, ``vswhere -latest``, ``gcc --version``, ``conda
--version`` and ``uv --version`` show. A compiler is only needed for what is built on the spot
(Triton on Linux, source packages).
"""

from __future__ import annotations

import re

from app.model.machine import Note, Tools
from app.model.place import Place
from app.model.value import Value
from app.ports import World
from app.probe import environments

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")
_RUNTIME = r"SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64"
_KITS = r"SOFTWARE\Microsoft\Windows Kits\Installed Roots"
_COMPILER_PART = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
_DEFAULT_TOOLS = "Microsoft.VCToolsVersion.default.txt"


class Installed(Value, frozen=True, kw_only=True):
    """The tools, and why one is not known."""

    tools: Tools = Tools()
    notes: tuple[Note, ...] = ()


def installed(world: World, place: Place) -> Installed:
    """Versions of what is there; each missing one gets a note."""
    windows = place.family == "windows"
    tools = Tools(
        git=_answer(world, "git"),
        cmake=_answer(world, "cmake"),
        uv=_answer(world, "uv"),
        conda=_conda(world, place),
        gcc=None if windows else _answer(world, "gcc"),
        msvc=_msvc(world, place) if windows else None,
        windows_sdk=_sdk(world) if windows else None,
        vc_runtime=_runtime(world) if windows else None,
        libomp140=_libomp(world, place) if windows else None,
    )
    return Installed(tools=tools, notes=_notes(tools, windows))


def _notes(tools: Tools, windows: bool) -> tuple[Note, ...]:
    asked = ["git", "cmake", "uv"] if windows else ["git", "cmake", "uv", "gcc"]
    notes = [
        Note(about=f"tools.{name}", text="not on the search path")
        for name in asked
        if getattr(tools, name) is None
    ]
    if tools.conda is None:
        notes.append(Note(about="tools.conda", text="no conda was found"))
    if windows:
        absent = {
            "msvc": "no Visual Studio with its C++ compiler was found",
            "windows_sdk": "no Windows SDK is registered",
            "vc_runtime": "the Visual C++ runtime (x64) is not registered",
            "libomp140": "libomp140.x86_64.dll is not in System32",
        }
        notes += [
            Note(about=f"tools.{name}", text=text)
            for name, text in absent.items()
            if getattr(tools, name) is None
        ]
    return tuple(notes)


def _answer(world: World, name: str) -> str | None:
    """``NAME --version``, the first number in it."""
    path = world.computer.which(name)
    if path is None:
        return None
    found = _VERSION.search(world.processes.capture([path, "--version"], seconds=5.0).out)
    return found[0] if found else None


def _conda(world: World, place: Place) -> str | None:
    """``conda --version``, from the names in its own metadata: starting conda takes seconds."""
    for root in environments.conda_environments(world, place):
        if environments.is_conda_base(world, place, root):
            for name in world.files.names(place.join(root, "conda-meta")):
                found = re.match(r"conda-(\d[\d.]*)-", name)
                if found:
                    return found[1]
    return _answer(world, "conda")


def _msvc(world: World, place: Place) -> str | None:
    """``vswhere -latest -products * -requires …VC.Tools.x86.x64 -property installationPath``, then
    the version it names.
    """
    programs = world.computer.known_folder("program-files-x86")
    if not programs:
        return None
    vswhere = place.join(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    if not world.files.exists(vswhere):
        return None
    answer = world.processes.capture(
        [
            vswhere,
            "-latest",
            "-products",
            "*",
            "-requires",
            _COMPILER_PART,
            "-property",
            "installationPath",
            "-utf8",
            "-nologo",
        ],
        seconds=8.0,
    )
    folder = answer.out.strip().splitlines()[0].strip() if answer.out.strip() else ""
    data = (
        world.files.read(place.join(folder, "VC", "Auxiliary", "Build", _DEFAULT_TOOLS))
        if folder
        else None
    )
    found = _VERSION.search((data or b"").decode("utf-8", "replace"))
    return found[0] if found else None


def _sdk(world: World) -> str | None:
    r"""``reg query "HKLM\SOFTWARE\Microsoft\Windows Kits\Installed Roots"``: its subkeys are the
    versions.
    """
    versions = [
        name
        for wow64 in (False, True)
        if (key := world.registry.key("HKLM", _KITS, wow64))
        for name in key.subkeys
        if _VERSION.fullmatch(name)
    ]
    return max(versions, key=lambda text: [int(part) for part in text.split(".")], default=None)


def _runtime(world: World) -> str | None:
    r"""``reg query HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64``: Microsoft's own
    documented sign.
    """
    for wow64 in (False, True):
        key = world.registry.key("HKLM", _RUNTIME, wow64)
        if key and key.values.get("Installed") == 1:
            found = re.search(r"\d+\.\d+\.\d+", str(key.values.get("Version", "")))
            if found:
                return found[0]
    return None


def _libomp(world: World, place: Place) -> str | None:
    r"""``dir %SystemRoot%\System32\libomp140.x86_64.dll``: torch 2.4.0 for Windows needs it and
    does not bring it.
    """
    system = world.computer.known_folder("system")
    return (
        "present"
        if system and world.files.exists(place.join(system, "libomp140.x86_64.dll"))
        else None
    )
