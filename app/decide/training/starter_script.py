"""A starter training script for a profile's own trl, sized to the card's memory."""

from __future__ import annotations

from collections.abc import Callable
from string import Template

import msgspec
from packaging.version import InvalidVersion, Version

from app.decide.findings.fact_table import pointed_at
from app.decide.training import memory_estimate
from app.model.errors import InputError
from app.model.guide import Guide, Model, Shape, SmallCard
from app.model.machine import Gpu, MachineFacts
from app.model.message import Message
from app.model.profile import Profile
from app.model.value import Value

LENGTHS = (512, 1024, 2048, 4096, 8192, 16384, 32768)
# Windows and the desktop keep some of the card; a run that fills the rest spills into main memory.
USABLE = 0.92


# In 36 runs the prediction was at most 3 % too low (tests/decide/training/test_memory_estimate.py);
# the rest is for what was not reached there.
SPARE = 1.1


class TrainingSize(Value, frozen=True, kw_only=True):
    """One way to train: model and settings, the predicted memory (``None`` for a model of unknown
    shape), and the card's.
    """

    model: str
    label: str
    bits: int
    rank: int
    batch: int
    length: int
    accumulation: int
    memory: memory_estimate.MemoryEstimate | None = None
    available: float | None = None
    note: str = ""

    @property
    def fits(self) -> bool | None:
        """Whether it fits the card; ``None`` where either figure is unknown."""
        if self.memory is None or self.available is None:
            return None
        return self.memory.process * SPARE <= self.available


def list_models(profile: Profile, guide: Guide) -> tuple[Model, ...]:
    """The models that this profile's Unsloth (or its transformers) knows, smallest first."""
    return tuple(
        sorted(
            (m for m in guide.models if m.card == profile.needs.gpu and _is_supported(m, profile)),
            key=_count_parameters,
        )
    )


def _count_parameters(model: Model) -> float:
    if model.shape is None:
        return model.billions * 1e9
    return memory_estimate.predict(model.shape).parameters


def choose_size(
    profile: Profile,
    facts: MachineFacts,
    guide: Guide,
    *,
    model: str | None = None,
    length: int | None = None,
    batch: int | None = None,
    bits: int | None = None,
    rank: int | None = None,
) -> TrainingSize:
    """Settings that fit the card, with what the user asked for kept.

    ``model`` is a name, a folder or a size (``3B``). Raises ``InputError`` for values that no
    training can have.
    """
    _check_options(length=length, batch=batch, rank=rank, bits=bits)
    gpu = _main_card(facts) if profile.needs.gpu else None
    room = usable_memory(gpu)
    capability = gpu.compute_capability if gpu else None
    small = _small_card_advice(gpu, guide)
    if not profile.needs.gpu:
        bits = 16
    choices = list_models(profile, guide)
    chosen = _find_model(model, choices) if model else None
    if model and chosen is None:
        return TrainingSize(
            model=model,
            label="",
            bits=bits or 4,
            rank=rank or 16,
            batch=batch or 2,
            length=length or 2048,
            accumulation=_accumulation_steps(batch or 2),
            available=room,
        )
    if chosen:
        return _fit_size(
            chosen, room, length, batch, bits or 4, rank or 16, profile, capability, small
        )
    measured = [m for m in choices if m.shape is not None]
    advised = [m for m in measured if small is None or _count_parameters(m) <= small.billions * 1e9]
    tries = list(reversed(advised or measured[:1]))
    roomy = [
        _fit_size(
            m,
            room,
            length or ((small.length if small else 2048) if profile.needs.gpu else None),
            batch or (small.batch if small else 2),
            bits or 4,
            rank or 16,
            profile,
            capability,
            small,
        )
        for m in tries
    ]
    smallest = _fit_size(
        tries[-1], room, length, batch, bits or 4, rank or 16, profile, capability, small
    )
    return next((s for s in roomy if s.fits is not False), smallest)


