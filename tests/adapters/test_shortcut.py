"""Entries of the system's menu.

Read back by the system's own reader on Windows, by the specification's rules elsewhere.
"""

from __future__ import annotations

import configparser
import shlex
import sys
from pathlib import Path

import pytest

from app.adapters.windows.shortcut import make_shortcut


@pytest.mark.posix
def test_the_entry_opens_a_terminal_with_the_environment_active(tmp_path: Path) -> None:
    entry = tmp_path / "applications" / "one.desktop"
    environment = tmp_path / "envs of Jürgen" / "100 % \\ $HOME"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "activate").write_text("echo active")
    make_shortcut(str(entry), "Unsloth · 2.8", str(environment), str(tmp_path))
    read = configparser.RawConfigParser()
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(entry, "utf-8")
    keys = dict(read["Desktop Entry"])
    assert (
        keys["Name"] == "Unsloth · 2.8"
        and keys["Terminal"] == "true"
        and keys["Path"] == str(tmp_path)
    )
    command_line = (
        keys["Exec"].replace("\\\\", "\\").replace("%%", "%")
    )  # as a reader of the file takes the value apart
    # Of the four characters that the specification escapes, shlex knows two inside quotes.
    words = [word.replace("\\$", "$").replace("\\`", "`") for word in shlex.split(command_line)]
    assert words == [
        "sh",
        "-c",
        '. "$1" && exec "${SHELL:-sh}" -i',
        "sh",
        str(environment / "bin" / "activate"),
    ]


@pytest.mark.skipif(sys.platform != "win32", reason="a .lnk is Windows' own")
def test_windows_reads_the_link_back(tmp_path: Path) -> None:
    if sys.platform != "win32":
        return
    import ctypes
    from ctypes import wintypes

    from app.adapters.windows import com
    from app.adapters.windows.shortcut import I_PERSIST_FILE, I_SHELL_LINK, SHELL_LINK

    path = tmp_path / "Start menu" / "PyTorch 2.8 · Jürgen.lnk"
    environment = str(tmp_path / "home of Jürgen" / "envs" / "one")
    make_shortcut(str(path), "PyTorch 2.8", environment, str(tmp_path))
    link = com.made(SHELL_LINK, I_SHELL_LINK)
    assert link is not None
    file = com.other_face(link, I_PERSIST_FILE)
    assert file is not None
    assert (
        com.call(file, 5, (wintypes.LPCWSTR, wintypes.DWORD), str(path), 0) >= 0
    )  # IPersistFile::Load
    text = ctypes.create_unicode_buffer(1024)
    for slot, expected in (
        (8, str(tmp_path)),
        (10, f'/k ""{environment}\\Scripts\\activate.bat""'),
        (6, "PyTorch 2.8"),
    ):
        assert com.call(link, slot, (wintypes.LPWSTR, ctypes.c_int), text, 1024) >= 0
        assert text.value == expected
    assert (
        com.call(
            link,
            3,
            (wintypes.LPWSTR, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD),
            text,
            1024,
            None,
            0,
        )
        >= 0
    )
    assert text.value.lower().endswith("cmd.exe")
    com.release(file)
    com.release(link)
    assert (
        environment.encode("utf-16-le") in path.read_bytes()
    )  # by this the step sees whose entry it is
