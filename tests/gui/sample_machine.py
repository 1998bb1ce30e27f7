"""An invented PC for the window's tests: its facts, findings and ranked profiles."""

from __future__ import annotations

from typing import Any

from app.model.advice import Action, Choice, Finding
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
    Python,
    Tools,
)
from app.model.profile import Claim, Needs, Part, Profile, Versions

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
        good=(Claim(text="Holds code for every card from RTX 20 to RTX 50.", source="", date=""),),
        bad=(Claim(text="Turing only as best effort.", source="", date=""),),
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
