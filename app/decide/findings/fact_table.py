"""What the rules may ask about: one flat table of facts.

Drawn from a machine's facts and one profile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatch
from typing import Any

from app.decide.findings.code_page import find_code_page
from app.decide.findings.home_facts import home_facts
from app.model.answers import Answers
from app.model.card import CardCatalogue
from app.model.condition import parse_version
from app.model.machine import Gpu, MachineFacts, Python, rank_card
from app.model.message import Message, joined, upper_first
from app.model.profile import Part, Profile, parts_for
from app.model.rules import Rules
from app.model.value import Value

# Build numbers of systems that name themselves; only asked for where the machine file has no build.
_BUILDS = (
    ("server 2025", 26100),
    ("server 2022", 20348),
    ("server 2019", 17763),
    ("server 2016", 14393),
    ("server 2012 r2", 9600),
    ("server 2012", 9200),
    ("server 2008", 7601),
    ("windows 11", 22000),
    ("windows 8.1", 9600),
    ("windows 8", 9200),
    ("windows 7", 7601),
    ("windows vista", 6002),
    ("windows xp", 2600),
)
_TELLING_CACHE = (
    10**9
)  # less lies in the caches of any PC with Python; one PyTorch for CUDA alone is 2 GB and more
_NAMELESS = {
    "nvidia": Message("an NVIDIA card"),
    "amd": Message("an AMD card"),
    "intel": Message("an Intel card"),
    "other": Message("a card of an unknown maker"),
}
_ARCHITECTURES = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "x86-64": "x86_64",
    "aarch64": "arm64",
    "i386": "x86",
    "i686": "x86",
}


class Adapter(Value, frozen=True, kw_only=True):
    """One NVIDIA card with what is inferred where the driver says nothing."""

    gpu: Gpu
    capability: str | None
    memory: int | None


def nvidia_adapters(facts: MachineFacts, cards: CardCatalogue) -> tuple[Adapter, ...]:
    """All NVIDIA cards, the one that decides first: new enough before too old, then more memory,
    then newer.
    """
    found = []
    for gpu in facts.gpus:
        if gpu.of_nvidia:
            parsed = parse_version(gpu.compute_capability or "")
            capability = (
                gpu.compute_capability if parsed else cards.capability_of(gpu.name, gpu.pci_id)
            )
            row = cards.named(gpu.name, gpu.memory_total)
            memory = gpu.memory_total or (int(row.vram_gib * 2**30) if row else None)
            found.append(Adapter(gpu=gpu, capability=capability, memory=memory))

    return tuple(
        sorted(found, key=lambda card: rank_card(card.capability, card.memory), reverse=True)
    )


def pointed_at(facts: MachineFacts) -> str | None:
    """What ``CUDA_VISIBLE_DEVICES`` has to say where NVIDIA cards of several kinds are in the PC,
    else ``None``.

    CUDA puts the fastest first, which need not be the one with most memory. Without an id it is the
    driver's number, which counts in the order of the slots.
    """
    ours = [gpu for gpu in facts.gpus if gpu.of_nvidia]
    card = facts.main_card()
    if card is None or len({(gpu.name, gpu.compute_capability) for gpu in ours}) < 2:
        return None
    return card.uuid or str(card.index)


def driver_version(raw: str | None) -> str | None:
    """NVIDIA's own number of a driver. Windows writes ``32.0.15.7680`` for 576.80: the last five
    digits are the number.
    """
    windows = re.fullmatch(r"\d{2}\.\d+\.\d+(\d)\.(\d{2})(\d{2})", (raw or "").strip())
    if windows:
        return f"{windows.group(1)}{windows.group(2)}.{windows.group(3)}"
    return raw if parse_version(raw or "") else None


def hidden_card(facts: MachineFacts) -> bool:
    """Whether the driver's state proves a card that the list of adapters lacks."""
    return not facts.gpus and (
        facts.driver.nvml == "mismatch"
        or (
            facts.driver.nvml in ("ok", "error", "crashed")
            and facts.driver.version is not None
            and facts.os.wsl is True
        )
    )


