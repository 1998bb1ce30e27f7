"""Check: torch imports, its build, CUDA, cuDNN, bf16, and each card's memory, capability and code."""

import inspect
import os
import sys
import time
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import card
import telling


def native_bf16(torch: Any) -> bool:
    """Whether the card computes in bf16 itself. Newer versions of torch also say yes where it is
    only imitated.
    """
    ask = torch.cuda.is_bf16_supported
    if "including_emulation" in inspect.signature(ask).parameters:
        return bool(ask(including_emulation=False))
    return bool(ask())


def tell_card(torch: Any) -> None:
    """What the guide's script prints of the first card."""
    properties = torch.cuda.get_device_properties(0)
    telling.measured("gpu.name", torch.cuda.get_device_name(0))
    telling.measured("gpu.memory", int(properties.total_memory), "bytes")
    telling.measured("torch.bf16", bool(torch.cuda.is_bf16_supported()), native=native_bf16(torch))


def tell_absence(torch: Any) -> None:
    """The same lines where there is no card."""
    why = (
        "torch is built for the processor"
        if torch.version.cuda is None
        else "torch reaches no card"
    )
    for name in ("gpu.name", "gpu.memory", "torch.bf16"):
        telling.skipped(name, why)


def check() -> None:
    """Import torch and say what it is; a CUDA build that reaches no card, or holds no code for one,
    fails.
    """
    begin = time.perf_counter()
    torch = telling.need("torch")
    seconds = time.perf_counter() - begin
    build = torch.__version__.partition("+")[2] or (
        f"cu{torch.version.cuda.replace('.', '')}" if torch.version.cuda else "cpu"
    )
    available = bool(torch.cuda.is_available())
    telling.measured(
        "torch.version",
        str(torch.__version__),
        seconds=round(seconds, 2),
        commit=torch.version.git_version,
    )
    telling.measured("torch.build", build)
    telling.measured("torch.cuda_available", available)
    telling.measured("torch.cuda", torch.version.cuda)
    telling.measured("torch.cudnn", torch.backends.cudnn.version() if torch.version.cuda else None)
    telling.measured("torch.arch_list", torch.cuda.get_arch_list() if available else [])
    telling.measured("torch.threads", torch.get_num_threads())
    (tell_card if available else tell_absence)(torch)
    card.check()  # the same torch, in the same process


if __name__ == "__main__":
    telling.run(check)
