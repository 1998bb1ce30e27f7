"""Letters of a path that Windows' programs without Unicode cannot read.

Triton compiles its launcher with TinyCC, which opens files by their names in that code page. Seen with the
genuine tcc.exe of triton-windows 3.4.0.post21: with a Cyrillic or Japanese folder on a PC of code page 1252 it
finds no file; with letters that the code page has it does.
"""

from __future__ import annotations

from app.model.machine import Os

# What Windows sets up with a language (Microsoft, "Code Page Identifiers", NLS "Default ANSI code page"); only for
# machine files of a time when the code page was not read.
_BY_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), 1251),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"), 1250),
    **dict.fromkeys(("et", "lt", "lv"), 1257),
    **dict.fromkeys(("ar", "fa", "ur"), 1256),
    **{"el": 1253, "tr": 1254, "he": 1255, "vi": 1258, "th": 874, "ja": 932, "ko": 949, "zh": 936},
    **dict.fromkeys(
        [
            "af",
            "ca",
            "da",
            "de",
            "en",
            "es",
            "eu",
            "fi",
            "fr",
            "gl",
            "id",
            "is",
            "it",
            "ms",
            "nb",
            "nl",
            "nn",
            "no",
            "pt",
            "sv",
            "sw",
        ],
        1252,
    ),
}
_BY_LOCALE = {"zh-tw": 950, "zh-hk": 950, "zh-mo": 950, "sr-cyrl-rs": 1251, "sr-latn-rs": 1250}


def find_code_page(os: Os) -> int | None:
    """Windows' ANSI code page: as read, else the usual one of its language; ``None`` where neither is known."""
    if os.family != "windows" or os.code_page is not None:
        return os.code_page
    locale = (os.locale or "").replace("_", "-").lower()
    return _BY_LOCALE.get(locale) or _BY_LANGUAGE.get(locale.partition("-")[0])


def find_foreign_letters(path: str, os: Os) -> str | None:
    """The letters of a path that the code page lacks, each once, in order; ``None`` where it has all of them or
    where it is not known.
    """
    page = find_code_page(os)
    if os.family != "windows" or page is None:
        return None
    name = "utf-8" if page == 65001 else f"cp{page}"
    foreign = [letter for letter in dict.fromkeys(path) if not _has(name, letter)]
    return "".join(foreign) or None


def _has(encoding: str, letter: str) -> bool:
    if letter.isascii():
        return True
    try:
        return letter.encode(encoding).decode(encoding) == letter
    except (UnicodeError, LookupError):  # a page that is not Python's holds ASCII at least
        return False
