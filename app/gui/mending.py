"""What can be done about what stands in the way: the one act that leads, and carrying it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from app.gui.formatting import translate
from app.gui.messages import localize
from app.model.advice import Finding

if TYPE_CHECKING:
    from app.gui.pages.page import Page


def leading(findings: Sequence[Finding]) -> Finding | None:
    """The finding whose act mends all that is in the way: where one thing is, or several that the
    same act mends (two indexes out of reach are one question of sources). ``None`` else.
    """
    blocks = [finding for finding in findings if finding.severity == "blocks"]
    acts = {
        (f.action.kind, f.action.target) if f.action is not None else ("", f.id) for f in blocks
    }
    return blocks[0] if len(acts) == 1 and blocks[0].action is not None else None


def mend(page: Page, finding: Finding, other: Callable[[Finding], object]) -> str:
    """Carry out a finding's act; a sentence about it where nothing else shows that it was done.

    ``other`` shows a finding whose act is none that the window knows.
    """
    action, frame = finding.action, page.frame
    if action is None:
        other(finding)
    elif action.kind == "open":
        page.session.desktop.open(action.target)
        return translate("Mending", "{address} was opened in the browser.").format(
            address=action.target
        )
    elif action.kind == "copy":
        QGuiApplication.clipboard().setText(action.target)
        return translate("Mending", "Copied: {text}").format(text=action.target)
    elif action.kind == "page" and action.target in ("folder", "sources"):
        wanted = action.target
        frame.go("setup")

        def ask() -> None:
            from app.gui.pages.setup import Setup

            setup = frame.currentPage()
            if isinstance(setup, Setup) and setup.built:
                setup.ask(wanted)

        frame.after_handler(ask)
    elif action.kind == "page" and action.target in ("setup", "clean-up", "this-pc"):
        frame.go(action.target)  # type: ignore[arg-type]
    elif action.kind == "install-profile":
        page.session.choose(action.target)
        frame.go("setup")
    else:
        other(finding)
    return ""


def label(finding: Finding) -> str:
    """What the button of a finding's act says."""
    return localize(finding.action.label) if finding.action is not None else ""
