"""What the Setup page shows on demand: a profile's details, the guide's mistakes, two setups side
by side, sources.
"""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout

from app.decide.findings.advisories import sentence
from app.decide.plans.differences import differences
from app.decide.verification.proof import words
from app.gui import formatting
from app.gui.formatting import translate
from app.gui.messages import all_said, said
from app.gui.pages.page import Page
from app.gui.widgets.card import Label, Plain, across, empty, line, under
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


def details(choice: Choice, family: str) -> Plain:
    """Everything that is known of one profile."""
    profile = choice.profile
    made = Plain(gap=8)
    for name, text in (
        (translate("Setup", "Supports"), said(profile.supports)),
        (translate("Setup", "Proven"), words(profile)),
    ):
        if text:
            made.box.addWidget(under(Label(name, "small", "muted"), Label(text, "small")))
    for text in all_said(profile.good):
        made.box.addLayout(_point("ok", translate("Setup", "In favour"), text))
    for text in all_said(profile.bad):
        made.box.addLayout(_point("warn", translate("Setup", "Against"), text))
    for advisory in choice.advisories:
        made.box.addLayout(_point("warn", translate("Setup", "Advisory"), sentence(advisory)))
    made.box.addWidget(line())
    rows = [
        (translate("Setup", "Package"), translate("Setup", "Version")),
        ("Python", profile.python),
        *((name, value) for key, name in _VERSIONS if (value := getattr(profile.versions, key))),
    ]
    half = (len(rows) + 1) // 2
    left, right = rows[:half], [rows[0], *rows[half:]]
    about = translate("Setup", "Versions in {title}").format(title=said(profile.title))
    tables = across(Table(left, (1, 1), about), Table(right, (1, 1), about), gap=28, top=True)
    tables.setStretch(0, 1)
    tables.setStretch(1, 1)
    made.box.addLayout(tables)
    made.box.addWidget(line())
    made.box.addWidget(
        Table(_parts(profile, family), (3, 1, 1, 1), translate("Setup", "What is fetched"))
    )
    return made


def _point(state: State, said: str, text: str) -> QHBoxLayout:
    row = across(Mark(state, said, 14), Label(text, "small"), gap=10, top=True)
    row.setStretch(1, 1)
    return row


def _parts(profile: Profile, family: str) -> list[tuple[str, ...]]:
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
                said(p.title),
                formatting.count(len(p.wheels)) if p.wheels else "–",
                _size(p, p.download),
                _size(p, p.disk),
            )
            for p in profile.parts
            if p.platform == platform
        ),
    ]


def _size(part: Part, number: int) -> str:
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
            box.addItem(said(choice.profile.title), choice.profile.id)
        box.setCurrentIndex(min(number, len(choices) - 1))
        box.setMinimumContentsLength(18)
        box.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    row = across(*boxes, gap=14)
    row.setStretch(0, 1)
    row.setStretch(1, 1)
    dialog.body.addLayout(row)
    holder = Plain()
    dialog.body.addWidget(holder)
    dialog.body.addStretch(1)

    def fill() -> None:
        empty(holder)
        one, two = (choices[box.currentIndex()] for box in boxes)
        told = differences(one.profile, two.profile, family, page.session.knowledge.advisories)
        if told:
            holder.box.addWidget(
                Label(translate("Setup", "What changes for you with the second"), "strong")
            )
            for sentence in told:
                holder.box.addWidget(Label(f"• {said(sentence)}", "small"))
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
        ("", said(a.title), said(b.title)),
        (translate("Setup", "Here"), verdicts[one.verdict], verdicts[two.verdict]),
        (translate("Setup", "Reason"), said(one.why), said(two.why)),
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
        (translate("Setup", "Supports"), said(a.supports), said(b.supports)),
        (translate("Setup", "Proven"), words(a), words(b)),
        (translate("Setup", "In favour"), "\n".join(all_said(a.good)), "\n".join(all_said(b.good))),
        (translate("Setup", "Against"), "\n".join(all_said(a.bad)), "\n".join(all_said(b.bad))),
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
            ("err", translate("Setup", "The guide says"), Label(said(entry.claim), "value")),
            ("ok", translate("Setup", "Right is"), Label(said(entry.truth), "text")),
        ):
            row = across(Mark(state, word, 16), label, gap=12, top=True)  # type: ignore[arg-type]
            row.setStretch(1, 1)
            dialog.body.addLayout(row)
        if entry.evidence:
            row = across(28, Label(said(entry.evidence), "small", "muted"), gap=0)
            row.setStretch(1, 1)
            dialog.body.addLayout(row)
        dialog.body.addWidget(line())
    dialog.body.addStretch(1)
    dialog.button(translate("Setup", "Close"), dialog.accept, primary=True)
    dialog.exec()
