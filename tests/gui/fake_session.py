"""A session whose runs are written down: events with real-looking logs, stops, failures, verdicts.

For pages that run plans.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from PySide6.QtWidgets import QWidget

from app.decide.plans.fixes import plan_fix
from app.decide.verification.judge import closest, compare_pasted
from app.engine.editors import Editor
from app.engine.session import RollbackInfo
from app.engine.uninstalling import Uninstallable
from app.gui.wizard import Wizard
from app.knowledge import Knowledge, load
from app.model.advice import Diagnosis, EvidenceLine, Fix
from app.model.event import (
    AnyPayload,
    Failed,
    Finished,
    Line,
    Measured,
    Progress,
    Skipped,
    Started,
    StepEvent,
    Stopped,
)
from app.model.machine import MachineFacts
from app.model.plan import (
    Activate,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    InstallWheels,
    Plan,
    ProvidePython,
    RunCheck,
)
from app.model.pointer import Pointer
from app.model.report import Packed, Preview
from app.model.status import Drift, ProgramAge, Status
from app.model.verdict import Bench, Comparison, FineTune, Remark, Verification
from tests.gui.fakes import FACTS, FakeSession

ENV = "torch28-2025.11-0a1b2c3d"
HOME = "C:\\Users\\kim\\AppData\\Local\\UnslothSetup"

CHECKS = tuple(
    RunCheck(
        id=f"check-{name}", title=title, environment=ENV, check=name, profile="torch28-2025.11"
    )
    for name, title in (
        ("versions", "Python and packages"),
        ("torch_basics", "PyTorch"),
        ("benchmark", "Benchmark"),
        ("fine_tune", "First fine-tune"),
    )
)
PLAN = Plan(
    title="PyTorch 2.8 · CUDA 12.8 · Unsloth 2025.11",
    profile="torch28-2025.11",
    environment=ENV,
    steps=(
        ProvidePython(
            id="python",
            title="Python 3.12",
            version="3.12",
            touches=(HOME + "\\python\\cpython-3.12.11",),
        ),
        CreateEnvironment(
            id="environment",
            title="Own environment",
            environment=ENV,
            python="3.12",
            touches=(HOME + "\\envs\\" + ENV,),
        ),
        FetchWheels(
            id="torch",
            title="PyTorch for CUDA 12.8",
            profile="torch28-2025.11",
            part="torch",
            download_bytes=3_461_384_651,
            touches=(HOME + "\\wheels",),
        ),
        FetchWheels(
            id="packages",
            title="Unsloth and 71 packages",
            profile="torch28-2025.11",
            part="packages",
            download_bytes=657_017_665,
            touches=(HOME + "\\wheels",),
        ),
        InstallWheels(
            id="install",
            title="Installing offline, hashes checked",
            environment=ENV,
            profile="torch28-2025.11",
            parts=("torch", "packages"),
            disk_bytes=9_600_000_000,
            touches=(HOME + "\\envs\\" + ENV + "\\Lib\\site-packages", HOME + "\\cache"),
        ),
        FirstImport(
            id="import", title="First import, byte code", environment=ENV, profile="torch28-2025.11"
        ),
        *CHECKS,
        Activate(
            id="activate",
            title="Switch to the new setup",
            environment=ENV,
            profile="torch28-2025.11",
            touches=(HOME + "\\active.json",),
        ),
    ),
)

LOSSES = tuple(8.36 - 2.1 * (1 - 0.82**n) + 0.05 * ((n * 7) % 5 - 2) for n in range(20))
VERDICT = Verification(
    overall="works",
    device="cuda:0",
    profile="torch28-2025.11",
    environment=ENV,
    seconds=71.0,
    comparisons=(
        Comparison(
            check="torch.version",
            title="PyTorch",
            guide="2.4.0+cu121",
            expected="2.8.0+cu128",
            actual="2.8.0+cu128",
            result="same",
        ),
        Comparison(
            check="torch.cuda_available",
            title="CUDA available",
            guide="True",
            expected="True",
            actual="True",
            result="same",
        ),
        Comparison(
            check="torch.cudnn",
            title="cuDNN",
            guide="8902",
            expected="91002",
            actual="91002",
            result="explained",
            why="torch 2.8.0 brings cuDNN 9.10.2. The guide's number belongs to torch 2.1.",
            evidence="torch's own wheel metadata",
        ),
        Comparison(
            check="gpu.memory",
            title="GPU memory",
            guide="24.00 GB",
            expected="23.6 to 24.0 GiB",
            actual="23.99 GiB",
            result="explained",
            why="The guide's script divides by 1e9, so it prints more than 24 on this card.",
        ),
        Comparison(
            check="torch.bf16",
            title="BFloat16",
            guide="True",
            expected="True",
            actual="True",
            result="same",
        ),
        Comparison(
            check="torch.inductor",
            title="torch._inductor",
            guide="missing",
            expected="present",
            actual="present",
            result="explained",
            why="It is there in every torch since 2.0.",
        ),
    ),
    benchmark=(
        Bench(
            name="bench.gemm_bf16",
            title="bf16 matrix product",
            value=68.4,
            unit="TFLOP/s",
            reference=71,
            ratio=0.963,
            result="as_expected",
        ),
        Bench(
            name="bench.gemm_fp32",
            title="fp32 matrix product",
            value=31.9,
            unit="TFLOP/s",
            reference=35.6,
            ratio=0.896,
            result="as_expected",
        ),
        Bench(
            name="bench.copy",
            title="Memory copy",
            value=846,
            unit="GB/s",
            reference=936,
            ratio=0.904,
            result="as_expected",
        ),
        Bench(
            name="bench.h2d",
            title="PC to card",
            value=12.4,
            unit="GB/s",
            reference=25,
            ratio=0.5,
            result="below",
        ),
    ),
    fine_tune=FineTune(
        steps=20,
        loss_first=LOSSES[0],
        loss_last=LOSSES[-1],
        tokens_per_s=5120,
        peak_vram=1_932_735_283,
        reloaded_equal=True,
        losses=LOSSES,
        device="cuda:0",
        trainer="4-bit LoRA",
        passed=True,
    ),
    remarks=(
        Remark(
            severity="warns",
            title="The card sits in a slot with 8 lanes",
            detail="PCIe 4.0 ×8 instead of ×16: loading models takes longer, training does not. "
            "Try the upper slot.",
        ),
    ),
    telemetry=tuple(
        {
            "t": t / 2,
            "sm_mhz": 1755 + (t % 4) * 15,
            "power_w": 338 - t % 3 * 4,
            "temp_c": 60 + min(14, t),
        }
        for t in range(30)
    ),
)

DIAGNOSIS = Diagnosis(
    cause="disk_full",
    title="The disk is full",
    means="There was no room for the next file, so unpacking stopped in the middle.",
    evidence=(
        EvidenceLine(line=412, text="error: Failed to install: torch-2.8.0+cu128"),
        EvidenceLine(
            line=414, text="  Caused by: There is not enough space on the disk. (os error 112)"
        ),
    ),
    fix=Fix(
        automatic=True,
        text="Free 6.1 GB on C: or choose another folder, then try again.",
        steps=("Empty the recycle bin", "Or choose another folder on the page Setup"),
        remedy="clear-cache",
    ),
)

Act = tuple[str, AnyPayload]


def good_install() -> Iterator[Act]:
    """A whole install that works."""
    yield "python", Started(title="Python 3.12")
    yield "python", Line(text=b"uv python install 3.12\nUsing CPython 3.12.11\n")
    yield "python", Finished(seconds=12.0)
    yield "environment", Skipped(why="It is there already.")
    yield "torch", Started(title="PyTorch for CUDA 12.8")
    for part in range(1, 21):
        yield "torch", Progress(done=3_461_384_651 * part / 20, total=3_461_384_651, rate=7.4e6)
    yield "torch", Line(text=b"torch-2.8.0+cu128  hash ok\n")
    yield "torch", Finished(seconds=460.0)
    yield from _rest()


def _rest() -> Iterator[Act]:
    yield "packages", Started(title="Unsloth and 71 packages")
    yield (
        "packages",
        Line(text=b"warning: part 5: connection reset after 212 MB; goes on from there\n"),
    )
    yield "packages", Progress(done=657_017_665, total=657_017_665, rate=9e6)
    yield "packages", Finished(seconds=70.0)
    yield "install", Started(title="Installing offline")
    yield "install", Progress(done=72, total=72, unit="packages")
    yield "install", Finished(seconds=41.0)
    yield "import", Started(title="First import")
    yield "import", Finished(seconds=58.0)
    yield from good_checks()
    yield "activate", Started(title="Switch")
    yield "activate", Finished(seconds=0.1)


def good_checks() -> Iterator[Act]:
    """All checks pass."""
    for step in CHECKS:
        yield step.id, Started(title=step.title)
        if step.check == "benchmark":
            for at in range(6):
                yield (
                    step.id,
                    Measured(
                        name="bench.telemetry",
                        value=1755,
                        unit="MHz",
                        detail={
                            "t": at * 0.5,
                            "sm_mhz": 1755 + at,
                            "power_w": 338.0,
                            "temp_c": 70 + at,
                        },
                    ),
                )
        if step.check == "fine_tune":
            for n, loss in enumerate(LOSSES, 1):
                yield (
                    step.id,
                    Measured(
                        name="fine_tune.loss", value=loss, unit="nats a token", detail={"step": n}
                    ),
                )
        yield step.id, Finished(seconds=3.0)


def failed_install() -> Iterator[Act]:
    """The disk is full in the middle."""
    yield "python", Skipped(why="Python 3.12.11 is there.")
    yield "install", Started(title="Installing offline")
    yield (
        "install",
        Line(
            text=b"error: Failed to install: torch-2.8.0+cu128\n"
            b"  Caused by: There is not enough space on the disk. (os error 112)\n"
        ),
    )
    yield "install", Failed(code="disk-full", message="The disk is full.", diagnosis=DIAGNOSIS)


def flush_and_close(wizard: Wizard) -> None:
    """End what the window still runs, so that it closes without a question."""
    for stream in list(wizard._streams):
        stream.close()
    wizard.busy = lambda: False


T = TypeVar("T", bound=QWidget)


def inside(widget: QWidget, kind: type[T]) -> list[T]:
    """All children of a kind, as a list that knows it."""
    return list(cast("list[T]", widget.findChildren(kind)))


@cache
def real_knowledge() -> Knowledge:
    """What the program really knows, read once: verdicts and estimates in these tests are the real
    ones.
    """
    root = Path(__file__).parents[2] / "resources"

    def read(path: str) -> bytes | None:
        return (root / path).read_bytes() if (root / path).is_file() else None

    def names(path: str) -> tuple[str, ...]:
        return (
            tuple(sorted(p.name for p in (root / path).iterdir())) if (root / path).is_dir() else ()
        )

    return load(read, names)


class Staged(FakeSession):
    """A ``FakeSession`` whose ``run`` plays acts. ``gate`` holds the run at an act until it is set."""

    def __init__(
        self,
        folder: Path,
        acts: Callable[[], Iterator[Act]] = good_install,
        facts: MachineFacts = FACTS,
        simulated: str | None = None,
    ) -> None:
        super().__init__(facts, simulated=simulated)
        self.facts = facts
        self.acts = acts
        self.events: list[StepEvent] = []
        self.outcome = ""
        self.last_plan: Plan | None = None
        self.knowledge = real_knowledge()
        self.verification: Verification | None = None
        self.verdict: Verification | None = VERDICT
        self.log_path: str | None = str(folder / "run.log")
        self.halt = threading.Event()
        self.gate: tuple[int, threading.Event] | None = None
        self.runs: list[Plan] = []
        self.changed: tuple[str, ...] = ()
        self.active: Pointer | None = None
        self.reports: list[str | None] = []
        self.newer: str | None = None
        self.offered = {"report", "folder", "terminal", "verify", "rollback"}

    def plan(self) -> Plan:
        """An install like the pictures'."""
        return PLAN

    def verify_plan(self, quick: bool = False, environment: str | None = None) -> Plan:
        """The checks alone."""
        return Plan(title=PLAN.title, profile=PLAN.profile, environment=ENV, steps=CHECKS)

    def plan_script(self, shell: str | None = None) -> str:
        """A script."""
        return "$ErrorActionPreference = 'Stop'\nuv venv\n"

    def already_in_place(self, plan: Plan) -> Verification | None:
        """Not yet."""
        return None

    def recorded_verification(self, environment: str) -> Verification | None:
        """None."""
        return None

    def pointer(self) -> Pointer | None:
        """None before an install."""
        return self.active

    def known_facts(self) -> MachineFacts:
        """The facts."""
        assert self.facts is not None
        return self.facts

    def run(self, plan: Plan) -> Iterator[StepEvent]:
        """Play the acts; the log is on disk before its event is told."""
        self.events, self.outcome, self.last_plan = [], "", plan
        self.halt.clear()
        self.runs.append(plan)
        failed = False
        known = {s.id for s in plan.steps}
        with Path(self.log_path or "").open("ab", buffering=0) as log:
            for at, (step, what) in enumerate(self.acts()):
                if step not in known:
                    continue
                if self.gate is not None and at == self.gate[0]:
                    while not self.gate[1].wait(0.005) and not self.halt.is_set():
                        pass
                if self.halt.is_set():
                    self.outcome = "stopped"
                    yield StepEvent(at=float(at), step=step, what=Stopped())
                    return
                if isinstance(what, Line):
                    log.write(what.text)
                failed = failed or isinstance(what, Failed)
                event = StepEvent(at=float(at), step=step, what=what)
                self.events.append(event)
                yield event
        self.outcome = "failed" if failed else "finished"
        self.verification = (
            self.verdict
            if any(isinstance(s, RunCheck) for s in plan.steps) and not failed
            else None
        )

    def stop(self) -> None:
        """End the run."""
        self.halt.set()

    def remedy_plan(self, remedy: str, failed: Plan) -> Plan:
        """What the real session does with values alone."""
        return plan_fix(remedy, failed, self.place)

    def changes(self, plan: Plan) -> tuple[str, ...]:
        """What the test says."""
        return self.changed

    def compare(self, pasted: bytes, profile_id: str | None = None) -> tuple[Comparison, ...]:
        """The real comparison with what the guide prints."""
        profile = self.knowledge.profile(profile_id) if profile_id else self.best().profile
        return compare_pasted(pasted.decode(), profile, self.known_facts(), self.knowledge.guide)

    def closest(self, pasted: bytes) -> str | None:
        """The real one."""
        known = self.knowledge
        return closest(pasted.decode(), known.profiles, self.known_facts(), known.guide, None)

    def explain(self, log: bytes) -> Diagnosis:
        """Knows one cause."""
        return DIAGNOSIS if b"space" in log else Diagnosis()

    def write_report(self, path: str | None = None) -> str:
        """Remember that it was asked for."""
        self.reports.append(path)
        return path or "report.zip"

    def issue_text(self, log: bytes | None = None, diagnosis: Diagnosis | None = None) -> str:
        """What was asked for, in one line."""
        ideas = [other.cause for other in diagnosis.others] if diagnosis else []
        return f"issue about {len(log or b'')} bytes: {', '.join(ideas)}"

    def report_preview(self) -> Preview:
        """Two files, three things taken out."""
        return Preview(
            counts={"user": 12, "token": 1},
            text="Unsloth Setup report\n",
            page="<h1>Report</h1><p>It works.</p>",
            files=(Packed(name="report.html", size=40_200), Packed(name="run.log", size=9)),
        )

    def offers(self) -> set[str]:
        """What the test wants."""
        return self.offered

    def status(self) -> Status:
        """One environment that works, with one change where the test says so."""
        pointer = self.active
        return Status(
            program=ProgramAge(version="2", knowledge="2026-11-01", fresh_until="2027-03-01"),
            home=HOME,
            installed=pointer is not None,
            profile=pointer.profile if pointer is not None else None,
            environment=f"{HOME}\\envs\\{ENV}",
            path=f"{HOME}\\envs\\current",
            verdict="not_checked" if self.changed else "works",
            proven_at="2026-11-24T15:00:00Z",
            drift=tuple(Drift(package="torch", text=text) for text in self.changed),
            previous=pointer.previous if pointer is not None else None,
        )

    def uninstallable(self) -> tuple[Uninstallable, ...]:
        """Three things that take room."""
        return tuple(
            Uninstallable(name, title, f"{HOME}\\{name}", size)
            for name, title, size in (
                ("envs", "Environment torch28-2025.11-0a1b2c3d", 7_100_000_000),
                ("wheels", "Fetched packages", 3_800_000_000),
                ("logs", "Logs", 1_200_000),
            )
        )

    def newer_profile(self, kept: str) -> str | None:
        """What the test says."""
        return self.newer

    def editors(self) -> tuple[Editor, ...]:
        """VS Code alone."""
        return (Editor(name="vscode", argv=("code",)),)

    def open_editor(self, editor: Editor) -> str:
        """A sentence."""
        return f"{editor.name} opens."

    def rollback_info(self) -> RollbackInfo:
        """To one that works."""
        return RollbackInfo(environment="older", verdict="works")

    def training_script(
        self,
        model: str | None = None,
        length: int | None = None,
        batch: int | None = None,
        bits: int | None = None,
        rank: int | None = None,
    ) -> str:
        """The knobs in a line."""
        return (
            f"# model={model} length={length} batch={batch} bits={bits} rank={rank}\nimport "
            f"unsloth\n"
        )

    def rollback(self) -> Any:
        """Swap."""
        return Pointer(
            active="older", profile="guide-2024.9.post3", previous=ENV, at="2026-11-24T15:00:00Z"
        )
