"""The one place for colours, type and spacing.

Tokens, palette, style sheet, fonts, and which of them the system asks for.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, Literal

from PySide6.QtCore import QFile
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette

from app.adapters.resources import root

# Beside the packages in a checkout, and at the same place below the unpacked folder of the packaged
# program. With forward slashes: a style sheet reads "\D" of "\Downloads" as an escaped character
# and drops every rule after it.
RESOURCES = root().as_posix()

RAIL_WIDTH = 232
RAIL_NARROW = 69  # the numbers alone
PAGE_MARGIN = 32
NARROW, SHORT = (
    740,
    500,
)  # a window below these is cramped: a full HD screen at 300 % has 640 by 330 to give
GAP = 14
TITLE = 22  # height of a card's first line, which is that of a tag
RADIUS = 10
# Qt's own numbers for text in the middle of the height, and in the middle of both. The first page
# gets by without the name PySide6.QtCore.Qt: its hundred enumerations take an eighth of the time
# until the first paint.
MIDDLE, CENTRE = 0x80, 0x84
# points for one pixel at 96 DPI: type follows the system's text size, which pixels would not
POINT = 0.75

FontRole = Literal[
    "text",
    "small",
    "link",
    "value",
    "strong",
    "big",
    "h1",
    "brand",
    "tag",
    "mono",
    "tiny",
    "foot",
    "card",
]
Tone = Literal["good", "warn", "err", "info", "grey"]


class Tokens:
    """Every colour by what it is for. ``*_soft`` lies behind the colour of the same name; ``on_*``
    is written upon it.

    Not a dataclass: to generate one of this size takes two hundredths of the time until the first
    paint.
    """

    bg: str
    surface: str
    line: str
    text: str
    muted: str
    accent: str
    accent_soft: str
    on_accent: str
    ok: str
    warn: str
    warn_soft: str
    err: str
    err_soft: str
    info: str
    info_soft: str
    on_mark: str
    rail: str
    log: str
    track: str
    ref: str
    hover: str
    select: str  # behind what is selected or checked, and what is written there
    on_select: str
    off: str  # what cannot be used now
    dark: bool = False
    high_contrast: bool = False

    def __init__(self, **given: Any) -> None:
        for name in self.__annotations__:
            setattr(self, name, given[name] if name in given else getattr(type(self), name))

    def values(self) -> dict[str, Any]:
        """All tokens by name."""
        return {name: getattr(self, name) for name in self.__annotations__}

    def colour(self, name: str) -> QColor:
        """One token as a colour; ``name`` is a field of this class."""
        return QColor(getattr(self, name))

    @property
    def hover_line(self) -> str:
        """The token of a border under the mouse: contrast themes have one line colour and a
        highlight.
        """
        return "accent" if self.high_contrast else "ref"

    def tone(self, tone: Tone) -> tuple[str, str]:
        """Ink and ground of a tone."""
        return {
            "good": (self.accent, self.accent_soft),
            "warn": (self.warn, self.warn_soft),
            "err": (self.err, self.err_soft),
            "info": (self.info, self.info_soft),
            "grey": (self.muted, self.track),
        }[tone]


LIGHT = Tokens(
    bg="#f5f6f8",
    surface="#ffffff",
    line="#e2e5ea",
    text="#1b1f24",
    muted="#5a6472",
    accent="#0b7a5f",
    accent_soft="#e4f3ee",
    on_accent="#ffffff",
    ok="#1e7f4f",
    warn="#8a5a00",
    warn_soft="#fdf3dc",
    err="#b3261e",
    err_soft="#fbe9e7",
    info="#2a5db0",
    info_soft="#e6eefa",
    on_mark="#ffffff",
    rail="#eceef2",
    log="#fbfbfc",
    track="#e6e9ee",
    ref="#aab3bf",
    hover="#f0f2f5",
    select="#e4f3ee",
    on_select="#1b1f24",
    off="#5a6472",
)
DARK = Tokens(
    bg="#15181c",
    surface="#1d2126",
    line="#2e343c",
    text="#e9ecf0",
    muted="#9aa5b1",
    accent="#3ecfa5",
    accent_soft="#16342c",
    on_accent="#06251c",
    ok="#5fd39a",
    warn="#f0b94a",
    warn_soft="#35290f",
    err="#ff8a80",
    err_soft="#3a1b19",
    info="#8db4f5",
    info_soft="#1a2740",
    on_mark="#101317",
    rail="#191c21",
    log="#171a1f",
    track="#2a3038",
    ref="#6d7885",
    hover="#262b31",
    select="#16342c",
    on_select="#e9ecf0",
    off="#9aa5b1",
    dark=True,
)


def luminance(colour: QColor) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def is_high_contrast(system: QPalette) -> bool:
    """Whether the system shows a high-contrast theme.

    Qt 6.8 has no question for it. All of Windows' contrast themes paint window, fields and buttons
    in one colour; no ordinary theme does.
    """
    window = system.color(QPalette.ColorRole.Window)
    same = (
        window == system.color(QPalette.ColorRole.Base) == system.color(QPalette.ColorRole.Button)
    )
    return same and contrast(window, system.color(QPalette.ColorRole.WindowText)) >= 7


def high_contrast(system: QPalette) -> Tokens:
    """Tokens made of nothing but the system's own colours: its text, its ground, its highlight."""
    role = QPalette.ColorRole
    ground, ink = system.color(role.Window).name(), system.color(role.WindowText).name()
    accent, on_accent = (
        system.color(role.Highlight).name(),
        system.color(role.HighlightedText).name(),
    )
    dark = luminance(QColor(ground)) < 0.5
    if contrast(QColor(accent), QColor(ground)) < 4.5:
        accent, on_accent = ink, ground
    grounds = dict.fromkeys(LIGHT.values(), ground)
    inks = dict.fromkeys(("text", "muted", "line", "ref", "ok", "warn", "err", "info"), ink)
    grey = system.color(
        QPalette.ColorGroup.Disabled, role.ButtonText
    )  # Windows' own colour for what is greyed
    off = grey.name() if contrast(grey, QColor(ground)) >= 3 else ink
    return Tokens(
        **grounds
        | inks
        | {
            "accent": accent,
            "on_accent": on_accent,
            "select": accent,
            "on_select": on_accent,
            "off": off,
            "dark": dark,
            "high_contrast": True,
        }
    )


