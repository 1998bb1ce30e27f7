"""Sources: mirrors, proxy, certificates, offline folder, and a test that asks each with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtWidgets import QFileDialog, QLineEdit

from app.engine.source_answers import NAMES, Answer, SourceName
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Container, Elided, Label, across, empty, line, under
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.dialog import Dialog
from app.gui.widgets.icons import Mark, State
from app.model.answers import SYSTEM, SYSTEM_ALONE, Answers

if TYPE_CHECKING:
    from app.gui.frame import Frame
    from app.gui.stream import Stream


class SourcesDialog(Dialog):
    """Six fields; *Test* asks the four sources with what the fields hold, *Use these* takes it."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(
            frame,
            translate("Setup", "Sources"),
            translate(
                "Setup",
                "Empty fields mean: as pip and uv are set up on this PC. What comes from a mirror is "
                "checked by the same hashes.",
            ),
            width=820,
        )
        self._frame = frame
        self._stream: Stream | None = None
        self.fields: dict[str, QLineEdit] = {}
        self._pair: Collapsible | None = None  # two fields stand side by side where there is room
        for name, text in _describe_fields(self._earlier_answers).items():
            self.fields[name] = self._add_field(*text)
        for name in self.fields.keys() & frame.session.fixed.keys():
            self.fields[name].setEnabled(False)
            self.fields[name].setToolTip(translate("Setup", "Fixed by this PC's administrator"))
        browse = Button(
            translate("Setup", "Choose the offline &folder"), self._browse_for_folder, "small"
        )
        browse.setEnabled(self.fields["offline"].isEnabled())
        self.body.addLayout(across(browse, None))
        self.body.addWidget(line())
        self.results = Container(gap=8)
        self.body.addWidget(self.results)
        self.body.addStretch(1)
        self.test = self.button(translate("Setup", "&Test"), self._start_test)
        self.test.setAccessibleDescription(
            translate(
                "Setup",
                "Asks index, PyTorch index, Python source and model hub with these settings",
            )
        )
        self.button(translate("Setup", "Cancel"))
        self.use = self.button(translate("Setup", "Use these"), self.accept, primary=True)
        self.rows: dict[SourceName, _Row] = {}
        self.finished.connect(lambda _result: self._end_test())
        for field in self.fields.values():
            field.textEdited.connect(lambda _text: self._forget_results())
        self._explain_test()

    @property
    def _earlier_answers(self) -> Answers:
        return self._frame.session.answers

    def _add_field(self, name: str, value: str | None, hint: str) -> QLineEdit:
        field = QLineEdit(value or "")
        field.setPlaceholderText(hint)
        label = Label(name, "small", "muted")
        label.setBuddy(field)
        field.setAccessibleName(name)
        if self._pair is None or self._pair.box.count() == 2:
            self._pair = Collapsible(wide=520, gap=14)
            self.body.addWidget(self._pair)
        self._pair.box.addWidget(under(label, field), 1)
        return field

    def _browse_for_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, translate("Setup", "Offline folder"))
        if path:
            self.fields["offline"].setText(path)
            self._forget_results()

    def answers(self) -> Answers:
        """What the fields say now."""
        given = {name: field.text().strip() or None for name, field in self.fields.items()}
        given["certificates"] = given["certificates"] or (
            SYSTEM_ALONE if self._earlier_answers.certificates == SYSTEM_ALONE else SYSTEM
        )
        return msgspec.structs.replace(self._earlier_answers, **given)

    # ---- the test

    def _explain_test(self) -> None:
        empty(self.results)
        self.rows = {}
        self.results.box.addWidget(
            Label(
                translate(
                    "Setup",
                    "Test asks the package index, the PyTorch index, the source of Python and the "
                    "model hub with these settings. Nothing is fetched.",
                ),
                "small",
                "muted",
            )
        )

    def _forget_results(self) -> None:
        """Other settings than those that were tested: their answers go."""
        self._end_test()
        if self.rows:
            self._explain_test()

    def _end_test(self) -> None:
        if self._stream is not None:
            self._frame.drop(self._stream)
            self._stream = None
        self.test.setEnabled(True)

    def _start_test(self) -> None:
        self._end_test()
        empty(self.results)
        self.rows = {name: _Row(name) for name in NAMES}
        for row in self.rows.values():
            self.results.box.addWidget(row)
        self.test.setEnabled(False)
        session, wanted = self._frame.session, self.answers()

        def ask() -> Iterator[Answer]:
            return session.network.ask(wanted)

        self._stream = self._frame.stream(ask, self._on_answer)
        self._stream.ended.connect(self._on_test_ended)
        self._stream.start()
        self.fit()

    def _on_answer(self, answer: Answer) -> None:
        row = self.rows.get(answer.name)
        if row is not None:
            row.show_answer(answer)
            self.fit()

    def _on_test_ended(self, fault: BaseException | None) -> None:
        self._stream = None
        self.test.setEnabled(True)
        if fault is not None:
            for row in self.rows.values():
                row.end(str(fault))


