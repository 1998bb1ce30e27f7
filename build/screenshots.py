"""Takes the picture of every page: python build/screenshots.py [--machine FILE] [--out FOLDER]
[PAGE …].

One machine at one size, in light and dark, at 100 % and 200 %; each in a process of its own,
because Qt reads its scale once. The pictures of the documentation are those at 100 %.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.gui.wizard import Wizard

ROOT = Path(__file__).resolve().parents[1]
MACHINE = ROOT / "resources" / "machines" / "rtx3090-windows.json"
STAGES = ("welcome", "this-pc", "setup", "clean-up", "install", "verify", "ready")
LIMIT = 150_000  # bytes of one picture in the documentation


def take(
    machine: str, out: Path, theme: str, language: str, pages: list[str], size: tuple[int, int]
) -> None:
    """Walk through the pages in this process and save one picture of each."""
    sys.path.insert(0, str(ROOT))
    from app.__main__ import open_session
    from app.gui import languages
    from app.gui.main import application
    from app.gui.wizard import Wizard

    app = application(["-platform", "offscreen"])
    session = open_session(
        argparse.Namespace(
            answers=None,
            home=None,
            profile=None,
            offline=None,
            index=None,
            pytorch_index=None,
            machine=machine,
        )
    )
    session.change(theme=theme, language=language)
    languages.speak(language)
    wizard = Wizard(session)
    wizard.show()
    wizard.resize(*size)

    def wait(until: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            app.processEvents()
            time.sleep(0.01)
        return until()

    wait(lambda: session.facts is not None and not wizard.looking, 20)
    for page in STAGES:
        if page not in pages:
            continue
        wizard.go(page)  # type: ignore[arg-type]
        wait(lambda: False, 0.4)
        shoot(wizard, out, page, theme)
        if page == "install" and "verify" in pages:
            run_through(wizard, wait, out, theme)
    wizard.close()


def run_through(
    wizard: Wizard, wait: Callable[[Callable[[], bool], float], bool], out: Path, theme: str
) -> None:
    """Press Install and take a second picture in the middle of the run; then let it end."""
    page = wizard.page_of("install")
    if page.bar.primary is None:
        return
    page.bar.primary.click()
    wait(lambda: False, 1.6)
    shoot(wizard, out, "installing", theme)
    wait(lambda: not wizard.busy(), 60)
    wait(lambda: False, 0.6)


def shoot(wizard: Wizard, out: Path, page: str, theme: str) -> None:
    """Save what the window shows, few colours and small."""
    ratio = wizard.devicePixelRatioF()
    name = f"{page}{'-dark' if theme == 'dark' else ''}{f'-{ratio:.0f}x' if ratio > 1 else ''}.png"
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    picture = wizard.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    if (
        ratio == 1
        # its 256 most frequent colours are plenty for text on calm grounds, and a third of the
        # bytes
    ):
        colours = [
            colour
            for colour, _ in Counter(
                memoryview(picture.constBits()).cast("B").cast("I")
            ).most_common(256)
        ]
        picture = picture.convertToFormat(
            QImage.Format.Format_Indexed8, colours, Qt.ImageConversionFlag.ThresholdDither
        )
    picture.save(str(out / name), quality=0)  # 0: the tightest packing that Qt's writer has
    size = (out / name).stat().st_size
    over = "  over the limit" if size > LIMIT and ratio == 1 else ""
    print(f"{name:28} {picture.width()}x{picture.height()} {size / 1000:6.0f} KB{over}")


def main() -> int:
    """Start one process for each look and scale."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("pages", nargs="*", default=list(STAGES), metavar="PAGE")
    options.add_argument(
        "--machine", default=str(MACHINE), help="machine file, or a report that holds one"
    )
    options.add_argument(
        "--out", default=str(ROOT / "docs" / "pictures"), help="folder for the pictures"
    )
    options.add_argument("--language", default="en")
    options.add_argument("--themes", default="light,dark")
    options.add_argument(
        "--scales",
        default="1",
        help="1,2 for both; 2x pictures are for looking, not for the repository",
    )
    options.add_argument("--size", default="1120x740")
    options.add_argument("--here", metavar="THEME", help=argparse.SUPPRESS)
    given = options.parse_args()
    out = Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    if given.here:
        width, height = given.size.split("x")
        take(given.machine, out, given.here, given.language, given.pages, (int(width), int(height)))
        return 0
    for scale in given.scales.split(","):
        for theme in given.themes.split(","):
            done = subprocess.run(
                [
                    sys.executable,
                    __file__,
                    "--here",
                    theme,
                    "--machine",
                    given.machine,
                    "--out",
                    str(out),
                    "--language",
                    given.language,
                    "--size",
                    given.size,
                    *given.pages,
                ],
                env={**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"},
                check=False,
            )
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
