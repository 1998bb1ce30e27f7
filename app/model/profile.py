"""A profile: one pinned setup, as ``resources/profiles/<id>/profile.toml`` describes it."""

from __future__ import annotations

from typing import Literal

from app.model.proof import Proof
from app.model.value import Value

Platform = Literal["windows", "linux"]


class Wheel(Value, frozen=True, kw_only=True):
    """One file of a lock as the lock maker saw it. Sizes are bytes; ``None`` where no public record
    has it.
    """

    name: str
    version: str
    file: str | None = None
    size: int | None = None


class Part(Value, frozen=True, kw_only=True):
    """One lock of a profile for one platform, fetched and installed together.

    ``index`` is ``default`` (the user's default index) or ``pytorch/<tag>``, a folder of the
    PyTorch index. ``requirements`` is the lock's text: pinned names with SHA-256 hashes and no
    addresses. ``disk`` is the unpacked size in bytes; ``estimated`` says that some sizes were not
    on record.
    """

    id: str
    title: str
    platform: Platform
    lock: str
    index: str = "default"
    wheels: tuple[Wheel, ...] = ()
    download: int = 0
    disk: int = 0
    estimated: bool = False
    requirements: str = ""
    unhashed: tuple[str, ...] = ()


class Without(Value, frozen=True, kw_only=True):
    """What installed packages declare and a profile leaves out on purpose. ``platform`` empty: on both systems.

    ``seen`` is the run that shows that training works without it.
    """

    name: str
    why: str
    seen: str
    platform: Platform | None = None


class Versions(Value, frozen=True, kw_only=True):
    """The versions that people ask for by name. ``None`` where the profile does not hold it."""

    torch: str
    cuda: str | None = None
    cuda_tag: str = "cpu"
    unsloth: str | None = None
    unsloth_zoo: str | None = None
    triton: str | None = None
    xformers: str | None = None
    bitsandbytes: str | None = None
    transformers: str | None = None
    trl: str | None = None
    peft: str | None = None
    datasets: str | None = None
    accelerate: str | None = None


class Needs(Value, frozen=True, kw_only=True):
    """What a machine must have. Capabilities are inclusive; drivers are per system.

    ``driver`` is the pass mark (the toolkit's own driver), ``driver_floor`` the minor-version floor
    below which CUDA refuses; between the two the program warns. ``compute_not`` lies between the
    capabilities and is still not served. The sources say where drivers and capabilities come from,
    ``date`` when that was looked up.
    """

    gpu: bool = True
    compute_min: str | None = None
    compute_max: str | None = None
    compute_not: tuple[str, ...] = ()
    driver_windows: str | None = None
    driver_linux: str | None = None
    driver_floor_windows: str | None = None
    driver_floor_linux: str | None = None
    vram: int = 0
    avx2: bool = True
    driver_source: str = ""
    compute_source: str = ""
    date: str = ""


class Training(Value, frozen=True, kw_only=True):
    """How a training script talks to this profile's trl and datasets, and how its Unsloth computes
    the loss.

    ``fused_loss_from`` is the compute capability from which the loss is computed without holding
    all logits (empty: on none); ``fused_loss_above`` the number of tokens up to which they are held
    all the same.
    """

    length_name: Literal["max_seq_length", "max_length"] = "max_length"
    tokenizer_name: Literal["tokenizer", "processing_class"] = "processing_class"
    dataset_num_proc: int | None = None
    arguments_in: Literal["config", "trainer"] = "config"
    fused_loss_from: str = "0"
    fused_loss_above: int = 0


class Claim(Value, frozen=True, kw_only=True):
    """What is said for or against a profile, where that is from (CONTRIBUTING.md tells the form) and
    when it was looked up.
    """

    text: str
    source: str
    date: str


class Profile(Value, frozen=True, kw_only=True):
    """One pinned setup. ``rank`` orders profiles that fit equally well (higher first), by
    architecture name. ``fresh_until`` is the day up to which its versions know the models of the
    time: four months, after which a pinned set met its first unknown family. ``fetches_mapper`` is the
    file of Unsloth that fetches code and executes it. ``proof`` are the records in
    its folder ``proof``. ``exports`` is what was seen to be made of a run,
    ``exports_source`` with what; an adapter is copied and needs nothing. ``sources`` says for the fields
    of these names where they are from, and under ``date`` when that was looked up; title and
    subtitle are the locks' versions.
    """

    id: str
    title: str
    subtitle: str
    summary: str
    python: str
    versions: Versions
    pinned_on: str
    fresh_until: str = ""
    supports: str = ""
    good: tuple[Claim, ...] = ()
    bad: tuple[Claim, ...] = ()
    sources: dict[str, str] = {}
    needs: Needs = Needs()
    rank: dict[str, int] = {}
    reasons: dict[str, str] = {}
    mend_openmp: bool = False
    fetches_mapper: str = ""
    guide: bool = False
    training: Training = Training()
    without: tuple[Without, ...] = ()
    exports: tuple[Literal["adapter", "merged", "gguf"], ...] = ("adapter",)
    exports_source: str = ""
    parts: tuple[Part, ...] = ()
    proof: tuple[Proof, ...] = ()

    def left_out(self, family: str) -> tuple[Without, ...]:
        """What is left out on one system."""
        return tuple(one for one in self.without if one.platform in (None, family))


def parts_for(profile: Profile, family: str) -> tuple[Part, ...]:
    """The profile's locks for one kind of system."""
    return tuple(p for p in profile.parts if p.platform == family)