_current = LIGHT
_asked = False  # whether a look other than the system's was ever asked for


def current() -> Tokens:
    """The tokens in force; painters ask at each paint, so that a change of theme needs no wiring."""
    return _current


def apply(choice: Literal["system", "light", "dark"] = "system") -> Tokens:
    """Choose the tokens for what the person or the system wants and give the application its
    palette and font.
    """
    global _current, _asked  # noqa: PLW0603 - one process has one look; painters read it at each paint
    hints = QGuiApplication.styleHints()
    if choice != "system" or _asked:
        from PySide6.QtCore import Qt

        # Title bars and native dialogs follow this too.
        hints.setColorScheme(
            {
                "system": Qt.ColorScheme.Unknown,
                "light": Qt.ColorScheme.Light,
                "dark": Qt.ColorScheme.Dark,
            }[choice]
        )
        _asked = True
    QGuiApplication.setPalette(
        QPalette()
    )  # an empty palette brings the system's own back for one look at it
    system = QGuiApplication.palette()
    if choice == "system" and is_high_contrast(system):
        _current = high_contrast(system)
    elif choice == "dark" or (
        choice == "system" and luminance(system.color(QPalette.ColorRole.Window)) < 0.2
    ):
        _current = DARK
    else:
        _current = LIGHT
    QGuiApplication.setPalette(palette(_current))
    return _current


