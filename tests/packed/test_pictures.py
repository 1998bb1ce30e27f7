"""Every page of the packed window beside the same page of the source.

Both drawn by Windows' Qt in the lab: what packing left out shows as a difference.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from build import windows_lab
from tests.packed.screen import (
    FORMS,
    MACHINE,
    NEEDS_PROGRAMS,
    PICTURES,
    STAGES,
    end,
    lab,
    press,
    wait_for,
)

pytestmark = NEEDS_PROGRAMS
CELL = 16
MARGIN = ("318", "420")
STRIP_AND_PAGE = ((1180, 40), (318, 420))
PYTHON = windows_lab.LAB / "prefix/drive_c/Python313/python.exe"


def settled(target: Path) -> QImage:
    """A picture of the screen once three in a row are equal and the strip that every page of a
    simulation has is there; the page is then filled in.
    """
    before, equal = None, 0
    for _ in range(60):
        lab("screenshot", str(target))
        picture = QImage(str(target))
        same = before is not None and picture == before and has_strip(picture)
        equal = equal + 1 if same else 0
        if equal == 2:
            return picture
        before = picture
        time.sleep(0.4)
    raise AssertionError(f"{target.name} never came to rest")


def has_strip(picture: QImage) -> bool:
    """Whether the window's upper edge right of the list of pages has another colour than the page."""
    strip, page = (picture.pixel(*at) for at in STRIP_AND_PAGE)
    return strip != page


def differences(one: QImage, other: QImage) -> list[tuple[int, int]]:
    """The cells of 16 by 16 pixels in which two pictures differ, by column and row."""
    assert one.size() == other.size()
    found = []
    for y in range(0, one.height(), CELL):
        for x in range(0, one.width(), CELL):
            if one.copy(x, y, CELL, CELL) != other.copy(x, y, CELL, CELL):
                found.append((x // CELL, y // CELL))
    return found


def walk(name: str, program: Path, *arguments: str, pages: int = len(STAGES)) -> list[QImage]:
    """Start a program on a simulated machine; two pictures of each page, its top and its end."""
    place = PICTURES / name
    place.mkdir(parents=True, exist_ok=True)
    started = lab("start-exe", str(program), *arguments, "--machine", MACHINE)
    process = int(started.stdout.split()[-1])
    try:
        taken = []
        for number, title in enumerate(STAGES[:pages]):
            wait_for(title)
            taken.append(settled(place / f"{number + 1}.png"))
            # and its end: the margin left of the cards holds nothing that a wheel could change
            lab("xdo", "mousemove", *MARGIN, "click", "--repeat", "60", "--delay", "20", "5")
            time.sleep(1)  # a busy machine may not have begun to scroll
            taken.append(settled(place / f"{number + 1}-end.png"))
            if number + 1 < pages:
                press("Return")
        return taken
    finally:
        end(process)


@pytest.fixture(scope="module")
def source() -> list[QImage]:
    """The pages as the checkout itself draws them on the lab's Windows Python."""
    return walk("source", PYTHON, "-m", "app")


def test_every_page_of_the_packed_window_is_the_sources_own(source: list[QImage]) -> None:
    packed = walk("packed", FORMS["folder"] / "UnslothSetup.exe")
    names = [f"{title}, {part}" for title in STAGES for part in ("top", "end")]
    found = {name: differences(*pair) for name, *pair in zip(names, source, packed, strict=True)}
    assert not any(found.values()), f"cells that differ: {found}"


def test_a_part_that_is_missing_would_be_seen(source: list[QImage], tmp_path: Path) -> None:
    """The same comparison on a program without Qt's reader of .svg files finds its arrows gone."""
    poorer = tmp_path / "UnslothSetup"
    shutil.copytree(FORMS["folder"], poorer, copy_function=_link_or_copy)
    for plugin in poorer.rglob("qsvg*.dll"):
        plugin.unlink()
    pages = STAGES.index("Setup") + 1
    packed = walk("without-svg", poorer / "UnslothSetup.exe", pages=pages)
    seen = [differences(*pair) for pair in zip(source, packed, strict=False)]
    assert any(seen), "no page that was compared shows an .svg of the style sheet"


def _link_or_copy(source: str, target: str) -> str:
    """A hard link where the file system allows it: a program folder is 100 MB."""
    link: Callable[[str, str], None] = os.link
    try:
        link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
