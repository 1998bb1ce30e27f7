"""The dialog that diagnoses a pasted log.

Any output in, its cause and what mends it out; nothing is claimed where nothing is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from app.gui import theme
from app.gui.formatting import translate
from app.gui.messages import localize_fault
from app.gui.stream import Stream
from app.gui.widgets.card import Label
from app.gui.widgets.diagnosis_card import DiagnosisCard
from app.gui.widgets.dialog import Dialog
from app.model.advice import Diagnosis

if TYPE_CHECKING:
    from app.engine.session import Session


SHOWN = 200_000  # characters shown: to lay out a log of 12 MB would hold the window for a second


class Field(QPlainTextEdit):
    """What is pasted goes to the sheet when it is too much to be shown whole."""

    much = Signal(str)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Pasted by keyboard, menu or mouse."""
        if len(source.text()) > SHOWN:
            self.much.emit(source.text())
        else:
            super().insertFromMimeData(source)


class PasteLog(Dialog):
    """A field for the log; the answer comes half a second after the last change, found in a thread.

    ``fix_wanted``: the person wants the automatic fix of this name; the sheet closes and its owner
    shows the plan of it.
    """

    fix_wanted = Signal(str)

    def __init__(self, parent: QWidget, session: Session, *, fixes: bool = False) -> None:
        super().__init__(
            parent,
            translate("PasteLog", "Paste a log"),
            translate(
                "PasteLog",
                "The output of pip, of a training run, of anything that failed. The whole of it is "
                "best: the cause often stands far above the last line. It stays on this PC.",
            ),
            width=760,
            height=620,
        )
        self._session, self._fixes = session, fixes
        self._stream: Stream | None = None
        self._copying: Stream | None = None
        self._again = False
        self.field = Field()
        self.field.much.connect(lambda text: self.take(text.encode()))
        self.field.setFont(theme.font("mono"))
        self.field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.field.setPlaceholderText(translate("PasteLog", "Paste here"))
        self.field.setAccessibleName(translate("PasteLog", "Log"))
        self.field.setTabChangesFocus(True)
        self.field.setMinimumHeight(180)
        self.answer = Label("", "text", "muted")
        self.card: DiagnosisCard | None = None
        self._raw: bytes | None = None
        self.body.addWidget(self.field, 2)
        self.body.addWidget(self.answer)
        self.body.addStretch(0)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(500)
        self._wait.timeout.connect(self.explain)
        self.field.textChanged.connect(self._on_text_changed)
        self.button(translate("PasteLog", "&Open a file …"), self._open_file)
        self.button(translate("PasteLog", "&Paste"), self._paste_clipboard)
        self.button(translate("PasteLog", "Close"), self.accept, primary=True)
        self.finished.connect(self._close_streams)
        self.field.setFocus()

    def _on_text_changed(self) -> None:
        self._raw = None
        self._wait.start()

    def _paste_clipboard(self) -> None:
        self.take(QGuiApplication.clipboard().text().encode())

    def _open_file(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, translate("PasteLog", "Open a log"))
        if path:
            self.take(self._session.system.files.read(path) or b"")

    def take(self, data: bytes) -> None:
        """A log as bytes, in whatever encoding it is; what is shown of it is cut, what is judged is
        not.
        """
        self.field.setPlainText(data[:SHOWN].decode("utf-8", "replace"))
        self._raw = data
        self._wait.start()

    def explain(self) -> None:
        """Ask for the cause."""
        if self._stream is not None and self._stream.running:
            self._again = True
            return
        log = self._log_bytes()
        if not log.strip():
            self.show_answer(None)
            return
        self.answer.setText(translate("PasteLog", "Reading …"))
        self._stream = Stream(
            lambda: iter((self._session.execution.explain(log),)), self.show_answer, parent=self
        )
        self._stream.ended.connect(self._on_explained)
        self._stream.start()

    def _on_explained(self, fault: object) -> None:
        if isinstance(fault, BaseException):
            self.answer.setText(localize_fault(fault))
        if self._again:
            self._again = False
            self.explain()

    def show_answer(self, diagnosis: Diagnosis | None) -> None:
        """The card of a cause or of ideas; one quiet sentence where nothing is known to be wrong."""
        if self.card is not None:
            self.body.removeWidget(self.card)
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        if diagnosis is None:
            self.answer.setText("")
        elif diagnosis.cause is None and not diagnosis.others:
            self.answer.setText(translate("PasteLog", "Nothing in it is known to be wrong."))
        else:
            self.answer.setText("")
            helps = diagnosis.fix is not None and self._session.plans.is_applicable(
                diagnosis.fix.remedy
            )
            self.card = DiagnosisCard(
                diagnosis, retry=False, report=False, fixes=self._fixes and helps
            )
            self.card.fix_wanted.connect(self._request_fix)
            self.card.issue_wanted.connect(self._copy_issue)
            self.body.addWidget(self.card, 0)
        self.answer.setVisible(bool(self.answer.text()))

    def _copy_issue(self) -> None:
        """Put the text for an issue into the clipboard, the person taken out; made in a thread."""
        if self.card is None or (self._copying is not None and self._copying.running):
            return
        diagnosis = self.card.diagnosis
        self.answer.setText(translate("PasteLog", "Preparing the text …"))
        self.answer.show()
        log = self._log_bytes()
        self._copying = Stream(
            lambda: iter((self._session.exports.issue_text(log, diagnosis),)),
            self._on_copied,
            parent=self,
        )
        self._copying.ended.connect(self._on_explained)
        self._copying.start()

    def _on_copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.answer.setText(
            translate(
                "PasteLog", "Copied, with names and secrets taken out. Read it before you post it."
            )
        )

    def _log_bytes(self) -> bytes:
        return self._raw if self._raw is not None else self.field.toPlainText().encode()

    def _request_fix(self, remedy: str) -> None:
        self.accept()
        self.fix_wanted.emit(remedy)

    def _close_streams(self, _result: int) -> None:
        self._wait.stop()
        for stream in (self._stream, self._copying):
            if stream is not None:
                stream.abandon()  # a large log is judged for seconds; nobody waits for that
