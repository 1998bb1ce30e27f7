"""A run for the window's tests: its plan, events, log lines, verdict and diagnosis."""

from __future__ import annotations

from collections.abc import Iterator

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
)
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
from app.model.verdict import Bench, Comparison, FineTune, Remark, Verification

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
