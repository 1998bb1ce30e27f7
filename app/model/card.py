"""What is known about NVIDIA cards.

Figures of each model, and how to tell a card by its name or PCI id.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from app.model.value import Value


class CardModel(Value, frozen=True, kw_only=True):
    """One model. Memory in GiB, bandwidth in GB/s, rates in TFLOP/s (dense, FP32 accumulation),
    clocks in MHz, W.

    ``power_varies``: a laptop part whose figures are those of its lowest power budget.
    ``confidence`` is how sure the figures are: measured, computed, low (not judged by). ``source`` is empty
    where the catalogue's own for all cards holds.
    """

    id: str
    nvml_names: tuple[str, ...]
    architecture: str
    compute_capability: str
    sm_count: int
    boost_mhz: float
    vram_gib: float
    mem_bandwidth_gb_s: float
    fp32_tflops: float
    fp16_tensor_fp32acc_tflops: float
    bf16_tensor_tflops: float
    tf32_tensor_tflops: float
    pcie_gen: int
    max_power_w: float
    bf16_native: bool
    kind: str = "desktop"
    pcie_lanes: int = 16
    power_varies: bool = False
    confidence: Literal["measured", "computed", "low"] = "computed"
    source: str = ""


class Share(Value, frozen=True, kw_only=True):
    """Which part of the model's figure a healthy card reaches: lowest and highest share, for each
    kind of benchmark.
    """

    copy: tuple[float, float]
    fp32: tuple[float, float]
    tensor: tuple[float, float]
    tf32: tuple[float, float]
    pcie: tuple[float, float]


class Series(Value, frozen=True, kw_only=True):
    """Cards told by a part of their name (``regex`` is a regular expression over it), for models
    without a row.
    """

    regex: str
    compute_capability: str


class PciRange(Value, frozen=True, kw_only=True):
    """Device ids of one chip, in hex, both ends included."""

    first: str
    last: str
    chip: str
    compute_capability: str


class Architecture(Value, frozen=True, kw_only=True):
    """A generation by its compute capabilities, both ends included. ``driver_end`` is the first
    driver that no longer serves it.
    """

    name: str
    first: str
    last: str
    driver_end: str | None = None


class CardCatalogue(Value, frozen=True, kw_only=True):
    """All of ``resources/gpus.toml``, and the models of ``gpus.csv``. ``not_cards`` are parts of names of adapters that only draw a
    picture. ``sources`` says for each other field where it is from, and under ``date`` when that was
    looked up.
    """

    expect: Share
    sources: dict[str, str] = {}
    not_cards: tuple[str, ...] = ()
    architecture: tuple[Architecture, ...] = ()
    series: tuple[Series, ...] = ()
    pci: tuple[PciRange, ...] = ()
    gpu: tuple[CardModel, ...] = ()

    def named(self, name: str | None, memory: int | None = None) -> CardModel | None:
        """The model with this name; where several share it, the one whose memory is nearest."""
        wanted = plain(name or "")
        rows = [c for c in self.gpu if any(plain(n) == wanted for n in c.nvml_names)]
        if memory:
            rows.sort(key=lambda c: abs(c.vram_gib * 2**30 - memory))
        return rows[0] if rows else None

    def capability_of(self, name: str | None, pci_id: str | None) -> str | None:
        """The compute capability that a name or, failing that, a PCI id (``10de:2204``) stands for."""
        known = self.named(name)
        if known:
            return known.compute_capability
        for row in self.series:
            if name and re.search(row.regex, name, re.IGNORECASE):
                return row.compute_capability
        found = re.fullmatch(
            r"(?:0x)?10de[:\s]?(?:0x)?([0-9a-f]{4})\b.*", (pci_id or "").strip().lower()
        )
        device = int(found.group(1), 16) if found else -1
        for chip in self.pci:
            if int(chip.first, 16) <= device <= int(chip.last, 16):
                return chip.compute_capability
        return None

    def architecture_of(self, capability: str | None) -> str | None:
        """The generation's name for a compute capability."""
        found = self.generation_of(capability)
        return found.name if found else None

    def generation_of(self, capability: str | None) -> Architecture | None:
        """The generation of a compute capability."""
        place = _parse_capability(capability)
        return next(
            (
                a
                for a in self.architecture
                if place and _parse_capability(a.first) <= place <= _parse_capability(a.last)
            ),
            None,
        )


def _parse_capability(capability: str | None) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", capability or "")[:2])


@lru_cache(maxsize=1024)  # every question compares with all models' names
def plain(name: str) -> str:
    """A card's name without maker and spacing, for comparison: drivers before 465 leave out
    ``NVIDIA``.
    """
    return " ".join(
        re.sub(r"\b(nvidia|corporation)\b", " ", name.lower()).replace("(r)", " ").split()
    )
