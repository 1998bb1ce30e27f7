"""The theme: what is written can be read, in every look; icons exist and take its colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontInfo, QPalette
from pytestqt.qtbot import QtBot

from app.gui import theme
from app.gui.widgets import icons

ROOT = Path(__file__).resolve().parents[2]

# Everything that is written, on everything that it is written upon.
WRITTEN = [
    (ink, ground)
    for ink in ("text", "muted")
    for ground in ("bg", "surface", "rail", "log", "track", "hover")
]
WRITTEN += [
    ("accent", "bg"),
    ("accent", "surface"),
    ("accent", "accent_soft"),
    ("accent", "hover"),
    ("on_accent", "accent"),
    ("warn", "warn_soft"),
    ("warn", "surface"),
    ("warn", "log"),
    ("err", "err_soft"),
    ("err", "surface"),
    ("err", "log"),
    ("info", "info_soft"),
    ("ok", "surface"),
    ("ok", "log"),
    ("text", "accent_soft"),
    ("text", "warn_soft"),
    ("on_select", "select"),
    ("off", "bg"),
    ("off", "surface"),
    ("on_mark", "ok"),
    ("on_mark", "warn"),
    ("on_mark", "err"),
    ("on_mark", "info"),
]


def contrast_theme(ground: str, ink: str, highlight: str, on_highlight: str) -> QPalette:
    """A palette as Windows' contrast themes give it."""
    palette, role = QPalette(), QPalette.ColorRole
    for where in (role.Window, role.Base, role.Button):
        palette.setColor(where, QColor(ground))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(where, QColor(ink))
    palette.setColor(role.Highlight, QColor(highlight))
    palette.setColor(role.HighlightedText, QColor(on_highlight))
    return palette


AQUATIC = contrast_theme("#202020", "#ffffff", "#8ee3f0", "#263b50")
DESERT = contrast_theme("#fffaef", "#3d3d3d", "#903909", "#fff5e3")
BLACK = contrast_theme("#000000", "#ffffff", "#1aebff", "#000000")
PALE = contrast_theme(
    "#ffffff", "#000000", "#dddddd", "#000000"
)  # a highlight that cannot be read as text


@pytest.mark.parametrize(("ink", "ground"), WRITTEN)
@pytest.mark.parametrize(
    "tokens",
    [theme.LIGHT, theme.DARK, *map(theme.high_contrast, (AQUATIC, DESERT, BLACK, PALE))],
    ids=["light", "dark", "aquatic", "desert", "black", "pale"],
)
def test_what_is_written_can_be_read(
    qapp: object, tokens: theme.Tokens, ink: str, ground: str
) -> None:
    ratio = theme.contrast(tokens.colour(ink), tokens.colour(ground))
    assert ratio >= 4.5, f"{ink} on {ground} has {ratio:.2f}"


def test_the_contrast_ratio_is_the_one_of_wcag() -> None:
    assert theme.contrast(QColor("#ffffff"), QColor("#000000")) == pytest.approx(21.0)
    assert theme.contrast(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


def test_high_contrast_is_told_from_ordinary_looks(qapp: object) -> None:
    assert all(theme.is_high_contrast(p) for p in (AQUATIC, DESERT, BLACK))
    assert not theme.is_high_contrast(theme.palette(theme.LIGHT))
    assert not theme.is_high_contrast(theme.palette(theme.DARK))


def test_high_contrast_uses_the_systems_colours_alone(qapp: object) -> None:
    used = {v for v in theme.high_contrast(AQUATIC).values().values() if isinstance(v, str)}
    assert used <= {"#202020", "#ffffff", "#8ee3f0", "#263b50"}


def test_every_colour_of_the_style_sheet_comes_from_a_token(qapp: object) -> None:
    plain = theme._SHEET
    assert not re.findall(r"#[0-9a-fA-F]{6}\b", plain)
    assert "{" not in re.sub(r"\{[^{}]*\}", "", theme.sheet(theme.LIGHT))


def test_no_colour_is_written_elsewhere_in_the_window() -> None:
    for path in (ROOT / "app" / "gui").rglob("*.py"):
        if path.name == "theme.py":
            continue
        found = set(re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8"))) - {
            "#000000",
            "#ffffff",
        }
        assert not found, f"{path.name} holds the colour {found}; colours live in theme.py"


def test_the_choice_overrides_the_system(qapp: object) -> None:
    assert theme.apply("dark").dark and theme.current() is theme.DARK
    assert not theme.apply("light").dark and theme.current() is theme.LIGHT


@pytest.mark.parametrize(
    "path", sorted((ROOT / "resources" / "icons").glob("*.svg")), ids=lambda p: p.stem
)
def test_every_icon_draws_something(qapp: object, path: Path) -> None:
    image = icons.pixmap(path.stem, 32, "#123456").toImage()
    assert any(image.pixelColor(x, y).alpha() > 0 for x in range(32) for y in range(32))


def test_icons_take_the_colour_they_are_given(qapp: object) -> None:
    image = icons.pixmap("mark-wait", 36, "#ff0000").toImage()
    inks = {
        image.pixelColor(x, y).name()
        for x in range(36)
        for y in range(36)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert inks == {"#ff0000"}


@pytest.mark.parametrize("state", ["ok", "warn", "err", "info", "down", "run"])
def test_a_mark_shows_its_sign_in_a_dark_contrast_theme_too(
    qapp: object, state: icons.State
) -> None:
    """Its shape is white there and its sign black, the very colours that the files are written in."""
    t = theme.high_contrast(BLACK)
    image = icons.pixmap(
        f"mark-{state}", 36, t.colour(icons.STATE_HUE[state]).name(), t.on_mark
    ).toImage()
    inks = {
        image.pixelColor(x, y).name()
        for x in range(36)
        for y in range(36)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert {"#ffffff", "#000000"} <= inks


def test_what_is_selected_or_off_shows_in_a_contrast_theme(qapp: object) -> None:
    palette = contrast_theme("#202020", "#ffffff", "#8ee3f0", "#263b50")
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText, QColor("#a6a6a6"))
    t = theme.high_contrast(palette)
    assert (t.select, t.on_select, t.off) == ("#8ee3f0", "#263b50", "#a6a6a6")
    sheet = theme.sheet(t)
    assert "QMenu::item:selected { background: #8ee3f0; color: #263b50; }" in sheet
    assert "QPushButton:disabled { color: #a6a6a6;" in sheet


def test_an_unknown_icon_is_named(qapp: object) -> None:
    with pytest.raises(LookupError, match=r"no icon nowhere\.svg"):
        icons.pixmap("nowhere", 16, "#000000")


def test_every_state_has_its_own_shape(qapp: object) -> None:
    shapes = {
        name: (ROOT / "resources" / "icons" / f"mark-{name}.svg").read_text(encoding="utf-8")
        for name in icons.STATE_HUE
    }
    assert len(set(shapes.values())) == len(shapes)


def test_the_bundled_faces_load_in_their_weights(qtbot: QtBot) -> None:
    theme.load_fonts()
    theme.load_mono()
    assert QFontInfo(theme.font("mono")).family() == "JetBrains Mono"
    assert QFontInfo(theme.font("text")).family() in theme.TEXT_FAMILIES
    assert theme.font("h1").pointSizeF() == pytest.approx(18)