def build_fact_table(
    facts: MachineFacts,
    rules: Rules,
    cards: CardCatalogue,
    profile: Profile | None,
    answers: Answers | None = None,
) -> dict[str, Any]:
    """Every name of the rules' language with its value; ``None`` where it is unknown (or means
    nothing here).
    """
    return {
        **_system_facts(facts, rules),
        **_graphics_facts(facts, rules, cards),
        **home_facts(facts, rules, profile, answers),
        **_installed_facts(facts, rules),
        **_network_facts(facts, answers),
        **_profile_facts(facts, cards, profile),
        "program.days_stale": _days_since(facts, rules.fresh_until),
        "program.fresh_until": rules.fresh_until or None,
    }


def _days_since(facts: MachineFacts, day: str) -> int | None:
    """How many days after ``day`` the machine was looked at, 0 where before; ``None`` if unknown."""
    try:
        past = date.fromisoformat((facts.taken_at or "")[:10]) - date.fromisoformat(day)
    except ValueError:
        return None
    return max(0, past.days)


def _system_facts(facts: MachineFacts, rules: Rules) -> dict[str, Any]:
    os, name = facts.os, (facts.os.name or "").lower()
    build = os.build
    if build is None and os.family == "windows":
        build = next((number for text, number in _BUILDS if text in name), None)
    arch = (os.arch or "").lower()
    return {
        "os.family": os.family,
        "os.name": os.name,
        "os.build": build,
        "os.arch": _ARCHITECTURES.get(arch, arch) or None,
        "os.wsl": os.wsl,
        "os.long_paths": os.long_paths,
        "os.code_page": find_code_page(os),
        "os.s_mode": os.s_mode,
        "os.smart_app_control": os.smart_app_control,
        "os.controlled_folders": os.controlled_folders,
        "os.old_name": any(old.lower() in name + " " for old in rules.old_systems)
        if name
        else None,
        "cpu.name": facts.cpu.name,
        "cpu.avx2": facts.cpu.avx2,
        "memory.total": facts.memory.total,
        "memory.available": facts.memory.available,
    }


def is_supported(capability: str | None, rules: Rules) -> bool:
    """Whether any profile serves a card of this capability; an unknown one gets the benefit of the
    doubt.
    """
    parsed = parse_version(capability or "")
    oldest, newest = (
        parse_version(rules.limit(f"limit.capability_{x}") or "") for x in ("oldest", "newest")
    )
    return parsed is None or ((oldest or ()) <= parsed and (newest is None or parsed <= newest))


def _graphics_facts(facts: MachineFacts, rules: Rules, cards: CardCatalogue) -> dict[str, Any]:
    ours = nvidia_adapters(facts, cards)
    real = [
        g
        for g in facts.gpus
        if g.of_nvidia
        or not any(word.lower() in (g.name or "").lower() for word in cards.not_cards)
    ]
    card = ours[0] if ours else None
    gpu = card.gpu if card else None
    memory, used = (card.memory if card else None), (gpu.memory_used if gpu else None)
    capabilities = {c.capability for c in ours}
    generation = cards.generation_of(card.capability) if card else None
    return {
        "gpus.count": len(facts.gpus),
        "gpus.cards": len(real),
        "gpus.nvidia": len(ours),
        "gpus.differ": len(capabilities) > 1 or len({c.gpu.name for c in ours}) > 1,
        "gpus.integrated": bool(ours)
        and any(g.vendor in ("intel", "amd") and not g.of_nvidia for g in real),
        "gpus.names": _list_names(facts.gpus),
        "card.found": bool(ours) or hidden_card(facts),
        "card.usable": is_supported(card.capability, rules) if card else hidden_card(facts),
        "card.name": _card_name(gpu) if gpu else None,
        "card.capability": card.capability if card else None,
        "card.architecture": generation.name if generation else None,
        "card.driver_end": generation.driver_end if generation else None,
        "card.memory": memory,
        "card.used": used,
        "card.free": memory - used if memory is not None and used is not None else None,
        "card.used_share": used / memory if used is not None and memory else None,
        "card.processes": gpu.processes if gpu else None,
        "card.display": gpu.display if gpu else None,
        "driver.version": driver_version(facts.driver.version),
        "driver.cuda": facts.driver.cuda_version,
        "driver.nvml": facts.driver.nvml,
    }