def palette(t: Tokens) -> QPalette:
    """The palette for what the style sheet does not reach: placeholders, selections, native parts."""
    made, role = QPalette(), QPalette.ColorRole
    for where, name in (
        (role.Window, "bg"),
        (role.Base, "surface"),
        (role.AlternateBase, "bg"),
        (role.Button, "surface"),
        (role.WindowText, "text"),
        (role.Text, "text"),
        (role.ButtonText, "text"),
        (role.PlaceholderText, "muted"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.ToolTipBase, "surface"),
        (role.ToolTipText, "text"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.Mid, "line"),
        (role.Midlight, "line"),
        (role.Dark, "ref"),
        (role.Shadow, "ref"),
        (role.Light, "surface"),
        (role.Accent, "accent"),
    ):
        made.setColor(where, t.colour(name))
    for where in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, where, t.colour("off"))
    return made


def load_fonts() -> None:
    """Make the bundled faces known: Inter in three weights (OFL, licence beside it). Windows has a
    face of its own.

    A Windows without it, which Wine is, would fall back on a book face. Its file is asked for, not
    Qt's list of families: to make that list takes 0.09 s before the first paint (measured under
    Wine).
    """
    if sys.platform == "win32" and QFile.exists("C:/Windows/Fonts/segoeui.ttf"):
        return
    for face in ("Inter-Regular", "Inter-Medium", "Inter-SemiBold"):
        QFontDatabase.addApplicationFont(f"{RESOURCES}/fonts/{face}.ttf")


def load_mono() -> None:
    """Make the log's face known; the first page has no use for it."""
    if "JetBrains Mono" not in QFontDatabase.families():
        QFontDatabase.addApplicationFont(f"{RESOURCES}/fonts/JetBrainsMono-Regular.ttf")


TEXT_FAMILIES = (
    ["Segoe UI Variable Text", "Segoe UI", "Inter"]
    if sys.platform == "win32"
    else ["Inter", "Segoe UI", "sans-serif"]
)
MONO_FAMILIES = ["JetBrains Mono", "Cascadia Mono", "Consolas", "monospace"]

_SIZES: dict[FontRole, tuple[float, QFont.Weight]] = {
    "text": (14, QFont.Weight.Normal),
    "small": (12.5, QFont.Weight.Normal),
    "link": (12.5, QFont.Weight.Medium),
    "foot": (12, QFont.Weight.Normal),
    "card": (13, QFont.Weight.DemiBold),
    "value": (14, QFont.Weight.Medium),
    "strong": (14, QFont.Weight.DemiBold),
    "big": (18, QFont.Weight.DemiBold),
    "h1": (24, QFont.Weight.DemiBold),
    "brand": (15, QFont.Weight.DemiBold),
    "tag": (12, QFont.Weight.DemiBold),
    "mono": (12, QFont.Weight.Normal),
    "tiny": (11, QFont.Weight.Normal),
}


@cache
def text_families() -> list[str]:
    """The text faces that this system has, best first.

    Qt is asked, and not left to its own fall-back: where the first of a list is missing (Segoe UI
    Variable is not in Windows 10) it may take any face instead of the next one (seen under Wine:
    DejaVu Math).
    """
    return [name for name in TEXT_FAMILIES if QFontDatabase.hasFamily(name)] or TEXT_FAMILIES


def font(role: FontRole = "text", tabular: bool = False) -> QFont:
    """The font of a role. ``tabular`` gives every digit one width, for figures that change in
    place.
    """
    size, weight = _SIZES[role]
    made = QFont()
    if role == "mono":
        load_mono()
    made.setFamilies(MONO_FAMILIES if role == "mono" else text_families())
    made.setPointSizeF(size * POINT)
    made.setWeight(weight)
    made.setHintingPreference(
        QFont.HintingPreference.PreferNoHinting
    )  # widths as designed, also between whole pixels
    if role == "h1":
        made.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, -0.2)
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


