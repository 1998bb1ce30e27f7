"""The log on screen: index, redraws, colours, search, filter, selection, following.

On files and on kept bytes.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.gui.log_view.pane import LogPane
from app.gui.log_view.panel import LogPanel
from app.gui.log_view.store import CHUNK, LogStore, ProblemScan, Search, find_severity
from app.gui.log_view.text import Piece, pieces, plain


def filled(path: Path, data: bytes) -> LogStore:
    path.write_bytes(data)
    store = LogStore(str(path))
    while not store.catch_up():
        pass
    return store


@pytest.mark.parametrize("seed", range(6))
def test_every_line_is_found_wherever_chunks_end(tmp_path: Path, seed: int) -> None:
    pick = random.Random(seed)
    lines = [b"x" * pick.choice((0, 1, 60, 300, 5000)) + b" %d" % n for n in range(2000)]
    data = b"\n".join(lines) + b"\n" * pick.choice((0, 1))
    store = filled(tmp_path / "log", data)
    assert store.lines == len(lines)
    for first in (0, 1, 7, 999, 1990, 1999):
        assert store.get(first, 30) == lines[first : first + 30]
    assert store.get(2000, 5) == []
    assert store.start_of(1234) == data.index(b" 1234") - len(lines[1234]) + 5


def test_kept_bytes_and_a_file_say_the_same(tmp_path: Path) -> None:
    data = b"".join(b"line %d\n" % n for n in range(30000)) + b"open end"
    kept = LogStore()
    for at in range(0, len(data), 4097):
        kept.grow(data[at : at + 4097])
    file = filled(tmp_path / "log", data)
    assert kept.lines == file.lines == 30001
    assert kept.get(29990, 20) == file.get(29990, 20) == data.split(b"\n")[29990:]


def test_a_line_longer_than_a_chunk_shows_its_last_redraw_or_its_beginning(tmp_path: Path) -> None:
    bar = b"\r".join(b"%6d of 100000" % n for n in range(20000))
    store = filled(
        tmp_path / "log", b"first\n" + bar + b"\nbetween\n" + b"y" * (3 * CHUNK) + b"\nlast\n"
    )
    shown = [plain(raw) for raw in store.get(0, 10)]
    assert shown[:3] == ["first", " 19999 of 100000", "between"]
    assert shown[3].startswith("yyyy") and len(shown[3]) <= 4096
    assert shown[4] == "last"


def test_a_log_that_grows_is_followed_and_its_lines_have_times(tmp_path: Path) -> None:
    path = tmp_path / "log"
    store = LogStore(str(path))
    assert store.catch_up() and store.lines == 0
    with path.open("ab", buffering=0) as out:
        for n in range(5):
            out.write(b"part %d" % n)
            assert store.catch_up() and store.lines == n + 1
            out.write(b" end\n")
            store.catch_up()
            store.grow(b"part %d end\n" % n, at=100.0 + n)
    assert [store.clock(n) for n in range(5)] == [100.0, 101.0, 102.0, 103.0, 104.0]


def test_colours_redraws_and_other_escapes() -> None:
    assert pieces(b"\x1b[1;32mok\x1b[0m rest") == [Piece("ok", "ok", True), Piece(" rest")]
    assert pieces(b"\x1b[38;5;196mred\x1b[39m \x1b[38;2;10;20;240mblue") == [
        Piece("red", "err"),
        Piece(" "),
        Piece("blue", "info"),
    ]
    assert plain(b"10%\r50%\r100%\r") == "100%"
    assert (
        plain(b"\x1b[2K\x1b[1A\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \xff\x07a\tb")
        == "link \ufffda b"
    )
    assert pieces(b"14:02:58 part 5: connection reset")[0] == Piece("14:02:58", "muted")
    assert pieces(b"wheel  hash ok")[-1] == Piece("hash ok", "ok")


@pytest.mark.parametrize(
    "line",
    [
        b"\x1b[",
        b"\x1b[38;5m x",
        b"\x1b[38;2;1m",
        b"\x1b]0;t",
        b"\xc3",
        b"\x1b[31",
        bytes(range(256)),
    ],
)
def test_broken_codes_never_raise_and_pieces_are_the_plain_text(line: bytes) -> None:
    assert "".join(p.text for p in pieces(line)) == plain(line)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"ERROR: no matching distribution", "error"),
        (b"OSError: [WinError 5] Access is denied", "error"),
        (b"RuntimeError: CUDA error", "error"),
        (b"UserWarning: xformers", "warn"),
        (b"warning: unused", "warn"),
        (b"W1130 09:33:19.626000 2785 _pytree.py:630] deprecated, will be an error later", "warn"),
        (b"WARNING:root:an error was got over", "warn"),
        (b"2026-11-30 12:00:00,123 INFO an error was mended", ""),
        (b"[12:00:00] WARNING failed, tried again", "warn"),
        (b"2026-11-30 12:00:00 ERROR no room", "error"),
        (b"I1130 09:33:19.626000 2785 a.py:1] 3 errors were mended", ""),
        (b"E1130 09:33:19.626000 2785 a.py:1] error: no room", "error"),
        (b"part 5: connection reset after 212 MB", "warn"),
        (b"0 errors, 0 warnings", ""),
        (b"compiling error_codes.cpp", ""),
        (b"  warn-rs-1.0.tar.gz", ""),
        (b"torch/errors.py", ""),
        (b"Using CPython 3.12.11", ""),
    ],
)
def test_words_that_make_a_line_worth_a_look(line: bytes, kind: str) -> None:
    assert find_severity(line) == kind


def test_search_ignores_case_counts_all_and_goes_round(tmp_path: Path) -> None:
    lines = [b"Ninja %d Ab" % n if n % 1000 == 3 else b"nothing here %d" % n for n in range(60000)]
    store = filled(tmp_path / "log", b"\n".join(lines) + b"\n")
    search = Search(store, "nINJA")
    while not search.step():
        pass
    assert search.total == 60
    assert search.after(-1) == 3
    assert search.after(3) == 1003
    assert search.after(59003) is None
    assert search.before(1003) == 3
    assert search.before(3) is None
    walked, at = [], -1
    while (to := search.after(at)) is not None:
        walked.append(to)
        at = to
    assert walked == list(range(3, 60000, 1000))


@pytest.mark.parametrize("text", ["müßIG", "ÄRGER", "日本"])
def test_search_beyond_ascii_finds_words_across_block_edges(tmp_path: Path, text: str) -> None:
    edge = b"z" * (4 * CHUNK - 3) + text.lower().encode() + b"\nnext\n" + text.upper().encode()
    search = Search(filled(tmp_path / "log", edge), text)
    while not search.step():
        pass
    assert search.after(-1) == 0
    assert search.total >= 1


@pytest.mark.parametrize(
    "text", ["Kernel_96.cu", "__96..", "96.cu", "x_96.", ". ab", "12", "a--", "1,1"]
)
@pytest.mark.parametrize("often", [1, 7, 900])
def test_a_text_with_signs_and_figures_is_counted_as_any_other(
    tmp_path: Path, text: str, often: int
) -> None:
    """Few places a chunk and very many, hits on the edges of chunks, near hits, at the start and at
    the end.
    """
    words = [text, text.upper(), text.lower(), text[:-1], text[1:], "96._96", "1,1,1,12"]
    lines = [
        f"{words[n % 7] if n % often == 0 else ''} line {n} " + "pad " * (n % 9)
        for n in range(9000)
    ]
    whole = (text + "\n" + "\n".join(lines) + "\n" + text.upper()).encode()
    search = Search(filled(tmp_path / "log", whole), text)
    while not search.step():
        pass
    assert search.total == whole.lower().count(text.lower().encode())


def test_filter_finds_what_the_rule_says_of_each_line(tmp_path: Path) -> None:
    lines = [
        b"warning: %d" % n if n % 977 == 0 else b"fine %d %s" % (n, b"q" * 40) for n in range(20000)
    ]
    store = filled(tmp_path / "log", b"\n".join(lines) + b"\nerror without end")
    problems = ProblemScan(store)
    while not problems.step():
        pass
    assert list(problems.lines) == [n for n in range(20000) if n % 977 == 0] + [20000]


@pytest.fixture
def pane(qtbot: QtBot) -> LogPane:
    made = LogPane()
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    for n in range(500):
        made.grow(b"%s %d\n" % (b"warning: slow" if n % 100 == 50 else b"line", n), at=1000.0 + n)
    made.touch()
    return made


def test_it_follows_until_somebody_scrolls_and_again_at_the_end(pane: LogPane) -> None:
    assert "line 499" in pane.visible_text()
    QTest.keyClick(pane, Qt.Key.Key_PageUp)
    seen = pane.visible_text()
    pane.grow(b"more\n" * 50)
    pane.touch()
    assert pane.visible_text() == seen and not pane.following
    QTest.keyClick(pane, Qt.Key.Key_End)
    assert pane.visible_text().endswith("more") and pane.following
    QTest.keyClick(pane, Qt.Key.Key_Home)
    assert pane.visible_text().startswith("line 0\n")
    pane.grow(b"still more\n")
    pane.touch()
    assert pane.visible_text().startswith("line 0\n")


def test_keyboard_selects_and_copies(pane: LogPane) -> None:
    QTest.keyClick(pane, Qt.Key.Key_Home)
    for _ in range(3):
        QTest.keyClick(pane, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(pane, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "line 0\nline 1\nline 2\n"
    QTest.keyClick(pane, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(pane, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().count("\n") >= 499


def test_mouse_selects_from_character_to_character(pane: LogPane) -> None:
    pane.verticalScrollBar().setValue(0)
    brush, left = pane._brush, pane._text_left()
    wide = brush.stamp_width / 9
    begin = [int(left + wide * 2), int(10 + brush.line_height / 2)]
    QTest.mousePress(
        pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(*begin)
    )
    _drag(pane, QPoint(int(left + wide * 4), int(10 + brush.line_height * 1.5)))
    assert pane.selection() == ((0, 2), (1, 4))
    pane.copy()
    assert QGuiApplication.clipboard().text() == "ne 0\nline"


def _drag(pane: LogPane, to: QPoint) -> None:
    pane.mouseMoveEvent(
        QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(to),
            QPointF(to),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_filter_shows_only_troubles_and_copies_them(pane: LogPane, qtbot: QtBot) -> None:
    pane.show_problems_only(True)
    qtbot.waitUntil(lambda: pane.rows() == 5)
    assert pane.visible_text().split("\n") == [f"warning: slow {n}" for n in range(50, 500, 100)]
    pane.copy()
    assert QGuiApplication.clipboard().text().count("warning") == 5
    pane.grow(b"fine\nERROR: late\n")
    qtbot.waitUntil(lambda: pane.rows() == 6)
    pane.show_problems_only(False)
    assert pane.rows() == 502


def test_search_from_the_panel(qtbot: QtBot) -> None:
    panel = LogPanel(lambda: None)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    for n in range(300):
        panel.pane.grow(b"Line %d\n" % n)
    panel.pane.touch()
    QTest.keyClicks(panel.search, "lINE 7")
    qtbot.waitUntil(lambda: "11" in panel.search.note.text())
    qtbot.waitUntil(
        lambda: (
            "Line 7\n" in panel.pane.visible_text() + "\n" or "Line 70" in panel.pane.visible_text()
        )
    )
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == "" and panel.search.note.text() == ""
    QTest.keyClicks(panel.search, "no such text")
    qtbot.waitUntil(lambda: panel.search.note.text() == "not found")


def test_a_screen_reader_gets_the_lines_in_sight(pane: LogPane) -> None:
    pane.touch()
    assert pane.accessibleName() == "Log"
    assert pane.accessibleDescription() == pane.visible_text()


def test_a_big_file_is_opened_in_slices(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    path.write_bytes(b"".join(b"some line of an older run %d\n" % n for n in range(200_000)))
    made = LogPane()
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.show()
    made.show_log(LogStore(str(path)))
    qtbot.waitUntil(lambda: made.rows() == 200_000)
    qtbot.waitUntil(lambda: "run 199999" in made.visible_text())