def measured_by_shape(
    chosen: TrainingSize, shape: Shape, profile: Profile, facts: MachineFacts
) -> TrainingSize:
    """The same with the memory that a model of this shape takes, for models that the list lacks."""
    gpu = _main_card(facts) if profile.needs.gpu else None
    tokens = chosen.batch * chosen.length
    whole = memory_estimate.holds_whole_logits(
        profile, gpu.compute_capability if gpu else None, tokens
    )
    memory = memory_estimate.predict(
        shape, bits=chosen.bits, rank=chosen.rank, batch=chosen.batch, length=chosen.length,
        whole_logits=whole,
    )  # fmt: skip
    return msgspec.structs.replace(chosen, memory=memory)


def usable_memory(gpu: Gpu | None) -> float | None:
    """Bytes that a run may take: what is free if that is known to be less, else most of the card."""
    if gpu is None or not gpu.memory_total:
        return None
    return min(gpu.memory_total * USABLE, float(gpu.memory_total - (gpu.memory_used or 0)))


def render_script(
    profile: Profile,
    facts: MachineFacts,
    guide: Guide,
    resource: Callable[[str], bytes],
    *,
    model: str | None = None,
    length: int | None = None,
    batch: int | None = None,
    bits: int | None = None,
    rank: int | None = None,
) -> str:
    """The text of the script. ``resource`` gives ``templates/train.py.tmpl``."""
    chosen = choose_size(
        profile, facts, guide, model=model, length=length, batch=batch, bits=bits, rank=rank
    )
    template = Template(resource("templates/train.py.tmpl").decode("utf-8"))
    gpu = _main_card(facts) if profile.needs.gpu else None
    extra = [
        'dataset_text_field="text"',
        f"{profile.training.length_name}=LENGTH",
        f"dataset_num_proc={profile.training.dataset_num_proc}",
        "packing=False",
    ]
    in_config = profile.training.arguments_in == "config"
    return template.substitute(
        profile=profile.id,
        torch=profile.versions.torch,
        unsloth=profile.versions.unsloth or "",
        trl=profile.versions.trl or "",
        datasets=profile.versions.datasets or "",
        model=_escape_in_quotes(chosen.model),
        length=chosen.length,
        batch=chosen.batch,
        accumulation=chosen.accumulation,
        rank=chosen.rank,
        four_bits=chosen.bits == 4,
        card=_escape_in_quotes(gpu.name if gpu and gpu.name else "an unknown card")
        if profile.needs.gpu
        else "learning and testing on the processor",
        estimate=describe_estimate(chosen),
        steps=60 if profile.needs.gpu else 20,
        pointing=_device_lines(facts) if profile.needs.gpu else "",
        tokenizer_name=profile.training.tokenizer_name,
        config_arguments=_format_arguments(extra, 12) if in_config else "",
        trainer_arguments="" if in_config else _format_arguments(extra, 8),
    )


def describe_estimate(chosen: TrainingSize) -> str:
    """The memory in one sentence."""
    if chosen.memory is None:
        return f"How much memory this model takes is not known. {chosen.note}".strip()
    if chosen.available is None:
        return f"The model has {chosen.memory.parameters / 1e6:,.0f} million parameters."
    need = (
        f"It takes about {chosen.memory.process / 2**30:.1f} GB of "
        f"{chosen.available / 2**30:.1f} GB that a run may use."
    )
    return (
        need if chosen.fits else f"{need} It does not fit: take a smaller model, context or batch."
    )


