"""What the Setup page shows on demand.

A profile's details, the guide's mistakes, two setups side by side, sources.
"""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout

from app.decide.findings.advisories import describe_advisory
from app.decide.plans.differences import differences
from app.decide.verification.proof import describe_exports, describe_proofs
from app.gui import formatting
from app.gui.formatting import translate
from app.gui.messages import localize, localize_all
from app.gui.pages.page import Page
from app.gui.widgets.card import Container, Heading, Label, across, empty, line, under
from app.gui.widgets.choice import Table, cost
from app.gui.widgets.combo import Combo
from app.gui.widgets.dialog import Dialog
from app.gui.widgets.icons import Mark, State
from app.model.advice import Choice
from app.model.profile import Part, Profile

# The versions that people ask for by name, in the order in which they ask.
_VERSIONS = (
    ("torch", "PyTorch"),
    ("cuda", "CUDA"),
    ("unsloth", "Unsloth"),
    ("unsloth_zoo", "unsloth-zoo"),
    ("triton", "Triton"),
    ("xformers", "xformers"),
    ("bitsandbytes", "bitsandbytes"),
    ("transformers", "transformers"),
    ("trl", "trl"),
    ("peft", "peft"),
    ("datasets", "datasets"),
    ("accelerate", "accelerate"),
)


def details(choice: Choice, family: str) -> Container:
    """Everything that is known of one profile."""
    profile = choice.profile
    made = Container(gap=8)
    for name, text in (
        (translate("Setup", "Supports"), localize(profile.supports)),
        (translate("Setup", "Proven"), describe_proofs(profile)),
        (translate("Setup", "Exports"), describe_exports(profile)),
    ):
        if text:
            made.box.addWidget(under(Label(name, "small", "muted"), Label(text, "small")))
    for text in localize_all(c.text for c in profile.good):
        made.box.addLayout(_build_point("ok", translate("Setup", "In favour"), text))
    for text in localize_all(c.text for c in profile.bad):
        made.box.addLayout(_build_point("warn", translate("Setup", "Against"), text))
    for advisory in choice.advisories:
        made.box.addLayout(
            _build_point("warn", translate("Setup", "Advisory"), describe_advisory(advisory))
        )
    made.box.addWidget(line())
    rows = [
        (translate("Setup", "Package"), translate("Setup", "Version")),
        ("Python", profile.python),
        *((name, value) for key, name in _VERSIONS if (value := getattr(profile.versions, key))),
    ]
    half = (len(rows) + 1) // 2
    left, right = rows[:half], [rows[0], *rows[half:]]
    about = translate("Setup", "Versions in {title}").format(title=localize(profile.title))
    tables = across(Table(left, (1, 1), about), Table(right, (1, 1), about), gap=28, top=True)
    tables.setStretch(0, 1)
    tables.setStretch(1, 1)
    made.box.addLayout(tables)
    made.box.addWidget(line())
    made.box.addWidget(
        Table(_part_rows(profile, family), (3, 1, 1, 1), translate("Setup", "What is fetched"))
    )
    return made


def _build_point(state: State, state_text: str, text: str) -> QHBoxLayout:
    row = across(Mark(state, state_text, 14), Label(text, "small"), gap=10, top=True)
    row.setStretch(1, 1)
    return row


def _part_rows(profile: Profile, family: str) -> list[tuple[str, ...]]:
    platform = "windows" if family == "windows" else "linux"
    head = (
        translate("Setup", "Part"),
        translate("Setup", "Files"),
        translate("Setup", "Download"),
        translate("Setup", "On disk"),
    )
    return [
        head,
        *(
            (
                localize(p.title),
                formatting.count(len(p.wheels)) if p.wheels else "–",
                _format_size(p, p.download),
                _format_size(p, p.disk),
            )
            for p in profile.parts
            if p.platform == platform
        ),
    ]


def _format_size(part: Part, number: int) -> str:
    return (translate("Setup", "about ") if part.estimated else "") + formatting.size(number)


