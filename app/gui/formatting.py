"""Figures as people say them: sizes, spans of time, shares, in the chosen language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

_STEPS = ("B", "KB", "MB", "GB", "TB")


def _format_number(value: float, digits: int) -> str:
    from PySide6.QtCore import QLocale

    return QLocale().toString(value, ord("f"), digits)


def size(number: float | None) -> str:
    """Bytes on a disk or a line, in powers of ten: ``4.1 GB``. ``unknown`` where there is no
    figure.
    """
    return _format_scaled(number, 1000)


def memory(number: float | None) -> str:
    """Bytes of a card's or the computer's memory, in powers of two, as makers label them: ``24
    GB``.
    """
    return _format_scaled(number, 1024)


def installed(number: float | None) -> str:
    """Main memory as it was bought: the system keeps some of it, so 31.9 GiB are ``32 GB``."""
    if number is None or number < 6 * 1024**3:
        return memory(number)
    return memory(round(number / 1024**3) * 1024**3)


def day(iso: str) -> str:
    """A date as people write it, from ``2025-11-21``; what is no date stays as it is."""
    from PySide6.QtCore import QDate, QLocale, Qt

    date = QDate.fromString(iso, Qt.DateFormat.ISODate)
    return QLocale().toString(date, translate("Words", "d MMM yyyy")) if date.isValid() else iso


def _format_scaled(number: float | None, base: int) -> str:
    if number is None:
        return translate("Words", "unknown")
    value, step = float(number), 0
    while value >= base * 0.9995 and step < len(_STEPS) - 1:
        value, step = value / base, step + 1
    tenths = step >= 3 and value < 100 and abs(value - round(value)) >= 0.05
    return f"{_format_number(value, 1 if tenths else 0)} {_STEPS[step]}"


def of(done: float, total: float | None) -> str:
    """``1.7 GB of 4.1 GB``, or the first alone."""
    if total is None:
        return size(done)
    return translate("Words", "{done} of {total}").format(done=size(done), total=size(total))


def rate(a_second: float | None) -> str:
    """``7.4 MB/s``; empty where it is not known."""
    if not a_second:
        return ""
    unit, value = ("MB/s", a_second / 1e6) if a_second >= 1e5 else ("KB/s", a_second / 1e3)
    return f"{_format_number(value, 1 if value < 100 else 0)} {unit}"


def seconds(span: float, *, whole: bool = False) -> str:
    """An exact span: ``0.9 s``, ``12 s``, ``3 min 20 s``, ``1 h 5 min``. ``whole``: no tenths, for
    one that counts up.
    """
    if span < 10 and not whole:
        return translate("Words", "{n} s").format(n=_format_number(span, 1))
    full = round(span)
    if full < 120:
        return translate("Words", "{n} s").format(n=full)
    if full < 3600:
        return translate("Words", "{m} min {s} s").format(m=full // 60, s=full % 60)
    return translate("Words", "{h} h {m} min").format(h=full // 3600, m=full % 3600 // 60)


def about(span: float) -> str:
    """A rough span for what is still to come: ``about 6 minutes``."""
    if span < 45:
        return translate("Words", "less than a minute")
    minutes = round(span / 60)
    if minutes < 2:
        return translate("Words", "about a minute")
    if minutes < 90:
        return translate("Words", "about {n} minutes").format(n=minutes)
    return translate("Words", "about {n} hours").format(n=round(minutes / 60))


def count(number: int) -> str:
    """A number with the language's grouping: ``4,118``."""
    from PySide6.QtCore import QLocale

    return QLocale().toString(number)


def joined(parts: list[str]) -> str:
    """Short facts on one line with a middle dot between."""
    return " · ".join(p for p in parts if p)
