"""Start of the packed program against a bare PySide6 window packed the same way.

Python tests/benchmarks/exe_startup.py [RUNS].

Under Wine on this machine, with warm files: says something about the ratio, nothing about a real
PC's seconds. Measured from the start of the process until its content stands on the lab's screen:
an area of it is read every few milliseconds until it shows several colours (an erased window shows
one). Needs ``dist/`` from ``build/make_exe.py``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from build import start, windows_lab

WORK = start.ROOT / "build" / "packed" / "bare"
MACHINE = start.ROOT / "resources" / "machines" / "rtx3090-windows.json"
AREA = (
    360,
    60,
    400,
    300,
)  # left, top, width, height on the lab's screen: inside both windows, where both draw text
LIMIT = 60.0

BARE = '''"""A bare window: seven pages with a title each."""
import sys
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage
app = QApplication(sys.argv)
wizard = QWizard()
wizard.setWizardStyle(QWizard.WizardStyle.ModernStyle)
for number in range(7):
    page = QWizardPage()
    layout = QVBoxLayout(page)
    for line in range(20):
        layout.addWidget(QLabel(f"Page {number}, line {line}: the quick brown fox jumps over the lazy dog " * 2))
    wizard.addPage(page)
wizard.resize(1120, 740)
wizard.move(0, 0)
wizard.show()
sys.exit(app.exec())
'''
SPEC = """import sys
sys.path.insert(0, {root!r})
from build.packing.excludes import MODULES, sift
found = Analysis([{script!r}], excludes=[name for name, _ in MODULES])
found.binaries[:], _ = sift(found.binaries)
found.datas[:], _ = sift(found.datas)
archive = PYZ(found.pure)
folder = EXE(archive, found.scripts, exclude_binaries=True, name="bare", console=False, upx=False)
COLLECT(folder, found.binaries, found.datas, name="bare-folder", upx=False)
EXE(archive, found.scripts, found.binaries, found.datas, name="bare", console=False, upx=False)
"""


class Screen:
    """The lab's screen, read through Xlib."""

    def __init__(self, display: str) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = self._x.XGetImage.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x.XDefaultRootWindow.argtypes = (ctypes.c_void_p,)
        self._x.XGetImage.argtypes = (
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_ulong,
            ctypes.c_int,
        )
        self._display = self._x.XOpenDisplay(display.encode("ascii"))
        if not self._display:
            raise SystemExit(f"the lab's display {display} cannot be opened")
        self._root = self._x.XDefaultRootWindow(self._display)

    def colours(self) -> int:
        """How many different pixels the area has."""
        left, top, width, height = AREA
        image = self._x.XGetImage(
            self._display, self._root, left, top, width, height, 0xFFFFFFFF, 2
        )
        if not image:
            return 0
        # XImage: four ints, then the pointer to the pixels, four bytes each at this depth
        data = ctypes.cast(image + 16, ctypes.POINTER(ctypes.c_void_p))[0]
        pixels = ctypes.string_at(data or 0, width * height * 4)
        self._x.XDestroyImage.argtypes = (ctypes.c_void_p,)
        self._x.XDestroyImage(ctypes.c_void_p(image))
        return len({pixels[i : i + 4] for i in range(0, len(pixels), 4)})


def pack_bare() -> tuple[Path, Path]:
    """The bare window as folder and single file, made once."""
    folder, single = WORK / "dist/bare-folder/bare.exe", WORK / "dist/bare.exe"
    if not (folder.is_file() and single.is_file()):
        WORK.mkdir(parents=True, exist_ok=True)
        (WORK / "bare.py").write_text(BARE, "utf-8")
        windows_root = "Z:" + str(start.ROOT).replace("/", "\\")
        script = "Z:" + str(WORK / "bare.py").replace("/", "\\")
        (WORK / "bare.spec").write_text(SPEC.format(root=windows_root, script=script), "utf-8")
        subprocess.run(
            [
                *windows_lab.python_command(),
                "-m",
                "PyInstaller",
                "--noconfirm",
                "--log-level",
                "WARN",
                "--distpath",
                str(WORK / "dist"),
                "--workpath",
                str(WORK / "work"),
                str(WORK / "bare.spec"),
            ],
            check=True,
            cwd=start.ROOT,
            env=windows_lab.environment(),
            stdin=subprocess.DEVNULL,
        )
    return folder, single


