"""German is complete, keeps every placeholder, and the window speaks it at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from pytestqt.qtbot import QtBot

from app.gui import formatting, languages
from app.model.answers import language_codes
from build.translations import FOLDER, LANGUAGES, messages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.release
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_of_the_source_is_translated(language: str) -> None:
    done = subprocess.run(
        [sys.executable, "build/translations.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str) -> None:
    rows = messages(FOLDER / f"{language}.ts")
    assert len(rows) > 100
    place = re.compile(r"\{[\w.]*(?::[^{}]*)?\}")  # a figure's form too: {share:.0%}
    for context, source, text, _ in rows:
        assert not text or sorted(place.findall(source)) == sorted(place.findall(text)), (
            f"{context}: {source!r}"
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_a_mnemonic_keeps_one(language: str) -> None:
    for context, source, text, _ in messages(FOLDER / f"{language}.ts"):
        assert not text or ("&" in source.replace("&&", "")) == ("&" in text.replace("&&", "")), (
            f"{context}: {source!r}"
        )


@pytest.mark.release
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_that_of_the_source(language: str, qtbot: QtBot) -> None:
    assert languages.install_language(language) == language
    try:
        for context, source, text, _ in messages(FOLDER / f"{language}.ts"):
            if "%n" not in source:
                assert QCoreApplication.translate(context, source) == text
    finally:
        languages.install_language("en")


def test_figures_follow_the_language(qtbot: QtBot) -> None:
    languages.install_language("de")
    try:
        assert formatting.size(4_118_402_316) == "4,1 GB"
        assert formatting.count(4118) == "4.118"
    finally:
        languages.install_language("en")
    assert formatting.size(4_118_402_316) == "4.1 GB"


def test_an_unknown_language_means_the_systems_or_english() -> None:
    system = QLocale.system().name().split("_")[0]
    assert languages.chosen("tlh") == (system if system in {"de", "en"} else "en")
    assert languages.chosen("de-AT") == "de"


def test_a_language_is_a_file_and_no_code() -> None:
    files = {path.stem for path in FOLDER.glob("*.qm")}
    assert {code for code, _ in languages.offered()} == files == {*LANGUAGES, "en"}
    assert ("en", "English") in languages.offered() and ("de", "Deutsch") in languages.offered()
    assert language_codes(("fr.qm", "fr.ts", "de.qm", "README.md")) == ("de", "fr")
