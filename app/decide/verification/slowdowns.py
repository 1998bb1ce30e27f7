"""Why a card is slower than it should be.

The likely reasons, most likely first, from what the sensors saw. Its limits (2 % of the samples, 8 %
slower, 2 % less power, 10 % busy, 3 GB free) are this program's own: no source names any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.model.event import Measured
from app.model.machine import Gpu, MachineFacts
from app.model.message import Message
from app.model.value import Value
from app.model.verdict import Bench, Remark

HEAT = ("hw_thermal", "sw_thermal")
COMPUTE = ("matmul.", "attention.", "train.")
Reason = tuple[float, Remark]


class Scene(Value, frozen=True, kw_only=True):
    """What the reasons are drawn from: the measurements by name, the card's facts, the sensors, the
    slow figures.
    """

    found: dict[str, Measured]
    card: dict[str, Any]
    sensors: dict[str, Any]
    slow: frozenset[str]

    @property
    def computing_slow(self) -> bool:
        """Whether a figure of the chip itself (not of memory or link) is below its reference."""
        return any(name.startswith(COMPUTE) for name in self.slow)

    def share(self, reason: str) -> float:
        """In which part of the samples the clock was held back for a reason."""
        return float(self.sensors.get("throttle", {}).get(reason, 0.0))


def explain_slowdowns(
    measured: Sequence[Measured], benches: Sequence[Bench], gpu: Gpu | None, facts: MachineFacts
) -> tuple[Remark, ...]:
    """All remarks on a run, the ones that explain a slow figure first, then what is good to know."""
    found = {m.name: m for m in measured}
    scene = Scene(
        found=found,
        card=found["bench.card"].detail if "bench.card" in found else {},
        sensors=found["bench.sensors"].detail if "bench.sensors" in found else {},
        slow=frozenset(b.name for b in benches if b.result == "below"),
    )
    reasons = [
        *_heat_reasons(scene),
        *_power_reasons(scene),
        *_link_reasons(scene),
        *_other_program_reasons(scene, gpu),
        *_memory_spill_reasons(scene, facts),
        *_kernel_reasons(scene),
    ]
    return tuple(remark for _, remark in sorted(reasons, key=lambda reason: -reason[0]))


def _make_reason(score: float, warns: bool, title: str, detail: str) -> Reason:
    return score, Remark(severity="warns" if warns else "informs", title=title, detail=detail)


def _heat_reasons(scene: Scene) -> Iterator[Reason]:
    heat = max(scene.share(name) for name in HEAT)
    if heat > 0.02:
        yield _make_reason(
            100 + heat,
            True,
            Message("The card was too hot"),
            Message(
                "Heat held its clock back in {heat:.0%} of the samples; the hottest was "
                "{temperature} °C. Clean the fans, give the card air, or have its thermal paste "
                "renewed.",
                heat=heat,
                temperature=scene.sensors.get("temp_c"),
            ),
        )
    if scene.share("power_brake") > 0.02:
        yield _make_reason(
            96,
            True,
            Message("The power supply called a brake"),
            Message(
                "In {share:.0%} of the samples. Check the plugs of the card and the "
                "supply's rating.",
                share=scene.share("power_brake"),
            ),
        )
    if scene.share("hw_slowdown") > 0.02 and heat <= 0.02:
        yield _make_reason(
            95,
            True,
            Message("The card slowed itself down"),
            Message(
                "In {share:.0%} of the samples: heat or power reached a limit of the hardware.",
                share=scene.share("hw_slowdown"),
            ),
        )
    first = next(
        (
            scene.found[n].value
            for n in ("bench.matmul.bf16", "bench.matmul.fp16")
            if n in scene.found
        ),
        None,
    )
    again = scene.found["bench.matmul.again"].value if "bench.matmul.again" in scene.found else None
    if isinstance(first, int | float) and isinstance(again, int | float) and again < first * 0.92:
        yield _make_reason(
            80,
            scene.computing_slow,
            Message("The card became slower while it worked"),
            Message(
                "The same product ran at {first:.0f} TFLOP/s first and at {again:.0f} in "
                "the end: cooling or power.",
                first=first,
                again=again,
            ),
        )


def _power_reasons(scene: Scene) -> Iterator[Reason]:
    limit, default, capped = (
        scene.card.get("power_limit_w"),
        scene.card.get("power_default_w"),
        scene.share("power_cap"),
    )
    if limit and default and limit < default * 0.98:
        yield _make_reason(
            90 if scene.computing_slow else 30,
            scene.computing_slow,
            Message("The power limit is lowered"),
            Message(
                "{limit:.0f} W instead of the card's {default:.0f} W. A tool, or the "
                "laptop's mode, has set it; less power means a lower clock.",
                limit=limit,
                default=default,
            ),
        )
    elif capped > 0.02:
        yield _make_reason(
            20,
            False,
            Message("The card ran at its power limit"),
            Message(
                "In {capped:.0%} of the samples. That is how a card works under full load "
                "and is no fault.",
                capped=capped,
            ),
        )


def _link_reasons(scene: Scene) -> Iterator[Reason]:
    seen = scene.found["bench.pcie.to_card"].detail if "bench.pcie.to_card" in scene.found else {}
    width, most = seen.get("pcie_width"), scene.card.get("pcie_width_max")
    generation, newest = seen.get("pcie_gen"), scene.card.get("pcie_gen_max")
    low = any(name.startswith("pcie.") for name in scene.slow)
    if width and most and width < most:
        yield _make_reason(
            85 if low else 25,
            low,
            Message("The card has {width:.0f} of {most:.0f} lanes", width=width, most=most),
            Message(
                "It sits in a narrow slot, or shares its lanes with a drive. Training "
                "itself hardly suffers; loading models and offloading do."
            ),
        )
    elif generation and newest and generation < newest:
        yield _make_reason(
            84 if low else 24,
            low,
            Message("The slot ran at PCIe generation {generation:.0f}", generation=generation),
            Message(
                "Card and board could run generation {newest:.0f}. A riser cable or a "
                "firmware setting holds it back.",
                newest=newest,
            ),
        )


def _other_program_reasons(scene: Scene, gpu: Gpu | None) -> Iterator[Reason]:
    others, busy = scene.card.get("other_processes") or 0, scene.card.get("busy") or 0
    if busy > 10 and others > 0:
        yield _make_reason(
            88,
            True,
            Message("Another program was using the card"),
            Message(
                "Before the benchmark began it was busy to {busy} %, with {others} other "
                "processes on it. Close games, browsers and other training, then verify "
                "again.",
                busy=busy,
                others=others,
            ),
        )
    elif busy > 10:
        yield _make_reason(
            70,
            bool(scene.slow),
            Message("The card was not idle"),
            Message(
                "Before the benchmark began it was busy to {busy} %: windows, video or "
                "another program.",
                busy=busy,
            ),
        )
    if gpu is not None and gpu.display and scene.computing_slow:
        yield _make_reason(
            40,
            False,
            Message("The card also draws the screen"),
            Message(
                "A few percent of its time go there. A second card, or the processor's "
                "graphics, can take that over."
            ),
        )


def _memory_spill_reasons(scene: Scene, facts: MachineFacts) -> Iterator[Reason]:
    """On Windows the driver lends main memory when the card is full: nothing fails, everything
    becomes ten times slower.
    """
    memory = scene.found.get("card.memory")
    free = memory.detail.get("free") if memory is not None else None
    if facts.os.family == "windows" and scene.slow and isinstance(free, int | float) and free < 3e9:
        yield _make_reason(
            86,
            True,
            Message("Little memory was free on the card"),
            Message(
                "{free:.1f} GB. When it runs out, Windows lends main memory, which is far "
                "slower. Close what uses it.",
                free=free / 1e9,
            ),
        )


def _kernel_reasons(scene: Scene) -> Iterator[Reason]:
    xformers = scene.found.get("attention.xformers")
    if xformers is not None and xformers.detail.get("ok") is False and xformers.value is None:
        yield _make_reason(
            50,
            False,
            Message("xformers does not run here"),
            Message(
                "Version {version} says: {error} Newer Unsloth then takes PyTorch's own "
                "attention, which was checked and is right.",
                version=xformers.detail.get("version"),
                error=xformers.detail.get("error"),
            ),
        )