def lab_environment() -> dict[str, str]:
    """What winlab.sh gives a program, so that Wine is started without most of the script's own time
    in the figure (entering the lab's Debian stays in it, for both alike).
    """
    prefix = str(windows_lab.LAB / "prefix")
    display = (windows_lab.LAB / "xvfb.display").read_text("ascii").strip()
    return {
        **windows_lab.environment(),
        "WINEPREFIX": prefix,
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "DISPLAY": display,
        "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=d",
        "QT_QPA_FONTDIR": "C:\\windows\\Fonts",
    }


def started_by(program: Path) -> list[int]:
    """Processes of this program in this lab, whoever forked them: a single file starts itself a
    second time.
    """
    lab = f"WINEPREFIX={windows_lab.LAB}/prefix".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile
            if (
                program.name.encode() in (entry / "cmdline").read_bytes()
                and lab in (entry / "environ").read_bytes()
            ):
                found.append(int(entry.name))
    return found


def end(program: Path, screen: Screen) -> None:
    """End the program and wait until the screen is empty and its files are free."""
    for signal_number in (signal.SIGTERM, 9):  # 9 is SIGKILL, a name that Windows types do not have
        for pid in started_by(program):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal_number)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and started_by(program):
            time.sleep(0.05)
    deadline = time.monotonic() + 5
    while screen.colours() > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    for left in (windows_lab.LAB / "prefix/drive_c/users/root/AppData/Local/Temp").glob("_MEI*"):
        shutil.rmtree(
            left, ignore_errors=True
        )  # a single file that is killed leaves its unpacked folder


def seconds_to_content(
    program: Path, arguments: list[str], env: dict[str, str], screen: Screen
) -> float:
    """One start, from the process to content on the screen."""
    began = time.perf_counter()
    subprocess.Popen(
        [*windows_lab.command("debian"), "/usr/lib/wine/wine64", str(program), *arguments],
        env=env,
        cwd=start.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - began < LIMIT:
            if screen.colours() > 8:
                return time.perf_counter() - began
            time.sleep(0.003)
        raise SystemExit(f"{program} showed nothing within {LIMIT:.0f} s")
    finally:
        end(program, screen)


def main(runs: int) -> None:
    """Measure both forms in turn, product and baseline interleaved, and print medians and ratios."""
    windows_lab.ensure_lab()
    bare_folder, bare_single = pack_bare()
    subprocess.run(
        [*windows_lab.python_command(), "-c", "pass"], check=True, env=windows_lab.environment()
    )
    env = lab_environment()
    screen = Screen(env["DISPLAY"])
    arguments = ["--machine", "Z:" + str(MACHINE).replace("/", "\\")]
    cases = {
        "folder": (start.ROOT / "dist/UnslothSetup/UnslothSetup.exe", bare_folder),
        "single file": (start.ROOT / "dist/single/UnslothSetup.exe", bare_single),
    }
    for form, (ours, bare) in cases.items():
        times: dict[str, list[float]] = {"program": [], "bare": []}
        for run in range(runs + 1):
            for name, program, given in (("bare", bare, []), ("program", ours, arguments)):
                seconds = seconds_to_content(program, given, env, screen)
                if run:  # the first brings the files into the cache
                    times[name].append(seconds)
        medians = {name: statistics.median(values) for name, values in times.items()}
        spread = {name: f"{min(values):.2f} to {max(values):.2f}" for name, values in times.items()}
        print(
            f"{form}: first content after {medians['program']:.2f} s ({spread['program']}), bare "
            f"window "
            f"{medians['bare']:.2f} s ({spread['bare']}), ratio "
            f"{medians['program'] / medians['bare']:.2f}, {runs} runs"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
