"""The window as a screen reader on Linux meets it: a process of its own, asked over AT-SPI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.posix
ROOT = Path(__file__).parents[2]
NEEDED = ("xvfb-run", "Xvfb", "dbus-run-session", "dbus-daemon", "gdbus")
SERVICES = (
    Path("/usr/share/dbus-1/services/org.a11y.Bus.service"),
    Path("/usr/share/dbus-1/accessibility-services/org.a11y.atspi.Registry.service"),
)
MISSING = [name for name in NEEDED if shutil.which(name) is None] + [
    str(path) for path in SERVICES if not path.exists()
]
CONTROLS = ("push button", "button", "combo box", "check box", "radio button", "text", "link")
SHOWING = 1 << 25  # ATSPI_STATE_SHOWING
REGISTRY, INTERFACE = "org.a11y.atspi.Registry", "org.a11y.atspi.Accessible"


def ask(bus: str, name: str, path: str, method: str, *arguments: str) -> str:
    """One call, answered as ``gdbus`` writes it."""
    done = subprocess.run(
        ["gdbus", "call", "-a", bus, "-d", name, "-o", path, "-m", method, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def children(bus: str, name: str, path: str) -> list[tuple[str, str]]:
    """Bus name and path of what an accessible holds."""
    parts = ask(bus, name, path, f"{INTERFACE}.GetChildren").split("'")
    return list(zip(parts[1::4], parts[3::4], strict=True))


def walk(bus: str, name: str, path: str) -> list[tuple[str, str, bool, str]]:
    """Of all that can be reached, as the reader is told it: role, name, whether it shows, and the
    attributes.
    """
    role = ask(bus, name, path, f"{INTERFACE}.GetRoleName")[2:-3]
    told = ask(bus, name, path, "org.freedesktop.DBus.Properties.Get", INTERFACE, "Name")
    states = int(ask(bus, name, path, f"{INTERFACE}.GetState").split("uint32 ")[1].split(",")[0])
    attributes = ask(bus, name, path, f"{INTERFACE}.GetAttributes")
    called = told.split("<", 1)[1].rsplit(">", 1)[0].strip("'\"")
    seen = [(role, called, bool(states & SHOWING), attributes)]
    for inner, below in children(bus, name, path):
        seen += walk(bus, inner, below)
    return seen


def show_and_ask(folder: Path) -> None:
    """The child: the window in this thread, the questions in another."""
    from PySide6.QtCore import QTimer

    from app.gui.main import application
    from app.gui.wizard import Wizard
    from tests.gui.fake_session import Staged

    app = application(["-platform", "xcb"])
    wizard = Wizard(Staged(folder))
    wizard.show()
    answer: list[str] = []

    def reader() -> None:
        try:
            told = subprocess.run(
                [
                    *("gdbus", "call", "--session", "-d", "org.a11y.Bus", "-o", "/org/a11y/bus"),
                    *("-m", "org.a11y.Bus.GetAddress"),
                ],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
            bus, root = told.stdout.split("'")[1], "/org/a11y/atspi/accessible/root"
            seen: list[tuple[str, str, bool, str]] = []
            end = time.monotonic() + 60
            while not children(bus, REGISTRY, root) and time.monotonic() < end:
                time.sleep(0.2)  # Qt makes itself known a moment after its window
            for name, path in children(bus, REGISTRY, root):
                seen += walk(bus, name, path)
            answer.append(json.dumps(seen))
        except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
            answer.append(json.dumps(f"{error} {getattr(error, 'stderr', '')}"))

    asking = threading.Thread(target=reader, daemon=True)

    def look() -> None:
        if answer:
            app.quit()
        elif not asking.is_alive() and wizard.painted and wizard.session.facts is not None:
            asking.start()

    clock = QTimer()
    clock.timeout.connect(look)
    clock.start(100)
    app.exec()
    (folder / "seen.json").write_text(answer[0], encoding="utf-8")
    os._exit(0)  # the bus may be gone before Qt's bridge lets go of it


@pytest.mark.skipif(bool(MISSING), reason=f"AT-SPI cannot be asked here without {MISSING}")
def test_a_screen_reader_meets_titles_and_names(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *("xvfb-run", "-a", "dbus-run-session", "--", sys.executable),
            *("-m", "tests.gui.test_atspi", str(tmp_path)),
        ],
        cwd=ROOT,
        env={**os.environ, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_QPA_PLATFORM": "xcb"}
        | {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = tmp_path / "seen.json"
    assert found.exists(), done.stderr[-2000:]
    seen = json.loads(found.read_text("utf-8"))
    assert isinstance(seen, list), seen
    told = {(role, name) for role, name, shows, _ in seen if shows}
    levels = {name: attributes for role, name, _, attributes in seen if role == "heading"}
    assert any(name == "Welcome · Unsloth Setup" for role, name in told if role == "dialog")
    assert ("heading", "Welcome") in told, sorted(told)
    assert "'level': '1'" in levels["Welcome"]
    assert "'level': '2'" in levels["What will happen"]
    assert ("push button", "Look at this PC") in told or ("button", "Look at this PC") in told
    # On Linux Qt tells a box by its text, and its label by a relation: both are there.
    assert {("label", "Language"), ("label", "Appearance")} <= told
    assert any(name.startswith("Step 1 of 8: Welcome") for _, name in told)
    assert [(role, name) for role, name, _, _ in seen if role in CONTROLS and not name] == []
    # QWizard's own buttons are never seen: no reader may stop at them.
    shown = {name for role, name in told if role in ("push button", "button")}
    assert shown == {"Look at this PC", "Menu"}


if __name__ == "__main__":
    show_and_ask(Path(sys.argv[1]))
