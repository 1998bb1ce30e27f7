"""Tools: git, cmake, compilers, the Windows SDK, the Visual C++ runtime, conda, uv.

Shows what ``git --version``, ``cmake --version``, ``vswhere -latest``, ``gcc --version``, ``conda
--version`` and ``uv --version`` show. A compiler is only needed for what is built on the spot
(Triton on Linux, source packages).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from app.model import limits
from app.model.home_layout import HomeLayout
from app.model.in_time import in_time
from app.model.machine import Note, Tools
from app.model.value import Value
from app.ports import System
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


def installed(system: System, place: HomeLayout) -> Installed:
    """Versions of what is there; each missing one gets a note."""
    windows = place.family == "windows"
    asked: dict[str, Callable[[], str | None]] = {
        "git": partial(_ask_version, system, "git"),
        "cmake": partial(_ask_version, system, "cmake"),
        "uv": partial(_ask_version, system, "uv"),
        "conda": partial(_conda_version, system, place),
    }
    if windows:
        asked |= {
            "msvc": partial(_msvc_version, system, place),
            "windows_sdk": partial(_windows_sdk_version, system),
            "vc_runtime": partial(_vc_runtime_version, system),
            "libomp140": partial(_libomp_state, system, place),
        }
    else:
        asked["gcc"] = partial(_ask_version, system, "gcc")
    # side by side: a tool that hangs or answers oddly costs itself alone
    answers = in_time(
        [partial(_keep_absence, question) for question in asked.values()],
        limits.PROBE_PROGRAMS - 2,
    )
    given = dict(zip(asked, answers, strict=True))
    tools = Tools(**{name: a for name, a in given.items() if isinstance(a, str) and a})
    silent = {name: _explain_silence(a) for name, a in given.items() if not isinstance(a, str)}
    return Installed(tools=tools, notes=_missing_tools_notes(tools, windows, silent))


class _UnansweredError(Exception):
    """A tool is there and told no version; the message says why."""


def _keep_absence(question: Callable[[], str | None]) -> str:
    """The answer, empty where there is no such tool: no answer at all is something else."""
    return question() or ""


def _explain_silence(answer: Exception | None) -> str:
    """Why a tool's version is not known although it may be there."""
    if isinstance(answer, _UnansweredError):
        return str(answer)
    if answer is None:
        return f"not answered within {limits.PROBE_PROGRAMS - 2} s"
    return f"could not be asked: {answer}"


def _missing_tools_notes(
    tools: Tools, windows: bool, silent: Mapping[str, str]
) -> tuple[Note, ...]:
    """Why each version is not known; ``silent`` tells of tools that were asked in vain."""
    notes = [Note(about=f"tools.{name}", text=text) for name, text in silent.items()]
    named = {note.about for note in notes}
    return (
        *notes,
        *(note for note in _notes_of_absence(tools, windows) if note.about not in named),
    )


def _notes_of_absence(tools: Tools, windows: bool) -> tuple[Note, ...]:
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


def _ask_version(system: System, name: str) -> str | None:
    """``NAME --version``, the first number in it."""
    path = system.computer.which(name)
    if path is None:
        return None
    answer = system.processes.capture([path, "--version"], seconds=limits.TOOL)
    found = _VERSION.search(answer.out)
    if found is None:
        why = answer.err.strip().splitlines() or ["it told no version"]
        raise _UnansweredError(f"{path} is there, but: {why[0][:200]}")
    return found[0]


def _conda_version(system: System, place: HomeLayout) -> str | None:
    """``conda --version``, from the names in its own metadata: starting conda takes seconds."""
    for root in environments.conda_environments(system, place):
        if environments.is_conda_base(system, place, root):
            for name in system.files.names(place.join(root, "conda-meta")):
                found = re.match(r"conda-(\d[\d.]*)-", name)
                if found:
                    return found[1]
    return _ask_version(system, "conda")


def _msvc_version(system: System, place: HomeLayout) -> str | None:
    """``vswhere -latest -products * -requires …VC.Tools.x86.x64 -property installationPath``, then
    the version it names.
    """
    programs = system.computer.known_folder("program-files-x86")
    if not programs:
        return None
    vswhere = place.join(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    if not system.files.exists(vswhere):
        return None
    answer = system.processes.capture(
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
        seconds=limits.TOOL,
    )
    folder = answer.out.strip().splitlines()[0].strip() if answer.out.strip() else ""
    data = (
        system.files.read(place.join(folder, "VC", "Auxiliary", "Build", _DEFAULT_TOOLS))
        if folder
        else None
    )
    found = _VERSION.search((data or b"").decode("utf-8", "replace"))
    return found[0] if found else None


def _windows_sdk_version(system: System) -> str | None:
    r"""``reg query "HKLM\SOFTWARE\Microsoft\Windows Kits\Installed Roots"``: its subkeys are the
    versions.
    """
    versions = [
        name
        for wow64 in (False, True)
        if (key := system.registry.key("HKLM", _KITS, wow64))
        for name in key.subkeys
        if _VERSION.fullmatch(name)
    ]
    return max(versions, key=lambda text: [int(part) for part in text.split(".")], default=None)


def _vc_runtime_version(system: System) -> str | None:
    r"""``reg query HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64``: Microsoft's own
    documented sign.
    """
    for wow64 in (False, True):
        key = system.registry.key("HKLM", _RUNTIME, wow64)
        if key and key.values.get("Installed") == 1:
            found = re.search(r"\d+\.\d+\.\d+", str(key.values.get("Version", "")))
            if found:
                return found[0]
    return None


def _libomp_state(system: System, place: HomeLayout) -> str | None:
    r"""``dir %SystemRoot%\System32\libomp140.x86_64.dll``: torch 2.4.0 for Windows needs it and
    does not bring it.
    """
    folder = system.computer.known_folder("system")
    return (
        "present"
        if folder and system.files.exists(place.join(folder, "libomp140.x86_64.dll"))
        else None
    )