class _Row(Container):
    """One source: a mark, its name with the address asked, what it answered and what to do."""

    def __init__(self, name: SourceName) -> None:
        super().__init__(across=True, gap=12)
        self._name = source_title(name)
        self.mark = Mark("wait", translate("Setup", "being asked"), 16)
        self.box.addWidget(self.mark)
        column = Container(gap=2)
        column.box.addWidget(Label(self._name, "value"))
        self.address = Elided("", "mono", "muted")
        self.status_line = Label(translate("Setup", "Being asked …"), "small", "muted")
        self.remedy = Label("", "small")
        for widget in (self.address, self.status_line, self.remedy):
            column.box.addWidget(widget)
        self.address.hide()
        self.remedy.hide()
        self.box.addWidget(column, 1)
        self._on_answer = False

    def show_answer(self, answer: Answer) -> None:
        """Show what came."""
        self._on_answer = True
        state: State = "ok" if answer.usable else "err" if answer.asked else "info"
        text = (
            localize(answer.fault)
            if answer.fault
            else translate("Setup", "Answers and can be used.")
        )
        self._show_state(state, text)
        self.address.set_content(answer.address)
        self.address.setVisible(bool(answer.address))
        self.remedy.setText(localize(answer.remedy))
        self.remedy.setVisible(bool(answer.remedy) and not answer.usable)

    def end(self, why: str) -> None:
        """The test broke off before this one answered."""
        if not self._on_answer:
            self._show_state("warn", why)

    def _show_state(self, state: State, text: str) -> None:
        self.mark.show_state(state, text)
        self.status_line.setText(text)
        self.setAccessibleName(f"{self._name}: {text}")


def source_title(name: SourceName) -> str:
    """What a source is called."""
    return {
        "index": translate("Setup", "Package index"),
        "pytorch": translate("Setup", "PyTorch index"),
        "python": translate("Setup", "Source of Python"),
        "hub": translate("Setup", "Model hub"),
    }[name]


def _describe_fields(answers: Answers) -> dict[str, tuple[str, str | None, str]]:
    """Field by answer: its name, its value, what empty means."""
    store = answers.certificates
    return {
        "index": (
            translate("Setup", "Package index"),
            answers.index,
            translate("Setup", "default index"),
        ),
        "pytorch_index": (
            translate("Setup", "PyTorch index"),
            answers.pytorch_index,
            "https://download.pytorch.org/whl",
        ),
        "python_mirror": (
            translate("Setup", "Mirror of Pythons (an address or a folder)"),
            answers.python_mirror,
            translate("Setup", "uv's own source"),
        ),
        "proxy": (
            translate("Setup", "Proxy"),
            answers.proxy,
            translate("Setup", "as the system says"),
        ),
        "certificates": (
            translate("Setup", "Certificates (a file, or empty for the system's)"),
            None if store in (SYSTEM, SYSTEM_ALONE) else store,
            translate("Setup", "the system's store"),
        ),
        "offline": (
            translate("Setup", "Offline folder (made by the command bundle)"),
            answers.offline,
            translate("Setup", "none: packages come from the index"),
        ),
    }


def ask_sources(frame: Frame) -> bool:
    """Mirrors, proxy, certificates, offline folder. Whether something was changed."""
    dialog = SourcesDialog(frame)
    if not dialog.exec():
        return False
    wanted = dialog.answers()
    frame.session.change(**{name: getattr(wanted, name) for name in dialog.fields})
    return True