_SHEET = """
QWizard > .QWidget > .QWidget {{ min-height: 0; max-height: 0; }}  /* QWizard's ruler */
QWizard, QWizardPage, QDialog, #page {{ background: {bg}; border: 0; }}
#rail {{ background: {rail}; border: 0; border-right: 1px solid {line}; }}
#mark {{ background: {accent}; color: {on_accent}; border-radius: 6px; }}
#step {{ background: transparent; border: 1px solid transparent; border-radius: 8px; }}
#step[state="now"] {{ background: {surface}; border-color: {line}; }}
#step QLabel {{ color: {muted}; }} #step QLabel[state="done"], #step QLabel[state="now"] {{ color: {text}; }}
#step #dot {{ border: 1px solid {ref}; border-radius: 10px; }}
#step #dot[state="now"] {{ border-color: {accent}; color: {accent}; }}
#step #dot[state="done"] {{ background: {accent}; border-color: {accent}; }}
#number {{ background: {accent_soft}; color: {accent}; border-radius: 12px; }}
#foot {{ border: 0; border-top: 1px solid {line}; background: transparent; }}
#bar {{ background: {bg}; border: 0; border-top: 1px solid {line}; }}
#banner {{ background: {warn_soft}; border: 0; border-bottom: 1px solid {line}; }}
#banner QLabel {{ color: {warn}; background: transparent; }}
#card {{ background: {surface}; border: 1px solid {line}; border-radius: 10px; }}
#inset {{ background: {log}; border: 1px solid {line}; border-radius: 8px; }}
#line {{ background: {line}; border: 0; min-height: 1px; max-height: 1px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
QLabel {{ background: transparent; color: {text}; }}
QLabel[ink="muted"] {{ color: {muted}; }} QLabel[ink="accent"] {{ color: {accent}; }}
QLabel[ink="warn"] {{ color: {warn}; }} QLabel[ink="err"] {{ color: {err}; }} QLabel[ink="ok"] {{ color: {ok}; }}
QPushButton {{ background: {surface}; color: {text}; border: 1px solid {line}; border-radius: 7px; padding: 7px 16px;
  min-height: 20px; }}
QPushButton:hover {{ background: {hover}; border-color: {hover_line}; }}
QPushButton:pressed {{ background: {track}; }}
QPushButton:disabled {{ color: {off}; background: {bg}; }}
QPushButton[kind="primary"] {{ background: {accent}; border-color: {accent}; color: {on_accent}; }}
QPushButton[kind="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[kind="primary"]:disabled {{ background: {track}; border-color: {off_line}; color: {off}; }}
QPushButton[kind="small"] {{ padding: 3px 10px; }}
QPushButton[kind="small"]:checked {{ background: {select}; border-color: {accent}; color: {checked}; }}
QPushButton[kind="link"] {{ background: transparent; border: 0; border-radius: 4px; padding: 2px 0; color: {accent};
  text-align: left; min-height: 16px; }}
QPushButton[kind="link"]:hover {{ color: {accent_hover}; text-decoration: underline; }}
QPushButton[kind="quiet"] {{ background: transparent; border-color: transparent; padding: 4px 8px; color: {muted}; }}
QPushButton[kind="quiet"]:hover {{ background: {hover}; color: {text}; }}
QPushButton[kind="link"]:disabled, QPushButton[kind="quiet"]:disabled {{ background: transparent; color: {off}; }}
QLineEdit, QComboBox, QSpinBox {{ background: {surface}; color: {text}; border: 1px solid {line}; border-radius: 7px;
  padding: 6px 10px; min-height: 20px; selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus, QComboBox:focus, QSpinBox:focus {{ border: 2px solid {accent}; padding: 5px 9px; }}
QLineEdit, QPlainTextEdit {{ placeholder-text-color: {muted}; }}
QLineEdit:read-only {{ background: {log}; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox::down-arrow {{ image: url("{icons}/chevron-down-{shade}.svg"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ background: {surface}; color: {text}; border: 1px solid {line};
  selection-background-color: {select}; selection-color: {on_select}; outline: 0; }}
QPlainTextEdit, QTextEdit, QTextBrowser {{ background: {log}; color: {text}; border: 1px solid {line};
  border-radius: 8px; padding: 8px; selection-background-color: {accent}; selection-color: {on_accent}; }}
QPlainTextEdit:focus, QTextEdit:focus {{ border: 2px solid {accent}; padding: 7px; }}
QTableWidget, QTableView {{ background: transparent; border: 0; gridline-color: {line}; color: {text};
  selection-background-color: {select}; selection-color: {on_select}; }}
QHeaderView::section {{ background: transparent; color: {muted}; border: 0; border-bottom: 1px solid {line};
  padding: 6px 8px; }}
QMenu {{ background: {surface}; color: {text}; border: 1px solid {line}; padding: 6px; }}
QMenu::item {{ padding: 6px 28px 6px 14px; border-radius: 5px; }}
QMenu::item:selected {{ background: {select}; color: {on_select}; }}
QMenu::item:disabled {{ color: {off}; }} QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QCheckBox, QRadioButton {{ color: {text}; spacing: 10px; background: transparent; padding: 4px 8px 4px 4px; }}
QCheckBox:focus {{ border: 2px solid {accent}; border-radius: 5px; padding: 2px 6px 2px 2px; }}
QPushButton, QCheckBox {{ outline: 0; }}  /* the style's own second ring within theirs */
QCheckBox::indicator {{ width: 16px; height: 16px; border: 1px solid {muted}; border-radius: 4px; background: {surface}; }}
QCheckBox::indicator:hover {{ border-color: {accent}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; image: url("{icons}/tick-{shade}.svg"); }}
QToolTip {{ background: {surface}; color: {text}; border: 1px solid {line}; padding: 4px 8px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle {{ background: {ref}; border-radius: 4px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent;
  width: 0; height: 0; }}
QAbstractScrollArea::corner {{ background: transparent; border: 0; }}
"""


