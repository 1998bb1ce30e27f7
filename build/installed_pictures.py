"""Pictures of what is installed: of a real home on this PC, and stand-ins for looking at alone."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.engine.session import Session
    from app.gui.wizard import Wizard
    from build.screenshots import Album

Wait = Callable[[Callable[[], bool], float], bool]
Settle = Callable[["QWidget"], None]
MAKER = Path(__file__).resolve().parents[1] / "resources" / "checks" / "small_model.py"
RUN_SECONDS = 600.0  # a small model on a processor takes one to two minutes, Unsloth's import most


def as_installed(session: Session) -> None:
    """Let a simulated session look as if its best setup were installed: for pictures of the home page
    alone, whose figures on a real PC come from the files there.
    """
    from app.engine.editors import Editor
    from app.engine.status import program_age
    from app.engine.uninstalling import Uninstallable
    from app.model.pointer import Pointer
    from app.model.status import Status

    plan, place = session.plans.install(), session.place
    name = plan.environment
    pointer = Pointer(
        active=name, profile=plan.profile, previous="older", at="2026-11-24T15:00:00Z"
    )
    status = Status(
        program=program_age(session),
        home=place.home,
        installed=True,
        profile=plan.profile,
        environment=place.environment(name),
        path=place.current,
        verdict="works",
        proven_at="2026-11-24T15:00:00Z",
        previous="older",
    )
    items = (
        Uninstallable(
            f"env:{name}",
            f"Environment {name}",
            place.environment(name),
            plan.disk_bytes - plan.download_bytes,
            "It is the active environment.",
        ),
        Uninstallable("wheels", "Fetched packages", place.wheels, plan.download_bytes),
        Uninstallable("logs", "Logs", place.logs, 1_400_000),
        Uninstallable("reports", "Reports", place.reports, 310_000, "You may want to keep them."),
    )
    session.home.pointer = lambda: pointer  # type: ignore[method-assign]
    session.environments.status = lambda: status  # type: ignore[method-assign]
    session.undo.uninstallable = lambda: items  # type: ignore[method-assign]
    session.desktop.editors = lambda: (Editor(name="vscode", argv=("code",)),)  # type: ignore[method-assign]


def take_installed(
    session: Session, wait: Wait, settle: Settle, albums: list[Album], size: tuple[int, int]
) -> None:
    """Home, Verify and Train in each look over a home with an installed and verified setup: all that they show
    was found, measured and trained on this PC. One training run is added to the home.
    """
    from app.gui.wizard import Wizard

    if session.home.pointer() is None:
        raise SystemExit(
            f"Nothing is installed in {session.place.home}; expected a verified setup."
        )
    wizard = Wizard(session)
    wizard.show()
    wizard.resize(*size)
    _until_found(wizard, wait)
    for stage, name in (("welcome", "home"), ("verify", "verify")):
        wizard.go(stage)  # type: ignore[arg-type]
        _until_found(wizard, wait)
        for album in albums:
            album.take(wizard, name, settle)
    wizard.close()
    folder = Path(tempfile.gettempdir()) / "my-data"
    folder.mkdir(exist_ok=True)
    model, rows = folder / "small-model", folder / "questions.jsonl"
    python = session.environments.status().python
    if python is None:
        raise SystemExit(f"The environment in {session.place.home} has no Python any more.")
    subprocess.run([python, str(MAKER), str(model)], check=True)
    questions = (
        {
            "instruction": f"How many minutes are {n} hours?",
            "output": f"{n} hours are {n * 60} minutes.",
        }
        for n in range(2, 162)
    )
    rows.write_text("".join(f"{json.dumps(row)}\n" for row in questions), encoding="utf-8")
    train_through(session, model, rows, (), wait, settle, albums, size, result=False)


def _until_found(wizard: Wizard, wait: Wait) -> None:
    """Until this PC was looked at and what the page asks for is there: the survey begins only after
    the first paint.
    """
    if not wait(
        lambda: wizard._survey is not None and not wizard.is_surveying and not wizard._streams, 120
    ):
        raise SystemExit("This PC was not looked at within two minutes.")


def train_stand_in(
    dress: Callable[[Session], None],
    wait: Wait,
    settle: Settle,
    album: Album,
    size: tuple[int, int],
) -> None:
    """The page of training over a home of its own, with the script that stands in for the real one:
    pictures for looking at; their figures are nobody's.
    """
    from tests.training.homes import make_home, make_model, open_session, write_rows

    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    session = open_session(make_home(folder / "home"), '{"steps": 60, "seconds": 0.05}')
    dress(session)
    rows = write_rows(folder / "rows.jsonl", 40, source="a book")
    model = make_model(folder / "small-model")
    train_through(session, model, rows, ("source",), wait, settle, [album], size)


def train_through(
    session: Session,
    model: Path,
    rows: Path,
    left_out: tuple[str, ...],
    wait: Wait,
    settle: Settle,
    albums: list[Album],
    size: tuple[int, int],
    *,
    result: bool = True,
) -> None:
    """Train a model's folder on a file, and take each page from the form on; without ``result`` the
    run is stopped when it was seen.
    """
    from app.gui.pages.train import Train
    from app.gui.wizard import Wizard

    wizard = Wizard(session)
    wizard.show()
    wizard.resize(*size)
    _until_found(wizard, wait)
    wizard.go("train")
    page = wizard.page_of("train")
    if not isinstance(page, Train) or page.form is None:
        raise SystemExit("The page of training could not be shown.")
    form = page.form
    form.choices.own.setText(str(model))
    form.choices.own.editingFinished.emit()
    form.data.take(str(rows))

    def rests() -> bool:
        return form.preview is not None and form._reading is None and not form._later.isActive()

    def two_thirds() -> bool:
        chart = page.progress.chart if page.progress is not None else None
        return chart is not None and len(chart.training) > chart.total * 2 // 3 > 0

    wait(rests, 60)
    for album in albums:
        album.take(wizard, "train", settle)
    for column in left_out:
        form.data.ticks[column].click()
    for name, until in (
        ("train-plan", page._planned.isVisible),
        ("training", two_thirds),
        *([("trained", page._result.isVisible)] if result else []),
    ):
        if page.bar.primary is not None:
            page.bar.primary.click()
        if not wait(until, RUN_SECONDS):
            raise SystemExit(
                f"The page did not come to {name!r}; it says: {page.title_label.text()}."
            )
        for album in albums:
            album.take(wizard, name, settle if name != "training" else None)
    session.execution.stop()
    wait(lambda: not wizard.busy(), 120)
    wizard.close()
