"""This PC: what the survey finds, line by line as it is found, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog

from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.announce import announce
from app.gui.charts.meter import Meter
from app.gui.file_names import proposed
from app.gui.formatting import translate
from app.gui.mending import label, leading, mend
from app.gui.messages import localize
from app.gui.pages.page import Page
from app.gui.summaries import architecture, home_disk, short_card, short_cpu, shown_card
from app.gui.widgets.card import Card, Container, Fact, Heading, Label, across, grid_of, under
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.findings import STATE, Findings
from app.gui.widgets.tag import Tag
from app.model.advice import Finding
from app.model.errors import ExpectedError
from app.model.machine import Cpu, Disk, Driver, Gpu, MachineFacts, Memory, Os, ProbeResult

if TYPE_CHECKING:
    from app.gui.frame import Frame

LONG = 5.0  # seconds after which a look says how long it takes already
WAITING = "…"


class ThisPc(Page):
    """There at once; each line resolves when its probe has answered."""

    stage: Stage = "this-pc"

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        wizard.sighted.connect(self._on_sighted)
        wizard.surveyed.connect(self._on_surveyed)

    def build(self) -> None:
        """The card, the system, findings, and all else in one line."""
        row = Collapsible(wide=560, gap=theme.GAP)
        row.box.addWidget(self._build_graphics_card(), 3)
        row.box.addWidget(self._build_system_card(), 2)
        self.body.addWidget(row)
        self.findings = Findings(self._carry_out_action)
        self.body.addWidget(self.findings)
        rest = Card(tight=True)
        self.rest = Label("", "small")
        rest.box.addWidget(self.rest)
        self.body.addWidget(rest)
        self.body.addStretch(1)
        self.save = self.bar.link(
            translate("ThisPc", "&Save machine file"),
            self._save,
            translate(
                "ThisPc",
                "Everything found here as one file, to try this program on this machine elsewhere",
            ),
        )
        self.again = self.bar.button(translate("ThisPc", "&Look again"), self._survey_again)
        self.bar.button(translate("ThisPc", "&Back"), self.frame.backward)
        self.onward = self.bar.button(translate("ThisPc", "&Choose a setup"), self.frame.forward)
        self.bar.main("", self._press_primary)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._count_seconds)
        self._set_primary_action(None)

    def enter(self) -> None:
        """Show what has been found so far."""
        if self.session.facts is not None and not self.frame.is_surveying:
            self._show_everything(self.session.facts)
            return
        self._clear_facts()
        for sighting in self.frame.sightings:
            self._show_part(sighting.part)

    # ---- the two cards

    def _build_graphics_card(self) -> Card:
        card = Card()
        self.card_name = Heading(WAITING, "big")
        self.card_tag = Tag("")
        # The tag stands above the name, which then has the whole width: those of laptops are long.
        head = Container(gap=3)
        head.box.addLayout(
            across(
                Label(translate("ThisPc", "Graphics card"), "small", "muted", wrap=False),
                None,
                self.card_tag,
                top=True,
            )
        )
        head.box.addWidget(self.card_name)
        card.box.addWidget(head)
        card.box.addSpacing(14)
        self.memory_text = Label(WAITING, "text", wrap=False, tabular=True)
        card.box.addLayout(
            across(
                Label(translate("ThisPc", "Memory"), "small", "muted", wrap=False),
                None,
                self.memory_text,
            )
        )
        card.box.addSpacing(2)
        self.memory_bar = Meter(translate("ThisPc", "Card memory in use"))
        card.box.addWidget(self.memory_bar)
        card.box.addSpacing(16)
        self.architecture = Fact(translate("ThisPc", "Architecture"), WAITING)
        self.driver = Fact(translate("ThisPc", "Driver"), WAITING)
        self.cuda = Fact(translate("ThisPc", "CUDA up to"), WAITING)
        self.toolkit = Fact(translate("ThisPc", "CUDA toolkit"), WAITING)
        facts = Collapsible(wide=340)
        for pair, shares in (
            ((self.architecture, self.driver), (11, 9)),
            ((self.cuda, self.toolkit), (10, 10)),
        ):
            half = Container()
            half.box.addLayout(grid_of(pair, shares))
            half.box.addStretch(1)
            facts.box.addWidget(half, sum(shares))
        card.box.addWidget(facts)
        card.box.addStretch(1)
        return card

    def _build_system_card(self) -> Card:
        card = Card()
        card.box.setSpacing(10)
        self.system = Fact(translate("ThisPc", "System"), WAITING)
        self.processor = Fact(translate("ThisPc", "Processor and memory"), WAITING)
        self.disk = Fact(translate("ThisPc", "Disk for the setup"), WAITING)
        self.disk_bar = Meter(translate("ThisPc", "Disk in use"), hue="ref")
        for fact in (self.system, self.processor, self.disk):
            card.box.addWidget(fact)
        card.box.addWidget(self.disk_bar)
        card.box.addStretch(1)
        self._cpu, self._memory = Cpu(), Memory()
        return card

    # ---- live

    def _count_seconds(self) -> None:
        """A look that takes longer says for how long."""
        seconds = self.frame.survey_so_far
        if self.frame.is_surveying and seconds >= LONG:
            self.set_header(
                translate("ThisPc", "This PC"),
                translate("ThisPc", "Looking, for {time} now. Nothing is changed by it.").format(
                    time=formatting.seconds(seconds, whole=True)
                ),
            )
        elif not self.frame.is_surveying:
            self._clock.stop()

    def _clear_facts(self) -> None:
        self.set_header(
            translate("ThisPc", "This PC"),
            translate("ThisPc", "Looking. Nothing is changed by it."),
        )
        for fact in (
            self.architecture,
            self.driver,
            self.cuda,
            self.toolkit,
            self.system,
            self.processor,
            self.disk,
        ):
            fact.set_content(WAITING)
        self.card_name.setText(WAITING)
        self.memory_text.setText(WAITING)
        self.memory_bar.set_content(None)
        self.disk_bar.set_content(None)
        self.card_tag.set_content("", "grey")
        self.findings.wait(translate("ThisPc", "still looking"))
        self._clock.start()
        self._set_primary_action(None)
        self.again.setVisible(True)
        self.rest.setText(
            translate(
                "ThisPc",
                "Looking for tools, Python installations and the way to the package indexes.",
            )
        )
        self._enable_controls(False)

    def _enable_controls(self, ready: bool) -> None:
        self.again.setEnabled(ready)
        self.save.setEnabled(ready)
        if self.bar.primary is not None:
            self.bar.primary.setEnabled(ready)
            if ready and not self.frame.isHidden():
                self.bar.primary.setFocus()

    def _on_sighted(self, sighting: ProbeResult) -> None:
        if self.frame.currentPage() is self:
            self._show_part(sighting.part)

    def _show_part(self, part: Any) -> None:
        """Fill in what one probe found; probes hand over their own kinds of value."""
        if isinstance(part, Os):
            self.system.set_content(part.name or part.family.capitalize())
        elif isinstance(part, Cpu):
            self._cpu = part
            self._show_processor()
        elif isinstance(part, Memory):
            self._memory = part
            self._show_processor()
        elif isinstance(part, Driver):
            self._show_driver(part)
        elif isinstance(part, tuple) and part and isinstance(part[0], Gpu):
            self._show_gpus(part)
        elif isinstance(part, tuple) and part and isinstance(part[0], Disk):
            self._show_disk(part[0])
        else:
            for name in ("os", "cpu", "memory", "gpus", "driver", "disks"):
                inner = getattr(part, name, None)
                if inner is not None:
                    self._show_part(inner)

    def _show_processor(self) -> None:
        self.processor.set_content(
            formatting.joined(
                [
                    short_cpu(self._cpu.name) if self._cpu.name else "",
                    formatting.installed(self._memory.total) if self._memory.total else "",
                ]
            )
            or WAITING
        )

    def _show_gpus(self, gpus: tuple[Gpu, ...]) -> None:
        gpu = shown_card(gpus)
        if gpu is None:
            self.card_name.setText(translate("ThisPc", "None found"))
            self.memory_text.setText("–")
            self.architecture.set_content("–")
            return
        self.card_name.setText(
            gpu.name
            or translate("ThisPc", "A card without a name ({id})").format(id=gpu.pci_id or "?")
        )
        if gpu.memory_total:
            used = gpu.memory_used
            text = (
                translate("ThisPc", "{free} free of {total}").format(
                    free=formatting.memory(gpu.memory_total - used),
                    total=formatting.memory(gpu.memory_total),
                )
                if used is not None
                else formatting.memory(gpu.memory_total)
            )
            self.memory_text.setText(text)
            self.memory_bar.set_content(used / gpu.memory_total if used is not None else None, text)
        else:
            self.memory_text.setText(translate("ThisPc", "not known without a driver"))
        self.architecture.set_content(architecture(gpu.compute_capability) or "–")

    def _show_driver(self, driver: Driver) -> None:
        self.driver.set_content(driver.version or translate("ThisPc", "none"))
        self.cuda.set_content(
            driver.cuda_version or "–",
            translate(
                "ThisPc",
                "The newest CUDA that this driver can run. It says nothing of an installed toolkit.",
            ),
        )

    def _show_disk(self, disk: Disk) -> None:
        text = translate("ThisPc", "{size} free on {root}").format(
            size=formatting.size(disk.free), root=disk.root.rstrip("\\") or "/"
        )
        self.disk.set_content(text)
        if disk.total and disk.free is not None:
            self.disk_bar.set_content(1 - disk.free / disk.total, text)

    def _on_surveyed(self, fault: BaseException | None) -> None:
        if self.frame.currentPage() is not self:
            return
        if fault is not None:
            self.set_header(
                translate("ThisPc", "This PC"),
                translate("ThisPc", "The look at this PC ended early."),
            )
            self.again.setEnabled(True)
            from app.gui.error_dialog import show_fault

            show_fault(self.frame, fault)
        elif self.session.facts is not None:
            self._show_everything(self.session.facts)

    def _show_everything(self, facts: MachineFacts) -> None:
        """Everything at once, with what only the whole can say."""
        self._show_part(facts.os)
        self._cpu, self._memory = facts.cpu, facts.memory
        self._show_processor()
        self._show_gpus(facts.gpus)
        self._show_driver(facts.driver)
        disk = home_disk(facts)
        if disk is not None:
            self._show_disk(disk)
        self._show_toolkit(facts)
        findings = self.session.findings()
        self._show_tag(findings)
        self.findings.set_content(findings)
        self._set_primary_action(leading(findings))
        self.rest.setText(translate("ThisPc", "Also looked at:") + " " + summarize_rest(facts))
        found = translate("ThisPc", "Found in {time}. Nothing has been changed.").format(
            time=formatting.seconds(self.frame.survey_seconds)
        )
        if self.session.simulated:
            found = translate("ThisPc", "Read from a machine file.")
        self.set_header(translate("ThisPc", "This PC"), found)
        blocked = [localize(f.title) for f in findings if f.severity == "blocks"]
        if blocked:
            in_the_way = translate("ThisPc", "In the way: {what}")
            announce(self, in_the_way.format(what="; ".join(blocked)), urgent=True)
        self._enable_controls(True)

    def _show_toolkit(self, facts: MachineFacts) -> None:
        versions = ", ".join(t.version for t in facts.cuda_toolkits)
        text = translate("ThisPc", "not needed")
        if versions:
            text = translate("ThisPc", "{version}, not needed").format(version=versions)
        self.toolkit.set_content(
            text,
            translate(
                "ThisPc",
                "The packages bring the CUDA parts that they use. A toolkit is for people who "
                "compile CUDA programs.",
            ),
        )

    def _show_tag(self, findings: tuple[Finding, ...]) -> None:
        if any(f.severity == "blocks" for f in findings):
            self.card_tag.set_content(translate("ThisPc", "Something is in the way"), "err")
        elif not self.session.best().profile.needs.gpu:
            self.card_tag.set_content(translate("ThisPc", "Practice on the processor"), "grey")
        else:
            self.card_tag.set_content(translate("ThisPc", "Ready for training"), "good")

    # ---- acts

    def _set_primary_action(self, finding: Finding | None) -> None:
        """Let the primary button lead to what mends the one thing in the way; where nothing is, or
        it is not one, to the setups.
        """
        self.onward.setVisible(finding is not None)
        if finding is None:
            self._lead_act: Callable[[], object] = self.frame.forward
            text = translate("ThisPc", "&Choose a setup")
        else:
            self._lead_act = lambda: self._go_to_remedy(finding)
            text = label(finding)
        if self.bar.primary is not None:
            self.bar.primary.setText(text)
        self.bar.refit()

    def _press_primary(self) -> None:
        self._lead_act()

    def _go_to_remedy(self, finding: Finding) -> None:
        """Go to the mending; what comes next on this page is to look whether it helped."""
        self._carry_out_action(finding)
        if self.built and self.bar.primary is not None:
            self._lead_act = self._survey_again
            self.bar.primary.setText(translate("ThisPc", "&Look again"))
            self.again.setVisible(False)

    def _survey_again(self) -> None:
        self._clear_facts()
        self.frame.start_survey()

    def _carry_out_action(self, finding: Finding) -> None:
        sentence = mend(self, finding, lambda one: show_finding(self, one))
        if sentence:
            self.set_header(self.title_label.text(), sentence)

    def _save(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self,
            translate("ThisPc", "Save machine file"),
            proposed("machine.json"),
            translate("ThisPc", "Machine file (*.json)"),
        )
        if not path:
            return
        try:
            self.session.desktop.save(path, self.session.exports.machine_file())
        except ExpectedError as error:
            from app.gui.error_dialog import show_fault

            show_fault(self.frame, error)
            return
        self.set_header(
            self.title_label.text(), translate("ThisPc", "Saved to {path}.").format(path=path)
        )


def summarize_rest(facts: MachineFacts) -> str:
    """Further cards, tools, Python installations and the way to the indexes, in one line."""
    tools = facts.tools
    card = shown_card(facts.gpus)
    parts = [short_card(gpu.name) for gpu in facts.gpus if gpu is not card and gpu.name]
    parts += [_format_tool("Git", tools.git), _format_tool("CMake", tools.cmake)]
    if facts.os.family == "windows":
        parts += [
            _format_tool("Visual Studio", tools.msvc),
            _format_tool("VC++ runtime", tools.vc_runtime),
        ]
    for python in facts.pythons[:3]:
        origin = f" ({python.origin})" if python.origin else ""
        parts.append(f"Python {python.version or '?'}{origin}")
    if len(facts.pythons) > 3:
        parts.append(translate("ThisPc", "{n} more Pythons").format(n=len(facts.pythons) - 3))
    net = facts.network
    if net.index == "reachable" and net.pytorch == "reachable":
        parts.append(translate("ThisPc", "package index and PyTorch index reachable"))
    else:
        parts += [
            _format_reach(translate("ThisPc", "package index"), net.index),
            _format_reach(translate("ThisPc", "PyTorch index"), net.pytorch),
        ]
    parts.append(
        translate("ThisPc", "proxy {address}").format(address=net.proxy)
        if net.proxy
        else translate("ThisPc", "no proxy")
    )
    return formatting.joined(parts)


def _format_tool(name: str, version: str | None) -> str:
    return f"{name} {version}" if version else translate("ThisPc", "no {tool}").format(tool=name)


def _format_reach(name: str, reach: str) -> str:
    texts = {
        "reachable": translate("ThisPc", "reachable"),
        "unreachable": translate("ThisPc", "not reachable"),
        "blocked": translate("ThisPc", "answers, but is no package index"),
        "untrusted": translate("ThisPc", "certificate not trusted"),
        "unknown": translate("ThisPc", "not asked"),
    }[reach]
    return f"{name} {texts}"


def show_finding(page: Page, finding: Finding) -> None:
    """Everything that is known of one finding: what was seen, what it means, what to do, and where
    that is from.
    """
    from app.gui.widgets.dialog import Dialog

    dialog = Dialog(page.frame, localize(finding.title))
    parts = (
        (translate("Findings", "Seen"), localize(finding.seen)),
        (translate("Findings", "What it means"), localize(finding.detail)),
        (translate("Findings", "What to do"), localize(finding.remedy)),
        (translate("Findings", "Source"), finding.source),
    )
    for name, text in parts:
        if text:
            dialog.body.addWidget(under(Label(name, "small", "muted"), Label(text)))
    dialog.body.addStretch(1)
    dialog.setProperty("severity", STATE[finding.severity])
    dialog.button(translate("Findings", "Close"), dialog.accept, primary=True)
    dialog.exec()