def show_comparison(page: Page, choices: tuple[Choice, ...], family: str) -> None:
    """Two setups side by side; differences are what one looks for, so equal rows are left out on
    demand.
    """
    dialog = Dialog(
        page.frame, translate("Setup", "Two setups side by side"), width=760, height=620
    )
    boxes = (Combo(), Combo())
    names = (translate("Setup", "First setup"), translate("Setup", "Second setup"))
    for number, box in enumerate(boxes):
        box.setAccessibleName(names[number])
        for choice in choices:
            box.addItem(localize(choice.profile.title), choice.profile.id)
        box.setCurrentIndex(min(number, len(choices) - 1))
        box.setMinimumContentsLength(18)
        box.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    row = across(*boxes, gap=14)
    row.setStretch(0, 1)
    row.setStretch(1, 1)
    dialog.body.addLayout(row)
    holder = Container()
    dialog.body.addWidget(holder)
    dialog.body.addStretch(1)

    def fill() -> None:
        empty(holder)
        one, two = (choices[box.currentIndex()] for box in boxes)
        changes = differences(one.profile, two.profile, family, page.session.knowledge.advisories)
        if changes:
            holder.box.addWidget(
                Heading(translate("Setup", "What changes for you with the second"))
            )
            for describe_advisory in changes:
                holder.box.addWidget(Label(f"• {localize(describe_advisory)}", "small"))
            holder.box.addSpacing(8)
            holder.box.addWidget(line())
            holder.box.addSpacing(8)
        holder.box.addWidget(Table(comparison(one, two, family), (2, 3, 3), dialog.windowTitle()))

    for box in boxes:
        box.currentIndexChanged.connect(lambda _at: fill())
    fill()
    dialog.button(translate("Setup", "Close"), dialog.accept, primary=True)
    dialog.exec()


def comparison(one: Choice, two: Choice, family: str) -> list[tuple[str, str, str]]:
    """Rows of the comparison: name, first, second."""
    verdicts = {
        "ready": translate("Setup", "works"),
        "ready_with_warnings": translate("Setup", "works, with notes"),
        "blocked": translate("Setup", "cannot work yet"),
    }
    a, b = one.profile, two.profile
    rows = [
        ("", localize(a.title), localize(b.title)),
        (translate("Setup", "Here"), verdicts[one.verdict], verdicts[two.verdict]),
        (translate("Setup", "Reason"), localize(one.why), localize(two.why)),
        (translate("Setup", "Size"), cost(one, family), cost(two, family)),
        (translate("Setup", "Pinned"), formatting.day(a.pinned_on), formatting.day(b.pinned_on)),
        ("Python", a.python, b.python),
    ]
    rows += [
        (name, getattr(a.versions, key) or "–", getattr(b.versions, key) or "–")
        for key, name in _VERSIONS
        if getattr(a.versions, key) or getattr(b.versions, key)
    ]
    rows += [
        (translate("Setup", "Supports"), localize(a.supports), localize(b.supports)),
        (translate("Setup", "Proven"), describe_proofs(a), describe_proofs(b)),
        (translate("Setup", "Exports"), describe_exports(a), describe_exports(b)),
        (
            translate("Setup", "In favour"),
            "\n".join(localize_all(c.text for c in a.good)),
            "\n".join(localize_all(c.text for c in b.good)),
        ),
        (
            translate("Setup", "Against"),
            "\n".join(localize_all(c.text for c in a.bad)),
            "\n".join(localize_all(c.text for c in b.bad)),
        ),
    ]
    return rows


def show_corrections(page: Page) -> None:
    """What the guide gets wrong: its words, what is right, and why."""
    guide = page.session.knowledge.guide
    dialog = Dialog(
        page.frame,
        translate("Setup", "What the guide gets wrong"),
        translate(
            "Setup", "Each was checked; the guide's own setup is installed with these corrections."
        ),
        width=720,
        height=620,
    )
    for entry in guide.corrections:
        for state, word, label in (
            ("err", translate("Setup", "The guide says"), Label(localize(entry.claim), "value")),
            ("ok", translate("Setup", "Right is"), Label(localize(entry.truth), "text")),
        ):
            row = across(Mark(state, word, 16), label, gap=12, top=True)  # type: ignore[arg-type]
            row.setStretch(1, 1)
            dialog.body.addLayout(row)
        if entry.evidence:
            row = across(28, Label(localize(entry.evidence), "small", "muted"), gap=0)
            row.setStretch(1, 1)
            dialog.body.addLayout(row)
        dialog.body.addWidget(line())
    dialog.body.addStretch(1)
    dialog.button(translate("Setup", "Close"), dialog.accept, primary=True)
    dialog.exec()
