"""The plan for experts: every step with its kind, bytes and all that it touches.

And the same as a script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QHeaderView,
    QPlainTextEdit,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
)

from app.gui import formatting, theme
from app.gui.file_names import proposed
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.dialog import Dialog
from app.model.encoding import to_builtins
from app.model.plan import AnyStep, Plan

if TYPE_CHECKING:
    from app.gui.frame import Frame

_TOLD = {"id", "title", "download_bytes", "disk_bytes", "touches", "kind"}


class PlanDetails(Dialog):
    """Two views of one plan: a tree of its steps, and the script that does the same without this
    program.
    """

    def __init__(self, wizard: Frame, plan: Plan) -> None:
        super().__init__(
            wizard,
            translate("PlanDetails", "Details of the plan"),
            translate(
                "PlanDetails", "{title}: {n} steps, {fetched} to fetch, {disk} on disk."
            ).format(
                title=localize(plan.title),
                n=len(plan.steps),
                fetched=formatting.size(plan.download_bytes),
                disk=formatting.size(plan.disk_bytes),
            ),
            width=860,
            height=600,
        )
        self._wizard, self._plan = wizard, plan
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for part in (self.tabs, self.tabs.tabBar()):
            part.setAccessibleName(translate("PlanDetails", "Views of the plan"))
        self.tree = self._build_tree()
        self.script = QPlainTextEdit()
        self.script.setReadOnly(True)
        self.script.setFont(theme.font("mono"))
        self.script.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.script.setAccessibleName(translate("PlanDetails", "The plan as a script"))
        self.tabs.addTab(self.tree, translate("PlanDetails", "&Steps"))
        self.tabs.addTab(self.script, translate("PlanDetails", "As a s&cript"))
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.tabs.setMinimumHeight(360)
        self.body.addWidget(self.tabs, 1)
        self.button(translate("PlanDetails", "C&opy"), self._copy)
        self.button(translate("PlanDetails", "Sa&ve as a file …"), self._save)
        self.button(translate("PlanDetails", "Close"), self.accept, primary=True)

    def _build_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(translate("PlanDetails", "Steps"))
        tree.setColumnCount(3)
        tree.setHeaderLabels(
            [
                translate("PlanDetails", "Step"),
                translate("PlanDetails", "To fetch"),
                translate("PlanDetails", "On disk"),
            ]
        )
        for number, step in enumerate(self._plan.steps, 1):
            tree.addTopLevelItem(self._build_branch(number, step))
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setStretchLastSection(False)
        for at in range(tree.topLevelItemCount()):
            branch = tree.topLevelItem(at)
            for child in range(branch.childCount() if branch is not None else 0):
                branch.child(child).setFirstColumnSpanned(True)
        tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        tree.setFont(theme.font("small"))
        tree.expandAll()
        return tree

    def _build_branch(self, number: int, step: AnyStep) -> QTreeWidgetItem:
        branch = QTreeWidgetItem(
            [
                f"{number}. {localize(step.title)}",
                formatting.size(step.download_bytes) if step.download_bytes else "",
                formatting.size(step.disk_bytes) if step.disk_bytes else "",
            ]
        )
        fields = ", ".join(
            f"{name} = {_shorten(value)}"
            for name, value in to_builtins(step).items()
            if name not in _TOLD and value not in ("", [], (), None)
        )
        branch.addChild(
            QTreeWidgetItem(
                [
                    translate("PlanDetails", "Kind {kind}: {fields}").format(
                        kind=step.kind, fields=fields
                    )
                ]
            )
        )
        for path in step.touches:
            branch.addChild(
                QTreeWidgetItem([translate("PlanDetails", "Touches {path}").format(path=path)])
            )
        return branch

    def text(self) -> str:
        """What the view on top says, as text."""
        if self.tabs.currentWidget() is self.script:
            return self.script.toPlainText()
        lines = []
        for at in range(self.tree.topLevelItemCount()):
            branch = self.tree.topLevelItem(at)
            if branch is not None:
                lines.append("  ".join(filter(None, (branch.text(c) for c in range(3)))))
                lines += ["    " + branch.child(i).text(0) for i in range(branch.childCount())]
        return "\n".join(lines) + "\n"

    def _on_tab_changed(self, at: int) -> None:
        if self.tabs.widget(at) is self.script and not self.script.toPlainText():
            self.script.setPlainText(self._wizard.session.exports.plan_script())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())

    def _save(self) -> None:
        windows = self._wizard.session.place.family == "windows"
        name = (
            ("plan.ps1" if windows else "plan.sh")
            if self.tabs.currentWidget() is self.script
            else "plan.txt"
        )
        path, _kind = QFileDialog.getSaveFileName(
            self, translate("PlanDetails", "Save the plan"), proposed(name)
        )
        if path:
            self._wizard.session.desktop.save(path, self.text().encode())


def _shorten(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
