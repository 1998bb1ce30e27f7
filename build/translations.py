"""Collects the window's strings into resources/translations/*.ts and compiles them.

Python build/translations.py [--check] [CODE ...]

English is the source text. The texts of data and conclusions (build/extract_messages.py) are in the
context ``Data``, with their places to fill in (``{needed}``), which a translation holds as they are.
A language is a file there: CODE begins one (``fr``), and nothing else names it.
``--check`` changes nothing and lists what each language lacks, else one line counts it; exit code 1
where one lacks something.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from build.extract_messages import ROOT, texts

FOLDER = ROOT / "resources" / "translations"
PLURALS = ("en",)  # the source language needs a file for its plurals alone
LANGUAGES = tuple(sorted({p.stem for p in FOLDER.glob("*.ts")} - set(PLURALS)))


def sources() -> list[str]:
    """Every file of the window that may hold a string, relative to the root."""
    return sorted(str(p.relative_to(ROOT)) for p in (ROOT / "app" / "gui").rglob("*.py"))


def tool(name: str) -> str:
    """Qt's own tool from the PySide6 package."""
    import PySide6

    folder = Path(PySide6.__file__).parent
    for candidate in (folder / name, folder / f"{name}.exe"):
        if candidate.exists():
            return str(candidate)
    raise SystemExit(
        f"{name} is not beside PySide6 in {folder}; expected the package PySide6-Essentials."
    )


def collect(target: Path, language: str) -> None:
    """Bring a .ts file up to date; what is no longer in the source leaves it."""
    only = ["-pluralonly"] if language in PLURALS else []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.cpp"  # the form in which lupdate takes texts that no call names
        # JSON escapes what C++ has to have escaped.
        data.write_text(
            "".join(
                f'QT_TRANSLATE_NOOP("Data", {json.dumps(text, ensure_ascii=False)});\n'
                for text in texts()
            ),
            "utf-8",
        )
        subprocess.run(
            [
                tool("lupdate"),
                *sources(),
                str(data),
                *only,
                "-no-obsolete",
                "-locations",
                "none",
                "-source-language",
                "en",
                "-target-language",
                language,
                "-ts",
                str(target),
            ],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def messages(ts: Path) -> list[tuple[str, str, str, bool]]:
    """(context, source, translation, finished) of every string."""
    found = []
    for context in ElementTree.parse(ts).getroot().iter("context"):  # noqa: S314
        name = context.findtext("name", "")
        for message in context.iter("message"):
            translation = message.find("translation")
            plurals = (
                []
                if translation is None
                else [f.text or "" for f in translation.iter("numerusform")]
            )
            forms = plurals or ["" if translation is None else translation.text or ""]
            text = forms[0]
            done = translation is not None and translation.get("type") is None and all(forms)
            found.append((name, message.findtext("source", ""), text, done))
    return found


def compile_all(languages: tuple[str, ...]) -> None:
    """Write the .qm files that the program loads."""
    for language in languages:
        subprocess.run(
            [
                tool("lrelease"),
                "-silent",
                str(FOLDER / f"{language}.ts"),
                "-qm",
                str(FOLDER / f"{language}.qm"),
            ],
            cwd=ROOT,
            check=True,
        )


def lacking(languages: tuple[str, ...]) -> dict[str, list[str]]:
    """What is in the source and not (or not yet) translated: by language, one sentence each."""
    faults = {}
    with tempfile.TemporaryDirectory() as folder:
        for language in languages:
            fresh = Path(folder) / f"{language}.ts"
            fresh.write_bytes((FOLDER / f"{language}.ts").read_bytes())
            collect(fresh, language)
            faults[language] = [
                f"{language}: {context}: {source!r} has no translation"
                for context, source, _, done in messages(fresh)
                if not done
            ]
    return faults


def main() -> int:
    """Collect and compile, or check."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--check", action="store_true", help="change nothing, list what lacks a translation"
    )
    options.add_argument("code", nargs="*", help="a language to begin, such as fr")
    given = options.parse_args()
    wrong = [code for code in given.code if not re.fullmatch("[a-z]{2,3}", code)]
    if wrong or (given.check and given.code):
        options.error(f"expected codes of two or three small letters without --check, got {wrong}")
    languages = tuple(dict.fromkeys((*LANGUAGES, *given.code, *PLURALS)))
    if not given.check:
        for language in languages:
            collect(FOLDER / f"{language}.ts", language)
        compile_all(languages)
    faults = {language: lines for language, lines in lacking(languages).items() if lines}
    if given.check:
        print(*chain.from_iterable(faults.values()), sep="\n", end="\n" if faults else "")
    elif faults:
        counts = ", ".join(f"{language} {len(lines)}" for language, lines in faults.items())
        print(f"Texts without a translation: {counts}; --check lists them.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
