"""The window's languages: which there are, and the translators of the chosen one."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from app.adapters.resources import resource_names
from app.gui import theme
from app.model.answers import language_codes

_installed: list[QTranslator] = []
_spoken = ["en"]


@cache
def offered() -> tuple[tuple[str, str], ...]:
    """Code and own name of each language: English, which is in the source, and each that has a
    file ``resources/translations/<code>.qm``.
    """
    others = (code for code in language_codes(resource_names()("translations")) if code != "en")
    # Qt calls English without a country "American English".
    return (("en", "English"), *((code, _own_name(code)) for code in others))


def _own_name(code: str) -> str:
    name = QLocale(code).nativeLanguageName() or code
    return name[:1].upper() + name[1:]


def chosen(wanted: str | None) -> str:
    """The code of the language to use: the answer's, or the system's where there is a translation,
    else English.
    """
    codes = {code for code, _ in offered()}
    for name in (wanted, QLocale.system().name()):
        if name and name.replace("-", "_").split("_")[0].lower() in codes:
            return name.replace("-", "_").split("_")[0].lower()
    return "en"


def current_language() -> str:
    """The code of the language that the window speaks now."""
    return _spoken[0]


def install_language(wanted: str | None) -> str:
    """Install the translators and number formats of a language; returns its code."""
    app = QCoreApplication.instance()
    code = _spoken[0] = chosen(wanted)
    for old in _installed:
        QCoreApplication.removeTranslator(old)
    _installed.clear()
    system = QLocale.system()
    QLocale.setDefault(system if system.name().startswith(code) else QLocale(code))
    names = [
        f"{theme.RESOURCES}/translations/{code}.qm"
    ]  # for English this holds its plurals alone
    if code != "en":
        names.insert(
            0, f"{QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)}/qtbase_{code}.qm"
        )
    for name in names:
        translator = QTranslator(app)
        if translator.load(name):
            QCoreApplication.installTranslator(translator)
            _installed.append(translator)
    return code
