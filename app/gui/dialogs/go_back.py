"""Going back to the setup before: what its last verification said, one question, then the swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gui.error_dialog import show_fault
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.summaries import setup_title
from app.gui.widgets.dialog import ask
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from app.gui.frame import Frame


def offer(frame: Frame) -> str:
    """Ask, then go back. A sentence that says which setup is active now; empty where nothing was
    changed.
    """
    session = frame.session
    try:
        back = session.undo.rollback_info()
        text = translate(
            "Ready",
            "The setup that was active before becomes active again. Nothing is deleted; you can "
            "change back the same way.",
        )
        doubt = translate("Ready", "Go back all the same") if back.doubtful else ""
        agreed = ask(
            frame,
            translate("Ready", "Go back to the previous setup"),
            f"{localize(back.sentence)} {text}",
            doubt or translate("Ready", "Go back"),
            translate("Ready", "Stay"),
        )
        if not agreed:
            return ""
        pointer = session.undo.rollback()
    except ExpectedError as error:
        show_fault(frame, error)
        return ""
    return translate("Ready", "{name} is active now").format(
        name=setup_title(session, pointer.profile)
    )
