"""A machine in few words: what the rail, the first pages and the report's head say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gui import formatting
from app.gui.formatting import translate
from app.gui.messages import localize
from app.model.machine import Disk, Gpu, MachineFacts, main_card

if TYPE_CHECKING:
    from app.engine.session import Session


def summarize_machine(facts: MachineFacts) -> tuple[str, str, str]:
    """The machine in three short lines: card, its memory and driver, system and free space."""
    gpu = shown_card(facts.gpus)
    card = (
        translate("Rail", "No graphics card found")
        if gpu is None
        else short_card(gpu.name or translate("Rail", "Unnamed card"))
    )
    detail = formatting.joined(
        [
            formatting.memory(gpu.memory_total) if gpu is not None and gpu.memory_total else "",
            translate("Rail", "driver {version}").format(version=facts.driver.version)
            if facts.driver.version
            else "",
        ]
    )
    disk = home_disk(facts)
    free = (
        translate("Rail", "{size} free").format(size=formatting.size(disk.free))
        if disk and disk.free is not None
        else ""
    )
    return card, detail, formatting.joined([short_system(facts), free])


def short_card(name: str) -> str:
    """A card's name without its maker's."""
    return name.removeprefix("NVIDIA ")


def short_system(facts: MachineFacts) -> str:
    """``Windows 11`` from ``Windows 11 Pro 24H2``; other systems keep their name."""
    name = facts.os.name or facts.os.family.capitalize()
    return " ".join(name.split()[:2]) if facts.os.family == "windows" else name


def home_disk(facts: MachineFacts) -> Disk | None:
    """The disk that holds the home folder: the one with the longest root that begins its path."""
    home = facts.home.path if facts.home is not None else ""
    fold = str.lower if facts.os.family == "windows" else str

    def holds(root: str) -> bool:
        bare = fold(root).rstrip("/\\")
        return fold(home) == bare or fold(home).startswith((bare + "/", bare + "\\"))

    fitting = [d for d in facts.disks if holds(d.root)]
    return max(fitting, key=lambda d: len(d.root), default=facts.disks[0] if facts.disks else None)


def shown_card(gpus: tuple[Gpu, ...]) -> Gpu | None:
    """The card to train on; where there is none of NVIDIA's, the first."""
    return main_card(gpus) or (gpus[0] if gpus else None)


def setup_title(session: Session, profile: str) -> str:
    """A setup by the name that people chose it by; its id where a newer program made it and this
    one does not know it.
    """
    return localize(next((p.title for p in session.knowledge.profiles if p.id == profile), profile))


# By compute capability, as NVIDIA's table of GPUs gives them.
_ARCHITECTURES = {
    "5": "Maxwell",
    "6": "Pascal",
    "7.0": "Volta",
    "7.2": "Volta",
    "7.5": "Turing",
    "8.9": "Ada",
    "8": "Ampere",
    "9": "Hopper",
    "10": "Blackwell",
    "11": "Blackwell",
    "12": "Blackwell",
}


def architecture(capability: str | None) -> str:
    """``Ampere, 8.6``; the figure alone for one that is not on the list."""
    if capability is None:
        return ""
    name = _ARCHITECTURES.get(capability) or _ARCHITECTURES.get(capability.split(".")[0])
    return f"{name}, {capability}" if name else capability


def short_cpu(name: str) -> str:
    """A processor's name without makers' signs."""
    for word in ("AMD ", "Intel(R) ", "(R)", "(TM)", " Processor", " CPU"):
        name = name.replace(word, "")
    return " ".join(w for w in name.split("@")[0].split() if not w.endswith("-Core"))