def _card_name(gpu: Gpu) -> str:
    if gpu.name:
        return gpu.name
    return (
        Message("NVIDIA card {pci_id}", pci_id=gpu.pci_id) if gpu.pci_id else Message("NVIDIA card")
    )


def _list_names(gpus: tuple[Gpu, ...]) -> str | None:
    counted = Counter(g.name or _NAMELESS["nvidia" if g.of_nvidia else g.vendor] for g in gpus)
    names = [
        name if number == 1 else Message("{number} × {name}", number=number, name=name)
        for name, number in counted.items()
    ]
    return joined(", ", names) if names else None


def _is_suitable(python: Python) -> bool:
    parsed = parse_version(python.version or "")
    store = "store" in (python.origin or "").lower() or "windowsapps" in python.path.lower()
    return (
        parsed is not None
        and (3, 11) <= parsed[:2] <= (3, 12)
        and python.bits in (64, None)
        and not store
    )


def _find_cpu_torch(facts: MachineFacts) -> str | None:
    for python in facts.pythons:
        torch = python.packages.get("torch")
        conda = "conda" in ((python.origin or "") + python.path).lower()
        # On Windows the default index's torch is the processor build and carries no tag; conda's
        # builds never do.
        if torch and (
            "+cpu" in torch or (facts.os.family == "windows" and "+" not in torch and not conda)
        ):
            folder = re.sub(r"([\\/](Scripts|bin))?[\\/]python[\d.]*(\.exe)?$", "", python.path)
            return Message("{folder} holds torch {torch}", folder=folder, torch=torch)
    for left in facts.leftovers:
        found = re.search(r"torch[ =]+(\S*\+cpu)", left.detail or "")
        if found and left.kind != "own":
            return Message("{folder} holds torch {torch}", folder=left.path, torch=found.group(1))
    return None


def find_conflicting_variables(
    variables: Mapping[str, str], rules: Rules, cards: int = 0
) -> tuple[tuple[str, str, str], ...]:
    """Variables that disturb: name, value and why. ``cards`` is how many of NVIDIA's there are, 0
    where that is not known.
    """
    found = []
    for name, value in sorted(variables.items()):
        for bad in rules.variables:
            if name.upper() == bad.name and (
                not bad.values
                or any(fnmatch(value.strip().lower(), pattern) for pattern in bad.values)
                or (bad.beyond_cards and _hides_all_cards(value, cards))
            ):
                found.append((name, value, bad.why))
    return tuple(found)


def _hides_all_cards(value: str, cards: int) -> bool:
    """CUDA takes the numbers up to the first that stands for no card: where that is the first one,
    none is left.
    """
    first = value.partition(",")[0].strip()
    return first.isdecimal() and 0 < cards <= int(first[:9])


def _installed_facts(facts: MachineFacts, rules: Rules) -> dict[str, Any]:
    bad = find_conflicting_variables(
        facts.variables, rules, sum(gpu.of_nvidia for gpu in facts.gpus)
    )
    left = [x for x in facts.leftovers if x.kind not in ("own", "model-cache", "cache")]
    caches = [x for x in facts.leftovers if x.kind == "cache"]
    if sum(x.size or 0 for x in caches) >= _TELLING_CACHE:
        left += caches
    return {
        "tools.vc_runtime": facts.tools.vc_runtime,
        "tools.compiler": facts.tools.msvc is not None,
        # Older machine files have no word on gcc: only a note that it was looked for tells that it
        # is missing.
        "tools.gcc": True
        if facts.tools.gcc
        else False
        if any(n.about == "tools.gcc" and "search path" in n.text for n in facts.notes)
        else None,
        "pythons.count": len(facts.pythons),
        "pythons.suitable": sum(_is_suitable(p) for p in facts.pythons),
        "pythons.seen": ", ".join(
            f"{p.version or 'no version'} ({p.origin or p.path})" for p in facts.pythons[:4]
        )
        or None,
        "packages.cpu_torch": _find_cpu_torch(facts),
        "variables.conflict": joined("; ", [_describe_variable(*one) for one in bad])
        if bad
        else None,
        "variables.count": len(bad),
        "variables.first": Message(
            "{name} is set to {value}", name=bad[0][0], value=bad[0][1] or Message("nothing")
        )
        if bad
        else None,
        "variables.why": upper_first(bad[0][2]) if bad else None,
        "variables.card_hidden": next(
            (v or "empty" for n, v, _ in bad if n.upper() == "CUDA_VISIBLE_DEVICES"), None
        ),
        "leftovers.count": len(left),
        "leftovers.size": sum(x.size or 0 for x in left) or None,
        "leftovers.where": _list_places([x.path for x in left]) if left else None,
    }


