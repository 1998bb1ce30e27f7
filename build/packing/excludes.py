"""What the packed program does without.

Patterns over what PyInstaller collected, each with its reason.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

Entry = tuple[str, str, str]

# Names as they would stand in the package, with forward slashes. The first pattern that fits
# decides.
FILES: tuple[tuple[str, str], ...] = (
    (
        "PySide6/opengl32sw.dll",
        "OpenGL drawn by the processor; the window is painted by Qt's raster engine",
    ),
    ("PySide6/d3dcompiler_*.dll", "shader compiler for Qt Quick"),
    ("PySide6/Qt6Network.dll", "Qt's network; the program has its own adapters"),
    ("PySide6/QtNetwork.pyd", "Qt's network; the program has its own adapters"),
    ("PySide6/plugins/tls/*", "encryption for Qt's network"),
    ("PySide6/plugins/networkinformation/*", "Qt's network"),
    ("PySide6/Qt6Qml*.dll", "Qt Quick"),
    ("PySide6/Qt6Quick*.dll", "Qt Quick"),
    ("PySide6/Qt6OpenGL*.dll", "OpenGL widgets"),
    ("PySide6/Qt6Pdf.dll", "PDF pages"),
    ("PySide6/Qt6VirtualKeyboard.dll", "on-screen keyboard of Qt's own"),
    ("PySide6/plugins/platforminputcontexts/*", "on-screen keyboard of Qt's own"),
    ("PySide6/plugins/generic/*", "touch devices on systems without Windows"),
    ("PySide6/plugins/platforms/qdirect2d.dll", "an alternative way to draw; qwindows is used"),
    ("PySide6/plugins/platforms/qminimal.dll", "a window that draws nothing"),
    # qsvg.dll and qsvgicon.dll stay: the style sheet names .svg files for arrows and ticks.
    ("PySide6/plugins/imageformats/q[!s]*.dll", "picture formats that no page shows"),
    ("PySide6/plugins/styles/*", "looks of Windows; the window draws itself on Qt's Fusion style"),
    ("PySide6/translations/qt_*.qm", "words of Qt modules that are not inside"),
    ("resources/licences/*", "texts that stand in LICENCES.txt, which is made for the package"),
    ("license_expression/data/*.LICENSE", "texts; the program needs the names alone"),
    ("resources/translations/*.ts", "what translators write in; Qt reads the .qm beside it"),
    ("sqlite3.dll", "a database; nothing here uses one"),
    ("_sqlite3.pyd", "a database; nothing here uses one"),
    ("_asyncio.pyd", "asynchronous loops; the adapters are plain blocking generators"),
    ("_multiprocessing.pyd", "Python worker processes; none are started"),
    ("_overlapped.pyd", "asynchronous loops; the adapters are plain blocking generators"),
)
# Python modules, each with everything below it, that the first packing held although nothing here
# calls them.
MODULES: tuple[tuple[str, str], ...] = (
    ("asyncio", "asynchronous loops; the adapters are plain blocking generators"),
    ("multiprocessing", "Python worker processes; none are started"),
    ("pydoc", "help pages of the interpreter"),
    ("pydoc_data", "help pages of the interpreter"),
    ("setuptools", "packing tools; uv is inside"),
    ("pkg_resources", "packing tools; uv is inside"),
    ("distutils", "packing tools; uv is inside"),
    ("_distutils_hack", "packing tools; uv is inside"),
    ("wheel", "packing tools; uv is inside"),
    ("xmlrpc", "remote calls"),
    ("ftplib", "FTP"),
    ("tkinter", "another window toolkit"),
    ("unittest", "tests"),
    ("sqlite3", "a database; nothing here uses one"),
    ("PySide6.QtNetwork", "Qt's network; the program has its own adapters"),
)


QT_WORDS = "PySide6/translations/qtbase_*.qm"
SPOKEN = {
    f"PySide6/translations/qtbase_{language.stem}.qm"
    for language in (Path(__file__).parents[2] / "resources" / "translations").glob("*.ts")
}


def reason_for_file(name: str) -> str | None:
    """Why a collected file stays out, or ``None`` when it belongs inside."""
    plain = name.replace("\\", "/")
    if fnmatch(plain, QT_WORDS) and plain not in SPOKEN:
        return "Qt's own words in languages that the window does not speak"
    return next((reason for pattern, reason in FILES if fnmatch(plain, pattern)), None)


def sift(entries: Iterable[Entry]) -> tuple[list[Entry], list[dict[str, str | int]]]:
    """Split PyInstaller's table (name, source, kind) into what goes in and what stays out, with
    bytes and reason.
    """
    inside: list[Entry] = []
    outside: list[dict[str, str | int]] = []
    for name, source, kind in entries:
        reason = reason_for_file(name)
        if reason is None:
            inside.append((name, source, kind))
        else:
            size = Path(source).stat().st_size if source and Path(source).is_file() else 0
            outside.append({"name": name.replace("\\", "/"), "bytes": size, "reason": reason})
    return inside, outside


def left_modules() -> list[dict[str, str | int]]:
    """The excluded modules that this Python has, with the bytes of their sources."""
    found: list[dict[str, str | int]] = []
    for name, reason in MODULES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        sources = (
            Path(spec.origin).parent.rglob("*.py")
            if spec.submodule_search_locations
            else [Path(spec.origin)]
        )
        found.append(
            {"name": name, "bytes": sum(p.stat().st_size for p in sources), "reason": reason}
        )
    return found
