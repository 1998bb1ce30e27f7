"""The dialog that shows the diagnostics report before it is written.

What is in it, what was taken out, and the whole of it as it would go out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
)

from app.gui import formatting, theme
from app.gui.file_names import proposed
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.card import Card, Heading, Label, across
from app.gui.widgets.dialog import Dialog
from app.model.errors import ExpectedError
from app.model.report import Preview

if TYPE_CHECKING:
    from app.gui.frame import Frame

T = TypeVar("T")

_NOT_FOR_QT = re.compile(r"<style>.*?</style>|<svg.*?</svg>", re.DOTALL)
# Qt's text knows little of CSS: no variables, no grid, no round corners.
_SHEET = """
h1 {{ font-size: 21px; font-weight: 600; margin: 2px 0 6px 0 }}
h2 {{ font-size: 16px; font-weight: 600; margin: 22px 0 6px 0 }}
h3 {{ font-size: 14px; font-weight: 600; margin: 14px 0 4px 0 }}
p {{ margin: 3px 0 }}
header, .k, dt, th {{ color: {muted} }}
dd {{ margin-left: 0; margin-bottom: 6px }}
th {{ text-align: left; font-weight: 500; padding: 4px 14px 4px 0 }}
td {{ padding: 5px 14px 5px 0; border-top: 1px solid {line} }}
pre {{ white-space: pre-wrap }}
code, pre, .mono {{ font-family: "{mono}"; font-size: 12px }}
summary {{ color: {accent} }}
.ic {{ font-weight: 700 }}
.tag {{ background-color: {accent_soft}; color: {accent}; font-weight: 600; font-size: 12px }}
.ok {{ color: {ok} }} .warn {{ color: {warn} }} .err {{ color: {err} }} .info {{ color: {info} }} .grey {{ color: {muted} }}
"""


def qt_page(page: str) -> str:
    """The report's page for Qt's own text view, in the colours of the window: what it cannot draw
    is left out.
    """
    tokens = theme.current()
    colours = {
        name: getattr(tokens, name)
        for name in ("muted", "line", "accent", "accent_soft", "ok", "warn", "err", "info")
    }
    sheet = _SHEET.format(mono=theme.font("mono").family(), **colours)
    bare = _NOT_FOR_QT.sub("", page).replace("</head>", f"<style>{sheet}</style></head>")
    bare = re.sub(r"(<span class='tag[^>]*>)(.*?)</span>", r"\1&nbsp;\2&nbsp;</span>", bare)
    bare = re.sub(
        r"(<span class=['\"]ic [^>]*>.</span>)<div>(<h1>|<b>)", r"<div>\2\1&nbsp;", bare
    )  # a mark before its line
    return bare.replace("<table", '<table width="100%" cellspacing="0"')


def kind_word(kind: str) -> str:
    """What a kind of redaction is called, for people."""
    known = {
        "user": translate("Report", "user name"),
        "host": translate("Report", "name of this PC"),
        "home": translate("Report", "home folder"),
        "email": translate("Report", "e-mail address"),
        "mac": translate("Report", "network card's number"),
        "serial": translate("Report", "serial number"),
        "gpu-uuid": translate("Report", "number of the card"),
        "uuid": translate("Report", "number of a device"),
        "network-name": translate("Report", "name of a wireless network"),
        "token": translate("Report", "access token"),
        "key": translate("Report", "key"),
        "password": translate("Report", "password in an address"),
        "header": translate("Report", "sign-in header"),
        "public-address": translate("Report", "public network address"),
    }
    return known.get(kind, kind.replace("-", " "))


class ReportPreview(Dialog):
    """Fills in when the report has been put together, which takes a moment with long logs."""

    def __init__(self, wizard: Frame) -> None:
        super().__init__(
            wizard,
            translate("Report", "Diagnostics report"),
            translate(
                "Report",
                "One zip with everything that helps to find a fault. It is written to this PC "
                "only; "
                "you decide whom to give it to.",
            ),
            width=920,
            height=640,
        )
        self._wizard = wizard
        self.saved = ""
        row = QHBoxLayout()
        row.setSpacing(14)
        left = QVBoxLayout()
        left.setSpacing(14)
        self.taken, self.files = Card(tight=True), Card(tight=True)
        for card, title in (
            (self.taken, translate("Report", "Taken out")),
            (self.files, translate("Report", "What is in it")),
        ):
            card.box.addWidget(Heading(title))
            card.setMinimumWidth(
                196
            )  # the longest kind of what is taken out, in either language, beside its number
            left.addWidget(card)
        left.addStretch(1)
        row.addLayout(left, 2)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for part in (self.tabs, self.tabs.tabBar()):
            part.setAccessibleName(translate("Report", "Views of the report"))
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        self.page.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )  # everything wraps
        self.page.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.page.setAccessibleName(translate("Report", "The report as a page"))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(theme.font("mono"))
        self.text.setAccessibleName(translate("Report", "The report as text"))
        self.tabs.addTab(self.page, translate("Report", "As a pa&ge"))
        self.tabs.addTab(self.text, translate("Report", "As &text"))
        self.tabs.setMinimumHeight(380)
        row.addWidget(self.tabs, 5)
        self.body.addLayout(row, 1)
        self.note = Label(translate("Report", "Putting it together …"), "small", "muted")
        self.body.addWidget(self.note)
        self.copy = self.button(translate("Report", "&Copy the text"), self._copy)
        self.button(translate("Report", "Close"))
        self.save = self.button(translate("Report", "&Save …"), self._save, primary=True)
        for button in (self.copy, self.save):
            button.setEnabled(False)
        # The window owns the thread: this sheet may be closed long before the report has been put
        # together.
        self._open = True
        self.finished.connect(self._mark_closed)
        self._run_in_thread(wizard.session.exports.report_preview, self.fill)

    def _mark_closed(self, _result: int) -> None:
        self._open = False

    def _run_in_thread(self, make: Callable[[], T], take: Callable[[T], None]) -> None:
        """Do something long in a thread; nothing of it comes back once the sheet is closed."""

        def arrived(result: T) -> None:
            if self._open:
                take(result)

        stream = self._wizard.stream(lambda: iter((make(),)), arrived)
        stream.ended.connect(self._on_ended)
        stream.start()

    def fill(self, preview: Preview) -> None:
        """Show what the report would be."""
        total = sum(preview.counts.values())
        for kind, count in sorted(preview.counts.items(), key=lambda item: -item[1]):
            self._add_fact(
                self.taken,
                kind_word(kind),
                translate("Report", "{n} times").format(n=formatting.count(count))
                if count != 1
                else translate("Report", "once"),
            )
        if not total:
            self.taken.box.addWidget(
                Label(translate("Report", "Nothing had to be taken out."), "small", "muted")
            )
        for file in preview.files:
            self._add_fact(self.files, file.name, formatting.size(file.size))
        self.page.setHtml(qt_page(preview.page))
        self.text.setPlainText(preview.text)
        self.note.setText(
            translate(
                "Report",
                "{n} pieces of personal data were taken out; read through it before you pass it on.",
            ).format(n=formatting.count(total))
            if total
            else ""
        )
        for button in (self.copy, self.save):
            button.setEnabled(True)
        self.save.setFocus()

    def _add_fact(self, card: Card, name: str, value: str) -> None:
        right = Label(value, "small", "muted", wrap=False, tabular=True)
        left = Label(name, "small")
        row = across(left, right)
        row.setStretch(0, 1)
        left.setAccessibleName(f"{name}: {value}")
        card.box.addLayout(row)

    def _on_ended(self, fault: object) -> None:
        if not self._open:
            return
        if isinstance(fault, ExpectedError):
            self.note.setText(f"{localize(fault.message)} {localize(fault.hint)}".strip())
        elif isinstance(fault, BaseException):
            from app.gui.error_dialog import show_fault

            show_fault(self._wizard, fault)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.note.setText(translate("Report", "Copied"))

    def _save(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self,
            translate("Report", "Save the report"),
            proposed("unsloth-setup-report.zip"),
            translate("Report", "Zip files (*.zip)"),
        )
        if path:
            self.write(path)

    def write(self, path: str) -> None:
        """Write the report to a place."""
        self.note.setText(translate("Report", "Writing …"))
        self.save.setEnabled(False)
        self._run_in_thread(
            lambda: self._wizard.session.exports.write_report(path), self._on_written
        )

    def _on_written(self, path: str) -> None:
        self.saved = path
        self.save.setEnabled(True)
        self.note.setText(translate("Report", "Saved as {path}").format(path=path))


def save_report(wizard: Frame) -> str:
    """Show the preview; where the report was saved, or nothing."""
    dialog = ReportPreview(wizard)
    dialog.exec()
    return dialog.saved
