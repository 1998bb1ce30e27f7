"""Check: each card's memory and compute capability, and whether this torch holds code for it."""

import os
import re
import sys
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling


def covered(capability: tuple[int, int], arch_list: list[str]) -> tuple[bool, str]:
    """Whether compiled code fits a card, and by which entry.

    ``sm_86`` runs on 8.6 and later 8.x; ``compute_90`` is PTX, which the driver compiles for 9.0
    and everything newer; a letter behind the number (``sm_90a``) binds the code to that very
    capability. Source: CUDA C++ Programming Guide, "Compute Capability" and "Application
    Compatibility".
    """
    for entry in reversed(arch_list):
        match = re.fullmatch(r"(sm|compute)_(\d+)(\d)([a-z]?)", entry)
        if not match:
            continue
        kind, built = match[1], (int(match[2]), int(match[3]))
        if match[4]:
            fits = built == capability or (
                match[4] == "f" and built[0] == capability[0] and built <= capability
            )
        elif kind == "compute":
            fits = built <= capability
        else:
            fits = built[0] == capability[0] and built <= capability
        if fits:
            return True, entry
    return False, ""


def tell_card(torch: Any, index: int, arch_list: list[str]) -> str | None:
    """Say what one card is; returns a complaint where torch holds no code for it."""
    properties = torch.cuda.get_device_properties(index)
    capability = torch.cuda.get_device_capability(index)
    fits, entry = covered(capability, arch_list)
    free, total = torch.cuda.mem_get_info(index)
    text = f"{capability[0]}.{capability[1]}"
    telling.measured(
        "card.name", properties.name, index=index, processors=properties.multi_processor_count
    )
    telling.measured("card.memory", int(total), "bytes", index=index, free=int(free))
    telling.measured("card.capability", text, index=index, covered=fits, by=entry)
    if fits:
        return None
    return f"{properties.name} has compute capability {text}"


def check() -> None:
    """Go through all cards; on a processor build there is nothing to go through."""
    torch = telling.need("torch")
    if telling.pick_device(torch).type == "cpu":
        for name in ("card.name", "card.memory", "card.capability"):
            telling.skipped(name, "torch is built for the processor")
        return
    arch_list = torch.cuda.get_arch_list()
    count = torch.cuda.device_count()
    telling.measured("card.count", count, "cards")
    complaints = [
        text for text in (tell_card(torch, index, arch_list) for index in range(count)) if text
    ]
    telling.measured("card.covered", not complaints, arch_list=arch_list)
    if complaints:
        raise telling.CheckFailed(
            "no-kernel-image",
            telling.Message(
                "This torch has no code for every card: {complaints}, while it was built "
                "for {built}.",
                complaints="; ".join(complaints),
                built=", ".join(arch_list),
            ),
        )


if __name__ == "__main__":
    telling.run(check)
