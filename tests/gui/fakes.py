"""A session with an invented PC for the window's tests: answers at once, from values alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from app.model.advice import Action, Choice, Finding
from app.model.answers import Answers
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.machine import (
    Cpu,
    Disk,
    Driver,
    Gpu,
    Home,
    Leftover,
    MachineFacts,
    Memory,
    Network,
    Os,
    ProbeResult,
    Python,
    Tools,
)
from app.model.plan import (
    Activate,
    CreateEnvironment,
    FetchWheels,
    InstallWheels,
    Plan,
    ProvidePython,
)
from app.model.pointer import Pointer
from app.model.profile import Needs, Part, Profile, Versions
from app.model.sources import Sources
from app.steps.put_packages_back import SavedPackages

if TYPE_CHECKING:
    from app.engine.session import Unfinished

FACTS = MachineFacts(
    os=Os(
        family="windows",
        name="Windows 11 Pro 24H2",
        build=26100,
        arch="x86_64",
        long_paths=True,
        is_admin=False,
    ),
    cpu=Cpu(name="AMD Ryzen 7 5800X 8-Core Processor", cores=8, threads=16, avx2=True),
    memory=Memory(total=34274779136, available=21474836480),
    disks=(Disk(root="C:\\", total=1_000_000_000_000, free=300_000_000_000, filesystem="NTFS"),),
    gpus=(
        Gpu(
            index=0,
            vendor="nvidia",
            name="NVIDIA GeForce RTX 3090",
            compute_capability="8.6",
            memory_total=25769803776,
            memory_used=1288490188,
            pci_id="10de:2204",
            display=True,
        ),
    ),
    driver=Driver(version="576.80", cuda_version="12.9", nvml="ok"),
    tools=Tools(git="2.45", vc_runtime="14.42"),
    pythons=(
        Python(version="3.11.9", path="C:\\miniconda3\\python.exe", origin="conda"),
        Python(
            version="3.11.9",
            path="C:\\Users\\kim\\miniconda3\\envs\\unsloth\\python.exe",
            origin="conda",
            packages={"torch": "2.6.0+cpu", "transformers": "4.50.3"},
        ),
    ),
    leftovers=(
        Leftover(
            id="env:1",
            kind="conda",
            path="C:\\Users\\kim\\miniconda3\\envs\\unsloth",
            size=7_300_000_000,
            detail="torch 2.6.0+cpu",
        ),
        Leftover(
            id="cache:1",
            kind="cache",
            path="C:\\Users\\kim\\AppData\\Local\\pip\\Cache",
            size=4_100_000_000,
        ),
    ),
    home=Home(
        path="C:\\Users\\kim\\AppData\\Local\\UnslothSetup", on_onedrive=False, writable=True
    ),
    network=Network(index="reachable", pytorch="reachable"),
)

FINDINGS = (
    Finding(
        id="cpu-torch-found",
        severity="warns",
        title="An older environment has the processor-only PyTorch",
        detail="miniconda3\\envs\\unsloth holds torch 2.6.0+cpu, which cannot see the card. The "
        "new setup does not use it.",
        seen="torch 2.6.0+cpu",
        remedy="Nothing has to be done.",
        action=Action(kind="page", label="Look at it", target="clean-up"),
    ),
    Finding(
        id="variable-conflict",
        severity="warns",
        title="PYTHONPATH is set to C:\\old",
        detail="Python would load packages from there first. It is left out for the new "
        "environment; your setting stays.",
        seen="PYTHONPATH=C:\\old",
        remedy="Nothing has to be done.",
    ),
    Finding(
        id="guide-corrected",
        severity="informs",
        title="No compiler and no CUDA toolkit are needed",
        detail="The guide asks for both; the packages bring what they use.",
        seen="none",
        remedy="",
    ),
)


def _profile(name: str, title: str, subtitle: str, **more: Any) -> Profile:
    parts = (
        Part(
            id="torch",
            title="PyTorch",
            platform="windows",
            lock="a.txt",
            download=3_461_384_651,
            disk=8_100_000_000,
        ),
        Part(
            id="packages",
            title="Unsloth and 71 packages",
            platform="windows",
            lock="b.txt",
            download=657_000_000,
            disk=1_500_000_000,
        ),
    )
    return Profile(
        id=name,
        title=title,
        subtitle=subtitle,
        summary="",
        pinned_on="2025-11-21",
        parts=parts,
        supports="RTX 30, 40 and 50.",
        good=("Holds code for every card from RTX 20 to RTX 50.",),
        bad=("Turing only as best effort.",),
        **more,
    )


TORCH28 = _profile(
    "torch28-2025.11",
    "PyTorch 2.8 · CUDA 12.8 · Unsloth 2025.11",
    "Python 3.12, Triton 3.4, xformers 0.0.32, bitsandbytes 0.48",
    python="3.12",
    versions=Versions(
        torch="2.8.0+cu128",
        cuda="12.8",
        cuda_tag="cu128",
        unsloth="2025.11.3",
        triton="3.4.0",
        transformers="4.57.1",
    ),
)
NEWEST = _profile(
    "torch212-2026.10",
    "PyTorch 2.12 · CUDA 13.0 · Unsloth 2026.10",
    "Newest",
    python="3.12",
    versions=Versions(
        torch="2.12.1+cu130", cuda="13.0", unsloth="2026.10.1", transformers="5.17.0"
    ),
)
GUIDE = _profile(
    "guide-2024.9.post3",
    "The guide: PyTorch 2.4.0 · CUDA 12.1 · Unsloth 2024.9.post3",
    "",
    python="3.11",
    guide=True,
    versions=Versions(
        torch="2.4.0+cu121", cuda="12.1", unsloth="2024.9.post3", transformers="4.44.2"
    ),
)
PRACTICE = _profile(
    "practice-cpu",
    "Practice on the processor",
    "",
    python="3.12",
    needs=Needs(gpu=False),
    versions=Versions(torch="2.13.0+cpu", unsloth="2026.10.9", transformers="5.17.0"),
)

CHOICES = (
    Choice(
        profile=TORCH28,
        verdict="ready",
        recommended=True,
        tag="Recommended",
        why="Best proven for Ampere cards; your driver 576.80 runs CUDA 12.8 directly (570.65 or "
        "newer).",
    ),
    Choice(
        profile=NEWEST,
        verdict="blocked",
        tag="Needs a newer driver",
        why="Newest. Needs driver 580; yours is 576.80.",
        findings=(
            Finding(
                id="driver-too-old",
                severity="blocks",
                title="The driver is too old",
                detail="",
                seen="576.80",
                remedy="",
                action=Action(
                    kind="open", label="Update the driver", target="https://www.nvidia.com/drivers"
                ),
            ),
        ),
    ),
    Choice(
        profile=GUIDE,
        verdict="ready_with_warnings",
        tag="Possible",
        why="Works on this card with three corrections. Older, slower to import, one Windows file "
        "missing from torch 2.4.0.",
    ),
    Choice(
        profile=PRACTICE,
        verdict="ready_with_warnings",
        tag="Not needed here",
        why="For PCs without a usable NVIDIA card: small models, to learn and to test.",
    ),
)


class FakeSession:
    """The part of a session that pages ask, over values."""

    def __init__(
        self,
        facts: MachineFacts = FACTS,
        *,
        unfinished: Unfinished | None = None,
        simulated: str | None = None,
    ) -> None:
        self.to_find, self.facts = facts, None if simulated is None else facts
        self.answers, self.simulated = Answers(language="en", theme="light"), simulated
        self.profile: Profile | None = None
        self.fixed: dict[str, object] = {}  # by an administrator's policy file
        self.cut_off = unfinished
        self.opened: list[str] = []
        self.saved: dict[str, bytes] = {}
        self.surveys = 0
        self.on_task_bar: list[float] = []
        self.moved: dict[str, str] = {}  # shelf and where it came from
        self.occupied: set[str] = set()  # paths at which something lies again
        self.taken: list[SavedPackages] = []  # packages out of environments

    def pointer(self) -> Pointer | None:
        """Nothing is installed."""
        return None

    def require_real_machine(self) -> None:
        """Nothing is trained on an invented PC."""
        raise InputError("This PC is invented; expected one in which something can run.")

    def has_environment(self, name: str) -> bool:
        """Nothing is installed."""
        return False

    @property
    def place(self) -> HomeLayout:
        """The home folder of the invented PC."""
        return HomeLayout(
            self.answers.home or "C:\\Users\\kim\\AppData\\Local\\UnslothSetup", "windows"
        )

    def change(self, **fields: Any) -> None:
        """Take answers."""
        self.answers = msgspec.structs.replace(self.answers, **fields)

    def sources(self) -> Sources:
        """Nothing set."""
        return Sources()

    def survey(self) -> Iterator[ProbeResult]:
        """Subject by subject, then all."""
        self.surveys += 1
        for name in ("os", "cpu", "memory", "disks", "gpus", "driver"):
            yield ProbeResult(subject=name, seconds=0.1, part=getattr(self.to_find, name))
        self.facts = self.to_find
        yield ProbeResult(subject="all", seconds=0.9, facts=self.to_find)

    def findings(self) -> tuple[Finding, ...]:
        """Three notes."""
        return FINDINGS

    def choices(self) -> tuple[Choice, ...]:
        """Four setups."""
        return CHOICES

    def best(self) -> Choice:
        """The first, or the chosen one."""
        return next(
            (c for c in CHOICES if self.profile is not None and c.profile.id == self.profile.id),
            CHOICES[0],
        )

    def choose(self, profile_id: str) -> None:
        """Take a profile."""
        self.profile = next(c.profile for c in CHOICES if c.profile.id == profile_id)

    def plan(self) -> Plan:
        """Five steps."""
        profile, name = self.best().profile, "torch28-2025.11-0a1b2c3d"
        return Plan(
            title=profile.title,
            profile=profile.id,
            environment=name,
            steps=(
                ProvidePython(id="python", title="Python 3.12", version="3.12"),
                FetchWheels(
                    id="torch",
                    title="PyTorch for CUDA 12.8",
                    profile=profile.id,
                    part="torch",
                    download_bytes=4_118_402_316,
                ),
                CreateEnvironment(
                    id="environment", title="Own environment", environment=name, python="3.12"
                ),
                InstallWheels(
                    id="install",
                    title="Unsloth and 71 packages",
                    environment=name,
                    profile=profile.id,
                    parts=("torch",),
                    disk_bytes=9_600_000_000,
                ),
                Activate(
                    id="activate",
                    title="Switch to the new setup",
                    environment=name,
                    profile=profile.id,
                ),
            ),
        )

    def is_applicable(self, remedy: str | None) -> bool:
        """Every fix but the one for certificates, as nothing names a file of them."""
        return remedy != "system-certificates"

    def unfinished(self) -> Unfinished | None:
        """A run that was cut off, if the test wants one."""
        return self.cut_off

    def environments(self) -> tuple[Any, ...]:
        """None yet."""
        return ()

    def machine_file(self) -> bytes:
        """The facts as JSON."""
        return msgspec.json.encode(self.facts)

    def save(self, path: str, data: bytes) -> None:
        """Keep what was saved."""
        self.saved[path] = data

    def open(self, target: str) -> None:
        """Keep what was opened."""
        self.opened.append(target)

    speed = 10.0

    def is_replay(self, plan: Plan) -> bool:
        """No recorded run."""
        return False

    def quarantined(self) -> tuple[tuple[str, str], ...]:
        """What the test moved away."""
        return tuple(self.moved.items())

    def removed_packages(self) -> Iterator[SavedPackages]:
        """What the test took out of environments."""
        yield from self.taken

    def put_back(self, shelf: str) -> str:
        """Return one thing, unless its place is taken."""
        if self.moved[shelf] in self.occupied:
            raise InputError(
                f"{self.moved[shelf]} exists again, so the quarantined one stays where it is: "
                f"{shelf}."
            )
        return self.moved.pop(shelf)

    def show_progress(self, window: int, share: float) -> None:
        """What the task bar would show."""
        self.on_task_bar.append(share)

    def stop(self) -> None:
        """Nothing runs."""
