"""Pictures of every page and dialog in its states, for looking.

Waiting, running, blocked, failed, done.

The sessions are those of the window's tests, so the figures are nobody's. ``screenshots.py --states``
calls this for each look and scale.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.__main__ import machines
from app.gui.dialogs.compare_output import CompareOutput
from app.gui.dialogs.machines import Machines
from app.gui.dialogs.memory_table import MemoryTable
from app.gui.dialogs.paste_log import PasteLog
from app.gui.dialogs.plan_details import PlanDetails
from app.gui.dialogs.remove import Remove
from app.gui.dialogs.report_preview import ReportPreview
from app.gui.dialogs.restore import Restore
from app.gui.dialogs.sources import SourcesDialog
from app.gui.pages.install import Install
from app.gui.pages.verify import Verify
from app.gui.widgets.dialog import Dialog, question
from app.gui.wizard import Wizard
from app.model.errors import InputError
from app.model.event import Progress, Quiet, Started
from app.model.pointer import Pointer
from app.model.verdict import Remark
from tests.gui.fake_session import Staged, flush_and_close
from tests.gui.sample_machine import TORCH28
from tests.gui.sample_run import ENV, PLAN, VERDICT, Act, failed_install, good_install
from tests.gui.test_removed_packages import TAKEN
from tests.gui.test_replay import session_of

MACHINES = Path(__file__).resolve().parents[1] / "resources" / "machines"
BLOCKED = (
    *("rtx4060ti-no-driver", "rtx3060-disk-full", "company-proxy", "no-card-office"),
    *("amd-only", "two-cards-3090-2060"),
)
PASTED = (
    "PyTorch version: 2.8.0+cu128\nCUDA available: True\nGPU memory: 25.62 GB\nUnsloth 2025.11.3"
)
LOG = "Collecting torch\nERROR: No space left on device\n"


class Takes(Protocol):
    """Where pictures go."""

    def add(self, widget: QWidget, page: str) -> None:
        """Take one."""


class Waiting(Staged):
    """A survey that has seen half of the PC by now."""

    def survey(self) -> Iterator[Any]:
        """The first subjects, then nothing until the picture is taken."""
        self.facts = None
        for at, seen in enumerate(super().survey()):
            if at == 4:
                self.system.stop.wait(30)
                return
            yield seen


class States:
    """One window after the other, each in a state."""

    def __init__(self, album: Takes, size: tuple[int, int], dress: Callable[[Any], None]) -> None:
        self.album, self.size, self.dress = album, size, dress
        self.folder = Path(tempfile.mkdtemp(prefix="pictures-"))

    def wait(self, until: Callable[[], bool], seconds: float = 20.0) -> None:
        """Turn the loop until something is so, or the time is over: then the picture shows it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            QCoreApplication.processEvents()
            time.sleep(0.005)

    def settle(self, widget: QWidget) -> None:
        """Until the picture stays the same; what moves by itself is taken after a while."""
        last = None
        for _ in range(8):
            self.wait(lambda: False, 0.15)
            now = widget.grab().toImage()
            if now == last:
                return
            last = now

    def window(self, session: Any, *, surveyed: bool = True) -> Wizard:
        """A window over a visit, at the size of the pictures."""
        self.dress(session)
        made = Wizard(session, machines=machines)
        made.show()
        made.resize(*self.size)
        self.wait(lambda: made.painted)
        if surveyed:
            self.wait(lambda: made._survey is not None and not made.is_surveying)
        return made

    def staged(self, acts: Callable[[], Iterator[Act]] = good_install, **fields: Any) -> Staged:
        """A visit of the tests with an environment where ``active`` says so."""
        made = Staged(self.folder, acts)
        made.offered |= {"kernel", "shortcut"}
        made.execution.verification = fields.pop("verification", None)
        for name, value in fields.items():
            setattr(made, name, value)
        return made

    def shoot(self, wizard: Wizard, name: str) -> None:
        """The window as it stands."""
        self.settle(wizard)
        self.album.add(wizard, name)

    def end(self, wizard: Wizard) -> None:
        """Close it without a question."""
        wizard.session.execution.stop()
        flush_and_close(wizard)
        wizard.close()
        wizard.deleteLater()

    # ---- the pages

    def take(self) -> None:
        """All of them."""
        self.beginnings()
        self.homes()
        self.blocked()
        self.installs()
        self.verifications()
        self.dialogs()

    def beginnings(self) -> None:
        """The first pages while the survey runs; leftovers and packages to put back."""
        waiting = self.window(Waiting(self.folder), surveyed=False)
        for page in ("welcome", "this-pc", "setup"):
            waiting.go(page)
            self.shoot(waiting, f"{page}, waiting")
        self.end(waiting)
        session = self.staged(taken=[TAKEN], moved={"Q:\\1": "C:\\Users\\kim\\old-env"})
        wizard = self.window(session)
        wizard.go("clean-up")
        self.shoot(wizard, "clean-up, packages taken out")
        self.end(wizard)

    def homes(self) -> None:
        """Home: proven, changed with a newer setup, broken."""
        pointer = Pointer(
            active=ENV, profile=TORCH28.id, previous="older", at="2026-11-24T15:00:00Z"
        )
        for name, fields in (
            ("home", {"active": pointer}),
            (
                "home, changed and newer",
                {
                    "active": pointer,
                    "changed": ("peft 0.18.0 is missing from the environment.",),
                    "newer": "torch212-2026.10",
                    "moved": {"Q:\\1": "C:\\Users\\kim\\old-env"},
                    "taken": [TAKEN],
                },
            ),
        ):
            wizard = self.window(self.staged(**fields))
            self.shoot(wizard, name)
            self.end(wizard)

    def blocked(self) -> None:
        """This PC, the setups and the plan where something stands in the way."""
        for name in BLOCKED:
            wizard = self.window(session_of(MACHINES / f"{name}.json"))
            for page in ("this-pc", "setup", "install"):
                wizard.go(page)
                self.shoot(wizard, f"{page}, {name}")
            self.end(wizard)

    def installs(self) -> None:
        """The run: in the middle, no data, stopping, stopped, failed, done."""

        def silent() -> Iterator[Act]:
            yield "python", Started(title="Python 3.12")
            yield "torch", Started(title="PyTorch for CUDA 12.8")
            yield "torch", Progress(done=1_200_000_000, total=3_461_384_651, rate=7.4e6)
            yield "torch", Quiet(seconds=31.0)
            yield "torch", Quiet(seconds=32.0)

        for name, acts, gate in (
            ("running", good_install, 16),
            ("no data", silent, 4),
            ("failed", failed_install, None),
            ("done", good_install, None),
        ):
            session = self.staged(acts)
            if gate is not None:
                session.gate = (gate, threading.Event())
            wizard = self.window(session)
            wizard.go("install")
            page = cast(Install, wizard.page_of("install"))
            page.start(PLAN)
            if gate is not None:
                self.wait(lambda s=session, g=gate: len(s.execution.events) >= g)  # type: ignore[misc]
            else:
                self.wait(lambda p=page: not p.running)  # type: ignore[misc]
            self.shoot(wizard, f"install, {name}")
            if name == "running":
                asked = question(
                    wizard, "Stop", "Stopping ends the step that is running.", "Stop now", "Go on"
                )
                self.dialog(asked, "question")
                page.run.stop()  # type: ignore[union-attr]
                self.wait(lambda p=page: not p.running)  # type: ignore[misc]
                self.shoot(wizard, "install, stopped")
            self.end(wizard)

    def verifications(self) -> None:
        """Verify before, running, and each verdict; then Ready."""
        broken = msgspec.structs.replace(
            VERDICT,
            overall="broken",
            fine_tune=VERDICT.fine_tune
            and msgspec.structs.replace(VERDICT.fine_tune, passed=False, reloaded_equal=False),
            remarks=(
                Remark(severity="blocks", title="The adapter could not be loaded again", detail=""),
            ),
        )
        for name, fields in (
            ("not yet", {}),
            ("works", {"verification": VERDICT}),
            ("works slowly", {"verification": self.slow()}),
            ("broken", {"verification": broken}),
            ("no benchmark", {"verification": msgspec.structs.replace(VERDICT, benchmark=())}),
        ):
            wizard = self.window(self.staged(**fields))
            wizard.go("verify")
            self.shoot(wizard, f"verify, {name}")
            if name == "works":
                cast(Verify, wizard.page_of("verify"))._toggle_tables()
                self.shoot(wizard, "verify, as tables")
            self.end(wizard)
        active = Pointer(
            active=ENV, profile=TORCH28.id, previous="older", at="2026-11-24T15:00:00Z"
        )
        wizard = self.window(self.staged(verification=VERDICT, active=active, taken=[TAKEN]))
        wizard.go("ready")
        self.shoot(wizard, "ready, installed")
        self.end(wizard)

    @staticmethod
    def slow() -> Any:
        """A verdict with a reason."""
        return msgspec.structs.replace(VERDICT, overall="works_slowly")

    # ---- the dialogs

    def dialog(self, dialog: Dialog, name: str) -> None:
        """One dialog."""
        dialog.fit()
        dialog.show()
        self.settle(dialog)
        self.album.add(dialog, name)
        dialog.close()

    def dialogs(self) -> None:
        """Each, empty and filled."""
        from app.gui.error_dialog import _build_dialog

        active = Pointer(
            active=ENV, profile=TORCH28.id, previous="older", at="2026-11-24T15:00:00Z"
        )
        session = self.staged(active=active, moved={"Q:\\1": "C:\\Users\\kim\\old-env"})
        wizard = self.window(session)
        compared = CompareOutput(wizard)
        compared.field.setPlainText(PASTED)
        log = PasteLog(wizard, session, fixes=True)
        log.field.setPlainText(LOG)
        fault = InputError("rows.jsonl is empty; expected rows.", hint="Choose another file.")
        for name, made in (
            ("sources", SourcesDialog(wizard)),
            ("remove", Remove(wizard, session.undo.uninstallable())),
            ("put back", Restore(wizard, session)),
            ("compare output", compared),
            ("paste a log", log),
            ("plan", PlanDetails(wizard, PLAN)),
            ("report", ReportPreview(wizard)),
            ("memory table", MemoryTable(wizard, session.knowledge.guide)),
            ("machines", Machines(wizard)),
            ("a fault", _build_dialog(wizard, fault)),
        ):
            self.dialog(made, name)
        self.end(wizard)
