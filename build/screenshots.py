"""Takes the picture of every page.

``python build/screenshots.py --home DIR`` takes the pictures of the documentation: home, Verify and
Train from the setup that is installed in DIR, as this PC has it; the others, which need a card, on a
simulated computer. With ``--sheets`` all pages and dialogs of a look and a scale on one sheet, for
looking, and with ``--states`` all of them in their states; these are simulated throughout.

One machine at one size, each look and scale in a process of its own, because Qt reads its scale
once. Looks: light, dark, contrast (as a contrast theme of Windows paints) and pseudo (a pretended
language with longer words). The pictures of the documentation are light and dark at 100 %.
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
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

    from app.engine.session import Session
    from app.gui.wizard import Wizard

ROOT = Path(__file__).resolve().parents[1]
MACHINE = ROOT / "resources" / "machines" / "rtx3090-windows.json"
INSTALLED = ("home", "verify", "train")  # real in the documentation; only sheets pretend them
STAGES = ("welcome", "this-pc", "setup", "clean-up", "install", "verify", "ready", "home", "train")
THUMB, COLUMNS = 620, 3  # a sheet's pictures, pixels wide, and how many stand side by side
LIMIT = 150_000  # bytes of one picture in the documentation


class Album:
    """Where the pictures of one look go: to files of their own, or onto one sheet."""

    def __init__(self, out: Path, look: str, sheet: bool, states: bool = False) -> None:
        self.out, self.look, self.sheet = out, look, sheet
        self.name = "states" if states else "sheet"
        self.taken: list[tuple[str, QImage]] = []

    def add(self, widget: QWidget, page: str) -> None:
        """Take a picture of a window or dialog."""
        if self.sheet:
            self.taken.append((page, widget.grab().toImage()))
        else:
            shoot(widget, self.out, page, self.look)

    def take(self, wizard: Wizard, page: str, settle: Callable[[QWidget], None] | None) -> None:
        """Dress a window in this look and take its picture, once it has settled where it can."""
        dressed(wizard.session, self.look)
        wizard.apply_theme(wizard.session.answers.theme)
        if settle is not None:
            settle(wizard)
        self.add(wizard, page)

    def close(self) -> None:
        """Write the sheet: all pictures in the order in which they were taken."""
        if not self.taken:
            return
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QImage, QPainter

        smooth = Qt.TransformationMode.SmoothTransformation
        small = [(n, i.scaledToWidth(THUMB, smooth)) for n, i in self.taken]
        for _, one in small:
            one.setDevicePixelRatio(1)
        rows = [small[at : at + COLUMNS] for at in range(0, len(small), COLUMNS)]
        heights = [max(i.height() for _, i in row) + 30 for row in rows]
        whole = QImage(COLUMNS * (THUMB + 12), sum(heights), QImage.Format.Format_RGB32)
        whole.fill(0x999999)
        painter, y = QPainter(whole), 0
        for row, tall in zip(rows, heights, strict=True):
            for at, (name, one) in enumerate(row):
                painter.drawText(at * (THUMB + 12) + 6, y + 17, name)
                painter.drawImage(at * (THUMB + 12) + 6, y + 22, one)
            y += tall
        painter.end()
        ratio = self.taken[0][1].devicePixelRatio()
        one = self.taken[0][1]
        size = f"{one.width() / ratio:.0f}x{one.height() / ratio:.0f}"
        name = f"{self.name}-{self.look}-{ratio:g}x-{size}.png"
        whole.save(str(self.out / name))


def dressed(session: Session, look: str) -> None:
    """Give this process a look."""
    from PySide6.QtCore import QCoreApplication
    from PySide6.QtGui import QColor, QGuiApplication, QPalette

    from app.gui import theme

    if look == "contrast":
        role, palette = QPalette.ColorRole, QPalette()
        for ground in (role.Window, role.Base, role.Button):
            palette.setColor(ground, QColor("black"))
        for ink in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(ink, QColor("white"))
        palette.setColor(role.Highlight, QColor("#1aebff"))
        palette.setColor(role.HighlightedText, QColor("black"))
        tokens = theme.high_contrast(palette)

        def dress(_choice: str = "system") -> theme.Tokens:
            theme._current = tokens
            QGuiApplication.setPalette(theme.palette(tokens))
            return tokens

        theme.apply = dress  # type: ignore[assignment]  # this platform has no contrast theme
    session.change(theme={"dark": "dark", "contrast": "system"}.get(look, "light"))
    if look == "pseudo":
        from build.pseudo import PseudoTranslator

        global _pseudo  # noqa: PLW0603  (Qt does not keep it)
        _pseudo = PseudoTranslator()
        QCoreApplication.installTranslator(_pseudo)


_pseudo: object = None


def take(given: argparse.Namespace, look: str, size: tuple[int, int]) -> None:
    """Walk through the pages in this process and take one picture of each."""
    sys.path.insert(0, str(ROOT))
    from app.__main__ import open_session
    from app.gui import languages
    from app.gui.main import application
    from app.gui.wizard import Wizard
    from build.installed_pictures import as_installed, take_installed, train_stand_in

    app = application(["-platform", "offscreen"])
    session = open_session(
        argparse.Namespace(
            answers=None,
            home=given.home,
            profile=None,
            offline=None,
            index=None,
            pytorch_index=None,
            machine=None if given.home else given.machine,
        )
    )
    session.change(language=given.language)
    languages.install_language(given.language)
    dressed(session, look)
    album = Album(Path(given.out), look, given.sheets, given.states)
    if given.states:
        from build.state_pictures import States

        States(album, size, lambda visit: dressed(visit, look)).take()
        album.close()
        return

    def wait(until: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            app.processEvents()
            time.sleep(0.01)
        return until()

    def settle(widget: QWidget) -> None:
        """Until the picture stays the same: bars fold and fonts come a moment after the window."""
        last = None
        for _ in range(20):
            wait(lambda: False, 0.25)
            now = widget.grab().toImage()
            if now == last:
                return
            last = now

    if given.home:
        looks = given.looks.split(",")
        take_installed(session, wait, settle, [Album(album.out, x, False) for x in looks], size)
        return
    wizard = Wizard(session)
    wizard.show()
    wizard.resize(*size)
    wait(lambda: session.facts is not None and not wizard.is_surveying, 20)
    for page in STAGES:
        if page not in given.pages or page in ("home", "train"):
            continue
        wizard.go(page)  # type: ignore[arg-type]
        settle(wizard)
        album.add(wizard, page)
        if given.sheets:
            more(wizard, settle, album, page)
        if page == "install":
            run_through(wizard, wait, album)
    if "home" in given.pages:
        as_installed(session)
        wizard.go("welcome")
        wizard.rebuild_stage("welcome")
        settle(wizard)
        album.add(wizard, "home")
        if given.sheets:
            more(wizard, settle, album, "home")
    wizard.busy = lambda: False
    wizard.close()
    if "train" in given.pages:
        train_stand_in(lambda visit: dressed(visit, look), wait, settle, album, size)
    album.close()


def more(wizard: Wizard, settle: Callable[[QWidget], None], album: Album, page: str) -> None:
    """What opens from a page: the other setups, and its dialogs."""
    from app.gui.dialogs.compare_output import CompareOutput
    from app.gui.dialogs.plan_details import PlanDetails
    from app.gui.dialogs.remove import Remove
    from app.gui.dialogs.sources import SourcesDialog
    from app.gui.pages.install import Install
    from app.gui.pages.setup import Setup
    from app.gui.widgets.dialog import Dialog

    shown = wizard.currentPage()
    dialog: Dialog | None = None
    if isinstance(shown, Setup):
        shown.more.click()
        settle(wizard)
        album.add(wizard, "setup, others")
        asking = SourcesDialog(wizard)
        asking.test.click()
        dialog = asking
    elif isinstance(shown, Install) and shown.plan is not None:
        dialog = PlanDetails(wizard, shown.plan)
    elif page == "verify":
        dialog = CompareOutput(wizard)
    elif page == "home":
        dialog = Remove(wizard, wizard.session.undo.uninstallable())
    if dialog is not None:
        dialog.fit()
        dialog.show()
        settle(dialog)
        album.add(dialog, f"{page}: {type(dialog).__name__}")
        dialog.close()


def run_through(
    wizard: Wizard, wait: Callable[[Callable[[], bool], float], bool], album: Album
) -> None:
    """Press Install and take a second picture in the middle of the run; then let it end."""
    page = wizard.page_of("install")
    if page.bar.primary is None:
        return
    page.bar.primary.click()
    wait(lambda: False, 1.6)
    album.add(wizard, "installing")
    wait(lambda: not wizard.busy(), 60)
    wait(lambda: False, 0.6)


def shoot(wizard: QWidget, out: Path, page: str, theme: str) -> None:
    """Save what the window shows, few colours and small."""
    ratio = wizard.devicePixelRatioF()
    name = f"{page}{f'-{theme}' if theme != 'light' else ''}{f'-{ratio:.0f}x' if ratio > 1 else ''}.png"
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
        "--out", help="folder for the pictures (docs/pictures; of states and sheets dist/pictures)"
    )
    options.add_argument(
        "--home",
        help="home with a verified setup, for home, Verify and Train; one run is added to it",
    )
    options.add_argument("--language", default="en")
    options.add_argument(
        "--looks", default="light,dark", help="of light, dark, contrast and pseudo"
    )
    options.add_argument(
        "--sheets", action="store_true", help="all pages and dialogs of a look on one sheet"
    )
    options.add_argument(
        "--states",
        action="store_true",
        help="all pages and dialogs in their states (waiting, running, blocked, failed) on one sheet",
    )
    options.add_argument(
        "--scales",
        default="1",
        help="1,2 for both; 2x pictures are for looking, not for the repository",
    )
    options.add_argument("--size", default="1120x740")
    options.add_argument("--here", metavar="THEME", help=argparse.SUPPRESS)
    given = options.parse_args()
    looking = given.sheets or given.states
    given.out = given.out or str(ROOT / ("dist" if looking else "docs") / "pictures")
    out = Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    if given.here:
        width, height = given.size.split("x")
        take(given, given.here, (int(width), int(height)))
        return 0
    simulated = [p for p in given.pages if looking or p not in INSTALLED]
    installed = [p for p in given.pages if p not in simulated]
    if installed and not given.home:
        print(f"Not taken, because they need --home DIR: {', '.join(installed)}.")
    words = ["--out", str(out), "--size", given.size, "--language", given.language]
    words += ["--machine", given.machine, "--looks", given.looks]
    words += [*(["--sheets"] if given.sheets else []), *(["--states"] if given.states else [])]
    looks = given.looks.split(",")
    parts = [["--here", look, *words, *simulated] for look in looks if simulated]
    if installed and given.home:  # one process, so that one training serves all looks
        parts.append(["--here", looks[0], *words, "--home", given.home, *installed])
    for scale in given.scales.split(","):
        for part in parts:
            done = subprocess.run(
                [sys.executable, __file__, *part],
                env={**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"},
                check=False,
            )
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