def _describe_variable(name: str, value: str, why: str) -> Message:
    if not value:
        return Message("{name} is empty: {why}", name=name, why=why)
    return Message("{name} is {value}: {why}", name=name, value=value, why=why)


def _list_places(paths: Sequence[str]) -> str:
    """The first two, and how many there are beside them."""
    if len(paths) <= 2:
        return ", ".join(paths)
    return Message("{paths} and {count} more", paths=paths[:2], count=len(paths) - 2)


_UNTOLD = Message("No usable answer came.")  # from documents of programs before 1.1


def _network_facts(facts: MachineFacts, answers: Answers | None) -> dict[str, Any]:
    net = facts.network
    mirror = next(
        (
            s.value
            for s in net.settings
            if "index" in s.name.lower() and "extra" not in s.name.lower()
        ),
        None,
    )
    return {
        "network.index": None if net.index == "unknown" else net.index,
        "network.pytorch": None if net.pytorch == "unknown" else net.pytorch,
        "network.index_fault": net.index_fault or _UNTOLD,
        "network.pytorch_fault": net.pytorch_fault or _UNTOLD,
        "network.proxy": net.proxy or "none",
        "network.mirror": _without_login(answers.index if answers else None) or mirror or "none",
        "network.bundle": bool(answers and answers.offline),
    }


def _without_login(address: str | None) -> str | None:
    return None if address is None else re.sub(r"//[^/]*@", "//", address)


def _is_available_offline(part: Part, facts: MachineFacts) -> bool:
    """Whether every file of a part lies in a folder that the user's own settings name."""
    return bool(part.wheels) and all(wheel.file in facts.network.at_hand for wheel in part.wheels)


def _profile_facts(
    facts: MachineFacts, cards: CardCatalogue, profile: Profile | None
) -> dict[str, Any]:
    if profile is None:
        return {"profile.for_card": True}
    needs = profile.needs
    # Under WSL the driver is the one of Windows, with its numbers.
    windows = facts.os.family == "windows" or facts.os.wsl is True
    ours = nvidia_adapters(facts, cards)
    capability = parse_version(ours[0].capability or "") if ours else None
    return {
        "profile.id": profile.id,
        "profile.days_stale": _days_since(facts, profile.fresh_until),
        "profile.pinned_on": profile.pinned_on,
        "profile.for_card": needs.gpu,
        "profile.title": profile.title,
        "profile.gpu": needs.gpu,
        "profile.guide": profile.guide,
        "profile.platform": bool(parts_for(profile, facts.os.family)),
        "profile.torch": profile.versions.torch,
        "profile.cuda": profile.versions.cuda,
        "profile.python": profile.python,
        "profile.compute_min": needs.compute_min,
        "profile.compute_max": needs.compute_max,
        "profile.compute_excluded": None
        if capability is None
        else any(parse_version(c) == capability for c in needs.compute_not),
        "profile.driver": needs.driver_windows if windows else needs.driver_linux,
        "profile.driver_floor": needs.driver_floor_windows if windows else needs.driver_floor_linux,
        "profile.vram": needs.vram or None,
        "profile.avx2": needs.avx2,
        "profile.mend_openmp": profile.mend_openmp,
        "profile.cuda_floor": (profile.versions.cuda or "").split(".")[0] or None,
        "profile.uses_pytorch_index": any(
            p.index != "default" and not _is_available_offline(p, facts)
            for p in parts_for(profile, facts.os.family)
        ),
    }
