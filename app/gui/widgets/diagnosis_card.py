"""What went wrong: the cause, the lines that prove it, what mends it as a button, and the way on.

Three looks: a cause that a line states, one that fits best, and none, where ideas are told and the
main act is to copy the whole for an issue.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.gui import theme
from app.gui.formatting import translate
from app.gui.messages import localize, localize_all
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Heading, Label, across
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.icons import Mark, State
from app.model.advice import Diagnosis, EvidenceLine
from app.model.event import Failed

_LONG = 56  # letters of a title above which it is a sentence, and not shouted


def diagnosis_of(failed: Failed) -> Diagnosis:
    """The diagnosis that came with a failure, or what the failure itself says where none did."""
    if failed.diagnosis is not None and failed.diagnosis.cause is not None:
        return failed.diagnosis
    ideas = failed.diagnosis.others if failed.diagnosis is not None else ()
    lines = [text for text in failed.details.splitlines() if text.strip()][-4:]
    first = len(failed.details.splitlines()) - len(lines) + 1
    return Diagnosis(
        title=failed.message,
        means=failed.hint,
        evidence=tuple(EvidenceLine(line=first + i, text=text) for i, text in enumerate(lines)),
        others=ideas,
    )


def remedy_label(remedy: str | None) -> str:
    """What the button of an automatic fix says."""
    clear = translate("Diagnosis", "Clear the cac&he, try again")
    known = {
        "other-profile": translate("Diagnosis", "Take another set&up"),
        "rebuild-environment": translate("Diagnosis", "Build it &again"),
        "compile-off": translate("Diagnosis", "Build &again without compiling"),
        "compiler-unset": translate("Diagnosis", "Build &again without CC"),
        "refetch": translate("Diagnosis", "&Fetch the files again"),
        "system-certificates": translate("Diagnosis", "&Use the system's certificates"),
        "clear-cache": clear,
        "free-space": clear,
    }
    return known.get(remedy or "", translate("Diagnosis", "&Apply the fix"))


class DiagnosisCard(Card):
    """The card of one diagnosis. The signals say what the person wants; the page does it."""

    fix_wanted = Signal(str)
    retry_wanted = Signal()
    report_wanted = Signal()
    issue_wanted = Signal()

    def __init__(
        self,
        diagnosis: Diagnosis,
        *,
        step: str = "",
        retry: bool = True,
        report: bool = True,
        fixes: bool = True,
    ) -> None:
        super().__init__()
        self.diagnosis = diagnosis
        self.box.setSpacing(8)
        self.known = diagnosis.cause is not None
        title = localize(diagnosis.title) or translate("Diagnosis", "The log does not say why")
        self.setAccessibleName(
            translate("Diagnosis", "What went wrong: {title}").format(title=title)
        )
        self.setAccessibleDescription(localize(diagnosis.means))
        self.box.addLayout(self._build_header(title, step))
        if diagnosis.means:
            self.box.addWidget(Label(localize(diagnosis.means)))
        if diagnosis.evidence:
            proves = translate("Diagnosis", "What proves it")
            if diagnosis.confidence == "likely":
                proves = translate("Diagnosis", "What speaks for it")
            elif not self.known:
                proves = translate("Diagnosis", "The last lines")
            self.box.addWidget(Label(proves, "small", "muted"))
            self.box.addWidget(EvidenceView(diagnosis.evidence))
        if diagnosis.fix is not None:
            self.box.addWidget(Label(translate("Diagnosis", "What to do"), "small", "muted"))
            self.box.addWidget(Label(localize(diagnosis.fix.text), "value"))
        # The buttons stand before the long list of steps: on a small screen they must be in sight.
        self.box.addWidget(self._build_actions(retry, fixes))
        if self.fix_button is not None and diagnosis.fix is not None and diagnosis.fix.does:
            name = self.fix_button.text().replace("&", "")
            self.box.addWidget(Label(f"{name}: {localize(diagnosis.fix.does)}", "small", "muted"))
        self._build_steps()
        if diagnosis.source:
            source = translate("Diagnosis", "Source: {source}").format(source=diagnosis.source)
            self.box.addWidget(Label(source, "small", "muted"))
        self.box.addLayout(self._build_links(report))
        self.box.addStretch(1)  # room that is left over stands below, not between the lines

    def _build_header(self, title: str, step: str) -> QHBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(1)
        if step:
            words.addWidget(Label(step, "small", "muted"))
        words.addWidget(Heading(title, "big" if len(title) <= _LONG else "strong"))
        state: State = "err" if self.known else "info"
        about = translate("Diagnosis", "failed")
        if self.diagnosis.confidence == "likely":
            state, about = "warn", translate("Diagnosis", "likely")
            likely = translate("Diagnosis", "Likely, not certain: the log fits this cause best.")
            words.addWidget(Label(likely, "small", "warn"))
        words.addStretch(1)
        self.mark = Mark(state, about, 20)
        row = across(self.mark, gap=12, top=True)
        row.addLayout(words, 1)
        return row

    def _build_steps(self) -> None:
        fix = self.diagnosis.fix
        for number, text in enumerate(localize_all(fix.steps if fix is not None else ()), 1):
            step = Label(f"{number}.  {text}", "small", "muted")
            step.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            self.box.addWidget(step)
        if self.diagnosis.others and self.known:
            also = "; ".join(
                f"{localize(other.cause.replace('_', ' '))} ({localize(other.why)})"
                for other in self.diagnosis.others[:2]
            )
            self.box.addWidget(
                Label(
                    translate("Diagnosis", "Also possible: {causes}").format(causes=also),
                    "small",
                    "muted",
                )
            )
        elif self.diagnosis.others:
            self.box.addWidget(Label(translate("Diagnosis", "What it may be"), "small", "muted"))
            for other in self.diagnosis.others:
                idea = f"{localize(other.cause.replace('_', ' '))}: {localize(other.why)}"
                self.box.addWidget(Label(idea, "value"))
                if other.check:
                    self.box.addWidget(Label(localize(other.check), "small", "muted"))

    def _build_actions(self, retry: bool, fixes: bool) -> Collapsible:
        fix = self.diagnosis.fix
        row = Collapsible(gap=10)
        row.box.setContentsMargins(0, 4, 0, 4)
        self.fix_button: Button | None = None
        self.retry_button: Button | None = None
        self.issue_button: Button | None = None
        if not self.known:
            self.issue_button = Button(
                translate("Diagnosis", "Copy for an &issue"), self.issue_wanted.emit, "primary"
            )
            row.box.addWidget(self.issue_button, 0, Qt.AlignmentFlag.AlignLeft)
        if (
            fixes and fix is not None and fix.automatic and fix.remedy != "retry"
        ):  # that is the button beside it
            remedy = fix.remedy or ""
            self.fix_button = Button(
                remedy_label(remedy), lambda: self.fix_wanted.emit(remedy), about=localize(fix.does)
            )
            row.box.addWidget(self.fix_button, 0, Qt.AlignmentFlag.AlignLeft)
        if retry:
            self.retry_button = Button(
                translate("Diagnosis", "Try this &step again"), self.retry_wanted.emit
            )
            row.box.addWidget(self.retry_button, 0, Qt.AlignmentFlag.AlignLeft)
        row.box.addStretch(1)
        return row

    def _build_links(self, report: bool) -> QHBoxLayout:
        fix = self.diagnosis.fix
        row = across(gap=18)
        if fix is not None and fix.steps:
            text = "\n".join(localize_all(fix.steps))
            copy = translate("Diagnosis", "Copy the steps")
            row.addWidget(Button(copy, lambda: QGuiApplication.clipboard().setText(text), "link"))
        if report:
            row.addWidget(
                Button(translate("Diagnosis", "Save report"), self.report_wanted.emit, "link")
            )
        row.addStretch(1)
        return row


class EvidenceView(QFrame):
    """Lines of a log with their numbers, as they stand there."""

    def __init__(self, evidence: Sequence[EvidenceLine]) -> None:
        super().__init__()
        shown = list(evidence[:6])
        wide = len(str(max(e.line for e in shown)))
        field = QPlainTextEdit("\n".join(f"{e.line:>{wide}}  {e.text}" for e in shown), self)
        field.setReadOnly(True)
        field.setFont(theme.font("mono"))
        field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        field.setTabChangesFocus(True)
        field.setAccessibleName(translate("Diagnosis", "The lines that prove it"))
        field.setFixedHeight(round(field.fontMetrics().lineSpacing() * len(shown)) + 34)
        field.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        field.setMinimumWidth(120)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(field)
        self.field: QWidget = field