def _fit_size(
    model: Model,
    room: float | None,
    length: int | None,
    batch: int | None,
    bits: int,
    rank: int,
    profile: Profile,
    capability: str | None,
    small: SmallCard | None,
) -> TrainingSize:
    """The longest of 2048, 1024, 512 tokens and the largest batch of 2, 1 that fit, on a small card
    no more than the findings advise; what the user gave stays.
    """
    on_card = profile.needs.gpu
    longest, widest = (small.length, small.batch) if small else (2048, 2)
    usual = [n for n in (2048, 1024, 512) if n <= longest]
    lengths = [length] if length else (usual if on_card else [512])
    batches = [batch] if batch else [n for n in (2, 1) if n <= widest]
    if model.shape is None:
        return TrainingSize(
            model=model.id if bits == 4 else model.sixteen_bit or model.id,
            label=model.label,
            bits=bits,
            rank=rank,
            batch=batches[0],
            length=lengths[0],
            accumulation=_accumulation_steps(batches[0]),
            available=room,
            note=model.note,
        )
    last: TrainingSize | None = None
    for tokens in lengths:
        for rows in batches:
            whole = memory_estimate.holds_whole_logits(profile, capability, rows * tokens)
            memory = memory_estimate.predict(
                model.shape, bits=bits, rank=rank, batch=rows, length=tokens, whole_logits=whole
            )
            last = TrainingSize(
                model=model.id if bits == 4 else model.sixteen_bit or model.id,
                label=model.label,
                bits=bits,
                rank=rank,
                batch=rows,
                length=tokens,
                accumulation=_accumulation_steps(rows),
                memory=memory,
                available=room,
            )
            if last.fits is not False:
                return last
    assert last is not None  # noqa: S101 - both lists hold at least one value
    return last


def _small_card_advice(gpu: Gpu | None, guide: Guide) -> SmallCard | None:
    """What the findings advise for a card of so little memory; ``None`` for larger ones."""
    memory = gpu.memory_total if gpu else None
    rows = sorted(guide.small_cards, key=lambda row: row.below_gib)
    return next((row for row in rows if memory and memory < row.below_gib * 2**30), None)


def _accumulation_steps(batch: int) -> int:
    """Eight rows for each step of the weights, as the guide has it."""
    return max(1, 8 // batch)


def _find_model(wish: str, choices: tuple[Model, ...]) -> Model | None:
    return next(
        (
            m
            for m in choices
            if wish.lower() in (m.id.lower(), m.sixteen_bit.lower(), m.label.lower())
        ),
        None,
    )


def _is_supported(model: Model, profile: Profile) -> bool:
    held = profile.versions
    pairs = ((held.unsloth, model.since), (held.transformers, model.transformers))
    try:
        return all(
            have is not None and Version(have) >= Version(least) for have, least in pairs if least
        )
    except InvalidVersion:
        return False


def _main_card(facts: MachineFacts) -> Gpu | None:
    return facts.main_card()


def _device_lines(facts: MachineFacts) -> str:
    """Lines that choose the card that the script is sized for, where the PC has others too."""
    card = pointed_at(facts)
    if card is None:
        return ""
    return (
        "\n# This PC has several cards; the script is sized for this one.\n"
        'os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")\n'
        f'os.environ.setdefault("CUDA_VISIBLE_DEVICES", "{_escape_in_quotes(card)}")\n'
    )


def _check_options(
    *, length: int | None, batch: int | None, rank: int | None, bits: int | None
) -> None:
    for name, value, low, high in (
        ("length", length, 64, 1_000_000),
        ("batch", batch, 1, 4096),
        ("rank", rank, 1, 1024),
    ):
        if value is not None and not low <= value <= high:
            raise InputError(
                Message(
                    "The {name} is {value}; expected a number from {low} to {high}.",
                    name=name,
                    value=value,
                    low=low,
                    high=high,
                )
            )
    if bits not in (None, 4, 16):
        raise InputError(Message("The number of bits is {bits}; expected 4 or 16.", bits=bits))


def _format_arguments(arguments: list[str], indent: int) -> str:
    return "".join(" " * indent + argument + ",\n" for argument in arguments)


def _escape_in_quotes(name: str) -> str:
    """A name as it stands inside double quotes of Python, one or three: a card's comes from a
    machine file, and so a stranger.
    """
    return "".join(
        f"\\{sign}" if sign in '\\"' else sign if sign.isprintable() else f"\\U{ord(sign):08x}"
        for sign in name
    )
