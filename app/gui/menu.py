"""The quiet menu: another machine, a log to explain, language, appearance, about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app import __version__
from app.gui import languages
from app.gui.formatting import translate
from app.gui.widgets.card import Label
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from app.gui.frame import Frame


def make_menu(wizard: Frame) -> QMenu:
    """The menu for what can be done just now."""
    menu = QMenu(wizard)
    idle = not wizard.busy()
    if wizard.home_session is not None:
        home = wizard.home_session
        menu.addAction(
            translate("Menu", "Back to &this PC"),
            lambda: wizard.after_handler(lambda: wizard.open_session(home)),
        )
    if wizard.rehearse is not None:
        menu.addAction(
            translate("Menu", "Try it on &another machine …"), lambda: _choose_machine(wizard)
        ).setEnabled(idle)
    menu.addAction(translate("Menu", "&Paste a log …"), lambda: _paste_log(wizard))
    menu.addSeparator()
    spoken = menu.addMenu(translate("Menu", "&Language"))
    _add_choices(
        spoken,
        languages.offered(),
        languages.chosen(wizard.session.answers.language),
        wizard.set_language,
    )
    spoken.setEnabled(idle)
    looks = (
        ("system", translate("Menu", "As the system")),
        ("light", translate("Menu", "Light")),
        ("dark", translate("Menu", "Dark")),
    )
    _add_choices(
        menu.addMenu(translate("Menu", "A&ppearance")),
        looks,
        wizard.session.answers.theme,
        wizard.set_theme,
    )
    menu.addSeparator()
    menu.addAction(translate("Menu", "&Keys") + "\tF1", lambda: show_keys(wizard))
    menu.addAction(translate("Menu", "A&bout"), lambda: about(wizard))
    return menu


def open_menu(wizard: Frame) -> None:
    """Show it above its button."""
    menu = make_menu(wizard)
    button = wizard.rail.menu_button
    menu.popup(button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
    actions = menu.actions()
    if actions:
        menu.setActiveAction(actions[0])


def _add_choices(
    menu: QMenu, items: tuple[tuple[str, str], ...], now: str, act: Callable[[str], object]
) -> None:
    group = QActionGroup(menu)
    for code, name in items:
        action = QAction(name, menu, checkable=True)
        action.setChecked(code == now)
        action.triggered.connect(lambda _on, code=code: act(code))
        group.addAction(action)
        menu.addAction(action)


def open_simulated(wizard: Frame, name: str) -> None:
    """Go to another machine; a file that is none is said so."""
    if wizard.rehearse is None:
        return
    try:
        session = wizard.rehearse(name)
    except ExpectedError as error:
        from app.gui.error_dialog import show_fault

        show_fault(wizard, error)
        return
    wizard.open_session(session)


def _choose_machine(wizard: Frame) -> None:
    from app.gui.dialogs.machines import Machines

    dialog = Machines(wizard)
    if dialog.exec() and dialog.chosen is not None:
        open_simulated(wizard, dialog.chosen)


def _paste_log(wizard: Frame) -> None:
    from app.gui.dialogs.paste_log import PasteLog

    sheet = PasteLog(
        wizard, wizard.session, fixes=not wizard.busy() and wizard.session.facts is not None
    )
    sheet.fix_wanted.connect(lambda remedy: apply_fix(wizard, remedy))
    sheet.exec()


def apply_fix(wizard: Frame, remedy: str) -> None:
    """The fix of a pasted log's cause is a plan like any other: shown on the page of plans, carried
    out from there.
    """
    from app.gui.error_dialog import show_fault
    from app.gui.pages.install import Install

    try:
        plan = wizard.session.plans.install()
    except ExpectedError as error:
        show_fault(wizard, error)
        return
    install = wizard.page_of("install")
    wizard.go("install")
    if isinstance(install, Install):
        install.apply_fix(plan, remedy)


def show_keys(wizard: Frame) -> None:
    """What the keyboard does."""
    from app.gui.dialogs.keys import Keys

    Keys(wizard).exec()


def about(wizard: Frame) -> None:
    """Version, licence, and whose work is inside."""
    from app.gui.widgets.dialog import Dialog

    dialog = Dialog(
        wizard,
        "Unsloth Setup",
        translate("Menu", "Version {version}").format(version=__version__),
        width=520,
    )
    texts = (
        translate(
            "Menu",
            "Takes a PC with an NVIDIA card to a proven fine-tuning environment. It is not made "
            "by the "
            "makers of Unsloth.",
        ),
        translate(
            "Menu", "Licence: Apache 2.0. Everything happens on this PC; nothing is sent anywhere."
        ),
        translate(
            "Menu",
            "With Qt for Python (LGPL 3), uv (Apache 2.0 or MIT), and the typefaces Inter and "
            "JetBrains Mono "
            "(SIL Open Font License 1.1).",
        ),
    )
    for text in texts:
        dialog.body.addWidget(Label(text))
    dialog.body.addStretch(1)
    dialog.button(translate("Menu", "&Licences"), lambda: _show_licences(dialog))
    dialog.button(translate("Menu", "Close"), dialog.accept, primary=True)
    dialog.exec()


def _show_licences(parent: QWidget) -> None:
    from app.gui.dialogs.licences import show_licences

    show_licences(parent)