# What only dialogs hold; the first paint does not wait for it.
_DIALOGS = """
QTabWidget::pane {{ border: 0; border-top: 1px solid {line}; top: -1px; }} QTabWidget::tab-bar {{ left: 0; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {muted}; border: 0; border-bottom: 2px solid transparent; padding: 6px 2px 7px;
  margin-right: 18px; }}
QTabBar::tab:hover {{ color: {text}; }} QTabBar::tab:selected {{ color: {accent}; border-bottom-color: {accent}; }}
QTabBar::tab:focus {{ background: {select}; color: {on_select}; }}
QTreeWidget {{ background: {surface}; color: {text}; border: 0; outline: 0; selection-background-color: {select};
  selection-color: {on_select}; }}
QHeaderView {{ background: transparent; border: 0; }}
QTreeWidget::item, QTableWidget::item {{ padding: 3px 6px; border: 0; }} QTableWidget {{ outline: 0; }}
QTreeWidget::item:selected, QTableWidget::item:selected {{ background: {select}; color: {on_select}; }}
"""


def dialog_sheet() -> str:
    """The further rules for dialogs, in the colours of now."""
    return _DIALOGS.format(**current().values())


def sheet(t: Tokens) -> str:
    """The style sheet for the tokens."""
    values = t.values()
    base = t.colour("accent")
    hover = base.lighter(112) if t.dark else base.darker(112)
    forced = t.high_contrast  # no soft grounds there: a line, or the system's highlight
    return _SHEET.format(
        **values,
        accent_hover=t.accent if forced else hover.name(),
        hover_line=values[t.hover_line],
        off_line=t.off if forced else t.track,
        checked=t.on_select if forced else t.accent,
        icons=f"{RESOURCES}/icons",
        shade="dark" if t.dark else "light",
    )
